"""Where people ask, and what its own book shows them: one shape for every platform."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from bot.jobs import State
from tests.chaos.faults import Fault
from tests.scenario.page import Message


class Chat(Protocol):
    """A platform at which replicas are at work, and people ask them."""

    @property
    def members(self) -> Sequence[str]:
        """The ids of those who ask."""
        ...

    @property
    def faults(self) -> Sequence[Fault]:
        """What this platform itself does wrong."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """What a replica needs to be on it."""
        ...

    @property
    def gone(self) -> Collection[str]:
        """The channels that were deleted, with all that was in them."""
        ...

    async def ask(self, event: str, prompt: str, member: str) -> bool:
        """Ask for a picture with a prompt that holds the event; whether that was answered at all.

        Who was told that an answer comes waits some seconds for it before asking for more.
        """
        ...

    async def cancel(self, job: str, member: str) -> None:
        """Ask for the end of a job, whatever becomes of it."""
        ...

    async def listening(self) -> None:
        """Wait until somebody hears what people ask, but not for ever."""
        ...

    async def messages(self) -> list[Message]:
        """Every message that it ever took: `job_id`, `private`, `card` with its `state`, `files`.

        Those of a deleted channel are gone; of a private one `job_id` is the job that it is about.
        """
        ...

    async def accepted(self) -> Sequence[str]:
        """The events, as our rows name them, that people saw answered with yes."""
        ...

    def complaints(self) -> Sequence[str]:
        """What a real one would have refused of all that it was sent."""
        ...

    def book(self) -> object:
        """All that it was sent and has kept, to look into what went wrong."""
        ...

    async def close(self) -> None: ...


# So long people wait for a card after their command was acknowledged.
CARD_SECONDS = 5.0
# How a card's status begins, by the state that it tells.
_STATUS = {
    "Done": State.DELIVERED,
    "Cancelled.": State.CANCELLED,
    "Runway did not answer when this was sent": State.UNCERTAIN,
    "It was made, but could not be posted": State.UNDELIVERABLE,
}
_COSTS = ("It cost nothing.", "as Runway charged for it.")


def state_of(status: str) -> str:
    """The end that the status on a card tells, or the status itself while there is none."""
    plain = status.replace("*", "").strip()
    for words, state in _STATUS.items():
        if plain.startswith(words):
            return state.value
    return State.FAILED.value if plain.endswith(_COSTS) else plain
