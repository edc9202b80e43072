"""Who goes next: fair between members, never above a model's limit, oldest first."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.dispatcher import USUAL_CONCURRENCY, admit, eta_seconds, order
from bot.jobs import Member
from bot.ports import Busy, ByMember, ModelLimits, Waiting

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MEMBERS = [Member("playground:local", name) for name in ("ada", "ben", "chloe", "dan")]
MODELS = ["gen4_image", "gen4_turbo"]


def waits(seq: int, owner: Member, model: str = "gen4_image", due_at=None) -> Waiting:
    return Waiting(f"job{seq}", owner, model, seq, due_at)


def at_runway(*owners: int, model: str = "gen4_image") -> ByMember:
    """A task of each of these members."""
    return Counter((model, MEMBERS[owner]) for owner in owners)


def by_model(theirs: ByMember) -> Busy:
    busy: Counter[str] = Counter()
    for (model, _), tasks in theirs.items():
        busy[model] += tasks
    return busy


def lines(*owners: int) -> list[Waiting]:
    return [waits(seq, MEMBERS[owner]) for seq, owner in enumerate(owners)]


def seqs(queue: list[Waiting]) -> list[int]:
    return [job.seq for job in queue]


def test_alone_the_oldest_goes_first():
    assert seqs(order(reversed(lines(0, 0, 0)), {})["gen4_image"]) == [0, 1, 2]


def test_members_take_turns():
    queue = order(lines(0, 0, 0, 1, 1, 2), {})["gen4_image"]
    assert seqs(queue) == [0, 3, 5, 1, 4, 2]


def test_what_is_at_runway_counts_as_a_turn_taken():
    queue = order(lines(0, 1), at_runway(0))["gen4_image"]
    assert seqs(queue) == [1, 0]


def test_another_models_tasks_do_not_count():
    queue = order(lines(0, 1), at_runway(0, model="gen4_turbo"))["gen4_image"]
    assert seqs(queue) == [0, 1]


def test_each_model_has_a_queue_of_its_own():
    jobs = [waits(0, MEMBERS[0]), waits(1, MEMBERS[0], "gen4_turbo")]
    assert {model: seqs(queue) for model, queue in order(jobs, {}).items()} == {
        "gen4_image": [0], "gen4_turbo": [1],
    }  # fmt: skip


def test_a_job_that_is_not_due_does_not_hold_up_those_behind_it():
    later = waits(0, MEMBERS[0], due_at=NOW + timedelta(seconds=1))
    due = waits(1, MEMBERS[0], due_at=NOW)
    limits = {"gen4_image": ModelLimits(1, None)}
    assert seqs(admit(order([later, due], {}), {}, limits, NOW)) == [1]


def test_a_model_of_which_nothing_is_known_gets_a_careful_limit():
    admitted = admit(order(lines(0, 0, 0, 0), {}), {}, {}, NOW)
    assert len(admitted) == USUAL_CONCURRENCY


def test_a_model_without_a_limit_gets_everything_at_once():
    limits = {"gen4_image": ModelLimits(None, None)}
    assert len(admit(order(lines(*[0] * 50), {}), {}, limits, NOW)) == 50


def test_a_limit_that_was_lowered_below_what_runs_admits_nothing():
    theirs = at_runway(1, 1, 1)
    limits = {"gen4_image": ModelLimits(1, None)}
    assert admit(order(lines(0, 0), theirs), by_model(theirs), limits, NOW) == []


_WAITING = st.lists(st.tuples(st.sampled_from(MEMBERS), st.sampled_from(MODELS)), max_size=30).map(
    lambda rows: [waits(seq, owner, model) for seq, (owner, model) in enumerate(rows)]
)
_RUNNING = st.lists(st.tuples(st.sampled_from(MEMBERS), st.sampled_from(MODELS)), max_size=12).map(
    lambda rows: Counter((model, owner) for owner, model in rows)
)
_LIMITS = st.dictionaries(
    st.sampled_from(MODELS), st.builds(ModelLimits, st.none() | st.integers(0, 8), st.none())
)


@given(_WAITING, _RUNNING)
def test_an_order_loses_and_doubles_nobody(waiting, running):
    queues = order(waiting, running)
    assert sorted(seqs(job for queue in queues.values() for job in queue)) == seqs(waiting)
    assert all(job.model == model for model, queue in queues.items() for job in queue)


@given(_WAITING, _RUNNING)
def test_nobody_gets_a_turn_more_than_one_who_waits(waiting, running):
    """Whoever is placed has had no more turns than anyone that still waits behind."""
    for model, queue in order(waiting, running).items():
        turns = Counter({owner: n for (of, owner), n in running.items() if of == model})
        for n, job in enumerate(queue):
            behind = {other.owner for other in queue[n + 1 :]}
            assert all(turns[job.owner] <= turns[other] for other in behind)
            turns[job.owner] += 1


@given(_WAITING, _RUNNING)
def test_each_members_own_jobs_keep_their_order(waiting, running):
    for queue in order(waiting, running).values():
        for member in MEMBERS:
            own = [job.seq for job in queue if job.owner == member]
            assert own == sorted(own)


@given(st.integers(1, 200), st.integers(1, 3))
def test_nobody_is_starved_by_one_who_asks_for_much(many, others):
    """A member with one job waits for at most one job of everyone else, however many there are."""
    jobs = [waits(seq, MEMBERS[0]) for seq in range(many)]
    jobs += [waits(many + n, MEMBERS[1 + n]) for n in range(others)]
    queue = order(jobs, {})["gen4_image"]
    for n in range(others):
        place = next(i for i, job in enumerate(queue) if job.owner == MEMBERS[1 + n])
        assert place <= others


@given(_WAITING, _RUNNING, _LIMITS)
def test_never_above_the_limit_and_no_place_is_left_empty(waiting, running, limits):
    queues = order(waiting, running)
    admitted = admit(queues, by_model(running), limits, NOW)
    for model, queue in queues.items():
        limit = limits.get(model, ModelLimits(USUAL_CONCURRENCY, None)).concurrent
        sent = [job for job in admitted if job.model == model]
        busy = by_model(running).get(model, 0)
        free = len(queue) if limit is None else max(0, limit - busy)
        assert sent == queue[:free]


@given(_WAITING, st.integers(1, 3))
def test_every_queue_runs_empty_with_members_taking_turns(waiting, limit):
    """Places come free one by one, the oldest task first; everybody's turn comes."""
    limits = dict.fromkeys(MODELS, ModelLimits(limit, None))
    left, running, sent = list(waiting), [], []
    while left or running:
        theirs = Counter((job.model, job.owner) for job in running)
        admitted = admit(order(left, theirs), by_model(theirs), limits, NOW)
        assert admitted or running, "somebody waits, and nothing moves"
        left = [job for job in left if job not in admitted]
        sent += admitted
        running += admitted
        running.pop(0)
    assert sorted(seqs(sent)) == seqs(waiting)


_AGES = st.lists(st.floats(0, 1000), max_size=8)
_LIMIT = st.none() | st.builds(ModelLimits, st.none() | st.integers(0, 8), st.none())


@given(st.integers(1, 40), _AGES, _LIMIT, st.floats(0, 600))
def test_whoever_is_further_back_is_never_ready_sooner(place, ages, limit, typical):
    here = eta_seconds(place, ages, limit, typical)
    assert typical <= here <= eta_seconds(place + 1, ages, limit, typical)


def test_etas_by_hand():
    two = ModelLimits(2, None)
    assert eta_seconds(1, [], two, 60) == 60
    assert eta_seconds(2, [], two, 60) == 60
    assert eta_seconds(3, [], two, 60) == 120
    assert eta_seconds(1, [50, 20], two, 60) == 10 + 60
    assert eta_seconds(2, [50, 20], two, 60) == 40 + 60
    assert eta_seconds(3, [50, 20], two, 60) == 70 + 60
    assert eta_seconds(1, [500], ModelLimits(1, None), 60) == 60
