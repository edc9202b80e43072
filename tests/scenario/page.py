"""The playground's JSON API as a script uses it: commands, clicks, and waiting for what is shown."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

T = TypeVar("T")
Message = dict[str, Any]
Answer = tuple[int, dict[str, Any]]

OVER = frozenset({"delivered", "failed", "cancelled", "uncertain", "undeliverable"})
WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class Shown:
    """All that a chat shows of one job: its cards, and its other public messages."""

    cards: list[Message]
    ends: list[Message]

    @property
    def state(self) -> str:
        return str(self.cards[-1]["card"]["state"]) if self.cards else "unseen"

    @property
    def end(self) -> Message:
        assert len(self.ends) == 1, self.ends
        return self.ends[0]

    @property
    def is_over(self) -> bool:
        return self.state in OVER and (self.state == "cancelled" or bool(self.ends))

    def line(self, label: str) -> str:
        """A line of the card, as plain text."""
        prefix = f"{label}: "
        lines: list[str] = self.cards[-1]["text"].split("\n")
        return next(line.removeprefix(prefix) for line in lines if line.startswith(prefix))


class Page:
    """One running bot's page, used as any of its members."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session

    async def ask(self, method: str, path: str, **options: Any) -> Answer:
        """Status and JSON document of any request."""
        async with self.session.request(method, self.url + path, **options) as response:
            return response.status, await response.json()

    async def command(
        self, text: str, member: str = "ada", files: Sequence[Path] = (), event: str | None = None
    ) -> Answer:
        """Post a command, whatever becomes of it."""
        form = aiohttp.FormData(default_to_multipart=True)
        fields = {"member": member, "text": text} | ({"event": event} if event else {})
        for name, value in fields.items():
            form.add_field(name, value)
        for path in files:
            content = await asyncio.to_thread(path.read_bytes)
            form.add_field("attachment", content, filename=path.name)
        return await self.ask("POST", "/api/commands", data=form)

    async def begin(self, text: str, member: str = "ada", files: Sequence[Path] = ()) -> str:
        """Post a command that must make a job; returns the job's id."""
        before = {message["id"] for message in await self.messages(member)}
        status, answer = await self.command(text, member, files)
        assert status == 202, answer
        cards = [m for m in await self.messages(member) if m["card"] and m["id"] not in before]
        owned = [m for m in cards if m["card"]["owner"].lower() == member]
        assert len(owned) == 1, owned
        return str(owned[0]["job_id"])

    async def finish(self, text: str, member: str = "ada", files: Sequence[Path] = ()) -> Shown:
        """Post a command and wait for the end of its job."""
        return await self.over(await self.begin(text, member, files))

    async def act(self, message: Message, action: str, member: str = "ada") -> Answer:
        path = f"/api/messages/{message['id']}/actions/{action}"
        return await self.ask("POST", path, json={"member": member})

    async def react(self, message: Message, emoji: str, member: str = "ada") -> Answer:
        path = f"/api/messages/{message['id']}/reactions"
        return await self.ask("POST", path, json={"member": member, "emoji": emoji})

    async def messages(self, member: str = "ada") -> list[Message]:
        async with self.session.get(
            f"{self.url}/api/messages", params={"member": member}
        ) as response:
            assert response.status == 200
            messages: list[Message] = await response.json()
        return messages

    async def notices(self, member: str = "ada") -> list[str]:
        """The texts that only this member sees, the oldest first."""
        return [m["text"] for m in await self.messages(member) if m["private"]]

    async def jobs(self) -> list[str]:
        """The ids of all jobs that have a card, the oldest first."""
        return list(dict.fromkeys(m["job_id"] for m in await self.messages() if m["card"]))

    async def credits_left(self, member: str = "ada") -> int:
        _, info = await self.ask("GET", f"/api/info?member={member}")
        return int(info["credits_left"])

    async def shown(self, job_id: str) -> Shown:
        return shown_of(await self.messages(), job_id)

    async def over(self, job_id: str, within: float = WAIT_SECONDS) -> Shown:
        """Wait until the chat shows the end of a job."""
        return await self.until_shown(job_id, lambda shown: shown.is_over, within)

    async def until_state(self, job_id: str, state: str, within: float = WAIT_SECONDS) -> Shown:
        return await self.until_shown(job_id, lambda shown: shown.state == state, within)

    async def until_shown(
        self, job_id: str, condition: Callable[[Shown], bool], within: float = WAIT_SECONDS
    ) -> Shown:
        def look(messages: list[Message]) -> Shown | None:
            shown = shown_of(messages, job_id)
            return shown if condition(shown) else None

        return await self.until(look, within=within)

    async def until(
        self,
        look: Callable[[list[Message]], T | None],
        member: str = "ada",
        within: float = WAIT_SECONDS,
    ) -> T:
        """Look at the messages now and after every event, until `look` finds something."""
        messages: list[Message] = []
        try:
            async with asyncio.timeout(within), self._events(member) as events:
                while True:
                    messages = await self.messages(member)
                    if (found := look(messages)) is not None:
                        return found
                    if not await _next_event(events):
                        raise ConnectionError("the page went away")
        except TimeoutError:
            last = "\n".join(m["text"] for m in messages[-8:])
            raise AssertionError(f"not seen within {within:g} s; last messages:\n{last}") from None

    def _events(self, member: str) -> Any:
        timeout = aiohttp.ClientTimeout(total=None)
        return self.session.get(f"{self.url}/api/events?member={member}", timeout=timeout)


def shown_of(messages: Sequence[Message], job_id: str) -> Shown:
    """What a chat shows of a job; private words are not counted."""
    of_job = [m for m in messages if m["job_id"] == job_id and not m["private"]]
    return Shown([m for m in of_job if m["card"]], [m for m in of_job if not m["card"]])


async def _next_event(response: aiohttp.ClientResponse) -> bool:
    """Read on to the end of the next event; False at the end of the stream."""
    while line := await response.content.readline():
        if line.startswith(b"data:"):
            return True
    return False
