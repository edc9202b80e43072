"""Discord: the token, whether commands come to us, and what the bot may do where it is."""

import asyncio
from typing import Any

from bot.probes.asking import API, Answered, ask
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
# After so long what is left of the servers is let be, so that all else can still be told.
SECONDS = 15.0


async def probe_discord(given: Surroundings) -> list[Finding]:
    """Ask what the token is good for; nothing is written."""
    if given.config.discord.token is None:
        return [skipped("discord", "No DISCORD_TOKEN: the bot does not run on Discord.")]
    until = asyncio.get_running_loop().time() + SECONDS
    try:
        application = await ask(given, "/oauth2/applications/@me")
        gateway = await ask(given, "/gateway/bot")
        servers = await ask(given, f"/users/@me/guilds?limit={MOST_SERVERS}")
    except Answered as error:
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
        *await _channels(given, servers or [], until),
    ]


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

    from adapters.discord.rights import missing_own

    return missing_own(discord.Permissions(int(server["permissions"])))


async def _channels(given: Surroundings, servers: list[Any], until: float) -> list[Finding]:
    # The library is large, and this module is loaded with every command line.
    from bot.probes.channels import probe_channels

    return await probe_channels(given, servers, until)
