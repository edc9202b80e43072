"""Private answers: help, credits, history, the queue, quotas."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.commands.specification import COMMANDS
from bot.credits import BLOCKED, Allowance, Balance, Grant, Movement, Period, Statement
from bot.jobs import Member, State
from bot.messages import quotas, replies
from bot.text import Link, Who

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
RESETS = datetime(2026, 12, 1, tzinfo=UTC)
PYTHON = re.compile(r"None|True|False|<\w+\.\w+: |State\.|Period\.|\[['\"]")
ADA = Member("playground:local", "ada")


def balance(limit: int | None = 500, held: int = 25, captured: int = 100) -> Balance:
    return Balance(Allowance(limit), held, captured, BEGAN, RESETS)


def test_help_lists_what_there_is_and_who_makes_it(plain):
    help_text = replies.help_text(COMMANDS, balance())
    text = plain(help_text)
    for spec in COMMANDS:
        assert spec.usage in text
        assert spec.summary in text
    assert Link("https://runwayml.com", "Powered by Runway") in help_text
    assert "375 of 500 credits left" in text


def test_credits_say_what_is_left_held_and_spent_and_when_it_resets(plain):
    movements = [
        Movement(NOW, "capture", 8, "job2"),
        Movement(NOW, "release", 17, "job2"),
        Movement(NOW, "hold", 25, "job1"),
        Movement(NOW, "hold", 0, "job1"),
    ]
    text = plain(replies.credits_text(Statement(balance(), [("job1", 25)], movements), ()))
    assert "You have 375 of 500 credits left; 100 used, 25 held." in text
    assert "Held by jobs at work: 25 (job1 25)" in text
    assert "Resets 01 December 2026, every month." in text
    assert "spent 8  job2" in text
    assert "given back 17  job2" in text
    assert "held 25  job1" in text
    assert "held 0" not in text


@pytest.mark.parametrize(
    ("limit", "used", "full"), [(500, 0, 20), (500, 250, 10), (500, 500, 0), (100, 300, 0), (1, 0, 20)]
)  # fmt: skip
def test_the_bar_of_credits(plain, limit, used, full):
    text = plain(replies.credits_text(Statement(balance(limit, 0, used), [], []), ()))
    assert "█" * full + "░" * (20 - full) in text.splitlines()


def test_unlimited_credits_have_no_bar(plain):
    text = plain(replies.credits_text(Statement(balance(None), [], []), ()))
    assert text.startswith("You have unlimited credits; 100 used, 25 held.")
    assert "░" not in text
    assert not PYTHON.search(text)


def test_history_says_what_became_of_each_job(plain, job):
    jobs = [
        job(id="job3", state=State.RUNNING),
        job(id="job2", state=State.DELIVERED, charged=8, finished_at=NOW + timedelta(seconds=80)),
        job(id="job1", state=State.FAILED, charged=0, finished_at=NOW + timedelta(seconds=3)),
    ]
    text = plain(replies.history_text(jobs, {"gen4_image": "Gen-4 Image"}))
    assert "job3 22 November 2026 · Gen-4 Image · running\n    a fox" in text
    assert "Gen-4 Image · delivered · 8 credits · 1 min 20 s" in text
    assert "Gen-4 Image · failed · 0 credits · 3 s" in text
    assert not PYTHON.search(text)


def test_a_prompt_of_several_lines_is_one_line_of_the_history(plain, job):
    request = replace(job().request, prompt="a fox\n\njob9 · delivered\tnow")
    lines = plain(replies.history_text([job(request)], {"gen4_image": "M"})).split("\n")
    assert lines[2:] == ["    a fox job9 · delivered now"]


def test_a_history_of_nothing_shows_how_to_begin(plain):
    assert "/imagine" in plain(replies.history_text([], {}))


def test_the_queue_shows_what_is_at_work_and_who_is_next(plain, job):
    jobs = [
        job(id="job1", state=State.RUNNING),
        job(id="job2", seq=2, owner=Member("playground:local", "ben")),
        job(id="job3", seq=3),
    ]
    labels, named = {"gen4_image": "Gen-4 Image"}, {"job1", "job3"}
    text = plain(replies.queue_text(jobs, {"job3": 1, "job2": 2}, labels, named))
    lines = text.splitlines()
    assert lines[0] == "At work: 1"
    assert lines[1] == "job1 @ada · Gen-4 Image · 8 credits · running"
    assert lines[3].startswith("1. job3 @ada")
    assert lines[4].startswith("2. @ben")
    assert "Nothing" in plain(replies.queue_text([], {}, {}, ()))


def test_quotas(plain):
    assert plain(quotas.standing(ADA, balance())) == (
        "@ada may use 500 credits a month (the configured default).\n"
        "Used 100, held 25, 375 left.\nResets 01 December 2026."
    )
    shown = quotas.set_to(Who("ben"), Allowance(1, Period.WEEK))
    assert plain(shown) == "@ben may now use 1 credit a week."
    unlimited = quotas.set_to("Every member", Allowance(None, Period.DAY))
    assert plain(unlimited) == "Every member may now use unlimited credits."
    assert "blocked" in plain(quotas.set_to(Who("ben"), BLOCKED))


def test_grants_are_shown_with_their_end_and_count_in_what_is_left(plain):
    grants = (Grant("a", 30, 20, RESETS, held=4), Grant("b", 50, 50, None))
    own = Balance(Allowance(500), 0, 500, BEGAN, RESETS, grants=grants)
    text = plain(replies.credits_text(Statement(own, [], []), ()))
    assert "You have 70 of 580 credits left; 506 used, 4 held." in text
    assert "Granted: 20 left, good until 01 December 2026" in text
    assert "20 until 01 December 2026, 50" in plain(quotas.standing(ADA, own))


def test_what_is_held_is_the_sum_of_what_the_jobs_hold_also_of_grants(plain):
    own = Balance(Allowance(3), 3, 0, BEGAN, RESETS, grants=(Grant("a", 100, 93, None, held=7),))
    text = plain(replies.credits_text(Statement(own, [("job1", 5), ("job2", 5)], []), ()))
    assert "You have 93 of 103 credits left; 0 used, 10 held." in text
    assert "Held by jobs at work: 10 (job1 5, job2 5)" in text


def test_grants_are_no_end_at_the_pace_so_far(plain):
    def ends(captured, *grants):
        own = Balance(Allowance(100), 0, captured, BEGAN, RESETS, grants=grants)
        return plain(quotas.forecast_line(own, NOW))

    assert "26 November 2026" in ends(86)
    assert ends(86, Grant("a", 50, 50, None)) == ""
    assert ends(100) != ""
    assert ends(100, Grant("a", 50, 20, None)) == ""


def test_for_whom_is_blocked_nothing_lasts():
    assert quotas.forecast_line(Balance(BLOCKED, 0, 86, BEGAN, RESETS), NOW) == ()


def test_a_budget_is_shown_with_its_forecast(plain):
    budget = Balance(Allowance(100), 0, 60, BEGAN, RESETS, scope="workspace")
    text = plain(quotas.overview([], budget, "UTC", NOW))
    assert "Budget: 100 credits a month; used 60, held 0, 40 left." in text
    assert "At this pace it lasts until" not in text
    fast = Balance(Allowance(70), 0, 60, BEGAN, RESETS, scope="workspace")
    assert "At this pace it lasts until 26 November 2026" in plain(
        quotas.overview([], fast, "UTC", NOW)
    )


def test_a_cancelled_job_was_free_and_a_running_one_may_not_be(plain, job):
    assert "nothing was charged" in plain(replies.cancelled_text(job(state=State.CANCELLED)))
    assert "may cost its price" in plain(replies.cancelled_text(job(state=State.RUNNING)))
