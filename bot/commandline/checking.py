"""`dailies check`: every probe at once, as a list for people or as JSON for machines."""

import argparse
import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import aiohttp
import structlog

from bot.commandline.groups import Said
from bot.config import Config, load_config
from bot.probes.discord import probe_discord
from bot.probes.findings import Finding, Probe, Surroundings, Verdict, failed, ok
from bot.probes.runway import probe_runway
from bot.probes.slack import probe_slack
from bot.probes.stores import probe_archive, probe_database, probe_disk
from bot.probes.web import probe_web
from bot.watching.logs import set_up_logs
from storage.engines.lock import is_running

if TYPE_CHECKING:
    from bot.commandline.groups import Parsers

log = structlog.get_logger()


async def probe_platforms(given: Surroundings) -> list[Finding]:
    """Whether there is anywhere to run at all."""
    config = given.config
    named = {
        "Discord": config.discord.token is not None,
        "Slack": config.slack.enabled,
        "the local web chat": config.playground.enabled,
    }
    running = [name for name, on in named.items() if on]
    if running:
        return [ok("platforms", f"The bot runs on {' and '.join(running)}.")]
    mend = (
        "Set DISCORD_TOKEN, or SLACK_BOT_TOKEN and SLACK_APP_TOKEN; "
        "DAILIES_PLAYGROUND__ENABLED=true is the local web chat."
    )
    return [failed("platforms", "There is no platform to run on.", mend)]


PROBES: dict[str, Probe] = {
    "platforms": probe_platforms,
    "runway": probe_runway,
    "discord": probe_discord,
    "slack": probe_slack,
    "database": probe_database,
    "archive": probe_archive,
    "disk": probe_disk,
    "web": probe_web,
}
PROBE_SECONDS = 20.0
_SIGNS = {Verdict.OK: "✓", Verdict.WARNING: "!", Verdict.FAILED: "✗", Verdict.SKIPPED: "–"}


def add_check(commands: "Parsers") -> None:
    """`dailies check`."""
    check = commands.add_parser("check", help="try everything for real, and say how to mend it")
    check.add_argument("--json", action="store_true", help="for machines")
    check.add_argument(
        "only", nargs="*", metavar="what", help=f"only some of: {', '.join(PROBES)}", default=[]
    )
    check.set_defaults(command=_check)


async def _check(arguments: argparse.Namespace) -> Said | str:
    unknown = [name for name in arguments.only if name not in PROBES]
    if unknown:
        return Said(f"There is no {unknown[0]} to check. Choose of: {', '.join(PROBES)}.", 2)
    config = load_config()
    set_up_logs("error", config.log.format)
    found = await look_at(config, arguments.only or list(PROBES))
    text = _as_json(found) if arguments.json else as_text(found)
    return Said(text, int(any(f.verdict is Verdict.FAILED for f in found)))


async def look_at(
    config: Config, names: Sequence[str], seconds: float = PROBE_SECONDS
) -> list[Finding]:
    """What the named probes find, in their order; each has so many seconds."""
    timeout = aiohttp.ClientTimeout(total=seconds)
    jar = aiohttp.DummyCookieJar()
    alone = not await asyncio.to_thread(is_running, config.storage.url)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=jar, trust_env=True) as session:
        given = Surroundings(config, session, alone)
        found = await asyncio.gather(*(_within(name, given, seconds) for name in names))
    return [finding for some in found for finding in some]


async def _within(name: str, given: Surroundings, seconds: float) -> list[Finding]:
    try:
        async with asyncio.timeout(seconds):
            return await PROBES[name](given)
    except TimeoutError:
        mend = "Look at the network between here and there, and try again."
        return [failed(name, f"Nothing was heard within {seconds:g} s.", mend)]
    except Exception as error:
        log.debug("a probe failed", probe=name, exc_info=True)
        text = f"The check itself failed ({type(error).__name__})."
        return [failed(name, text, "Run it again with DAILIES_LOG__LEVEL=debug and report it.")]


def as_text(found: Sequence[Finding]) -> str:
    """One line each, and below it what to do."""
    lines = []
    for finding in found:
        lines.append(f"{_SIGNS[finding.verdict]} {finding.name}: {_on_one_line(finding.text)}")
        if finding.mend and finding.verdict in (Verdict.FAILED, Verdict.WARNING):
            lines.append(f"    → {finding.mend}")
    wrong = sum(finding.verdict is Verdict.FAILED for finding in found)
    lines.append("")
    lines.append(
        f"{wrong} {'thing' if wrong == 1 else 'things'} to mend." if wrong else "Dailies can run."
    )
    return "\n".join(lines)


def _on_one_line(text: str) -> str:
    """Without what would move the cursor of a terminal: servers and channels have people's names."""
    return "".join(sign for sign in text if sign.isprintable())


def _as_json(found: Sequence[Finding]) -> str:
    fine = not any(finding.verdict is Verdict.FAILED for finding in found)
    return json.dumps({"ok": fine, "findings": [asdict(f) for f in found]}, indent=2)
