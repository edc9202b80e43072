"""What is planned for jobs happens once, in its order, and leaves room for others."""

import asyncio
from collections.abc import Callable

from bot.timing.plans import MOST_AT_ONCE, Plans


async def finished(done: Callable[[], bool]) -> int:
    """Rounds of the loop until it is done."""
    rounds = 0
    async with asyncio.timeout(30):
        while not done():
            await asyncio.sleep(0)
            rounds += 1
    return rounds


async def test_the_latest_plan_for_a_job_counts():
    plans, seen = Plans(), []
    plans.later("a", 0.0, lambda job_id: seen.append((job_id, "first")))
    plans.later("a", 0.01, lambda job_id: seen.append((job_id, "second")))
    plans.later("b", 0.02, lambda job_id: seen.append((job_id, "last")))
    await finished(lambda: ("b", "last") in seen)
    assert seen == [("a", "second"), ("b", "last")]


async def test_what_is_due_sooner_comes_sooner_whenever_it_was_planned():
    plans, seen = Plans(), []
    for name, seconds in (("c", 0.03), ("a", 0.01), ("b", 0.02)):
        plans.later(name, seconds, seen.append)
    assert plans.has("c")
    await finished(lambda: len(seen) == 3)
    assert seen == ["a", "b", "c"]
    assert not plans.has("c")


async def test_a_crowd_that_is_due_in_one_moment_leaves_room_for_others():
    plans, seen, many = Plans(), [], 50 * MOST_AT_ONCE
    for number in range(many):
        plans.later(f"job{number}", 0.0, seen.append)
    assert await finished(lambda: len(seen) == many) >= many // MOST_AT_ONCE
    assert len(set(seen)) == many


async def test_an_action_that_fails_does_not_stop_the_others():
    plans, seen, told = Plans(), [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    plans.later("a", 0.0, lambda _: 1 / 0)
    plans.later("b", 0.0, seen.append)
    await finished(lambda: seen)
    assert len(told) == 1


async def test_what_was_dropped_does_not_happen():
    plans, seen = Plans(), []
    plans.later("a", 0.0, seen.append)
    await plans.drop()
    plans.later("b", 0.0, seen.append)
    await finished(lambda: seen)
    assert seen == ["b"]
