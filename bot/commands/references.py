"""Inputs that are not attached: a member's last result, any job's result, a link."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from bot import errors
from bot.commands.invocations import Origin
from bot.commands.links import link, looks_like_media
from bot.jobs import written_id
from bot.ports import Storage
from bot.requests import LINK, Kind, Media

# As far back as `last` looks.
MOST_JOBS = 50
# As many as any model takes, and a few more, so that the model can say what it takes.
MOST_REFERENCES = 10


class References:
    """Finds what `--ref` names, and links in a prompt."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def find(self, origin: Origin, text: str, kinds: Sequence[Kind]) -> list[Media]:
        """What a `--ref` stands for: names with commas or spaces between. Raises a Refused."""
        names = islice(_names(text), MOST_REFERENCES)
        return [await self._one(origin, name, kinds) for name in names]

    async def _one(self, origin: Origin, name: str, kinds: Sequence[Kind]) -> Media:
        if "://" in name:
            return link(name, kinds[0] if kinds else Kind.IMAGE)
        if name.lower() == "last":
            return await self._last(origin)
        job = await self._storage.job(written_id(name))
        if job is None or job.owner.workspace != origin.member.workspace:
            raise errors.NoSuchJob(name)
        if not job.outputs:
            raise errors.NoResult(job.id, "use")
        return job.outputs[0]

    async def _last(self, origin: Origin) -> Media:
        jobs = await self._storage.recent(origin.member, MOST_JOBS)
        for job in jobs:
            # A result may be seen in the chat while its row still says that it is being delivered.
            if job.outputs:
                return job.outputs[0]
        raise errors.NoLastResult


def _names(text: str) -> Iterator[str]:
    """The names in a text; a comma before the last slash of a link is a part of it."""
    for word in text.split():
        path, slash, rest = word.rpartition("/")
        first, *others = rest.split(",")
        links = f"{path}{slash}{first}".replace(",https://", " https://").split()
        yield from filter(None, (*(link.strip(",") for link in links), *others))


def names_files(prompt: str, options: Mapping[str, str], kinds: Sequence[Kind]) -> bool:
    """Whether there are inputs beside what is attached: a `--ref`, or links in the prompt."""
    return "ref" in options or bool(take_links(prompt, kinds)[1])


def take_links(prompt: str, kinds: Sequence[Kind]) -> tuple[str, list[Media]]:
    """The prompt without the links to files that stand in it, and those links."""
    if not kinds or LINK not in prompt:
        return prompt, []
    words = prompt.split()
    links = [link(word, kinds[0]) for word in words if looks_like_media(word)]
    return " ".join(word for word in words if not looks_like_media(word)), links
