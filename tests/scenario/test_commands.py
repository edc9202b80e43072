"""Every command that makes something, from real files to a file in the chat."""

import io
from collections.abc import Awaitable, Callable
from pathlib import Path

import av
import pytest
from PIL import Image

from tests.scenario.files import film, picture
from tests.scenario.page import Shown
from tests.scenario.stage import Stage

FILES: dict[str, Callable[[Path], Path]] = {
    "photo.jpg": lambda path: picture(path, (640, 360)),
    "portrait.png": lambda path: picture(path, (300, 400)),
    "clip.mp4": lambda path: film(path, 1.0),
    "clip2.mp4": lambda path: film(path, 2.0),
    "dance.mp4": lambda path: film(path, 3.0),
}
# command, files, model, what it makes, price
MADE = [
    ("/imagine a lighthouse --ratio square", [], "Gen-4 Image", "image", 8),
    ("/imagine @image1 at dusk", ["photo.jpg"], "Gen-4 Image", "image", 8),
    ("/animate waves --duration 2", ["photo.jpg"], "Gen-4 Turbo", "video", 10),
    ("/edit make it snow", ["clip2.mp4"], "Aleph 2", "video", 56),
    ("/perform --expression 4", ["portrait.png", "dance.mp4"], "Act-Two", "video", 15),
    ("/upscale", ["photo.jpg"], "Magnific Precision Upscaler", "image", 25),
    ("/upscale --resolution 720p", ["clip.mp4"], "Magnific Video Upscaler", "video", 17),
]


async def test_each_command_delivers_a_real_file_and_charges_its_price(
    stage: Stage, tmp_path: Path
) -> None:
    made = {name: make(tmp_path / name) for name, make in FILES.items()}
    begun = [
        (await stage.page.begin(text, "ada", [made[name] for name in files]), text)
        for text, files, *_ in MADE
    ]
    for (job_id, text), (_, _, model, kind, price) in zip(begun, MADE, strict=True):
        shown = await stage.page.over(job_id)
        assert (shown.state, text) == ("delivered", text)
        assert model in shown.cards[0]["text"], text
        assert stage.accounts().captured(job_id) == price, text
        await _check_file(stage, shown, kind)
    assert await stage.violations() == []
    assert await stage.page.credits_left() == 2000 - sum(price for *_, price in MADE)


async def _check_file(stage: Stage, shown: Shown, kind: str) -> None:
    (attachment,) = shown.end["attachments"]
    assert attachment["content_type"].startswith(kind)
    async with stage.session.get(stage.page.url + attachment["url"]) as response:
        assert response.status == 200
        content = await response.read()
    assert len(content) == attachment["size"]
    if kind == "image":
        with Image.open(io.BytesIO(content)) as image:
            assert image.size == (attachment["width"], attachment["height"])
    else:
        with av.open(io.BytesIO(content), "r") as opened:
            assert next(opened.decode(video=0)).width == attachment["width"]


async def test_the_card_shows_what_was_asked_and_the_result_mentions_its_owner(
    stage: Stage,
) -> None:
    shown = await stage.page.finish("/imagine a <b>fox</b> & co --ratio 1280:720", "ben")
    assert shown.line("Price") == "5 credits"
    assert shown.line("Result") == "1280×720"
    assert shown.cards[0]["card"]["prompt"] == "a <b>fox</b> & co"
    assert shown.cards[0]["buttons"] == []
    assert (shown.end["mention"], shown.end["reply_to"]) == ("ben", shown.cards[0]["id"])
    assert "5 credits · 1995 left" in shown.end["text"]


@pytest.mark.parametrize(
    ("text", "files", "says"),
    [
        ("/imagine", [], "needs a prompt"),
        ("/imagine fox --ratio 5:1", [], "is not a ratio"),
        ("/imagine fox --model gpt", [], "is not a model"),
        ("/imagine fox --speed 9", [], "There is no option --speed"),
        ("/imagine " + "🦊" * 501, [], "1002 characters long"),
        (
            "/animate waves",
            [],
            "Attach it, or name a result (--ref last), and send the command again",
        ),
        ("/animate waves --duration 11", ["photo.jpg"], "is not a duration"),
        ("/animate waves", ["photo.jpg", "portrait.png"], "you attached"),
        ("/edit snow", ["photo.jpg"], "needs a video"),
        ("/perform", ["portrait.png"], "for the performance"),
        ("/upscale now", ["photo.jpg"], "does not take now"),
        ("/draw a fox", [], "There is no command"),
        ("/quota set ben 5", [], "Only admins"),
        ("/cancel", [], "no job that could be cancelled"),
    ],
)
async def test_a_refusal_is_private_says_why_and_costs_nothing(
    stage: Stage, tmp_path: Path, text: str, files: list[str], says: str
) -> None:
    status, answer = await stage.page.command(
        text, "ben", [FILES[name](tmp_path / name) for name in files]
    )
    assert 400 <= status < 500, answer
    assert says in answer["error"]
    assert says in (await stage.page.notices("ben"))[-1]
    assert await stage.page.messages("chloe") == []
    assert stage.accounts().jobs == []
    assert not (tmp_path / "archive" / "inputs").exists()


async def test_a_file_that_is_not_what_its_name_says_is_refused(
    stage: Stage, tmp_path: Path
) -> None:
    renamed = picture(tmp_path / "photo.png").rename(tmp_path / "video.mp4")
    text = tmp_path / "notes.png"
    text.write_text("these are only words\n" * 40)
    for path, says in ((renamed, "is not what its name says"), (text, "notes.png")):
        status, answer = await stage.page.command("/animate waves", "ada", [path])
        assert (status, says in answer["error"]) == (400, True), answer
    assert stage.accounts().jobs == []


async def test_too_few_credits_are_refused_with_price_rest_and_reset(
    open_stage: Callable[..., Awaitable[Stage]],
) -> None:
    stage = await open_stage(credits=12)
    await stage.page.finish("/imagine a fox --ratio 720:720")
    status, answer = await stage.page.command("/imagine a fox")
    assert status == 400
    assert "this costs 8 and you have 7 left. They reset " in answer["error"]
    assert await stage.page.credits_left() == 7


async def test_one_event_of_a_platform_is_one_job(stage: Stage) -> None:
    for _ in range(2):
        status, _answer = await stage.page.command("/imagine a fox", event="e-1")
        assert status == 202
    status, _answer = await stage.page.command("/imagine a fox", event="e-2")
    assert status == 202
    assert len(await stage.page.jobs()) == len(stage.accounts().jobs) == 2
