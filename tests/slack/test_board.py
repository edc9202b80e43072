"""Edits within Slack's limit, shared fairly; on a clock that jumps."""

import asyncio
from collections import Counter
from typing import Any

from adapters.slack.board import MOST_EDITS, WINDOW_SECONDS, Board
from bot.errors import ChatError, StaleJob
from tests.slack.clocks import HandClock, JumpingClock


class Sent:
    """What was sent, when, to which message."""

    def __init__(self, clock: JumpingClock | HandClock) -> None:
        self.clock = clock
        self.edits: list[tuple[float, str, Any]] = []
        self.failing = 0

    async def edit(self, channel: str, message: str, body: dict[str, Any]) -> None:
        self.edits.append((self.clock.time, message, body["text"]))
        if self.failing:
            self.failing -= 1
            raise ChatError("Slack did not answer")

    def busiest_minute(self) -> int:
        times = [at for at, _, _ in self.edits]
        return max(sum(at <= t < at + 60 for t in times) for at in times)


async def settled(sent: Sent, count: int) -> None:
    async with asyncio.timeout(10):
        while len(sent.edits) < count:  # noqa: ASYNC110 - on this clock no time passes
            await asyncio.sleep(0)


async def test_changes_of_state_never_exceed_the_limit_and_none_is_lost() -> None:
    clock = JumpingClock()
    sent = Sent(clock)
    board = Board(sent.edit, clock)
    for number in range(130):
        board.put("C1", f"{number}", {"text": "done"}, urgent=True)
    await settled(sent, 130)
    assert Counter(message for _, message, _ in sent.edits) == {f"{n}": 1 for n in range(130)}
    assert sent.busiest_minute() <= MOST_EDITS
    await board.close(1)


async def test_an_edit_that_is_not_true_any_more_when_its_turn_comes_is_not_sent() -> None:
    async def old() -> None:
        raise StaleJob("it has gone on")

    async def true() -> None:
        return

    clock = JumpingClock()
    sent = Sent(clock)
    board = Board(sent.edit, clock)
    not_sent = board.put("C1", "1", {"text": "being sent"}, urgent=True, confirm=old)
    was_sent = board.put("C1", "2", {"text": "being made"}, urgent=True, confirm=true)
    assert not await not_sent
    assert await was_sent
    assert [text for _, _, text in sent.edits] == ["being made"]
    await board.close(1)


async def test_progress_of_one_card_waits_five_seconds_and_only_the_newest_is_sent() -> None:
    clock = JumpingClock()
    sent = Sent(clock)
    board = Board(sent.edit, clock)
    board.put("C1", "1", {"text": "10 %"}, urgent=False)
    await settled(sent, 1)
    board.put("C1", "1", {"text": "20 %"}, urgent=False)
    board.put("C1", "1", {"text": "30 %"}, urgent=False)
    await settled(sent, 2)
    assert [text for _, _, text in sent.edits] == ["10 %", "30 %"]
    assert sent.edits[1][0] - sent.edits[0][0] >= 5
    await board.close(1)


async def test_a_state_overtakes_progress_and_takes_its_place() -> None:
    clock = JumpingClock()
    sent = Sent(clock)
    board = Board(sent.edit, clock)
    for number in range(5):
        board.put("C1", f"{number}", {"text": "50 %"}, urgent=False)
    board.put("C1", "9", {"text": "done"}, urgent=True)
    board.put("C1", "3", {"text": "done"}, urgent=True)
    await settled(sent, 6)
    assert [(m, text) for _, m, text in sent.edits[:2]] == [("9", "done"), ("3", "done")]
    assert ("3", "50 %") not in [(m, text) for _, m, text in sent.edits]
    await board.close(1)


async def test_progress_is_shared_fairly_and_leaves_room_for_states() -> None:
    clock = JumpingClock()
    sent = Sent(clock)
    board = Board(sent.edit, clock)
    cards = [f"{number}" for number in range(20)]
    while clock.time < 4 * WINDOW_SECONDS:
        for card in cards:
            board.put("C1", card, {"text": f"{clock.time}"}, urgent=False)
        await settled(sent, len(sent.edits) + 1)
    shares = Counter(message for _, message, _ in sent.edits)
    assert set(shares) == set(cards)
    assert max(shares.values()) - min(shares.values()) <= 1
    assert sent.busiest_minute() <= MOST_EDITS - 10
    at = clock.time
    board.put("C1", "late", {"text": "done"}, urgent=True)
    await settled(sent, len(sent.edits) + 1)
    assert sent.edits[-1][1] == "late"
    assert sent.edits[-1][0] <= at + 2
    await board.close(1)


async def test_a_state_that_failed_is_sent_again_and_progress_is_not() -> None:
    clock = JumpingClock()
    sent = Sent(clock)
    sent.failing = 2
    board = Board(sent.edit, clock)
    board.put("C1", "1", {"text": "50 %"}, urgent=False)
    await settled(sent, 1)
    board.put("C1", "2", {"text": "done"}, urgent=True)
    await settled(sent, 3)
    assert [m for _, m, _ in sent.edits] == ["1", "2", "2"]
    await board.close(1)


async def test_who_waits_for_an_edit_waits_until_it_or_a_newer_one_is_shown() -> None:
    clock = JumpingClock()
    sent = Sent(clock)
    sent.failing = 2
    board = Board(sent.edit, clock)
    delivering = board.put("C1", "1", {"text": "delivering"}, urgent=True)
    await settled(sent, 1)
    done = board.put("C1", "1", {"text": "done"}, urgent=True)
    assert not delivering.done()
    await asyncio.gather(delivering, done)
    assert [text for _, _, text in sent.edits] == ["delivering", "done", "done"]
    await board.close(1)


async def test_a_state_outlives_minutes_without_slack() -> None:
    clock = JumpingClock()
    sent = Sent(clock)
    sent.failing = 9
    board = Board(sent.edit, clock)
    board.put("C1", "1", {"text": "done"}, urgent=True)
    await settled(sent, 10)
    assert clock.time > 4 * 60
    assert sent.busiest_minute() <= 6
    await board.close(1)


async def test_a_message_that_fails_holds_up_no_other() -> None:
    clock = JumpingClock()
    sent = Sent(clock)
    sent.failing = 1
    board = Board(sent.edit, clock)
    board.put("C1", "1", {"text": "done"}, urgent=True)
    board.put("C1", "2", {"text": "done"}, urgent=True)
    await settled(sent, 3)
    assert [m for _, m, _ in sent.edits] == ["1", "2", "1"]
    assert sent.edits[1][0] == 0
    await board.close(1)


async def test_what_is_newer_than_a_failed_state_is_sent_in_its_place() -> None:
    clock = JumpingClock()
    sent = Sent(clock)
    sent.failing = 1
    board = Board(sent.edit, clock)
    board.put("C1", "1", {"text": "running"}, urgent=True)
    await settled(sent, 1)
    board.put("C1", "1", {"text": "10 %"}, urgent=False)
    await settled(sent, 2)
    assert [text for _, _, text in sent.edits] == ["running", "10 %"]
    await board.close(1)


async def test_a_second_close_has_nothing_left_to_wait_for() -> None:
    clock = HandClock()
    sent = Sent(clock)
    sent.failing = 1
    board = Board(sent.edit, clock)
    board.put("C1", "1", {"text": "done"}, urgent=True)
    await settled(sent, 1)
    await board.close(0.01)
    async with asyncio.timeout(2):
        await board.close(3600)


async def test_closing_sends_what_changed_for_good() -> None:
    clock = JumpingClock()
    sent = Sent(clock)
    board = Board(sent.edit, clock)
    board.put("C1", "1", {"text": "50 %"}, urgent=False)
    board.put("C1", "2", {"text": "done"}, urgent=True)
    await board.close(5)
    assert [m for _, m, _ in sent.edits] == ["2"]
