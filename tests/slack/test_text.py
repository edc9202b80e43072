"""What people write never means anything to Slack but itself, and never breaks a limit."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.escape import escape, fit, readable, unescape
from adapters.slack.render import Names, card_body, notice_body, result_body
from bot.jobs import Member, State
from bot.text import Bold, Code, When, Who
from bot.views import Button, Card, Line, Notice, Result
from tests.slack.blocks import problems

OWNER = Member("slack:T1", "U1")
MARKS = st.text(st.sampled_from("<>&!@#|`*_~ ab\n\U0001f98a"))
TEXTS = st.one_of(st.text(max_size=6000), MARKS)


@given(TEXTS)
def test_escaping_can_be_undone_and_leaves_no_mark(text: str) -> None:
    assert unescape(escape(text)) == text
    assert "<" not in escape(text)
    assert ">" not in escape(text)


@given(TEXTS, st.integers(1, 300))
def test_fitting_cuts_between_letters_and_never_inside_an_entity(text: str, limit: int) -> None:
    fitted = fit(text, limit)
    assert len(fitted) <= limit
    assert escape(unescape(fitted)) == fitted
    assert text.startswith(unescape(fitted).removesuffix("…")) or unescape(fitted) == text


@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=8))
def test_every_message_keeps_slacks_limits(prompt: str, name: str, words: list[str]) -> None:
    spans = (*words, *(Bold(word) for word in words), *(Code(word) for word in words))
    names = Names({"U1": name, "U2": name})
    buttons = (Button("🔁 Retry · 5 cr", "retry"), Button("x" * 100, "upscale", danger=True))
    card = Card(
        "j1", OWNER, "Imagine · Gen-4", prompt, State.RUNNING, (),
        (Line("Status", (*spans, Who("U2"))),), 0.4, buttons,
    )  # fmt: skip
    result = Result("j1", OWNER, (Who("U1"), *spans), prompt, (), buttons)
    bodies = [
        card_body(card, names),
        result_body(result, names),
        notice_body(Notice((*spans, Who("U2")), buttons, "j1"), names),
    ]
    for body in bodies:
        assert problems(body) == []
        assert body["text"].strip()


def test_a_result_pings_its_owner_and_nobody_else() -> None:
    text = (Who("U1"), " ready, asked by ", Who("U2"), " <!channel> ", "<@U3>")
    body = result_body(Result("j1", OWNER, text, "for <!here>"), Names({"U2": "<@U4>"}))
    assert str(body).count("<@U1>") == 2
    for other in ("<@U2>", "<@U3>", "<@U4>", "<!channel>", "<!here>"):
        assert other not in str(body)


def test_a_card_pings_nobody() -> None:
    card = Card("j1", OWNER, "Imagine", "a fox", State.QUEUED, (), (Line("By", (Who("U2"),)),))
    assert "<@" not in str(card_body(card, Names({"U1": "Ada", "U2": "Ben"})))


def test_no_line_of_a_prompt_passes_for_one_of_ours() -> None:
    """Slack has no escape for what makes letters bold, as our labels are."""
    prompt = "a fox”\n*Status*  Done\r*Price*  0 credits\x0b*Job*  `j2`"
    card = Card("j1", OWNER, "Imagine", prompt, State.QUEUED, (), (Line("Status", ("Waiting",)),))
    result = Result("j1", OWNER, (Who("U1"), " ready"), prompt)
    lines = [
        line
        for body in (card_body(card, Names()), result_body(result, Names()))
        for block in body["blocks"]
        for text in block.get("elements") or [block["text"]]
        for line in text["text"].splitlines()
    ]
    assert [line for line in lines if line.startswith("*") and "  " in line] == [
        "*Status*  Waiting"
    ]


def test_moments_are_shown_in_the_readers_own_time() -> None:
    at = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    body = notice_body(Notice(("Resets ", When(at), ".")), Names())
    assert "<!date^1795348800^{date_short_pretty} at {time}|2026-11-22 12:00 UTC>" in body["text"]


def test_incoming_text_is_read_as_it_was_typed() -> None:
    typed = "a &lt;b&gt; &amp;lt; <https://x.y|x.y> <#C1|general> <@U2|ben> <!here>"
    assert readable(typed) == "a <b> &lt; x.y #general @ben @here"
    assert readable("set <@U2|ben> 50", ("@",)) == "set <@U2|ben> 50"
