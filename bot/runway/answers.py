"""What Runway's answers mean: which of them promise that nothing was made."""

import re
from typing import TypeVar

import aiohttp
import httpx
from pydantic import BaseModel, ValidationError

from bot.errors import NotCreated, OutcomeUnknown, ProviderUnavailable, Rejected
from bot.runway.wire import Created

M = TypeVar("M", bound=BaseModel)

MOST_ERROR_CHARACTERS = 300
# Answers that promise that no task was made (Runway's error reference: load shedding).
_NOTHING_MADE = (429, 502, 503)
_REFUSED = (400, 401, 403, 404, 405, 413, 415, 422)
LONGEST_HINT_SECONDS = 3600.0
# Some APIs repeat the key that they do not like; ours must not reach a log that way.
_KEY = re.compile(r"key_\w+")
_DAILY = re.compile(r"daily.*(task|limit|cap|quota|generation)", re.IGNORECASE)


def never_connected(error: Exception) -> bool:
    """Whether the request certainly never left us.

    The transport reports a connection that broke after the request as `ConnectTimeout` too, so
    only the cause that it wraps can be believed.
    """
    causes = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
    return isinstance(error, causes) or isinstance(error.__cause__, causes)


def created_id(response: httpx.Response) -> str:
    """The task's id from the answer to a create; raises NotCreated, Rejected or OutcomeUnknown."""
    status, detail = response.status_code, detail_of(response)
    if status in _NOTHING_MADE:
        limited = status == 429
        daily = limited and bool(_DAILY.search(detail))
        raise NotCreated(detail, _retry_after(response), limited, daily)
    if status in _REFUSED:
        raise Rejected(status, detail)
    if status != 200:
        raise OutcomeUnknown(detail)
    try:
        return Created.model_validate_json(response.content).id
    except ValidationError as error:
        raise OutcomeUnknown("the answer made no sense") from error


def parsed(response: httpx.Response, kind: type[M]) -> M:
    """The body of a read; raises Rejected or ProviderUnavailable."""
    if response.status_code != 200:
        raise Rejected(response.status_code, detail_of(response))
    try:
        return kind.model_validate_json(response.content)
    except ValidationError as error:
        raise ProviderUnavailable("the answer made no sense") from error


def detail_of(response: httpx.Response) -> str:
    """Runway's own words for what is wrong, cut short."""
    try:
        error = response.json().get("error")
    except (ValueError, AttributeError, RecursionError):
        error = None
    said = str(error) if error else response.reason_phrase or "no reason given"
    return f"{response.status_code} {_KEY.sub('key_…', said)}"[:MOST_ERROR_CHARACTERS]


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("retry-after", "")
    return min(float(value), LONGEST_HINT_SECONDS) if re.fullmatch("[0-9]+", value) else None
