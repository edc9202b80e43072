"""The card of a job at work, its result, and the end that has none."""

import itertools
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.commands.links import link
from bot.desk.acceptance import draft_of
from bot.drafts import DraftState
from bot.jobs import Cause, State
from bot.messages.approvals import denied, request_for_admins
from bot.messages.cards import FollowUp, Progress, card, cost, failure, reason, result
from bot.requests import GenerationRequest, Input, Kind, Operation

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PYTHON = re.compile(r"None|True|False|<\w+\.\w+: |\[['\"]|\{['\"]|State\.|Cause\.|Operation\.")
REQUESTS = [
    GenerationRequest(operation, "m", "a fox", 25, ratio=ratio, duration=seconds)
    for operation in Operation
    for ratio, seconds in (("1280:720", 5), (None, None))
]
PROGRESS = [
    Progress(),
    Progress(place=3, eta=NOW + timedelta(minutes=2)),
    Progress(fraction=0.4, eta=NOW),
    Progress(throttled=True),
    Progress(trouble=True),
]


def status(view, plain) -> str:
    return plain(next(line.value for line in view.lines if line.label == "Status"))


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_card(job, plain, state):
    for request, progress in itertools.product(REQUESTS, PROGRESS):
        for more in ({}, {"charged": 25, "finished_at": NOW + timedelta(seconds=80)}):
            view = card(job(request, state=state, **more), "Model", progress)
            assert view.title.endswith(" · Model")
            assert (view.prompt, view.state, view.job_id) == ("a fox", state, "job1")
            texts = [f"{line.label} {plain(line.value)}" for line in view.lines]
            assert all(plain(line.value).strip() for line in view.lines)
            assert not PYTHON.search("\n".join(texts))
            assert view.progress is None or 0 <= view.progress <= 1


def test_a_card_shows_price_shape_and_id(job, plain):
    lines = {line.label: plain(line.value) for line in card(job(), "Gen-4 Image", Progress()).lines}
    assert lines["Price"] == "8 credits"
    assert lines["Result"] == "1920×1080"
    assert lines["Job"] == "job1"


def test_the_card_of_a_job_that_is_over_shows_what_it_cost(job, plain):
    over = card(job(state=State.DELIVERED, charged=5), "Gen-4 Image", Progress())
    assert {line.label: plain(line.value) for line in over.lines}["Price"] == "5 credits"


def test_no_name_of_a_file_passes_for_a_line_of_ours(job, plain):
    """A link's name may have anything in it."""
    image = link("https://a.bc/fox%0AStatus%20%20Done%1E.png", Kind.IMAGE)
    request = GenerationRequest(
        Operation.IMAGE_TO_VIDEO, "m", "", 25, inputs=(Input("image", image),)
    )
    lines = {line.label: plain(line.value) for line in card(job(request), "M", Progress()).lines}
    assert lines["Input"] == "fox Status Done .png: fetched by Runway from the link"


def test_no_line_of_a_prompt_passes_for_one_of_ours_where_admins_decide(job, plain):
    request = GenerationRequest(Operation.TEXT_TO_IMAGE, "m", "a fox”\n\nEnds never.\u2028“", 25)
    draft = draft_of(job(request), DraftState.ASKED, NOW)
    lines = [plain(notice.text).splitlines() for notice in
             (request_for_admins(draft, NOW), denied(draft, "ben"))]  # fmt: skip
    assert [len(each) for each in lines] == [3, 3]
    assert all(each[1] == "“a fox” Ends never. “”" for each in lines)


@pytest.mark.parametrize(
    ("state", "progress", "text"),
    [
        (State.QUEUED, Progress(place=1), "Next in line"),
        (State.QUEUED, Progress(place=3, eta=NOW), "3rd in line, ready 22 November 2026"),
        (State.SUBMITTING, Progress(), "Being sent to Runway"),
        (State.RUNNING, Progress(), "Being made"),
        (State.RUNNING, Progress(throttled=True), "Waiting for a free place at Runway"),
        (State.RUNNING, Progress(trouble=True), "Runway does not answer at the moment"),
        (State.COLLECTING, Progress(), "Being fetched from Runway"),
        (State.DELIVERING, Progress(), "Being posted here"),
        (State.CANCELLED, Progress(), "Cancelled. It cost nothing."),
    ],
)
def test_the_status_of_a_job(job, plain, state, progress, text):
    assert text in status(card(job(state=state), "M", progress), plain)


def test_a_delivered_job_says_how_long_it_took(job, plain):
    done = job(state=State.DELIVERED, finished_at=NOW + timedelta(seconds=80))
    assert status(card(done, "M", Progress()), plain) == "Done in 1 min 20 s"


def test_a_cancellation_under_way_says_so_and_cannot_be_pressed_twice(job, plain):
    view = card(job(state=State.RUNNING, cancel_requested=True), "M", Progress())
    assert status(view, plain) == "Cancelling…"
    assert view.buttons == ()


@pytest.mark.parametrize(
    ("state", "labels"),
    [
        (State.QUEUED, ["Cancel"]),
        (State.SUBMITTING, ["Cancel · no refund"]),
        (State.RUNNING, ["Cancel · no refund"]),
    ],
)
def test_what_can_be_cancelled_says_whether_that_is_free(job, state, labels):
    view = card(job(state=state), "M", Progress())
    assert [(b.label, b.action, b.danger) for b in view.buttons] == [
        (label, "cancel", True) for label in labels
    ]


@pytest.mark.parametrize(
    "state", [s for s in State if s.is_over or s in ("collecting", "delivering")]
)
def test_what_cannot_be_cancelled_has_no_button_for_it(job, state):
    assert card(job(state=state), "M", Progress()).buttons == ()


@pytest.mark.parametrize(
    ("state", "bar"),
    [(State.QUEUED, None), (State.RUNNING, 0.4), (State.COLLECTING, 1.0), (State.DELIVERED, None)],
)
def test_the_progress_bar(job, state, bar):
    assert card(job(state=state), "M", Progress(fraction=0.4)).progress == bar


def test_a_running_job_has_a_bar_from_its_beginning(job):
    assert card(job(state=State.RUNNING), "M", Progress()).progress == 0.0


@pytest.mark.parametrize(
    ("cause", "text"),
    [(Cause.RETRY, "Retry of "), (Cause.UPSCALE, "Upscaled from "), (Cause.ANIMATE, "Made from ")],
)
def test_a_job_made_from_another_names_it(job, plain, cause, text):
    child = job(cause=cause, parent="job0", state=State.DELIVERED)
    lines = {line.label: plain(line.value) for line in card(child, "M", Progress()).lines}
    assert lines["From"] == f"{text}job0"
    assert f"{text}job0" in plain(result(child, "M", 5, []).text)


def test_a_result_mentions_its_owner_and_says_price_and_what_is_left(job, plain, image):
    files = (image(),)
    done = job(state=State.DELIVERED, charged=8, outputs=files, card="msg1")
    view = result(done, "Gen-4 Image", 112, [FollowUp("retry", 8), FollowUp("upscale", 25)])
    text = plain(view.text)
    assert text == "@ada your image is ready.\nGen-4 Image · 1920×1080 · 8 credits · 112 left"
    assert (view.files, view.reply_to, view.prompt) == (files, "msg1", "a fox")
    assert [(b.label, b.action) for b in view.buttons] == [
        ("🔁 Retry · 8 cr", "retry"), ("⬆️ Upscale · 25 cr", "upscale"),
    ]  # fmt: skip


def test_a_result_says_what_was_charged_and_not_what_was_held(job, plain):
    text = plain(result(job(state=State.DELIVERED, charged=0), "M", None, []).text)
    assert "0 credits · no limit" in text
    assert "1 credit ·" in plain(result(job(charged=1), "M", 0, []).text)


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("SAFETY.INPUT.TEXT", "refused the prompt or an attachment"),
        ("SAFETY.INPUT.IMAGE", "refused the prompt or an attachment"),
        ("INPUT_PREPROCESSING.SAFETY.TEXT", "refused the prompt or an attachment"),
        ("SAFETY.OUTPUT.VIDEO", "refused what came out. Change the prompt or an attachment"),
        ("INTERNAL.BAD_OUTPUT.01", "Logos, text or watermarks"),
        ("INPUT_PREPROCESSING.INTERNAL", "Something went wrong at Runway"),
        ("ASSET.INVALID", "could not read an attachment"),
        ("THIRD_PARTY.UNAVAILABLE", "not available at the moment"),
        ("INTERNAL", "Something went wrong at Runway"),
        ("SOMETHING.NEW", "Something went wrong at Runway"),
        (None, "Something went wrong at Runway"),
        ("OUTPUT", "could not be fetched"),
        ("TASK_GONE", "no longer knows"),
        ("FILE_GONE", "one that this needs is not kept any more. Attach it anew."),
        ("REJECTED", "did not take this request"),
        ("REJECTED.CREDITS", "run out of credits"),
        ("REJECTED.KEY", "key"),
        ("REJECTED.MODEL", "may not use this model"),
    ],
)
def test_every_failure_says_why_and_what_helps(job, plain, code, part):
    failed = job(state=State.FAILED, failure=code)
    assert part in reason(failed)
    text = plain(failure(failed, []).text)
    assert text.startswith("@ada your image could not be made. ")
    assert text.endswith(" It cost nothing.")
    # The third part of a code is for Runway's own engineers.
    assert not code or code not in text
    assert not PYTHON.search(text)


def test_a_link_that_runway_cannot_read_is_told_to_be_one(job, image):
    url = "https://example.com/fox.png"
    linked = Input("reference", replace(image(), key=url))
    request = GenerationRequest(Operation.TEXT_TO_IMAGE, "m", "a fox", 5, inputs=(linked,))
    failed = job(request, state=State.FAILED, failure="ASSET.INVALID")
    assert "what the link leads to. Attach the file itself" in reason(failed)


def test_what_was_made_and_could_not_be_posted_is_told_as_one_story(job, plain):
    kept = job(state=State.UNDELIVERABLE, failure="DELIVERY")
    assert plain(failure(kept, []).text) == (
        "@ada your image was made, but could not be posted where you asked for it. It cost nothing. "
        f"It is kept: an admin can send it on with dailies jobs redeliver {kept.id}."
    )
    assert status(card(kept, "M", Progress()), plain) == (
        "It was made, but could not be posted here. It is kept, and an admin can send it on. "
        "It cost nothing."
    )


def test_what_a_refused_prompt_cost_is_told(job, plain):
    failed = job(state=State.FAILED, failure="SAFETY.INPUT.TEXT", charged=8)
    assert "It cost 8 credits" in plain(failure(failed, []).text)
    assert cost(failed) in status(card(failed, "M", Progress()), plain)


def test_an_uncertain_job_is_told_plainly_and_may_be_retried(job, plain):
    unsure = job(state=State.UNCERTAIN)
    view = failure(unsure, [FollowUp("retry", 8)])
    text = plain(view.text)
    assert "nobody can say whether it is being made" in text
    assert "not sent again by itself" in text
    assert "It cost nothing." in text
    assert [b.action for b in view.buttons] == ["retry"]
