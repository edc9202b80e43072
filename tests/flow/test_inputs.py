"""What people send in, from the attachment to what Runway gets."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from bot.config import ModerationConfig

# aiohttp says so of every data URI over 1 MiB; Runway takes them up to 5.
pytestmark = pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")

Start = Callable[..., Awaitable[Any]]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SecretCamera"
    path = tmp_path / "holiday.tiff"
    Image.effect_noise((300, 200), 60).convert("RGB").save(path, exif=exif)
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """35 seconds, at two frames a second."""
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as opened:
        stream = opened.add_stream("libx264", rate=2, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for turn in range(70):
            image = Image.new("RGB", (160, 90), (turn * 3, 40, 40))
            opened.mux(stream.encode(av.VideoFrame.from_image(image)))
        opened.mux(stream.encode())
    return path


async def test_a_photo_reaches_runway_upright_and_without_its_past(
    start: Start, photo: Path
) -> None:
    bot = await start()
    assert (await bot.type("/animate a breeze", photo))[0] == 202
    [result] = await bot.results(1)
    [key] = bot.kept("inputs/**/*")
    assert key.endswith(".jpg")
    with Image.open(bot.folder / "archive" / key) as image:
        assert image.size == (200, 300)
    facts = bot.facts(result["job_id"])
    assert (facts["prompt"], facts["model"], facts["asked_by"]["member"]) == (
        "a breeze",
        "gen4_turbo",
        "ada",
    )
    [given] = facts["inputs"]
    assert (given["file"], given["name"]) == (key, "holiday.tiff")
    assert given["sha256"] != given["original_sha256"]
    assert facts["task"]
    assert facts["output"]["size"] == result["attachments"][0]["size"]


async def test_the_card_says_what_a_centre_crop_will_keep(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "tall.png"
    Image.new("RGB", (300, 300), "red").save(path)
    bot = await start()
    await bot.type("/animate --ratio 16:9 x", path)
    [result] = await bot.results(1)
    card = await bot.card(result["job_id"])
    assert card["Input"] == (
        "tall.png: the centre is kept, 300×169 of 300×300 (--fit pad keeps all)"
    )


async def test_a_phones_sixty_pictures_a_second_become_what_the_model_takes(
    start: Start, tmp_path: Path
) -> None:
    path = tmp_path / "phone.mp4"
    with av.open(str(path), "w") as opened:
        stream = opened.add_stream("libx264", rate=60, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for turn in range(150):
            image = Image.new("RGB", (160, 90), (turn, 40, 40))
            opened.mux(stream.encode(av.VideoFrame.from_image(image)))
        opened.mux(stream.encode())
    bot = await start()
    assert (await bot.type("/edit make it night", path))[0] == 202
    [result] = await bot.results(1)
    card = await bot.card(result["job_id"])
    assert card["Input"] == "phone.mp4: 30 of its 60 pictures a second"


async def test_padding_is_done_before_it_is_sent(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "tall.png"
    Image.new("RGB", (300, 300), "red").save(path)
    bot = await start()
    await bot.type("/animate --ratio 16:9 --fit pad x", path)
    [result] = await bot.results(1)
    assert (await bot.card(result["job_id"]))["Input"] == "tall.png: padded to 533×300"
    [key] = bot.kept("inputs/**/*")
    with Image.open(bot.folder / "archive" / key) as image:
        assert image.size == (533, 300)


async def test_a_picture_that_is_too_wide_is_cut_and_the_card_says_to_what(
    start: Start, tmp_path: Path
) -> None:
    path = tmp_path / "wide.png"
    Image.new("RGB", (900, 300), "red").save(path)
    bot = await start()
    await bot.type("/animate --model gen4.5 x", path)
    [result] = await bot.results(1)
    assert (await bot.card(result["job_id"]))["Input"] == "wide.png: cut to 600×300"


async def test_a_video_that_is_too_long_is_cut_priced_as_cut_and_told(
    start: Start, clip: Path
) -> None:
    bot = await start()
    assert (await bot.type("/edit make it night", clip))[0] == 202
    [result] = await bot.results(1)
    card = await bot.card(result["job_id"])
    assert card["Input"] == "clip.mp4: its first 30 s of 35 s"
    assert card["Price"] == "840 credits"


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ("http://example.com/a.jpg", "does not begin with https://"),
        ("https://192.168.0.1/a.jpg", "public website"),
        ("https://2130706433/a.jpg", "public website"),
        ("https://0x7f.1/a.jpg", "public website"),
        ("https://[::1]/a.jpg", "public website"),
        ("https://localhost/a.jpg", "public website"),
        ("https://intranet-7/a.jpg", "public website"),
        ("https://printer.local/a.jpg", "public website"),
        ("https://me:secret@example.com/a.jpg", "not a plain web address"),
        ("https://example.com:8443/a.jpg", "not a plain web address"),
        ("https://example.com/a.gif", "does not read"),
        ("https://example.com/" + "a" * 2048 + ".jpg", "too long"),
    ],
)
async def test_a_link_that_runway_would_not_take_is_refused_at_once(
    start: Start, link: str, says: str
) -> None:
    bot = await start()
    status, answer = await bot.type(f"/animate x --ref {link}")
    assert status == 400
    assert says in answer["error"]
    assert bot.kept() == []


async def test_a_link_in_the_prompt_is_an_input_and_is_not_fetched_by_us(start: Start) -> None:
    bot = await start()
    # Whatever the stand-in makes of a page that is not there: the request itself is whole.
    assert (await bot.type("/animate https://example.com/cats/tom.jpg purrs"))[0] == 202
    cards = [m["card"] for m in await bot.messages() if m["card"]]
    assert cards[0]["prompt"] == "purrs"
    assert cards[0]["inputs"] == []
    assert bot.kept("inputs/**/*") == []


async def test_a_price_that_hangs_on_the_file_needs_the_file(start: Start) -> None:
    bot = await start()
    status, answer = await bot.type("/edit x --ref https://example.com/a.mp4")
    assert status == 400
    assert "Attach the file itself" in answer["error"]


async def test_the_last_result_is_an_input_without_another_copy(start: Start) -> None:
    bot = await start()
    await bot.type("/imagine a fox")
    await bot.results(1)
    assert (await bot.type("/animate it runs --ref last"))[0] == 202
    first, second = await bot.results(2)
    assert bot.kept("inputs/**/*") == []
    [given] = bot.facts(second["job_id"])["inputs"]
    assert given["file"] == f"outputs/{first['job_id']}/0.png"


async def test_a_result_is_used_by_its_jobs_id_by_anybody_in_the_workspace(start: Start) -> None:
    bot = await start()
    await bot.type("/imagine a fox")
    [first] = await bot.results(1)
    status, _ = await bot.type(f"/animate it runs --ref {first['job_id']}", member="ben")
    assert status == 202
    status, answer = await bot.type("/animate x --ref last", member="chloe")
    assert status == 400
    assert "no result" in answer["error"]


async def test_a_video_goes_on_from_its_last_picture(start: Start, photo: Path) -> None:
    bot = await start()
    await bot.type("/animate a breeze", photo)
    [first] = await bot.results(1)
    assert "extend" in [button["action"] for button in first["buttons"]]
    assert await bot.press(first["id"], "extend") == 202
    assert (await bot.type("/animate and on --ref last"))[0] == 202
    results = await bot.results(3)
    for result in results[1:]:
        [given] = bot.facts(result["job_id"])["inputs"]
        assert given["file"].startswith(f"inputs/{result['job_id']}/")
        with Image.open(bot.folder / "archive" / given["file"]) as frame:
            shown = first["attachments"][0]
            assert frame.size == (shown["width"], shown["height"])


async def test_a_reference_is_called_by_its_files_name(start: Start, tmp_path: Path) -> None:
    for name in ("My Fox.png", "style.png"):
        Image.new("RGB", (300, 200), "red").save(tmp_path / name)
    bot = await start()
    files = (tmp_path / "My Fox.png", tmp_path / "style.png")
    await bot.type("/imagine @my_fox as @image2", *files)
    [result] = await bot.results(1)
    tags = [given["tag"] for given in bot.facts(result["job_id"])["inputs"]]
    assert tags == ["my_fox", "image2"]


async def test_nothing_of_a_refused_command_stays(start: Start, photo: Path, clip: Path) -> None:
    bot = await start()
    for text, files in (
        ("/animate --duration 77 x", (photo,)),
        ("/animate x", (photo, clip)),
        ("/animate x --ref nosuchjob", (photo,)),
    ):
        assert (await bot.type(text, *files))[0] in (400, 404)
    assert bot.kept() == []


async def test_a_word_that_is_not_allowed_takes_its_files_with_it(
    start: Start, photo: Path
) -> None:
    bot = await start(moderation=ModerationConfig(words=("gun",)))
    status, answer = await bot.type("/animate a gun", photo)
    assert status == 400
    assert "gun" in answer["error"]
    assert bot.kept() == []
