"""Runway: the key, what it may do, what is left, and whether our clock agrees with theirs."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from pydantic import ValidationError

from bot.catalog import load_catalog
from bot.ports import Organization
from bot.probes.findings import (
    UNREACHED,
    Finding,
    Surroundings,
    failed,
    ok,
    skipped,
    unreached,
    warning,
)
from bot.runway.wire import VERSION, OrganizationBody

# A balance under this makes hardly a video: the cheapest costs 25.
FEW_CREDITS = 100
# Signed addresses and periods go by the clock; HTTP's Date has whole seconds.
SKEW_SECONDS = 5.0
MOST_SKEW_SECONDS = 60.0
_KEYS = "Make a key at https://dev.runwayml.com and set RUNWAYML_API_SECRET."


async def probe_runway(given: Surroundings) -> list[Finding]:
    """Ask for the organisation, as the bot does at its start."""
    runway = given.config.runway
    if runway.api_secret is None:
        return [failed("runway key", "There is no Runway key.", _KEYS)]
    headers = {
        "Authorization": f"Bearer {runway.api_secret.get_secret_value()}",
        "X-Runway-Version": VERSION,
    }
    address = f"{runway.base_url}/v1/organization"
    try:
        async with given.session.get(address, headers=headers, allow_redirects=False) as answer:
            body = await answer.read()
    except UNREACHED as error:
        return [
            unreached("runway key", runway.base_url, error),
            skipped("clock", "Runway's clock was not read."),
        ]
    clock = judge_clock(answer.headers.get("Date"), datetime.now(UTC))
    if answer.status in (401, 403):
        return [
            failed("runway key", f"Runway answers {answer.status}: not this key.", _KEYS),
            clock,
        ]
    try:
        organization = OrganizationBody.model_validate_json(body).to_organization()
    except ValidationError:
        return [failed("runway key", *_strange(answer)), clock]
    return [
        ok("runway key", "Runway takes the key."),
        _balance(organization),
        _models(given, organization),
        clock,
    ]


def judge_clock(date: str | None, now: datetime) -> Finding:
    """Our clock against the Date of an answer that came just now."""
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return skipped("clock", "Runway's answer has no Date.")
    if theirs.tzinfo is None:
        return skipped("clock", "Runway's answer has a Date without a zone.")
    skew = abs((now - theirs).total_seconds())
    if skew <= SKEW_SECONDS:
        return ok("clock", f"This machine's clock is within {SKEW_SECONDS:g} s of Runway's.")
    text = f"This machine's clock is {skew:.0f} s away from Runway's."
    mend = "Let the system keep its time: timedatectl set-ntp true."
    return (failed if skew > MOST_SKEW_SECONDS else warning)("clock", text, mend)


def _strange(answer: aiohttp.ClientResponse) -> tuple[str, str]:
    return (
        f"Runway answers {answer.status}, and not with an organisation.",
        "Try again later; look at runway.base_url and https://status.runwayml.com.",
    )


def _balance(organization: Organization) -> Finding:
    text = f"{organization.balance} credits are left."
    if organization.balance >= FEW_CREDITS:
        return ok("runway balance", text)
    return warning("runway balance", text, "Buy credits at https://dev.runwayml.com.")


def _models(given: Surroundings, organization: Organization) -> Finding:
    """The tier: which of our models the organisation may use, and how many at once."""
    name, limits = "runway models", organization.models
    ours = sorted({spec.id for spec in load_catalog(given.config.models).all_specs()})
    offered = [model for model in ours if model in limits]
    if not offered:
        mend = "Look at the organisation's tier at https://dev.runwayml.com."
        return failed(name, "The tier offers no model that Dailies knows.", mend)
    each = ", ".join(f"{model} ({_at_once(limits[model].concurrent)})" for model in offered)
    spent = [model for model in offered if limits[model].is_used_up]
    if spent:
        text = f"Today's limit is used up for: {', '.join(spent)}. Offered: {each}."
        return warning(name, text, "Wait, or ask Runway for a higher tier.")
    return ok(name, f"Offered, and how many at once: {each}.")


def _at_once(concurrent: int | None) -> str:
    return "any" if concurrent is None else str(concurrent)
