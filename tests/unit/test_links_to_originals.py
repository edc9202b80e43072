"""A link of our own making, in the words of each platform."""

from adapters.discord.markdown import markdown
from adapters.playground.render import spans
from adapters.slack.render import mrkdwn
from bot.messages.deliveries import fitted_note
from bot.messages.plain import plain
from bot.ports import Fitted, Reduction
from bot.requests import Kind, Media

URL = "https://dailies.example/files/outputs/a/0.mp4?until=1&signature=x_-y"
FILM = Media("outputs/a/0.mp4", Kind.VIDEO, "video/mp4", 48_000_000, "", "a.mp4")
NOTE = fitted_note(Fitted(FILM, FILM, Reduction.COMPRESSED, URL))


def test_the_page_and_scripts_are_given_the_address() -> None:
    assert plain(NOTE) == f"Compressed from 48 MB to fit here. Original: {URL}"
    assert spans(NOTE, {})[-1] == {"kind": "link", "text": "Original", "url": URL}


def test_discord_shows_a_word_that_opens_it_without_a_preview() -> None:
    assert markdown(NOTE).endswith(f"[Original](<{URL}>)")


def test_slack_shows_a_word_that_opens_it() -> None:
    assert mrkdwn(NOTE, {}).endswith(f"<{URL.replace('&', '&amp;')}|Original>")
