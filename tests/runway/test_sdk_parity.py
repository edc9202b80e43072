"""For the same inputs we send what the official SDK sends: address, body, version and key."""

from collections.abc import Callable
from typing import Any

import pytest
from runwayml import AsyncRunwayML

from bot.catalog import load_catalog
from bot.commands.validation import complete
from bot.requests import Input, Kind, Media, Operation

IMAGE = Media("in/a.png", Kind.IMAGE, "image/png", 9, "0", "a.png", 640, 480)
SECOND = Media("in/b.png", Kind.IMAGE, "image/png", 9, "0", "b.png", 640, 480)
VIDEO = Media("in/a.mp4", Kind.VIDEO, "video/mp4", 9, "0", "a.mp4", 640, 480, 5.0, 120)
URIS = {
    "in/a.png": "https://example.com/a.png",
    "in/b.png": "data:image/png;base64,AAAA",
    "in/a.mp4": "runway://eyJhbGciOiJub25lIn0",
}
A_PNG, B_PNG, A_MP4 = URIS.values()
TASK_ID = "17f20503-6c24-4c16-946b-35dbbce2af2f"
CREATED = {"id": TASK_ID, "estimatedCost": {"credits": 1}}
RETIRED = {"gen3a_turbo", "gen4_aleph", "upscale_v1"}

Case = tuple[str, tuple[Input, ...], dict[str, str], Callable[[AsyncRunwayML], Any]]
# Prompt, inputs and options as a person gives them; the same as a call of the SDK.
CASES: dict[tuple[str, str], Case] = {
    ("text_to_image", "gen4_image"): (
        "@image1 by @image2 🦊",
        (Input("reference", IMAGE, "image1"), Input("reference", SECOND, "image2")),
        {"ratio": "21:9", "seed": "0"},
        lambda sdk: sdk.text_to_image.create(
            model="gen4_image", prompt_text="@image1 by @image2 🦊", ratio="1680:720", seed=0,
            reference_images=[{"uri": A_PNG, "tag": "image1"}, {"uri": B_PNG, "tag": "image2"}],
        ),
    ),
    ("text_to_image", "gen4_image_turbo"): (
        "a fox", (Input("reference", IMAGE, "image1"),), {},
        lambda sdk: sdk.text_to_image.create(
            model="gen4_image_turbo", prompt_text="a fox", ratio="1920:1080", seed=7,
            reference_images=[{"uri": A_PNG, "tag": "image1"}],
        ),
    ),
    ("text_to_image", "gemini_2.5_flash"): (
        "a fox", (), {"ratio": "square"},
        lambda sdk: sdk.text_to_image.create(
            model="gemini_2.5_flash", prompt_text="a fox", ratio="1024:1024"
        ),
    ),
    ("image_to_video", "gen4_turbo"): (
        "", (Input("image", IMAGE),), {"duration": "10", "seed": "4294967295"},
        lambda sdk: sdk.image_to_video.create(
            model="gen4_turbo", prompt_image=A_PNG, ratio="1104:832", duration=10, seed=4294967295
        ),
    ),
    ("image_to_video", "gen4.5"): (
        "waves", (Input("image", SECOND),), {"ratio": "16:9"},
        lambda sdk: sdk.image_to_video.create(
            model="gen4.5", prompt_text="waves", prompt_image=B_PNG, ratio="1280:720", duration=5,
            seed=7,
        ),
    ),
    ("image_to_video", "veo3.1"): (
        "waves", (Input("image", IMAGE),), {"ratio": "9:16", "duration": "8"},
        lambda sdk: sdk.image_to_video.create(
            model="veo3.1", prompt_text="waves", prompt_image=A_PNG, ratio="720:1280", duration=8,
            audio=False,
        ),
    ),
    ("image_to_video", "veo3.1_fast"): (
        "", (Input("image", IMAGE),), {"ratio": "1920:1080"},
        lambda sdk: sdk.image_to_video.create(
            model="veo3.1_fast", prompt_image=A_PNG, ratio="1920:1080", duration=4, audio=False
        ),
    ),
    ("text_to_video", "gen4.5"): (
        "waves", (), {"ratio": "portrait", "duration": "2s"},
        lambda sdk: sdk.text_to_video.create(
            model="gen4.5", prompt_text="waves", ratio="720:1280", duration=2, seed=7
        ),
    ),
    ("text_to_video", "veo3.1"): (
        "waves", (), {},
        lambda sdk: sdk.text_to_video.create(
            model="veo3.1", prompt_text="waves", ratio="1280:720", duration=4, audio=False
        ),
    ),
    ("text_to_video", "veo3.1_fast"): (
        "waves", (), {"duration": "6"},
        lambda sdk: sdk.text_to_video.create(
            model="veo3.1_fast", prompt_text="waves", ratio="1280:720", duration=6, audio=False
        ),
    ),
    ("video_to_video", "aleph2"): (
        "at night", (Input("video", VIDEO),), {},
        lambda sdk: sdk.video_to_video.create(
            model="aleph2", video_uri=A_MP4, prompt_text="at night", seed=7
        ),
    ),
    ("character_performance", "act_two"): (
        "", (Input("character", IMAGE), Input("performance", VIDEO)),
        {"expression": "5", "gestures": "yes", "ratio": "1:1"},
        lambda sdk: sdk.character_performance.create(
            model="act_two", character={"type": "image", "uri": A_PNG},
            reference={"type": "video", "uri": A_MP4}, body_control=True, expression_intensity=5,
            ratio="960:960", seed=7,
        ),
    ),
    ("video_upscale", "magnific_video_upscaler_creative"): (
        "", (Input("video", VIDEO),), {"resolution": "4k"},
        lambda sdk: sdk.video_upscale.create(
            model="magnific_video_upscaler_creative", video_uri=A_MP4, resolution="4k"
        ),
    ),
    ("image_upscale", "magnific_precision_upscaler_v2"): (
        "", (Input("image", IMAGE),), {"scale": "4"},
        lambda sdk: sdk.image_upscale.create(
            model="magnific_precision_upscaler_v2", image_uri=A_PNG, scale_factor=4
        ),
    ),
}  # fmt: skip


@pytest.fixture
async def sdk(server, key):
    async with AsyncRunwayML(api_key=key, base_url=server.url, max_retries=0) as client:
        yield client


def told(seen: Any) -> dict[str, Any]:
    """What Runway reads of a request."""
    names = (
        "Authorization",
        "X-Runway-Version",
        "Content-Type",
        "Transfer-Encoding",
        "Idempotency-Key",
    )
    headers = {name: seen.headers.get(name) for name in names}
    return {"line": (seen.method, seen.path), "body": seen.body, **headers}


def test_every_current_model_is_compared():
    specs = load_catalog().all_specs()
    assert {(s.operation, s.id) for s in specs if s.id not in RETIRED} == set(CASES)


@pytest.mark.parametrize("case", CASES, ids=" ".join)
async def test_a_create_is_the_same(server, connect, sdk, key, case):
    operation, model = case
    prompt, inputs, options, call = CASES[case]
    catalog = load_catalog()
    spec = catalog.spec(model, Operation(operation))
    request = complete(spec, prompt, inputs, options, lambda: 7)
    server.then(server.json(200, CREATED))
    assert await (await connect(server.url)).create(request, URIS) == TASK_ID
    assert (await call(sdk)).id == TASK_ID
    ours, theirs = map(told, server.seen)
    assert ours == theirs
    assert ours["Authorization"] == f"Bearer {key}"
    assert ours["line"] == ("POST", f"/v1/{operation}")


async def test_tasks_are_asked_for_and_deleted_the_same(server, connect, sdk):
    pending = {
        "id": TASK_ID, "status": "PENDING", "createdAt": "2026-11-22T12:00:00Z",
        "estimatedCost": {"credits": 1},
    }  # fmt: skip
    client = await connect(server.url)
    server.then(server.json(200, pending))
    await client.task(TASK_ID)
    await sdk.tasks.retrieve(TASK_ID)
    server.plays.clear()
    server.then(server.text(204, b""))
    await client.delete(TASK_ID)
    await sdk.tasks.delete(TASK_ID)
    retrieved, theirs, deleted, deleted_by_sdk = server.seen
    assert [(s.method, s.path) for s in (retrieved, deleted)] == [
        (s.method, s.path) for s in (theirs, deleted_by_sdk)
    ]
    for ours, other in ((retrieved, theirs), (deleted, deleted_by_sdk)):
        for name in ("Authorization", "X-Runway-Version"):
            assert ours.headers[name] == other.headers[name]


async def test_the_organisation_is_asked_for_the_same(server, connect, sdk):
    document = {"tier": {"maxMonthlyCreditSpend": 1, "models": {}}, "creditBalance": 1,
                "usage": {"models": {}}}  # fmt: skip
    server.then(server.json(200, document))
    await (await connect(server.url)).organization()
    await sdk.organization.retrieve()
    ours, theirs = server.seen
    assert (ours.method, ours.path) == (theirs.method, theirs.path) == ("GET", "/v1/organization")


async def test_an_upload_is_the_same_and_its_second_leg_carries_no_key(
    server, connect, sdk, tmp_path, key
):
    content = b"\x89PNG" + bytes(2000)
    path = tmp_path / "input.png"
    path.write_bytes(content)
    fields = {"key": "ephemeral/1", "policy": "p" * 100, "x-amz-signature": "s"}
    place = {"uploadUrl": f"{server.url}/bucket", "fields": fields, "runwayUri": "runway://1"}
    plays = (server.json(200, place), server.text(204, b""))
    server.then(*plays, *plays)
    assert await (await connect(server.url)).upload(path, "input.png") == "runway://1"
    assert (await sdk.uploads.create_ephemeral(file=("input.png", content))).uri == "runway://1"
    order, file, their_order, their_file = server.seen
    assert told(order) == told(their_order)
    assert order.body == {"filename": "input.png", "type": "ephemeral"}
    assert (file.method, file.path) == (their_file.method, their_file.path) == ("POST", "/bucket")
    assert key not in str(file.headers)
    assert parts(file) == parts(their_file)
    assert parts(file)[-1] == ("file", "input.png", content)


def parts(seen: Any) -> list[tuple[str, str | None, bytes]]:
    """Name, file name and content of every part of a form, in their order."""
    boundary = seen.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
    found = []
    for part in seen.body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        words = head.decode().replace('"', "").replace("\r\n", ";").split(";")
        facts = dict(w.strip().split("=", 1) for w in words if "=" in w)
        found.append((facts["name"], facts.get("filename"), content.removesuffix(b"\r\n")))
    return found
