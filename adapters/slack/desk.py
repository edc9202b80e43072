"""The one way from anything a person did to the core: who may, where to, and every answer private."""

from collections import OrderedDict
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from adapters.slack import words
from adapters.slack.channels import Channels
from adapters.slack.downloads import Downloads, SlackFile
from adapters.slack.errors import Ignored, Told
from adapters.slack.people import People
from adapters.slack.whispers import Asker, Whispers
from bot.commands.invocations import Invocation, Origin
from bot.commands.specification import CommandSpec
from bot.desk.generation import new_job_id
from bot.errors import ChatError, Refused
from bot.jobs import Job, Member
from bot.messages.refusals import refusal_notice
from bot.messages.replies import failed_inside_text
from bot.ports import Once
from bot.scratch import scratch_for
from bot.service import MAKING, OF_ADMINS, Service
from bot.views import Notice

log = structlog.get_logger()

# Slack sends what was not acknowledged again at once, after a minute and after five.
MOST_REMEMBERED = 5000
# What an admin's rights decide: they are asked of Slack at that moment.
_BY_RIGHTS = OF_ADMINS | {"cancel"}


@dataclass(frozen=True)
class Asked:
    """A command as somebody asked for it. `event` names this very thing they did; `team` is the workspace
    that Slack says they are of, where it says so."""

    asker: Asker
    event: str
    spec: CommandSpec
    arguments: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[SlackFile] = ()
    team: str | None = None


class Desk:
    """Checks who asks, calls the service once, and answers."""

    def __init__(
        self,
        people: People,
        channels: Channels,
        downloads: Downloads,
        whispers: Whispers,
        *,
        guests: bool,
    ) -> None:
        self._people = people
        self._channels = channels
        self._downloads = downloads
        self._whispers = whispers
        self._guests = guests
        self._seen: OrderedDict[str, None] = OrderedDict()

    def connect(self, service: Service) -> None:
        self.service = service

    def is_first(self, asker: Asker, event: str) -> bool:
        """Whether this is seen for the first time; jobs are also checked for it in their rows."""
        key = f"{asker.workspace}|{event}"
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return True

    async def run(self, asked: Asked) -> None:
        """Run a command; whatever is to be said about it is said to the person alone."""
        if self.is_first(asked.asker, asked.event):
            await self.answer(asked.asker, self._run(asked))

    async def answer(self, asker: Asker, work: Awaitable[Job | Notice | None]) -> bool:
        """Do something for a person and say what came of it; False when it did not come about."""
        try:
            answer = await work
        except Ignored:
            return False
        except Told as error:
            answer, done = error.notice, False
        except Refused as error:
            answer, done = refusal_notice(error), False
        except ChatError as error:
            log.warning("not done", user=asker.user, error=str(error))
            answer, done = words.slack_trouble(), False
        except Exception:
            reference = new_job_id()
            log.exception("request failed", reference=reference)
            answer, done = Notice(failed_inside_text(reference)), False
        else:
            done = True
        if isinstance(answer, Notice):
            await self._whispers.say(asker, answer)
        return done

    async def press(
        self,
        asker: Asker,
        event: str,
        action: str,
        subject: str,
        team: str | None,
        also: tuple[Once, ...] = (),
    ) -> Job | Notice:
        """Do what a button or a reaction asks for; raises a Refused or Told."""
        rights = action in _BY_RIGHTS
        origin = await self.origin(asker, event, team, rights=rights, posts=action in MAKING)
        return await self.service.press(replace(origin, also=also), action, subject)

    async def origin(
        self, asker: Asker, event: str | None, team: str | None, *, rights: bool, posts: bool
    ) -> Origin:
        """Who asks and where the answer goes; raises Told when that may not be.

        With `rights` the person's rights are those of this moment; with `posts` something will be
        posted in the channel.
        """
        api = asker.api
        person = await self._people.person(api, asker.user, fresh=rights)
        if person.robot:
            raise Ignored
        refuse_foreign(asker, team)
        if person.outsider:
            raise Told(words.outsider())
        if person.guest and not self._guests:
            raise Told(words.no_guests())
        channel = asker.channel
        if posts:
            channel = await self._channels.presence(api, channel, asker.user)
        roles = await self._people.roles(api, asker.user)
        member = Member(asker.workspace, asker.user)
        return Origin(member, channel, person.admin, roles, event)

    async def _run(self, asked: Asked) -> Job | Notice:
        spec = asked.spec
        spec.require(asked.arguments)  # a form of App Home has not been through the parser
        rights = spec.admin or spec.name in ("cancel", "help")
        origin = await self.origin(
            asked.asker, asked.event, asked.team, rights=rights, posts=spec.generates
        )
        self.service.check_pace(origin.member)  # before anything is fetched for them
        async with scratch_for(asked.files) as folder:
            files = await self._downloads.fetch(asked.asker.api, asked.files, folder)
            invocation = Invocation(origin, spec, asked.arguments, asked.options, files)
            return await self.service.run(invocation)


def refuse_foreign(asker: Asker, team: str | None) -> None:
    """Raise Told where Slack says that a person is of another workspace; in a Grid only it can tell."""
    identity = asker.api.identity
    if team and team[:1] == "T" and team != identity.team and not identity.enterprise:
        raise Told(words.outsider())
