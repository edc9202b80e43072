"""`dailies check` looks for channels that take away what the bot may do in the server."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.commandline.checking import as_text, look_at
from bot.config import DiscordConfig
from bot.probes.channels import MOST_NAMED, probe_channels
from bot.probes.findings import Finding, Surroundings, Verdict
from tests.discord import objects
from tests.discord.objects import ATTACH, BOT, CHANNEL, EMBED, GUILD, OTHER_GUILD, ROLE, SEND, VIEW

NOWHERE = "http://127.0.0.1:9"
MEMBER = "/guilds/{guild_id}/members/{user_id}"


@pytest.fixture
def look(settings, discord_section):
    """`await look()`: what is found about Discord, by name."""

    async def carry_out(**section) -> dict[str, Finding]:
        config = DiscordConfig(**{**discord_section().model_dump(), **section})
        found = await look_at(settings(NOWHERE, discord=config), ["discord"])
        return {finding.name: finding for finding in found}

    return carry_out


def close(discord, channel: str, deny: int, *, to: str = GUILD, allow: int = 0) -> None:
    """Set an overwrite of a channel."""
    kind = int(to == BOT)
    told = {"id": to, "type": kind, "allow": str(allow), "deny": str(deny)}
    discord.channels[channel]["permission_overwrites"].append(told)


def add(discord, number: int, name: str, *, kind: int = 0, guild: str = GUILD) -> str:
    id_ = str(3100000000000000000 + number)
    discord.channels[id_] = objects.channel(id_, name, kind=kind, guild=guild)
    return id_


async def test_a_channel_that_takes_something_away_is_named_with_how_to_mend_it(discord, look):
    close(discord, CHANNEL, SEND | ATTACH)
    close(discord, add(discord, 1, "news", kind=5), EMBED)
    found = (await look())["discord channels"]
    assert found.verdict is Verdict.WARNING
    assert found.text == (
        "In 2 channel(s) the bot lacks permissions. "
        "#general in Crew: Send Messages, Attach Files; #news in Crew: Embed Links."
    )
    assert "Channel settings → Permissions → the bot's role" in found.mend
    assert "Dailies can run." in as_text([found])


async def test_a_name_that_people_gave_does_not_reach_into_the_terminal(discord, look):
    discord.own_guilds[GUILD] = "Cr\x1b[2Jew\n✓ all is well"
    close(discord, CHANNEL, SEND)
    lines = as_text(list((await look()).values())).splitlines()
    (line,) = [line for line in lines if "lacks permissions" in line]
    assert line.endswith("#general in Cr[2Jew✓ all is well: Send Messages.")


async def test_what_a_role_of_the_bot_is_given_back_is_not_missed(discord, look):
    discord.roles[BOT] = [ROLE]
    close(discord, CHANNEL, ATTACH)
    close(discord, CHANNEL, 0, to=ROLE, allow=ATTACH)
    assert (await look())["discord channels"].verdict is Verdict.OK


async def test_channels_that_are_not_seen_or_not_for_commands_are_no_fault(discord, look):
    close(discord, CHANNEL, VIEW | SEND)
    close(discord, add(discord, 1, "a category", kind=4), SEND)
    close(discord, add(discord, 2, "a stage", kind=13), SEND)
    assert (await look())["discord channels"].verdict is Verdict.OK


async def test_what_the_whole_server_lacks_is_not_told_of_each_channel(discord, look):
    discord.own_permissions = objects.USUAL & ~ATTACH
    close(discord, CHANNEL, ATTACH | EMBED)
    found = await look()
    assert found["discord permissions"].verdict is Verdict.FAILED
    assert found["discord channels"].text.endswith("#general in Crew: Embed Links.")


async def test_of_an_administrators_channels_nothing_is_asked(discord, look):
    discord.own_permissions |= objects.ADMINISTRATOR
    close(discord, CHANNEL, VIEW | SEND, to=BOT)
    assert (await look())["discord channels"].verdict is Verdict.OK
    assert ("GET", MEMBER) not in discord.requests


async def test_ten_channels_are_named_and_the_rest_is_counted(discord, look):
    for number in range(MOST_NAMED + 3):
        close(discord, add(discord, number, f"room-{number}"), SEND)
    alerts = add(discord, 99, "alerts")
    close(discord, alerts, SEND)
    text = (await look(alert_channel=int(alerts)))["discord channels"].text
    assert text.startswith("In 14 channel(s)")
    assert text.count("Send Messages") == MOST_NAMED
    assert text.endswith("; and 4 more.")
    # Where admins are told things is never among those that are not named.
    assert "permissions. #alerts in Crew" in text


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_a_server_that_does_not_let_us_look_does_not_end_the_check(discord, look, status):
    discord.own_guilds |= {OTHER_GUILD: "Far"}
    close(discord, objects.FAR, SEND, to=OTHER_GUILD)
    discord.fault("GET", f"/guilds/{GUILD}/channels", status=status)
    found = (await look())["discord channels"]
    assert "#far away in Far: Send Messages." in found.text
    assert found.text.endswith(" 1 server(s) could not be looked at.")


async def test_a_discord_that_has_enough_is_asked_no_more(discord, look):
    discord.own_guilds |= {OTHER_GUILD: "Far", "2000000000000000003": "Third"}
    close(discord, CHANNEL, SEND)
    discord.fault("GET", f"/guilds/{OTHER_GUILD}/members", status=429)
    text = (await look())["discord channels"].text
    assert "#general in Crew: Send Messages." in text
    assert text.endswith(" 2 server(s) could not be looked at.")
    assert discord.requests.count(("GET", MEMBER)) == 2


async def test_a_line_that_breaks_costs_nothing_that_was_found(discord, look):
    discord.fault("GET", f"/guilds/{GUILD}/members", cut=True, times=9)
    found = await look()
    assert found["discord channels"].verdict is Verdict.SKIPPED
    assert found["discord permissions"].verdict is Verdict.OK


async def test_what_was_not_looked_at_in_time_is_said(discord, settings, discord_section, session):
    given = Surroundings(settings(NOWHERE, discord=discord_section()), session, alone=True)
    servers = [{"id": GUILD, "name": "Crew", "permissions": str(objects.USUAL)}]
    (found,) = await probe_channels(given, servers, asyncio.get_running_loop().time())
    assert found.verdict is Verdict.SKIPPED
    assert "1 server(s) could not be looked at." in found.text


async def test_an_answer_that_is_not_understood_costs_one_server(
    discord, settings, discord_section, session
):
    given = Surroundings(settings(NOWHERE, discord=discord_section()), session, alone=True)
    whole = {"id": GUILD, "name": "Crew", "permissions": str(objects.USUAL)}
    close(discord, CHANNEL, SEND)
    until = asyncio.get_running_loop().time() + 60
    (found,) = await probe_channels(given, ["nonsense", {"id": "x"}, whole], until)
    assert "#general in Crew: Send Messages. 2 server(s)" in found.text


@pytest.mark.parametrize("id_", [CHANNEL, "123"], ids=["hidden", "none"])
async def test_an_alert_channel_that_the_bot_does_not_see_is_told(discord, look, id_):
    discord.unseen.add(CHANNEL)
    found = (await look(alert_channel=int(id_)))["discord alerts"]
    assert found.verdict is Verdict.WARNING
    assert "does not see the channel of discord.alert_channel" in found.text
    assert "View Channel" in found.mend


@pytest.mark.parametrize("id_", [CHANNEL, objects.THREAD], ids=["channel", "thread"])
async def test_an_alert_channel_that_is_there_is_fine(discord, look, id_):
    found = await look(alert_channel=int(id_))
    assert found["discord alerts"].verdict is Verdict.OK
    assert "discord alerts" not in await look()


@pytest.mark.parametrize(("hours", "told"), [(1, True), (-1, False)])
async def test_a_time_out_is_told_while_it_lasts(discord, look, hours, told):
    ends = datetime.now(UTC) + timedelta(hours=hours)
    discord.timed_out_until = ends.isoformat()
    found = await look()
    assert ("discord time-outs" in found) == told
    if told:
        assert "The bot is in a time-out: Crew." in found["discord time-outs"].text
