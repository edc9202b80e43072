"""Outputs are real files of what was asked for, behind links that expire."""

import asyncio
import io
import zipfile
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from bot.runway.simulator import SimulatorSettings

PROMPT = "a lighthouse on a cliff at dusk"


async def output(api, clock, operation, body) -> tuple[str, bytes]:
    """The content type and bytes of what a create delivers."""
    id = await api.made(operation, body)
    clock.advance(120)
    (url,) = (await api.task(id))["output"]
    status, headers, content = await api.download(url)
    assert status == 200
    assert int(headers["Content-Length"]) == len(content)
    return headers["Content-Type"], content


async def link(api, clock) -> str:
    id = await api.imagine()
    clock.advance(60)
    return (await api.task(id))["output"][0]


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def difference(first: Image.Image, second: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(first, second)).mean)


class Film:
    """A decoded video."""

    def __init__(self, content: bytes) -> None:
        with av.open(io.BytesIO(content)) as container:
            stream = container.streams.video[0]
            self.codec = stream.codec_context.name
            self.pixels = stream.codec_context.pix_fmt
            self.size = (stream.codec_context.width, stream.codec_context.height)
            self.rate = float(stream.average_rate)
            self.seconds = container.duration / av.time_base
            self.audio = len(container.streams.audio)
            frames = list(container.decode(video=0))
            self.count = len(frames)
            self.first, self.last = frames[0].to_image(), frames[-1].to_image()
            self.neighbours = [frame.to_image() for frame in frames[10:12]]


@pytest.mark.parametrize("ratio", ["1280:720", "720:1280", "1024:1024", "2112:912"])
async def test_images_have_the_very_pixels_that_were_asked_for(api, clock, ratio):
    body = {"model": "gen4_image", "promptText": PROMPT, "ratio": ratio}
    content_type, content = await output(api, clock, "text_to_image", body)
    assert content_type == "image/png"
    image = opened(content)
    image.load()
    assert (image.format, image.size) == ("PNG", tuple(map(int, ratio.split(":"))))
    assert min(ImageStat.Stat(image.convert("RGB")).stddev) > 5


async def test_same_seed_same_picture_and_another_seed_another(api, clock):
    body = {"model": "gen4_image", "promptText": PROMPT, "ratio": "720:720"}
    pictures = [
        opened((await output(api, clock, "text_to_image", {**body, "seed": seed}))[1])
        for seed in (1, 1, 2)
    ]
    assert difference(pictures[0], pictures[1]) == 0
    assert difference(pictures[0], pictures[2]) > 1


async def test_references_are_seen_in_the_picture(api, clock, data_uri):
    red = io.BytesIO()
    Image.new("RGB", (64, 64), (255, 0, 0)).save(red, "WEBP", lossless=True)
    body = {
        "model": "gen4_image_turbo",
        "promptText": "like @red",
        "ratio": "1280:720",
        "seed": 5,
        "referenceImages": [{"uri": data_uri("image/webp", red.getvalue()), "tag": "red"}],
    }
    _, content = await output(api, clock, "text_to_image", body)
    picture = opened(content).convert("RGB")
    assert picture.getpixel((1280 - 25 - 72, 25 + 72)) == (255, 0, 0)


async def test_a_coarse_picture_is_as_large_and_says_its_words(simulate, clock):
    body = {"model": "gen4_image", "promptText": PROMPT, "ratio": "1920:1080", "seed": 3}
    fine, coarse = [
        opened((await output(await simulate(**pixels), clock, "text_to_image", body))[1])
        for pixels in ({}, {"picture_pixels": 60_000})
    ]
    assert fine.size == coarse.size == (1920, 1080)
    assert 0.1 < difference(fine, coarse) < 20


async def test_a_video_plays_in_a_browser_and_moves(simulate, clock, png, data_uri):
    api = await simulate(clip_pixels=SimulatorSettings.clip_pixels)
    body = {
        "model": "gen4_turbo",
        "promptText": PROMPT,
        "promptImage": data_uri("image/png", png(640, 480)),
        "ratio": "1280:720",
        "duration": 2,
    }
    content_type, content = await output(api, clock, "image_to_video", body)
    film = Film(content)
    assert content_type == "video/mp4"
    assert (film.codec, film.pixels, film.size) == ("h264", "yuv420p", (1280, 720))
    assert (film.rate, film.seconds, film.count, film.audio) == (24, 2, 48, 0)
    assert content.index(b"moov") < content.index(b"mdat")
    assert difference(film.first, film.last) > 3
    assert difference(*film.neighbours) > 0.1


async def test_a_rough_video_is_as_long_and_shows_frames_again(simulate, clock):
    api = await simulate(clip_pixels=1)
    body = {"model": "gen4.5", "promptText": PROMPT, "ratio": "1280:720", "duration": 2}
    film = Film((await output(api, clock, "text_to_video", body))[1])
    assert (film.size, film.rate, film.seconds, film.count) == ((1280, 720), 24, 2, 48)
    assert difference(film.first, film.last) > 3
    assert difference(*film.neighbours) < 0.1


@pytest.mark.parametrize("ratio", ["1104:832", "1584:672"])
async def test_clips_of_unusual_ratios_are_whole(api, clock, ratio):
    body = {
        "model": "gen4_turbo",
        "promptImage": "https://example.com/a.png",
        "ratio": ratio,
        "duration": 2,
    }
    film = Film((await output(api, clock, "image_to_video", body))[1])
    assert film.size == tuple(map(int, ratio.split(":")))
    left, right = (film.first.crop((x, 0, x + 40, 300)) for x in (0, film.size[0] - 40))
    assert difference(left, right) < 90


async def test_veo_has_sound_unless_told_not_to_and_fades_to_the_last_frame(api, clock, data_uri):
    def still(colour: str) -> str:
        content = io.BytesIO()
        Image.new("RGB", (64, 36), colour).save(content, "PNG")
        return data_uri("image/png", content.getvalue())

    frames = [
        {"uri": still("#a00000"), "position": "first"},
        {"uri": still("#0000a0"), "position": "last"},
    ]
    body = {"model": "veo3.1_fast", "promptImage": frames, "ratio": "1280:720", "duration": 4}
    film = Film((await output(api, clock, "image_to_video", body))[1])
    assert (film.audio, film.seconds) == (1, pytest.approx(4, abs=0.05))
    first, last = film.first.getpixel((640, 200)), film.last.getpixel((640, 200))
    assert first[0] > 140 > 40 > first[2]
    assert last[2] > 140 > 40 > last[0]
    silent = {
        "model": "veo3.1_fast",
        "promptText": PROMPT,
        "ratio": "720:1280",
        "duration": 4,
        "audio": False,
    }
    assert Film((await output(api, clock, "text_to_video", silent))[1]).audio == 0


async def test_edits_and_performances_are_as_long_as_their_input(api, clock, mp4, png, data_uri):
    video = data_uri("video/mp4", mp4(3, width=160, height=90))
    edit = {"model": "aleph2", "videoUri": video, "promptText": "at night"}
    film = Film((await output(api, clock, "video_to_video", edit))[1])
    assert (film.size, film.seconds) == ((160, 90), 3)
    square = {**edit, "targetAspectRatio": "1:1"}
    assert Film((await output(api, clock, "video_to_video", square))[1]).size == (90, 90)
    act = {
        "model": "act_two",
        "character": {"type": "image", "uri": data_uri("image/png", png())},
        "reference": {"type": "video", "uri": video},
        "ratio": "832:1104",
    }
    film = Film((await output(api, clock, "character_performance", act))[1])
    assert (film.size, film.seconds) == ((832, 1104), 3)


async def test_upscales_are_larger(simulate, clock, mp4, png, data_uri):
    api = await simulate(offer=frozenset({"upscale_v1"}))
    video = data_uri("video/mp4", mp4(1, width=160, height=90))
    body = {"model": "upscale_v1", "videoUri": video}
    assert Film((await output(api, clock, "video_upscale", body))[1]).size == (640, 360)
    body = {
        "model": "magnific_video_upscaler_creative",
        "videoUri": video,
        "resolution": "720p",
    }
    assert Film((await output(api, clock, "video_upscale", body))[1]).size == (1280, 720)
    image = data_uri("image/png", png(300, 320))
    body = {"model": "magnific_precision_upscaler_v2", "imageUri": image}
    assert opened((await output(api, clock, "image_upscale", body))[1]).size == (600, 640)


async def test_other_formats_are_what_they_say(api, clock, mp4, data_uri):
    video = data_uri("video/mp4", mp4(2, width=64, height=48))
    body = {"model": "aleph2", "videoUri": video, "outputFormat": "prores"}
    content_type, content = await output(api, clock, "video_to_video", body)
    assert (content_type, Film(content).codec) == ("video/quicktime", "prores")
    body = {**body, "outputFormat": "png_sequence"}
    content_type, content = await output(api, clock, "video_to_video", body)
    assert content_type == "application/zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) == 48
        assert opened(archive.read(archive.namelist()[0])).size == (64, 48)


async def test_long_and_odd_prompts_are_drawn(api, clock):
    for prompt in ("word " * 199, "x" * 1000, "狐狸 🦊 \x00\n\t", "ﷺ" * 900):
        body = {"model": "gen4_image", "promptText": prompt, "ratio": "720:720"}
        assert opened((await output(api, clock, "text_to_image", body))[1]).size == (720, 720)


async def test_links_are_fresh_on_each_get_and_die_on_time(simulate, clock):
    api = await simulate(output_ttl_seconds=100)
    id = await api.imagine()
    clock.advance(60)
    old = (await api.task(id))["output"][0]
    clock.advance(99)
    new = (await api.task(id))["output"][0]
    assert old != new
    assert (await api.download(old))[0] == 200
    clock.advance(1)
    assert (await api.download(old))[0] == 403
    assert (await api.download(new))[0] == 200


async def test_tampered_links_are_refused(api, clock):
    url = await link(api, clock)
    path, _, query = url.partition("?")
    later = query.replace("expires=1", "expires=2")
    for wrong in (path, f"{path}?{later}", f"{path}?{query}0", f"{path}?expires=x&signature=é"):
        assert (await api.download(wrong))[0] == 403


async def test_ranges_and_heads_work(api, clock):
    url = await link(api, clock)
    _, _, whole = await api.download(url)
    status, headers, part = await api.download(url, Range="bytes=10-19")
    assert (status, part) == (206, whole[10:20])
    assert headers["Content-Range"] == f"bytes 10-19/{len(whole)}"
    async with api.session.head(url) as response:
        assert (response.status, response.content_length) == (200, len(whole))


async def test_links_lead_to_the_address_that_was_asked(api, clock):
    id = await api.imagine()
    clock.advance(60)
    headers = {**api.headers, "Host": "localhost:1234"}
    _, task = await api.ask("GET", f"/v1/tasks/{id}", headers=headers)
    assert task["output"][0].startswith("http://localhost:1234/outputs/")


async def test_downloads_at_the_same_time_get_the_same_file(api, clock):
    url = await link(api, clock)
    answers = await asyncio.gather(*(api.download(url) for _ in range(5)))
    assert len({content for _, _, content in answers}) == 1


async def test_stopping_in_the_middle_of_a_render_is_clean(simulate, clock, tmp_path: Path):
    api = await simulate(state_dir=tmp_path, clip_pixels=SimulatorSettings.clip_pixels)
    body = {"model": "veo3.1", "promptText": PROMPT, "ratio": "1920:1080", "duration": 8}
    id = await api.made("text_to_video", body)
    clock.advance(60)
    assert (await api.task(id))["status"] == "SUCCEEDED"
    await api.stop()
    assert not list((tmp_path / "outputs").iterdir())
