"""A job's life: exactly the steps of the design, and no other."""

import itertools

import pytest

from bot.errors import StaleJob
from bot.jobs import AT_RUNWAY, TRANSITIONS, Member, State

LIFE = {
    "queued": {"submitting", "cancelled", "failed"},
    "submitting": {"running", "queued", "failed", "uncertain"},
    "running": {"collecting", "failed", "cancelled"},
    "collecting": {"delivering", "failed"},
    "delivering": {"delivered", "undeliverable"},
}
OVER = {"delivered", "failed", "cancelled", "uncertain", "undeliverable"}


def test_every_state_is_in_the_life():
    assert set(TRANSITIONS) == set(State)
    assert {state.value for state in State} == set(LIFE) | OVER


@pytest.mark.parametrize(("before", "after"), [*itertools.product(State, State)], ids=str)
def test_a_step_is_taken_or_refused_as_the_life_has_it(job, before, after):
    if after.value in LIFE.get(before.value, set()):
        moved = job(state=before, attempts=1).moved(after, attempts=2)
        assert (moved.state, moved.attempts) == (after, 2)
        return
    with pytest.raises(StaleJob, match=f"job1 cannot go from {before} to {after}"):
        job(state=before).moved(after)


def test_a_step_leaves_the_job_that_was_read_as_it_was(job):
    before = job()
    before.moved(State.SUBMITTING)
    assert before.state is State.QUEUED


@pytest.mark.parametrize("state", State)
def test_a_state_is_over_when_nothing_comes_after_it(state):
    assert state.is_over == (state.value in OVER)
    assert bool(TRANSITIONS[state]) == (not state.is_over)


def test_a_job_that_was_sent_can_never_be_sent_again():
    """Only Runway's own word that nothing was made leads back to the queue."""
    back = [state for state, onward in TRANSITIONS.items() if State.QUEUED in onward]
    assert back == [State.SUBMITTING]
    sent = [state for state, onward in TRANSITIONS.items() if State.SUBMITTING in onward]
    assert sent == [State.QUEUED]


def test_from_every_state_an_end_can_be_reached():
    for start in State:
        reached, todo = {start}, [start]
        while todo:
            new = TRANSITIONS[todo.pop()] - reached
            reached |= new
            todo += new
        assert any(state.is_over for state in reached)


def test_at_runway_are_the_states_that_may_hold_a_slot():
    assert set(AT_RUNWAY) == {State.SUBMITTING, State.RUNNING}


def test_a_member_knows_the_platform():
    assert Member("discord:4711", "9").platform == "discord"
    assert Member("playground:local", "ada") != Member("discord:local", "ada")
