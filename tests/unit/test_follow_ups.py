"""What may be done with a result, and at what price."""

import pytest

from bot.cards.follow_ups import follow_up, offered_follow_ups, remixed
from bot.catalog import load_catalog
from bot.commands.specification import command_of
from bot.errors import (
    ActionNotOffered,
    BadChoice,
    NoResult,
    NothingOffered,
    NotWorthRetrying,
    OptionNotTaken,
)
from bot.jobs import Cause, State
from bot.requests import GenerationRequest, Input, Operation

TODAY = {
    "gen4_image", "gen4_image_turbo", "gemini_2.5_flash", "gen4_turbo", "gen4.5", "veo3.1",
    "veo3.1_fast", "aleph2", "act_two", "magnific_video_upscaler_creative",
    "magnific_precision_upscaler_v2",
}  # fmt: skip


@pytest.fixture
def today(catalog):
    catalog.set_offered(TODAY)
    return catalog


@pytest.fixture
def picture(job, image):
    """A delivered image."""
    return job(state=State.DELIVERED, charged=8, outputs=(image(1920, 1080, "fox.png"),))


@pytest.fixture
def film(job, video, image):
    """A delivered video."""
    request = GenerationRequest(
        Operation.IMAGE_TO_VIDEO, "gen4_turbo", "go", 25, (Input("image", image()),),
        "1280:720", 5, 7,
    )  # fmt: skip
    return job(request, state=State.DELIVERED, charged=25, outputs=(video(frames=120),))


def offers(catalog, job) -> dict[str, int]:
    return {offer.action: offer.price for offer in offered_follow_ups(catalog, job)}


def test_an_image_may_be_retried_upscaled_and_animated_at_a_price(today, picture):
    assert offers(today, picture) == {"retry": 8, "upscale": 25, "animate": 25}


def test_a_video_may_be_retried_upscaled_and_extended(today, film):
    assert offers(today, film) == {"retry": 25, "upscale": 84, "extend": 25}


def test_a_retry_is_the_same_with_another_seed(today, picture):
    again = follow_up(today, picture, Cause.RETRY, lambda: 99)
    assert again.seed == 99
    assert (again.prompt, again.model, again.ratio) == ("a fox", "gen4_image", "1920:1080")


def test_a_retry_costs_what_it_costs_now(today, job):
    old = GenerationRequest(
        Operation.TEXT_TO_IMAGE, "gen4_image", "a fox", 1, ratio="1920:1080", seed=1
    )
    assert follow_up(today, job(old, state=State.DELIVERED), Cause.RETRY, lambda: 2).price == 8


def test_an_upscale_is_of_what_was_made(today, picture, film):
    of_image = follow_up(today, picture, Cause.UPSCALE, lambda: 0)
    assert of_image.model == "magnific_precision_upscaler_v2"
    assert of_image.inputs == (Input("image", picture.outputs[0]),)
    of_video = follow_up(today, film, Cause.UPSCALE, lambda: 0)
    assert of_video.model == "magnific_video_upscaler_creative"
    assert of_video.inputs == (Input("video", film.outputs[0]),)


def test_animating_keeps_the_prompt_and_the_shape(today, job, image):
    tall = job(state=State.DELIVERED, outputs=(image(1080, 1920),))
    request = follow_up(today, tall, Cause.ANIMATE, lambda: 0)
    assert (request.model, request.prompt, request.ratio) == ("gen4_turbo", "a fox", "720:1280")
    assert request.duration == 5


def test_a_prompt_that_is_too_long_for_the_video_is_left_out(today, job, image):
    long = GenerationRequest(
        Operation.TEXT_TO_IMAGE, "gemini_2.5_flash", "🦊" * 501, 5, ratio="1344:768"
    )
    request = follow_up(
        today, job(long, state=State.DELIVERED, outputs=(image(),)), Cause.ANIMATE, lambda: 0
    )
    assert (request.model, request.prompt) == ("gen4_turbo", "")


def test_without_a_prompt_a_model_is_chosen_that_needs_none(catalog, job, image):
    catalog.set_offered(TODAY - {"gen4_turbo"})
    request = GenerationRequest(
        Operation.IMAGE_UPSCALE, "magnific_precision_upscaler_v2", "", 25,
        (Input("image", image()),), settings={"scale": 2},
    )  # fmt: skip
    upscaled = job(request, state=State.DELIVERED, outputs=(image(),))
    assert follow_up(catalog, upscaled, Cause.ANIMATE, lambda: 0).model == "veo3.1_fast"


def test_where_only_models_with_a_prompt_are_left_animating_without_one_is_not_offered(
    catalog, job, image
):
    catalog.set_offered({"magnific_precision_upscaler_v2", "gen4.5"})
    request = GenerationRequest(
        Operation.IMAGE_UPSCALE, "magnific_precision_upscaler_v2", "", 25, settings={"scale": 2}
    )
    upscaled = job(request, state=State.DELIVERED, outputs=(image(),))
    assert "animate" not in offers(catalog, upscaled)


def test_what_is_too_large_to_enlarge_is_not_offered(today, job, image):
    huge = job(state=State.DELIVERED, outputs=(image(6000, 4000),))
    assert set(offers(today, huge)) == {"retry", "animate"}


def test_what_the_organisation_does_not_offer_is_not_offered(catalog, picture):
    catalog.set_offered({"gen4_image"})
    assert offers(catalog, picture) == {"retry": 8}
    with pytest.raises(NothingOffered):
        follow_up(catalog, picture, Cause.UPSCALE, lambda: 0)


def test_a_retired_model_offers_no_retry(today, job, film):
    request = GenerationRequest(
        Operation.IMAGE_TO_VIDEO, "gen3a_turbo", "go", 25, ratio="1280:768", duration=5
    )
    old = job(request, state=State.DELIVERED, outputs=film.outputs)
    assert set(offers(today, old)) == {"upscale", "extend"}
    with pytest.raises(NothingOffered) as refused:
        follow_up(today, old, Cause.RETRY, lambda: 0)
    assert refused.value.model == "Gen-3 Alpha Turbo"


@pytest.mark.parametrize("action", [Cause.RETRY, Cause.UPSCALE, Cause.ANIMATE])
def test_a_model_that_config_took_out_is_refused_and_not_a_fault(picture, action):
    """A job made before the change must still be delivered, and its buttons be answered."""
    without = load_catalog({"gen4_image": {"enabled": False}})
    with pytest.raises(NothingOffered):
        follow_up(without, picture, action, lambda: 0)
    assert offered_follow_ups(without, picture) == []


@pytest.mark.parametrize(
    ("renamed", "refusal"), [("size", OptionNotTaken), ("resolution", BadChoice)]
)
def test_what_a_setting_no_longer_takes_is_refused_and_not_a_fault(job, video, renamed, refusal):
    """By another catalog, the setting that the price goes by has another name, or fewer choices."""
    model, once = "magnific_video_upscaler_creative", {"resolution": "720p"}
    request = GenerationRequest(
        Operation.VIDEO_UPSCALE, model, "", 42, (Input("video", video()),), settings=once
    )
    made = job(request, state=State.DELIVERING, outputs=(video(),))
    setting = {"name": renamed, "field": "resolution", "choices": ["1k"], "default": "1k"}
    entry = {"settings": [{**setting, "summary": "How large."}], "price": {"by": renamed}}
    changed = load_catalog({model: {"video_upscale": entry}})
    with pytest.raises(refusal):
        follow_up(changed, made, Cause.RETRY, lambda: 0)
    with pytest.raises(refusal):
        remixed(changed, made, "", lambda: 0)
    assert "retry" not in offers(changed, made)


def test_a_remix_with_a_model_that_config_took_out_is_refused_and_not_a_fault(picture):
    without = load_catalog({"gen4_image": {"enabled": False}})
    with pytest.raises(NothingOffered):
        remixed(without, picture, "a storm", lambda: 0)


@pytest.mark.parametrize(
    "code",
    ["SAFETY.INPUT.TEXT", "SAFETY.INPUT.IMAGE", "SAFETY.OUTPUT.VIDEO",
     "INPUT_PREPROCESSING.SAFETY.TEXT"],
)  # fmt: skip
def test_what_moderation_refused_is_not_offered_again(today, job, code):
    refused = job(state=State.FAILED, failure=code)
    assert offers(today, refused) == {}
    with pytest.raises(NotWorthRetrying):  # as by a reaction, which needs no button
        follow_up(today, refused, Cause.RETRY, lambda: 0)


@pytest.mark.parametrize(
    "code",
    ["INTERNAL", "INTERNAL.BAD_OUTPUT.01", "THIRD_PARTY.UNAVAILABLE", "ASSET.INVALID", "OUTPUT",
     "TASK_GONE", "FILE_GONE", "REJECTED", "INPUT_PREPROCESSING.INTERNAL"],
)  # fmt: skip
def test_any_other_failure_may_be_retried(today, job, code):
    assert offers(today, job(state=State.FAILED, failure=code)) == {"retry": 8}


def test_an_uncertain_job_may_be_retried(today, job):
    assert offers(today, job(state=State.UNCERTAIN)) == {"retry": 8}


@pytest.mark.parametrize("action", [Cause.UPSCALE, Cause.ANIMATE])
@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.FAILED, State.UNDELIVERABLE])
def test_a_job_without_a_result_has_nothing_to_work_on(today, job, image, action, state):
    outputs = (image(),) if state is State.UNDELIVERABLE else ()
    with pytest.raises(NoResult):
        follow_up(today, job(state=state, outputs=outputs), action, lambda: 0)


def test_a_video_cannot_be_animated(today, film):
    with pytest.raises(ActionNotOffered):
        follow_up(today, film, Cause.ANIMATE, lambda: 0)


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("text_to_image", "imagine"), ("image_to_video", "animate"), ("text_to_video", "animate"),
        ("video_to_video", "edit"), ("character_performance", "perform"),
        ("video_upscale", "upscale"), ("image_upscale", "upscale"),
    ],
)  # fmt: skip
def test_the_command_of_an_operation(operation, name):
    assert command_of(Operation(operation)).name == name
