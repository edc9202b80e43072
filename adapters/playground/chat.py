"""The playground as a chat platform: messages in our own database, shown by a web page."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog

from adapters.playground.documents import keep
from adapters.playground.events import Hub
from adapters.playground.render import AUTHOR, Body, card_body, notice_body, result_body
from bot.errors import ChatError, DailiesError
from bot.jobs import Member, State
from bot.messages.deliveries import with_fitted
from bot.ports import Archive, Clock, Confirm, Fitter, Subject
from bot.views import Card, Notice, Result

log = structlog.get_logger()

WORKSPACE = "playground:local"
CHANNEL = "dailies"
# What alerts are private to; no member can be called so.
ADMINS = "*admins"
# As many as the page shows; older ones stay in the database.
MOST_MESSAGES = 200
# Pages hear of what another replica wrote this much later, at the most.
FOLLOW_SECONDS = 1.0


@dataclass(frozen=True)
class Person:
    """Somebody that the page can be used as."""

    id: str
    name: str
    admin: bool = False
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fresher:
    """Progress that is not worth a write: what it shows, as long as the card is written so.

    The revision would not tell: a reaction makes a new one, and takes nothing back of the card.
    """

    written: Body
    shown: Body


class ChatLog(Protocol):
    """Where the messages are kept; each has a `seq`, and a `revision` that grows with changes."""

    async def add(self, body: Body, key: str | None, private_to: str | None) -> Body: ...
    async def change(self, seq: int, edit: Callable[[Body], Body]) -> Body: ...
    async def newest(self) -> int: ...
    async def changed(self, after: int, limit: int) -> list[Body]: ...
    async def message(self, seq: int) -> Body | None: ...
    async def visible(self, audience: Sequence[str], after: int, limit: int) -> list[Body]: ...


class Chat:
    """Implements bot.ports.ChatPlatform for the page."""

    def __init__(
        self,
        log: ChatLog,
        people: Sequence[Person],
        clock: Clock,
        fitter: Fitter | None = None,
        upload_limit: int = 0,
        archive: Archive | None = None,
    ) -> None:
        self._log = log
        self._clock = clock
        self._fitter = fitter
        self._upload_limit = upload_limit
        self._archive = archive
        self.people = {person.id: person for person in people}
        self.hub = Hub()
        self._names = {person.id: person.name for person in people}
        self._fresher: dict[int, Fresher] = {}
        # Revisions that the open pages have heard of already.
        self._told: set[int] = set()

    async def post_card(self, channel: str, card: Card, key: str, confirm: Confirm) -> str:
        return await self._post(card_body(card, self._names), key)

    async def remove_card(self, workspace: str, channel: str, message: str) -> None:
        """A key makes one message here, in the rows that all replicas share: there is no second."""

    async def update_card(self, channel: str, message: str, card: Card, confirm: Confirm) -> None:
        stored = await self._log.message(int(message))
        if stored is None:
            raise ChatError(f"message {message} is gone", permanent=True)
        shown = card_body(card, self._names)
        if _only_progress(stored, shown):
            fresh = {name: shown[name] for name in ("text", "card")}
            self._fresher[stored["seq"]] = Fresher(stored["card"], fresh)
            self._publish(stored)
            return
        changes = {**shown, "edited_at": self._now()}

        def edit(body: Body) -> Body:
            # Another replica may have shown the end since we looked: nothing comes after that.
            is_late = State(body["card"]["state"]).is_over and not card.state.is_over
            return body if is_late else {**body, **changes}

        self._publish(await self._log.change(stored["seq"], edit))

    async def deliver(
        self, channel: str, result: Result, key: str, confirm: Confirm, *, is_first: bool = False
    ) -> str:
        if self._fitter is not None:
            fitted = [await self._fitter.fit(m, self._upload_limit) for m in result.files]
            result = with_fitted(result, fitted)
        await confirm()
        return await self._post(result_body(result, self._names), key)

    async def notify(self, member: Member, channel: str, notice: Notice) -> None:
        body = notice_body(notice, self._names)
        if notice.files and self._archive is not None:
            body["attachments"] = await keep(self._archive, notice.files)
        await self._post(body, None, private_to=member.id)

    async def alert(
        self, workspace: str, notice: Notice, key: str, channel: str | None = None
    ) -> str:
        body = notice_body(notice, self._names)
        return await self._post(body, key, private_to=None if channel else ADMINS)

    async def update_alert(self, workspace: str, message: str, notice: Notice) -> None:
        try:
            await self._change(int(message), notice_body(notice, self._names))
        except KeyError:
            raise ChatError(f"message {message} is gone", permanent=True) from None

    async def find_subject(self, workspace: str, text: str) -> Subject | None:
        wanted = text.lstrip("@").lower()
        for person in self.people.values():
            if wanted in (person.id, person.name.lower()):
                return Subject("member", person.id, person.name)
        roles = {role for person in self.people.values() for role in person.roles}
        return Subject("role", wanted, wanted) if wanted in roles else None

    async def find_channel(self, workspace: str, text: str) -> str | None:
        return CHANNEL if text.lstrip("#").lower() == CHANNEL else None

    async def name_of(self, member: Member) -> str:
        return self._names.get(member.id, member.id)

    async def offer_changed(self) -> None:
        self.hub.publish("commands", {}, None)

    async def roles_of(self, member: Member) -> Sequence[str]:
        person = self.people.get(member.id)
        return person.roles if person else ()

    async def take_buttons(self, seq: int) -> None:
        """Take the buttons off a message: what they asked has been decided."""
        with suppress(KeyError):
            await self._change(seq, {"buttons": []})

    def audience(self, person: Person) -> tuple[str, ...]:
        """The private messages that a person sees: their own, and for admins the alerts."""
        return (person.id, ADMINS) if person.admin else (person.id,)

    async def messages(self, person: Person, after: int = 0) -> list[Body]:
        """What a person sees, the oldest first."""
        stored = await self._log.visible(self.audience(person), after, MOST_MESSAGES)
        return [self.as_seen(message, person.id) for message in stored]

    async def message(self, seq: int, person: Person) -> Body | None:
        """One message, if the person may see it."""
        stored = await self._log.message(seq)
        if stored is None or stored["private_to"] not in (None, *self.audience(person)):
            return None
        return self.as_seen(stored, person.id)

    async def react(self, seq: int, member: str, emoji: str, *, remove: bool = False) -> None:
        """Show a member's reaction under a message, or take it away."""

        def edit(body: Body) -> Body:
            people = [m for m in body["reactions"].get(emoji, []) if m != member]
            shown = people if remove else [*people, member]
            return {**body, "reactions": {**body["reactions"], emoji: shown}}

        with suppress(KeyError):
            self._publish(await self._log.change(seq, edit))

    async def newest(self) -> int:
        """The revision of the latest change."""
        return await self._log.newest()

    async def follow(self, seen: int) -> None:
        """Tell the open pages, for ever, what other replicas write after a revision."""
        while True:
            await self._clock.sleep(FOLLOW_SECONDS)
            try:
                news = await self._log.changed(seen, MOST_MESSAGES)
            except DailiesError as error:
                log.warning("pages not told", error=str(error))
                continue
            for message in news:
                seen = message["revision"]
                if seen not in self._told:
                    self._publish(message)
            self._told = {revision for revision in self._told if revision > seen}

    def as_seen(self, stored: Body, member: str) -> Body:
        """A stored message as the page gets it."""
        message = {**stored, **self._progress_of(stored)}
        reactions = [
            {"emoji": emoji, "count": len(people), "mine": member in people}
            for emoji, people in message["reactions"].items()
            if people
        ]
        private = message.pop("private_to") is not None
        seq = str(message.pop("seq"))
        return {**message, "id": seq, "reactions": reactions, "private": private}

    def _progress_of(self, stored: Body) -> Body:
        """What is fresher than the message; nothing once any replica has written its card."""
        fresher = self._fresher.get(stored["seq"])
        return fresher.shown if fresher and fresher.written == stored["card"] else {}

    async def _post(self, body: Body, key: str | None, private_to: str | None = None) -> str:
        whole = {**_EMPTY, **body, "author": AUTHOR, "created_at": self._now()}
        stored = await self._log.add(whole, key, private_to)
        self._publish(stored)
        return str(stored["seq"])

    async def _change(self, seq: int, changes: Body) -> None:
        """Write over some of a message; raises KeyError when there is none."""
        self._publish(await self._log.change(seq, lambda body: {**body, **changes}))

    def _publish(self, stored: Body) -> None:
        self._told.add(stored["revision"])
        if not self._progress_of(stored):
            self._fresher.pop(stored["seq"], None)
        self.hub.publish("message", stored, stored["private_to"])

    def _now(self) -> str:
        now: datetime = self._clock.now()
        return now.isoformat()


_EMPTY: dict[str, Any] = {
    "attachments": [],
    "buttons": [],
    "reactions": {},
    "job_id": None,
    "reply_to": None,
    "mention": None,
    "card": None,
    "edited_at": None,
}


def _only_progress(stored: Body, shown: Body) -> bool:
    old, new = stored.get("card") or {}, shown["card"]
    return bool(old.get("state") == new["state"] and stored["buttons"] == shown["buttons"])
