"""Amounts that admins type: what is refused, and whether the words say what would work there."""

import pytest

from bot.commands.amounts import above, amount, limited
from bot.errors import Refused
from bot.messages.refusals import refusal

STRANGE = ["1e9", "-5", "+5", "٣", "1,000", "1.5", "50%", "lots", "", "10000000000"]


def refused(plain, read, text):
    with pytest.raises(Refused) as error:
        read(text)
    return plain(refusal(error.value))


@pytest.mark.parametrize("text", STRANGE)
def test_an_allowance_is_a_number_or_unlimited(plain, text):
    assert refused(plain, amount, text).endswith("from 1 to 1000000000, or unlimited.")


@pytest.mark.parametrize("text", [*STRANGE, "0", "unlimited"])
def test_a_grant_is_a_number_and_nobody_is_told_to_give_what_is_refused(plain, text):
    said = refused(plain, limited, text)
    assert said.endswith(" is not a number of credits. Give a whole number from 1 to 1000000000.")


@pytest.mark.parametrize("text", [*STRANGE, "unlimited"])
def test_the_price_above_which_people_are_asked_may_be_nothing_or_never(plain, text):
    assert refused(plain, above, text).endswith("from 0 to 1000000000, or never.")


def test_no_credits_at_all_is_a_block_and_said_to_be_one(plain):
    said = refused(plain, amount, "0")
    assert "member" not in said  # it may be a role, a channel or everybody
    assert "/quota block" in said


def test_what_is_a_number_is_taken():
    assert (amount("1"), amount("Unlimited"), limited("007"), above("0")) == (1, None, 7, 0)
