"""The official SDK, unmodified, runs against the simulator for everything that it offers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import runwayml
from runwayml import AsyncRunwayML, RunwayML

IMAGE = "https://example.com/a.png"
VIDEO = "https://example.com/a.mp4"


@pytest.fixture
async def sdk(api: Any) -> AsyncIterator[AsyncRunwayML]:
    async with AsyncRunwayML(api_key=api.key, base_url=api.url, max_retries=0) as client:
        yield client


CREATES: dict[str, Callable[[AsyncRunwayML], Any]] = {
    "gen4_image": lambda sdk: sdk.text_to_image.create(
        model="gen4_image",
        prompt_text="a @fox",
        ratio="1920:1080",
        seed=7,
        content_moderation={"public_figure_threshold": "low"},
        reference_images=[{"uri": IMAGE, "tag": "fox"}],
    ),
    "gen4_image_turbo": lambda sdk: sdk.text_to_image.create(
        model="gen4_image_turbo",
        prompt_text="a fox",
        ratio="1280:720",
        reference_images=[{"uri": IMAGE}],
    ),
    "gemini_2.5_flash": lambda sdk: sdk.text_to_image.create(
        model="gemini_2.5_flash", prompt_text="a fox", ratio="1344:768"
    ),
    "gen4_turbo": lambda sdk: sdk.image_to_video.create(
        model="gen4_turbo",
        prompt_image=[{"uri": IMAGE, "position": "first"}],
        ratio="1280:720",
        duration=5,
    ),
    "gen4.5 from image": lambda sdk: sdk.image_to_video.create(
        model="gen4.5", prompt_text="a fox", prompt_image=IMAGE, ratio="960:960", duration=2
    ),
    "veo3.1 from image": lambda sdk: sdk.image_to_video.create(
        model="veo3.1", prompt_image=IMAGE, ratio="1920:1080", duration=8, audio=False
    ),
    "veo3.1_fast from image": lambda sdk: sdk.image_to_video.create(
        model="veo3.1_fast",
        prompt_image=[{"uri": IMAGE, "position": "first"}, {"uri": IMAGE, "position": "last"}],
        ratio="1080:1920",
    ),
    "gen4.5": lambda sdk: sdk.text_to_video.create(
        model="gen4.5", prompt_text="a fox", ratio="720:1280", duration=10
    ),
    "veo3.1": lambda sdk: sdk.text_to_video.create(
        model="veo3.1", prompt_text="a fox", ratio="1280:720", negative_prompt="blur"
    ),
    "veo3.1_fast": lambda sdk: sdk.text_to_video.create(
        model="veo3.1_fast", prompt_text="a fox", ratio="1280:720", duration=4
    ),
    "aleph2": lambda sdk: sdk.video_to_video.create(
        model="aleph2",
        video_uri=VIDEO,
        prompt_text="at night",
        keyframes=[
            {"uri": IMAGE, "seconds": 1.5, "range": {"start_seconds": 0, "end_seconds": 3}},
            {"uri": IMAGE, "at": 0.5, "range": {"start_seconds": 3, "end_seconds": 5}},
        ],
        target_aspect_ratio="21:9",
    ),
    "act_two": lambda sdk: sdk.character_performance.create(
        model="act_two",
        character={"type": "image", "uri": IMAGE},
        reference={"type": "video", "uri": VIDEO},
        body_control=True,
        expression_intensity=5,
        ratio="1280:720",
    ),
    "magnific video": lambda sdk: sdk.video_upscale.create(
        model="magnific_video_upscaler_creative",
        video_uri=VIDEO,
        resolution="4k",
        creativity=10,
        sharpen=0,
        smart_grain=100,
        flavor="natural",
        fps_boost=True,
    ),
    "magnific image": lambda sdk: sdk.image_upscale.create(
        model="magnific_precision_upscaler_v2",
        image_uri=IMAGE,
        scale_factor=2,
        ultra_detail=5,
        flavor="photo",
    ),
}


@pytest.mark.parametrize("name", CREATES)
async def test_every_create_becomes_a_task(sdk, name):
    created = await CREATES[name](sdk)
    assert created.estimated_cost.credits > 0
    task = await sdk.tasks.retrieve(created.id)
    assert (task.id, task.status) == (created.id, "PENDING")


async def test_a_task_is_followed_to_its_output_and_deleted(sdk, api, clock):
    created = await CREATES["gen4_image"](sdk)
    clock.advance(4)
    running = await sdk.tasks.retrieve(created.id)
    assert (running.status, running.progress) == ("RUNNING", 0.5)
    clock.advance(60)
    done = await sdk.tasks.retrieve(created.id)
    assert (done.status, done.cost.credits) == ("SUCCEEDED", 8)
    assert (await api.download(done.output[0]))[0] == 200
    await sdk.tasks.delete(created.id)
    with pytest.raises(runwayml.NotFoundError):
        await sdk.tasks.retrieve(created.id)
    with pytest.raises(runwayml.NotFoundError):
        await sdk.tasks.delete(created.id)


async def test_a_failed_and_a_throttled_task_are_what_the_sdk_expects(sdk, clock):
    ids = []
    for _ in range(4):
        created = await sdk.text_to_image.create(
            model="gen4_image", prompt_text="!safety-input", ratio="720:720"
        )
        ids.append(created.id)
    assert (await sdk.tasks.retrieve(ids[3])).status == "THROTTLED"
    clock.advance(60)
    failed = await sdk.tasks.retrieve(ids[0])
    assert (failed.status, failed.failure_code) == ("FAILED", "SAFETY.INPUT.TEXT")
    assert failed.cost.credits == 5


async def test_uploads_are_usable_at_once(sdk, png, mp4):
    image = await sdk.uploads.create_ephemeral(file=("a.png", png(400, 300)))
    video = await sdk.uploads.create_ephemeral(
        file=("a.mp4", mp4(4), "video/mp4"), file_metadata="{}"
    )
    assert image.uri.startswith("runway://")
    created = await sdk.character_performance.create(
        model="act_two",
        character={"type": "image", "uri": image.uri},
        reference={"type": "video", "uri": video.uri},
    )
    assert created.estimated_cost.credits == 20


async def test_a_refused_second_leg_reaches_the_caller(sdk):
    with pytest.raises(runwayml.APIStatusError) as refused:
        await sdk.uploads.create_ephemeral(file=("a.png", b"too small"))
    assert refused.value.status_code == 400


async def test_organization_and_usage(sdk, clock):
    await CREATES["gen4_turbo"](sdk)
    organization = await sdk.organization.retrieve()
    assert organization.credit_balance == 1_000_000 - 25
    assert organization.tier.models["gen4_turbo"].max_concurrent_generations == 3
    assert organization.usage.models["gen4_turbo"].daily_generations == 1
    usage = await sdk.organization.retrieve_usage(start_date="2026-09-21", before_date="2026-09-22")
    (day,) = usage.results
    assert [(each.model, each.amount) for each in day.used_credits] == [("gen4_turbo", 25)]
    assert usage.models == ["gen4_turbo"]
    assert len((await sdk.organization.retrieve_usage()).results) == 30


@pytest.mark.parametrize(
    ("prompt", "error"),
    [
        ("", runwayml.BadRequestError),
        ("!403", runwayml.PermissionDeniedError),
        ("!429", runwayml.RateLimitError),
        ("!daily", runwayml.RateLimitError),
        ("!502", runwayml.InternalServerError),
        ("!503", runwayml.InternalServerError),
        ("!504", runwayml.InternalServerError),
        ("!reset", runwayml.APIConnectionError),
    ],
)
async def test_refusals_are_the_errors_of_the_sdk(sdk, prompt, error):
    with pytest.raises(error):
        await sdk.text_to_image.create(model="gen4_image", prompt_text=prompt, ratio="720:720")


async def test_a_wrong_key_is_an_authentication_error(api):
    async with AsyncRunwayML(api_key="key_no", base_url=api.url, max_retries=0) as client:
        with pytest.raises(runwayml.AuthenticationError):
            await client.organization.retrieve()


async def test_too_few_credits_is_a_bad_request_with_the_known_text(simulate):
    api = await simulate(balance=1)
    async with AsyncRunwayML(api_key=api.key, base_url=api.url, max_retries=0) as client:
        with pytest.raises(runwayml.BadRequestError, match="do not have enough credits"):
            await CREATES["gen4_image"](client)


async def test_the_blocking_sdk_works_too(api, png):
    def use() -> tuple[str, str]:
        with RunwayML(api_key=api.key, base_url=api.url, max_retries=0) as client:
            upload = client.uploads.create_ephemeral(file=("a.png", png()))
            created = client.image_to_video.create(
                model="gen4_turbo", prompt_image=upload.uri, ratio="1280:720", duration=2
            )
            status = client.tasks.retrieve(created.id).status
            client.tasks.delete(created.id)
            return upload.uri, status

    uri, status = await asyncio.to_thread(use)
    assert uri.startswith("runway://")
    assert status == "PENDING"


async def test_the_sdk_sends_a_create_again_by_itself_which_is_why_we_do_not_use_it(api):
    async with AsyncRunwayML(api_key=api.key, base_url=api.url, max_retries=1) as client:
        with pytest.raises(runwayml.InternalServerError):
            await client.text_to_image.create(
                model="gen4_image", prompt_text="!504", ratio="720:720"
            )
    assert len((await api.books())["creates"]) == 2
