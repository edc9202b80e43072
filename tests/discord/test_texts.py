"""Texts that strangers wrote stay letters, within every limit."""

import re
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.discord.buttons import MOST_LABEL, Press, read_id, view_of
from adapters.discord.markdown import MOST_CONTENT, letters, markdown
from adapters.discord.render import card_embed, notice_parts, result_content
from adapters.discord.traces import MOST_NONCE, Message, is_result_of, nonce_of
from bot.jobs import Member, State
from bot.text import Bold, Code, When, Who
from bot.views import Button, Card, Line, Result

OWNER = Member("discord:1", "42")


@pytest.mark.parametrize(
    "text",
    ["@everyone", "@here", "<@42>", "<@!42>", "<@&42>", "<#42>", "</imagine:42>", "<t:42:R>"],
)
def test_no_mention_is_left_in_what_people_write(text: str) -> None:
    for written in (letters(text), markdown((text, Bold(text), Code(text)))):
        outside_of_code = re.sub(r"`[^`]*`", "", written)
        assert not re.search(r"@(everyone|here)|<[@#/t]", outside_of_code)
        assert "@everyone" not in written
        assert "@here" not in written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("**b** _i_ ~~s~~ ||h||", r"\*\*b\*\* \_i\_ \~\~s\~\~ \|\|h\|\|"),
        ("[click](https://x.example)", r"\[click\](https\://x.example)"),
        ("> q\n# h\n- l", "\\> q\n\\# h\n\\- l"),
        ("16:9, gen-4 > 3", "16:9, gen-4 > 3"),
    ],
)
def test_markdown_that_people_write_is_shown_as_it_is(text: str, written: str) -> None:
    assert letters(text) == written


@given(st.text(alphabet=r"ab*_`\@<:/[]é🦊" + "\n", max_size=80), st.integers(1, 60))
@settings(max_examples=300, deadline=None)
def test_no_escape_is_ever_cut(text: str, limit: int) -> None:
    written = letters(text, limit)
    assert len(written) <= limit
    before = re.search(r"\\*$", written.removesuffix("…"))
    assert before is not None
    assert len(before[0]) % 2 == 0


def test_spans_become_discords_own_words() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    text = (Bold("b"), Code("c"), When(at), When(at, relative=True), Who("42"), Who("x*"))
    assert markdown(text) == r"**b**`c`<t:1767225600><t:1767225600:R><@42>x\*"


def test_a_code_span_cannot_be_ended_from_inside() -> None:
    assert markdown((Code("a`b @everyone\nc"),)) == "`aˋb @\u200beveryone c`"


def test_a_result_keeps_its_note_however_long_the_prompt_is() -> None:
    result = Result("j", OWNER, (Who("42"), "x" * 3000), "*" * 5000)
    content = result_content(result, "the note")
    assert len(content) <= MOST_CONTENT
    assert content.startswith("<@42>")
    assert content.endswith("\nthe note")


def test_a_long_notice_becomes_an_embed() -> None:
    assert notice_parts(("short",)) == ("short", None)
    content, embed = notice_parts(("long " * 600,))
    assert content is None
    assert embed is not None
    assert len(embed.description or "") <= 4096


def test_a_card_keeps_discords_limits() -> None:
    lines = tuple(Line("Status", ("*" * 3000,)) for _ in range(9))
    card = Card("j", OWNER, "*" * 900, "_" * 5500, State.RUNNING, (), lines, progress=0.5)
    embed = card_embed(card)
    assert len(embed) <= 6000
    assert len(embed.title or "") <= 256
    assert all(len(field.value or "") <= 1024 for field in embed.fields)


def test_a_card_with_many_files_still_names_its_job_by_which_it_is_found() -> None:
    inputs = [Line("Input", (f"photo{number}.png: its first picture",)) for number in range(3)]
    ends = [Line("From", ("Remix of", Code("i"))), Line("Job", (Code("j"),))]
    begins = [Line(label, ("x",)) for label in ("Status", "Price", "Result")]
    card = Card("j", OWNER, "", "", State.RUNNING, (), (*begins, *inputs, *ends))
    names = [field.name for field in card_embed(card).fields]
    assert names == ["Status", "Price", "Result", "Input", "From", "Job"]
    assert card_embed(card).fields[3].value == "photo0.png: its first picture"


def test_a_buttons_id_says_everything_and_is_read_back() -> None:
    press = Press("retry", "0123456789", 42)
    assert read_id(press.id) == press
    assert len(press.id) <= 100
    assert read_id("somebody:else") is None
    assert read_id("dailies:retry:../../x") is None
    view = view_of([Button("x" * 200, "retry")], "0123456789", 4711)
    assert view is not None
    assert len(view.to_components()[0]["components"][0]["label"]) == MOST_LABEL


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        ("a-fox-4f7xq2m0ab.png", True),
        ("a-fox-4f7xq2m0ab-2.mp4", True),
        ("4f7xq2m0ab-k3k3k3k3k3.png", False),
        ("a-fox-4f7xq2m0ab-k3k3k3k3k3.png", False),
    ],
)
def test_a_prompt_makes_no_file_the_result_of_another_job(name: str, is_ours: bool) -> None:
    """After a crash a result that is found is not posted again."""
    file = SimpleNamespace(filename=name)
    found = SimpleNamespace(embeds=[], reference=None, components=[], attachments=[file])
    assert is_result_of(cast(Message, found), "4f7xq2m0ab", None) == is_ours


def test_the_same_key_is_always_the_same_nonce() -> None:
    assert nonce_of("result:1") == nonce_of("result:1") != nonce_of("result:2")
    assert len(nonce_of("mark|" + "x" * 500)) <= MOST_NONCE
