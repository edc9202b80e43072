"""GET /v1/organization and POST /v1/organization/usage."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from aiohttp import web
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from bot.runway.simulator import simulator
from bot.runway.simulator.fields import Part
from bot.runway.simulator.refusals import Issue, checked, invalid
from bot.runway.simulator.wire import read_json

MONTHLY_SPEND = 500_00
LONGEST_RANGE = timedelta(days=90)
USUAL_RANGE = timedelta(days=30)


async def show_organization(request: web.Request) -> web.Response:
    """Limits and use of every offered model, and the credits that are left."""
    here = simulator.of(request)
    now = here.now()
    limits = {
        "maxConcurrentGenerations": here.settings.concurrency,
        "maxDailyGenerations": here.settings.daily_limit,
    }
    models = sorted(here.offer.models)
    used = {name: {"dailyGenerations": here.ledger.generations(name, now)} for name in models}
    return web.json_response(
        {
            "tier": {
                "maxMonthlyCreditSpend": MONTHLY_SPEND,
                "models": dict.fromkeys(models, limits),
            },
            "creditBalance": here.ledger.balance(now),
            "usage": {"models": used},
        }
    )


def _day(text: str) -> str:
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise PydanticCustomError("invalid_format", "Invalid ISO date: expected YYYY-MM-DD")


Day = Annotated[str, AfterValidator(_day)]


class UsageBody(Part):
    start_date: Day | None = None
    before_date: Day | None = None


async def show_usage(request: web.Request) -> web.Response:
    """The net credits per model for each UTC day of a range of at most 90 days."""
    here = simulator.of(request)
    body = checked(UsageBody, await read_json(request))
    now = here.now()
    start, before = _range(body, datetime.fromtimestamp(now, UTC).date())
    days = {
        day: amounts for day, amounts in here.ledger.usage(now).items() if start <= day < before
    }
    results = [
        {
            "date": (start + timedelta(n)).isoformat(),
            "usedCredits": [
                {"model": model, "amount": amount}
                for model, amount in sorted(days.get(start + timedelta(n), {}).items())
            ],
        }
        for n in range((before - start).days)
    ]
    models = sorted({model for amounts in days.values() for model in amounts})
    return web.json_response({"results": results, "models": models})


def _range(body: UsageBody, today: date) -> tuple[date, date]:
    try:
        start = _date(body.start_date) or today - USUAL_RANGE
        before = _date(body.before_date) or start + USUAL_RANGE
    except OverflowError:
        raise invalid(Issue("custom", ("startDate",), "The date is out of range")) from None
    if not start < before <= start + LONGEST_RANGE:
        message = "beforeDate must be after startDate, at most 90 days"
        raise invalid(Issue("custom", ("beforeDate",), message))
    return start, before


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
