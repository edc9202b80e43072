"""What each create costs, and what the models ask of their files."""

import pytest

IMAGE = "https://example.com/a.png"


def gen45(image: str) -> dict[str, object]:
    return {
        "model": "gen4.5",
        "promptText": "waves",
        "promptImage": image,
        "ratio": "1280:720",
        "duration": 2,
    }


def act_two(character: str, reference: str) -> dict[str, object]:
    return {
        "model": "act_two",
        "character": {"type": "image", "uri": character},
        "reference": {"type": "video", "uri": reference},
    }


@pytest.mark.parametrize(
    ("size", "good"), [((400, 200), True), ((402, 200), False), ((200, 402), False)]
)
async def test_gen45_takes_aspects_from_one_half_to_two(api, png, data_uri, size, good):
    status, _ = await api.create("image_to_video", gen45(data_uri("image/png", png(*size))))
    assert status == (200 if good else 400)


async def test_act_two_takes_three_to_thirty_seconds_and_bills_them(api, png, mp4, data_uri):
    character = data_uri("image/png", png())

    def body(seconds: float) -> dict[str, object]:
        return act_two(character, data_uri("video/mp4", mp4(seconds, fps=2)))

    assert await api.price("character_performance", body(4)) == 20
    assert await api.price("character_performance", body(3.5)) == 18
    for seconds in (2, 31):
        assert await api.refused("character_performance", body(seconds)) == [["reference"]]


async def test_aleph2_bills_seconds_of_input_and_two_at_least(api, mp4, data_uri):
    def body(seconds: float, **more: object) -> dict[str, object]:
        uri = data_uri("video/mp4", mp4(seconds, fps=2))
        return {"model": "aleph2", "videoUri": uri, **more}

    assert await api.price("video_to_video", body(2)) == 56
    assert await api.price("video_to_video", body(4)) == 112
    assert await api.price("video_to_video", body(4, outputFormat="prores")) == 132
    for seconds in (1, 31):
        assert await api.refused("video_to_video", body(seconds))


async def test_magnific_video_bills_frames_rounded_up(api, mp4, data_uri):
    uri = data_uri("video/mp4", mp4(3, fps=8))
    body = {"model": "magnific_video_upscaler_creative", "videoUri": uri}
    for resolution, credits in (("720p", 17), ("1k", 17), ("2k", 22), ("4k", 29)):
        assert await api.price("video_upscale", {**body, "resolution": resolution}) == credits
    assert await api.price("video_upscale", body) == 22


@pytest.mark.parametrize(
    ("size", "factor", "credits"),
    [
        ((300, 300), 2, 25),
        ((1024, 1024), 4, 25),
        ((1030, 300), 4, 150),
        ((299, 400), 2, None),
        ((2600, 2600), 2, None),
        ((1280, 720), 16, None),
    ],
)
async def test_image_upscale_limits_and_price(api, png, data_uri, size, factor, credits):
    uri = await api.upload("a.png", png(*size))
    body = {"model": "magnific_precision_upscaler_v2", "imageUri": uri, "scaleFactor": factor}
    if credits is None:
        assert await api.refused("image_upscale", body)
    else:
        assert await api.price("image_upscale", body) == credits


async def test_upscale_v1_limits_and_price(simulate, mp4, data_uri):
    api = await simulate(offer=frozenset({"upscale_v1"}))

    def body(seconds: float, width: int = 64) -> dict[str, object]:
        uri = data_uri("video/mp4", mp4(seconds, width=width, fps=1))
        return {"model": "upscale_v1", "videoUri": uri}

    assert await api.price("video_upscale", body(4)) == 8
    assert await api.refused("video_upscale", body(41))
    assert await api.refused("video_upscale", body(4, width=4096))


@pytest.mark.parametrize(
    ("operation", "body", "credits"),
    [
        ("text_to_image", {"model": "gen4_image", "promptText": "a", "ratio": "1280:720"}, 5),
        ("text_to_image", {"model": "gen4_image", "promptText": "a", "ratio": "1680:720"}, 5),
        ("text_to_image", {"model": "gen4_image", "promptText": "a", "ratio": "1360:768"}, 8),
        (
            "text_to_image",
            {
                "model": "gen4_image_turbo",
                "promptText": "a",
                "ratio": "1920:1080",
                "referenceImages": [{"uri": IMAGE}],
            },
            2,
        ),
        ("text_to_image", {"model": "gemini_2.5_flash", "promptText": "a", "ratio": "1344:768"}, 5),
        (
            "image_to_video",
            {"model": "gen4_turbo", "promptImage": IMAGE, "ratio": "960:960", "duration": 3},
            15,
        ),
        ("image_to_video", gen45(IMAGE), 24),
        (
            "text_to_video",
            {"model": "gen4.5", "promptText": "a", "ratio": "1280:720", "duration": 10},
            120,
        ),
        (
            "text_to_video",
            {"model": "veo3.1", "promptText": "a", "ratio": "1280:720", "duration": 4},
            160,
        ),
        (
            "text_to_video",
            {
                "model": "veo3.1",
                "promptText": "a",
                "ratio": "1280:720",
                "duration": 4,
                "audio": False,
            },
            80,
        ),
        (
            "image_to_video",
            {"model": "veo3.1_fast", "promptImage": IMAGE, "ratio": "1280:720", "duration": 6},
            90,
        ),
        (
            "image_to_video",
            {"model": "gen3a_turbo", "promptImage": IMAGE, "ratio": "768:1280", "duration": 5},
            25,
        ),
        (
            "video_to_video",
            {
                "model": "gen4_aleph",
                "promptText": "a",
                "videoUri": "https://example.com/a.mp4",
                "ratio": "640:480",
            },
            75,
        ),
    ],
    ids=lambda value: value["model"] if isinstance(value, dict) else str(value),
)
async def test_prices(simulate, operation, body, credits):
    api = await simulate(offer=frozenset({"gen3a_turbo", "gen4_aleph"}))
    assert await api.price(operation, body) == credits
