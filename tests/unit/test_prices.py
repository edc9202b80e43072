"""What each model costs, to the credit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.validation import complete
from bot.pricing import PriceRule
from bot.requests import Input


@pytest.fixture(scope="session")
def price(spec, image, video):
    """The price of a request; the inputs are plain ones unless given by their role."""

    def work_out(model: str, operation: str, given=None, **options: str) -> int:
        entry = spec(model, operation)
        files = {
            rule.role: image() if "image" in rule.kinds else video()
            for rule in entry.inputs
            if rule.min
        }
        inputs = tuple(Input(role, media) for role, media in {**files, **(given or {})}.items())
        return complete(entry, "", inputs, options, lambda: 7).price

    return work_out


@pytest.mark.parametrize(
    ("ratio", "credits"),
    [
        ("1280:720", 5), ("720:1280", 5), ("720:720", 5), ("960:720", 5), ("720:960", 5),
        ("1680:720", 5), ("1920:1080", 8), ("1080:1920", 8), ("1080:1080", 8), ("1440:1080", 8),
        ("1080:1440", 8), ("1024:1024", 8), ("1168:880", 8), ("1360:768", 8), ("2112:912", 8),
        ("1808:768", 8),
    ],
)  # fmt: skip
def test_gen4_image_costs_5_at_720p_and_8_above(price, ratio, credits):
    assert price("gen4_image", "text_to_image", ratio=ratio) == credits


@pytest.mark.parametrize("ratio", ["1920:1080", "720:720"])
def test_gen4_image_turbo_costs_2_at_any_size(price, ratio):
    assert price("gen4_image_turbo", "text_to_image", ratio=ratio) == 2


def test_gemini_costs_5(price):
    assert price("gemini_2.5_flash", "text_to_image") == 5


@pytest.mark.parametrize(
    ("model", "operation", "duration", "credits"),
    [
        ("gen4_turbo", "image_to_video", "2", 10),
        ("gen4_turbo", "image_to_video", "10", 50),
        ("gen4.5", "image_to_video", "3", 36),
        ("gen4.5", "text_to_video", "10", 120),
        ("veo3.1", "image_to_video", "4", 80),
        ("veo3.1", "text_to_video", "8", 160),
        ("veo3.1_fast", "image_to_video", "6", 60),
        ("veo3.1_fast", "text_to_video", "4", 40),
        ("gen3a_turbo", "image_to_video", "5", 25),
        ("gen3a_turbo", "image_to_video", "10", 50),
    ],
)
def test_a_video_costs_its_seconds(price, model, operation, duration, credits):
    assert price(model, operation, duration=duration) == credits


@pytest.mark.parametrize(
    ("model", "operation", "credits"),
    [
        ("gen4_turbo", "image_to_video", 25),
        ("gen4.5", "text_to_video", 60),
        ("veo3.1", "text_to_video", 80),
        ("gen4_aleph", "video_to_video", 75),
    ],
)
def test_the_price_of_what_is_made_when_nothing_is_chosen(price, model, operation, credits):
    assert price(model, operation) == credits


@pytest.mark.parametrize(
    ("seconds", "credits"), [(2.0, 56), (2.01, 84), (4.0, 112), (29.5, 840), (30.0, 840)]
)
def test_aleph2_costs_the_seconds_of_its_input(price, video, seconds, credits):
    clip = video(duration=seconds)
    assert price("aleph2", "video_to_video", {"video": clip}) == credits


def test_aleph2_never_costs_less_than_its_minimum(spec, video):
    rule = spec("aleph2", "video_to_video").price
    short = (Input("video", video(duration=0.5)),)
    assert rule.credits(None, None, short, {}) == 56


@pytest.mark.parametrize(("seconds", "credits"), [(3.0, 15), (3.2, 20), (30.0, 150)])
def test_act_two_costs_the_seconds_of_the_performance(price, video, seconds, credits):
    given = {"character": video(duration=9.0), "performance": video(duration=seconds)}
    assert price("act_two", "character_performance", given) == credits


def test_upscale_v1_costs_two_a_second(price, video):
    assert price("upscale_v1", "video_upscale", {"video": video(duration=7.5)}) == 16


@pytest.mark.parametrize(
    ("resolution", "frames", "credits"),
    [
        (None, 300, 210), ("720p", 300, 210), ("1k", 300, 210), ("2k", 300, 270), ("4k", 300, 360),
        ("1k", 1, 1), ("1k", 10, 7), ("1k", 11, 8), ("2k", 1, 1), ("2k", 11, 10), ("4k", 1, 2),
        ("4k", 5, 6), ("4k", 6, 8), ("4k", 10, 12),
    ],
)  # fmt: skip
def test_a_creative_upscale_costs_its_frames_rounded_up(price, video, resolution, frames, credits):
    options = {"resolution": resolution} if resolution else {}
    clip = video(frames=frames)
    model = "magnific_video_upscaler_creative"
    assert price(model, "video_upscale", {"video": clip}, **options) == credits


def test_a_video_that_does_not_count_its_frames_is_priced_at_thirty_a_second(price, video):
    clip = video(duration=2.5, frames=None)
    model = "magnific_video_upscaler_creative"
    assert price(model, "video_upscale", {"video": clip}, resolution="2k") == 68


@pytest.mark.parametrize(
    ("width", "height", "scale", "credits"),
    [
        (1024, 1024, None, 25), (1024, 1024, "4", 25), (1025, 600, "4", 150), (600, 1025, "4", 150),
        (2048, 1000, "2", 25), (2049, 1000, "2", 150), (300, 300, "8", 25), (300, 300, "16", 150),
    ],
)  # fmt: skip
def test_a_precise_upscale_costs_more_above_4096_pixels(
    price, image, width, height, scale, credits
):
    options = {"scale": scale} if scale else {}
    still = image(width, height)
    model = "magnific_precision_upscaler_v2"
    assert price(model, "image_upscale", {"image": still}, **options) == credits


@given(
    st.decimals("0.1", "50", places=1),
    st.floats(0.01, 600, allow_nan=False),
    st.integers(0, 100),
)
def test_a_price_is_whole_never_under_its_minimum_and_grows_with_time(rate, seconds, least):
    rule = PriceRule(per_second=rate, of="video", min=least)

    def credits(length: int) -> int:
        return rule.credits(None, length, (), {})

    whole = int(seconds) + 1
    assert isinstance(credits(whole), int)
    assert credits(whole) >= max(least, rate * whole)
    assert credits(whole) - rate * whole < 1 or credits(whole) == least
    assert credits(whole + 1) >= credits(whole)


def test_money_is_counted_in_decimals_and_not_in_binary_fractions():
    rule = PriceRule(per_frame={"x": Decimal("0.7")}, by="size", of="video")
    assert rule.credits(None, None, (), {"size": "x"}) == 0
    assert str(rule.per_frame["x"]) == "0.7"
