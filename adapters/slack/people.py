"""Who somebody is, as Slack has it: name, rights, user groups."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from adapters.slack.api import PAGE, SlackApi
from adapters.slack.errors import SlackRefused
from bot.errors import ChatError
from bot.ports import Subject

log = structlog.get_logger()

# Slack is asked again after this long; where rights decide, it is asked at once.
FRESH_SECONDS = 60.0
NAME_SECONDS = 3600.0
GROUPS_SECONDS = 60.0
# Names are looked for among this many members; ids and mentions always work.
MOST_PAGES = 10


@dataclass(frozen=True)
class Person:
    """A person as a workspace sees them; `outsider` belongs to another workspace."""

    id: str
    name: str
    admin: bool = False
    guest: bool = False
    outsider: bool = False
    robot: bool = False


class People:
    """Asks Slack who somebody is, and remembers it for a short while."""

    def __init__(self, admins: Sequence[str]) -> None:
        self._admins = frozenset(admins)
        self._seen: dict[tuple[str, str], tuple[float, Person]] = {}
        self._groups: dict[str, tuple[float, dict[str, tuple[str, frozenset[str]]]]] = {}

    async def person(self, api: SlackApi, user: str, *, fresh: bool = False) -> Person:
        """Who it is; with `fresh` as of this moment. Raises ChatError when Slack does not say."""
        known = self._known(api, user, 0.0 if fresh else FRESH_SECONDS)
        if known is not None:
            return known
        try:
            found = (await api.read("users.info", user=user)).get("user") or {}
        except SlackRefused as error:
            if error.code not in ("user_not_found", "user_not_visible"):
                raise
            return Person(user, user, outsider=True)
        in_group = await self._in_admin_group(api, user, fresh=fresh)
        person = _person(found, user, api.identity.team)
        if not person.outsider and (person.admin or user in self._admins or in_group):
            person = replace(person, admin=True)
        self._seen[api.identity.workspace, user] = (time.monotonic(), person)
        return person

    async def name(self, api: SlackApi, user: str) -> str:
        """What people call somebody; the id where Slack does not say."""
        known = self._known(api, user, NAME_SECONDS)
        try:
            return (known or await self.person(api, user)).name
        except ChatError as error:
            log.info("name not known", user=user, error=str(error))
            return user

    async def roles(self, api: SlackApi, user: str) -> tuple[str, ...]:
        """The ids of somebody's user groups; none where the plan or the scopes have none."""
        groups = await self._groups_of(api)
        return tuple(group for group, (_, users) in groups.items() if user in users)

    async def subject(self, api: SlackApi, text: str) -> Subject | None:
        """The member or user group that is meant by a mention, an id or a name."""
        mark = text.strip().removeprefix("<").removesuffix(">").partition("|")[0]
        if mark.startswith("!subteam^"):
            return await self._group(api, mark.removeprefix("!subteam^"))
        wanted = mark.removeprefix("@").strip()
        if wanted[:1] == "S" and (found := await self._group(api, wanted)) is not None:
            return found
        if wanted[:1] in ("U", "W") and wanted.isalnum() and wanted.isupper():
            person = await self.person(api, wanted)
            return None if person.outsider else Subject("member", wanted, person.name)
        named = await self._group(api, wanted.lower())
        return named or await self._by_name(api, wanted.lower())

    async def admins(self, api: SlackApi) -> list[str]:
        """Members who are told what admins are told: the configured ones, else Slack's own."""
        configured = [member for member in self._admins if not member.startswith("S")]
        groups = await self._groups_of(api)
        for group in self._admins & groups.keys():
            configured += groups[group][1]
        if configured:
            return sorted(set(configured))
        users = [u async for u in self._users(api) if _person(u, "", api.identity.team).admin]
        return sorted(str(user["id"]) for user in users if not user.get("deleted"))

    def _known(self, api: SlackApi, user: str, for_seconds: float) -> Person | None:
        seen = self._seen.get((api.identity.workspace, user))
        if seen is None or time.monotonic() - seen[0] > for_seconds:
            return None
        return seen[1]

    async def _in_admin_group(self, api: SlackApi, user: str, *, fresh: bool) -> bool:
        groups = {admin for admin in self._admins if admin.startswith("S")}
        if not groups:
            return False
        if fresh:
            self._groups.pop(api.identity.workspace, None)
        return not groups.isdisjoint(await self.roles(api, user))

    async def _groups_of(self, api: SlackApi) -> dict[str, tuple[str, frozenset[str]]]:
        """Each user group's handle and members."""
        workspace = api.identity.workspace
        known = self._groups.get(workspace)
        if known is not None and time.monotonic() - known[0] < GROUPS_SECONDS:
            return known[1]
        groups: dict[str, tuple[str, frozenset[str]]] = {}
        try:
            listed = (await api.read("usergroups.list", include_users="true")).get("usergroups")
            for group in listed or ():
                users = group.get("users")
                if users is None:
                    answer = await api.read("usergroups.users.list", usergroup=group["id"])
                    users = answer.get("users")
                groups[group["id"]] = (str(group.get("handle", "")).lower(), frozenset(users or ()))
        except ChatError as error:
            log.info("user groups not known", error=str(error))
        self._groups[workspace] = (time.monotonic(), groups)
        return groups

    async def _group(self, api: SlackApi, wanted: str) -> Subject | None:
        for group, (handle, _) in (await self._groups_of(api)).items():
            if wanted in (group, handle):
                return Subject("role", group, handle or group)
        return None

    async def _by_name(self, api: SlackApi, wanted: str) -> Subject | None:
        """The only member of that name: people choose their names, also those of others."""
        found: list[Subject] = []
        async for user in self._users(api):
            profile = user.get("profile") or {}
            names = (user.get("name"), profile.get("display_name"), profile.get("real_name"))
            away = user.get("deleted") or _person(user, "", api.identity.team).outsider
            if not away and wanted in [str(name).lower() for name in names if name]:
                found.append(Subject("member", str(user["id"]), _name(user, wanted)))
        return found[0] if len(found) == 1 else None

    async def _users(self, api: SlackApi) -> AsyncIterator[Mapping[str, Any]]:
        cursor = None
        for _ in range(MOST_PAGES):
            answer = await api.read("users.list", limit=PAGE, cursor=cursor)
            for user in answer.get("members") or ():
                yield user
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return


def _person(user: Mapping[str, Any], user_id: str, team: str) -> Person:
    home = user.get("team_id")
    teams = (user.get("enterprise_user") or {}).get("teams") or ()
    other = isinstance(home, str) and home != team and team not in teams
    org = user.get("enterprise_user") or {}
    rights = ("is_admin", "is_owner", "is_primary_owner")
    return Person(
        id=user_id,
        name=_name(user, user_id),
        admin=any(user.get(right) for right in rights)
        or bool(org.get("is_admin") or org.get("is_owner")),
        guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        outsider=other or bool(user.get("is_stranger")),
        robot=bool(user.get("is_bot") or user.get("deleted")),
    )


def _name(user: Mapping[str, Any], fallback: str) -> str:
    profile = user.get("profile") or {}
    names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"))
    return next((str(name) for name in (*names, user.get("name")) if name), fallback)
