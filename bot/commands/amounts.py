"""What admins type about quotas, as values: amounts, periods, zones, days, reasons."""

from zoneinfo import ZoneInfo

from bot.credits import MOST_CREDITS, Period
from bot.errors import BadAmount, BadChoice, BadDays, TooLongReason, UnknownZone, ZeroAmount
from bot.text import on_one_line

# Ten years: a grant that lasts longer is one without an end.
MOST_DAYS = 3650
MOST_REASON = 200
NEVER = "never"
UNLIMITED = "unlimited"
# What an admin types to go back to what is configured.
CONFIGURED = "configured"


def amount(text: str) -> int | None:
    """An allowance as a person types it; None is `unlimited`. Raises BadAmount or ZeroAmount."""
    if text.lower() == UNLIMITED:
        return None
    credits = _whole(text, 0, BadAmount(text, also=UNLIMITED))
    if credits == 0:
        raise ZeroAmount
    return credits


def limited(text: str) -> int:
    """Credits that are given or taken back; raises BadAmount."""
    return _whole(text, 1, BadAmount(text))


def above(text: str) -> int:
    """The price above which people are asked first: a number, also 0, or `never`."""
    if text.lower() == NEVER:
        return MOST_CREDITS
    return _whole(text, 0, BadAmount(text, least=0, also=NEVER))


def _whole(text: str, least: int, otherwise: BadAmount) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= 10
    if not is_number or not least <= int(text) <= MOST_CREDITS:
        raise otherwise
    return int(text)


def period(text: str | None) -> Period:
    """A period as a person types it; a month when nothing was typed. Raises BadChoice."""
    if text is None:
        return Period.MONTH
    try:
        return Period(text.lower())
    except ValueError:
        raise BadChoice("period", text, [period.value for period in Period]) from None


def zone(text: str) -> str:
    """A time zone that exists; raises UnknownZone."""
    try:
        return ZoneInfo(text).key
    except (KeyError, ValueError, OSError):
        raise UnknownZone(text) from None


def days(text: str | None) -> int | None:
    """A number of days as a person types it; raises BadDays."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 0 < int(text) <= MOST_DAYS):
        raise BadDays(text)
    return int(text)


def reason(text: str | None) -> str | None:
    """Why something is changed, on one line; raises TooLongReason."""
    one_line = on_one_line(text or "")
    if len(one_line) > MOST_REASON:
        raise TooLongReason(MOST_REASON)
    return one_line or None
