"""What we work out of a channel's overwrites is what discord.py works out."""

from typing import Any

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.discord.overwrites import Overwrite, Standing
from adapters.discord.rights import missing_own
from tests.discord import objects
from tests.discord.objects import ADMINISTRATOR, ATTACH, BOT, GUILD, ROLE, SEND, USUAL, VIEW, Object

OTHER_ROLE, FOREIGN_ROLE = "5000000000000000002", "5000000000000000003"
OF_THESE = [GUILD, ROLE, OTHER_ROLE, FOREIGN_ROLE, BOT, objects.ADA]
BITS = [1 << place for place in range(USUAL.bit_length()) if USUAL >> place & 1]
some = st.sets(st.sampled_from(BITS)).map(sum)


def overwrite(id_: str, allow: int = 0, deny: int = 0) -> Object:
    kind = int(id_ in (BOT, objects.ADA))
    return {"id": id_, "type": kind, "allow": str(allow), "deny": str(deny)}


@pytest.fixture(scope="module")
def state() -> Any:
    """What the library's objects hang on; it never connects."""
    return discord.Client(intents=discord.Intents.none())._connection  # no public way leads there


def theirs(state: Any, roles: Object, own: list[str], overwrites: list[Object]) -> Any:
    """The library's channel and member of a server with these roles."""
    data = objects.guild(GUILD, 0, [], [])
    data["roles"] = [objects.role(id_, id_, allowed) for id_, allowed in roles.items()]
    guild = discord.Guild(data=data, state=state)
    bot = objects.member(objects.user(BOT, "dailies", bot=True), own)
    member = discord.Member(data=bot, guild=guild, state=state)
    place = {**objects.channel(objects.CHANNEL, "general"), "permission_overwrites": overwrites}
    return discord.TextChannel(state=state, guild=guild, data=place), member


def ours(roles: Object, own: list[str], overwrites: list[Object]) -> discord.Permissions:
    base = 0
    for id_ in (GUILD, *own):
        base |= roles[id_]
    standing = Standing(int(GUILD), int(BOT), {int(id_) for id_ in own}, discord.Permissions(base))
    return standing.permissions_in(
        [Overwrite(int(o["id"]), int(o["allow"]), int(o["deny"])) for o in overwrites]
    )


@settings(max_examples=100, deadline=None)
@given(
    st.fixed_dictionaries(dict.fromkeys((GUILD, ROLE, OTHER_ROLE, FOREIGN_ROLE), some)),
    st.lists(st.sampled_from([ROLE, OTHER_ROLE]), unique=True),
    st.fixed_dictionaries({}, optional=dict.fromkeys(OF_THESE, st.tuples(some, some))),
)
def test_it_is_what_the_library_finds(state, roles, own, told):
    overwrites = [overwrite(id_, *bits) for id_, bits in told.items()]
    channel, member = theirs(state, roles, own, overwrites)
    found = ours(roles, own, overwrites)
    assert found == discord.abc.GuildChannel.permissions_for(channel, member)
    # A text channel leaves out as well what is of no use: that asks for no other verdict.
    assert bool(missing_own(found)) == bool(missing_own(channel.permissions_for(member)))


@pytest.mark.parametrize(
    ("overwrites", "missing"),
    [
        ([], []),
        ([overwrite(GUILD, deny=ATTACH)], ["Attach Files"]),
        ([overwrite(GUILD, deny=ATTACH), overwrite(ROLE, allow=ATTACH)], []),
        ([overwrite(GUILD, allow=ATTACH), overwrite(ROLE, deny=ATTACH)], ["Attach Files"]),
        ([overwrite(ROLE, deny=ATTACH), overwrite(OTHER_ROLE, allow=ATTACH)], []),
        ([overwrite(ROLE, allow=ATTACH), overwrite(BOT, deny=ATTACH)], ["Attach Files"]),
        ([overwrite(FOREIGN_ROLE, deny=ATTACH), overwrite(objects.ADA, deny=SEND)], []),
    ],
    ids=[
        "none",
        "everyone",
        "a-role-undoes-it",
        "a-role-does-it",
        "roles-together",
        "the-bot-itself",
        "of-others",
    ],
)
def test_the_narrower_overwrite_wins(overwrites, missing):
    roles = {GUILD: USUAL, ROLE: 0, OTHER_ROLE: 0}
    assert missing_own(ours(roles, [ROLE, OTHER_ROLE], overwrites)) == missing


def test_an_administrator_is_shut_out_of_nothing(state):
    roles, closed = {GUILD: USUAL, ROLE: ADMINISTRATOR}, [overwrite(BOT, deny=VIEW | SEND)]
    channel, member = theirs(state, roles, [ROLE], closed)
    assert ours(roles, [ROLE], closed) == discord.abc.GuildChannel.permissions_for(channel, member)
    assert missing_own(ours(roles, [ROLE], closed)) == []
