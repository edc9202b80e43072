"""What is remembered of cards: enough to tell a change from progress, and no more."""

from dataclasses import replace

from adapters.slack.looks import MOST_REMEMBERED, Looks
from bot.jobs import Member, State
from bot.views import Card

CARD = Card("job", Member("slack:T1", "U1"), "Gen-4", "a fox", State.RUNNING, (), ())


def test_progress_is_no_change_and_a_state_is_one() -> None:
    looks = Looks()
    looks.remember("C1", "1", CARD)
    assert not looks.differ("C1", "1", replace(CARD, progress=0.5))
    assert looks.differ("C1", "1", replace(CARD, state=State.COLLECTING))


def test_a_replica_that_sees_no_ends_remembers_the_latest_cards_only() -> None:
    looks = Looks()
    for number in range(MOST_REMEMBERED + 1):
        looks.remember("C1", str(number), CARD)
    assert looks.differ("C1", "0", CARD)
    assert not looks.differ("C1", "1", CARD)


def test_a_card_whose_job_is_over_is_not_remembered() -> None:
    looks = Looks()
    looks.remember("C1", "1", CARD)
    over = replace(CARD, state=State.DELIVERED)
    looks.remember("C1", "1", over)
    assert looks.differ("C1", "1", over)
