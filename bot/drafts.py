"""Requests that wait for a person's word before they become jobs."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.jobs import Cause, Member
from bot.requests import GenerationRequest


class DraftState(StrEnum):
    """UNCONFIRMED waits for its owner; REFUSED may be put before an admin, ASKED was."""

    UNCONFIRMED = "unconfirmed"
    REFUSED = "refused"
    ASKED = "asked"
    RUN = "run"
    APPROVED = "approved"
    DENIED = "denied"
    FORGOTTEN = "forgotten"
    EXPIRED = "expired"


OPEN = (DraftState.UNCONFIRMED, DraftState.REFUSED, DraftState.ASKED)
# What an admin may decide: a question may have reached them although it did not seem so.
ASKABLE = (DraftState.REFUSED, DraftState.ASKED)


@dataclass(frozen=True)
class Draft:
    """A request as it was made; `id` is the id that its job will have. It holds no credits."""

    id: str
    owner: Member
    channel: str
    request: GenerationRequest
    cause: Cause
    parent: str | None
    state: DraftState
    expires_at: datetime
    alert: str | None = None
