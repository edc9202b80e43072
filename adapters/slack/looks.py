"""What each card shows, so that a change of it is told from mere progress."""

from bot.jobs import State
from bot.views import Button, Card

# A replica that only listens never sees the ends of the cards that it posts.
MOST_REMEMBERED = 20_000

_Look = tuple[State, tuple[Button, ...]]


class Looks:
    """Lost with the process, harmlessly: one edit more is urgent then."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Look] = {}

    def differ(self, channel: str, message: str, card: Card) -> bool:
        """Whether a card is to change by more than its progress, as far as is known."""
        return self._known.get((channel, message)) != _look(card)

    def remember(self, channel: str, message: str, card: Card) -> None:
        """Keep what a card shows from now on, until its job is over."""
        self._known.pop((channel, message), None)
        if not card.state.is_over:
            self._known[channel, message] = _look(card)
        while len(self._known) > MOST_REMEMBERED:
            del self._known[next(iter(self._known))]


def _look(card: Card) -> _Look:
    return card.state, card.buttons
