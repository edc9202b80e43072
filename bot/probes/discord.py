"""Discord: the token, whether commands come to us, and what the bot may do where it is."""

from typing import Any

from bot.probes.findings import (
    UNREACHED,
    Finding,
    Surroundings,
    failed,
    ok,
    skipped,
    unreached,
    warning,
)

API = "https://discord.com/api/v10"
# The permissions that docs/discord.md lists; the invite asks for no others.
INVITED_PERMISSIONS = 274878024704
INVITE = (
    "https://discord.com/oauth2/authorize?client_id={id}&scope=bot+applications.commands"
    f"&permissions={INVITED_PERMISSIONS}"
)
_RESET = (
    "Reset it at https://discord.com/developers/applications (Bot → Reset Token) and set "
    "DISCORD_TOKEN."
)
# So many servers are looked at, as Discord lists them.
MOST_SERVERS = 200
FEW_SESSIONS = 100


class _Answered(Exception):
    """Discord answered with another status than 200."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def probe_discord(given: Surroundings) -> list[Finding]:
    """Ask what the token is good for; nothing is written."""
    if given.config.discord.token is None:
        return [skipped("discord", "No DISCORD_TOKEN: the bot does not run on Discord.")]
    try:
        application = await _get(given, "/oauth2/applications/@me")
        gateway = await _get(given, "/gateway/bot")
        servers = await _get(given, f"/users/@me/guilds?limit={MOST_SERVERS}")
    except _Answered as error:
        if error.status == 401:
            return [failed("discord token", "Discord does not accept the bot's token.", _RESET)]
        text = f"Discord answers {error.status}."
        return [failed("discord token", text, "Try again in a minute; see discordstatus.com.")]
    except UNREACHED as error:
        return [unreached("discord token", given.config.discord.api_base or API, error)]
    return [
        ok("discord token", f"Discord takes the token of {application.get('name', 'the bot')}."),
        _sessions(gateway),
        _endpoint(application),
        _intents(),
        _permissions(str(application.get("id", "")), servers or []),
    ]


async def _get(given: Surroundings, path: str) -> Any:
    discord = given.config.discord
    assert discord.token is not None  # noqa: S101 - the caller has looked
    headers = {"Authorization": f"Bot {discord.token.get_secret_value()}"}
    address = f"{discord.api_base or API}{path}"
    async with given.session.get(address, headers=headers, allow_redirects=False) as answer:
        if answer.status != 200:
            raise _Answered(answer.status)
        return await answer.json(content_type=None)


def _sessions(gateway: Any) -> Finding:
    left = int(gateway.get("session_start_limit", {}).get("remaining", 0))
    text = f"{left} sessions may still be begun today."
    if left > FEW_SESSIONS:
        return ok("discord sessions", text)
    return warning("discord sessions", text, "Look for what restarts the bot over and over.")


def _endpoint(application: Any) -> Finding:
    name = "discord commands"
    if not application.get("interactions_endpoint_url"):
        return ok(name, "Commands come over the bot's own connection.")
    return failed(
        name,
        "The application has an Interactions Endpoint URL: the bot would hear no command.",
        "Empty that field under General Information in the developer portal.",
    )


def _intents() -> Finding:
    from adapters.discord.client import INTENTS

    asked = ", ".join(name for name, on in INTENTS if on)
    return ok("discord intents", f"None has to be switched on; the bot asks for {asked}.")


def _permissions(application: str, servers: list[Any]) -> Finding:
    name, invite = "discord permissions", INVITE.format(id=application)
    if not servers:
        return failed(name, "The bot is in no server.", f"Invite it: {invite}")
    lacking = {str(s["name"]): missing for s in servers if (missing := _missing(s))}
    if not lacking:
        return ok(name, f"It has every permission that it needs in {len(servers)} server(s).")
    text = "; ".join(f"{server}: {', '.join(missing)}" for server, missing in lacking.items())
    return failed(
        name, f"It lacks permissions. {text}.", f"Allow them, or invite it anew: {invite}"
    )


def _missing(server: Any) -> list[str]:
    import discord

    from adapters.discord.rights import NotPermitted, check_own

    own = discord.Permissions(int(server["permissions"]))
    found: list[str] = []
    for thread in (False, True):
        try:
            check_own(own, thread=thread)
        except NotPermitted as error:
            found += error.missing
    return list(dict.fromkeys(found))
