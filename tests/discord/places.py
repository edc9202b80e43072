"""The routes of servers, of who is in them, and of their channels."""

from aiohttp import web

from tests.discord import objects
from tests.discord.objects import BOT, THREADS
from tests.discord.server import Discord, Handler, Refusal, answer


class Places:
    def __init__(self, discord: Discord) -> None:
        self._discord = discord

    def table(self) -> dict[tuple[str, str], Handler]:
        return {
            ("GET", "/users/@me/guilds"): self.guilds,
            ("GET", "/guilds/{guild_id}"): self.guild,
            ("GET", "/guilds/{guild_id}/channels"): self.channels,
            ("GET", "/guilds/{guild_id}/members/{user_id}"): self.member,
            ("GET", "/channels/{channel_id}"): self.channel,
        }

    async def guilds(self, request: web.Request) -> web.Response:
        """The servers that the bot is in, with its permissions there before any overwrite."""
        self._discord.check_token(request)
        most = int(request.query.get("limit", "200"))
        if not 1 <= most <= 200:
            raise Refusal(400, 50035, "Invalid Form Body")
        told = {"icon": None, "banner": None, "owner": False, "features": [],
                "permissions": str(self._discord.own_permissions)}  # fmt: skip
        own = [{"id": id_, "name": name, **told} for id_, name in self._discord.own_guilds.items()]
        return answer(own[:most])

    async def guild(self, request: web.Request) -> web.Response:
        wanted = request.match_info["guild_id"]
        found = next((g for g in self._discord.gateway.guilds if g["id"] == wanted), None)
        if found is None:
            raise Refusal(404, 10004, "Unknown Guild")
        return answer(objects.asked_guild(found))

    async def channels(self, request: web.Request) -> web.Response:
        """Without threads, and without what the bot does not see."""
        self._discord.check_token(request)
        guild = request.match_info["guild_id"]
        if guild not in self._discord.own_guilds:
            raise Refusal(403, 50001, "Missing Access")
        of = [c for c in self._discord.channels.values() if c.get("guild_id") == guild]
        shown = [c for c in of if c["type"] not in THREADS and c["id"] not in self._discord.unseen]
        return answer(shown)

    async def member(self, request: web.Request) -> web.Response:
        who, guild = request.match_info["user_id"], request.match_info["guild_id"]
        if guild not in {
            *self._discord.own_guilds,
            *(g["id"] for g in self._discord.gateway.guilds),
        }:
            raise Refusal(404, 10004, "Unknown Guild")
        if who in self._discord.left or (who != BOT and who not in self._discord.users):
            raise Refusal(404, 10007, "Unknown Member")
        found = self._discord.member(who)
        if who == BOT:
            found["communication_disabled_until"] = self._discord.timed_out_until
        return answer(found)

    async def channel(self, request: web.Request) -> web.Response:
        self._discord.check_token(request)
        found = self._discord.channels.get(request.match_info["channel_id"])
        if found is None:
            raise Refusal(404, 10003, "Unknown Channel")
        if found["id"] in self._discord.unseen:
            raise Refusal(403, 50001, "Missing Access")
        return answer(found)
