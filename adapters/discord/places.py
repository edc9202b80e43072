"""Where a job is, as the core has it: a thread as `<channel id>/<thread id>`, all else as its id.

By this the core knows that a thread is in its channel, whose cap holds there, too (bot.jobs.room). A
post in a forum is a thread of it. Discord itself wants the last id; jobs of old have that alone.
"""

import discord


def place_of(id_: int, channel: object) -> str:
    """Where a channel is that Discord calls by this id."""
    parent = channel.parent_id if isinstance(channel, discord.Thread) else None
    return f"{parent}/{id_}" if parent else str(id_)


def id_of(place: str) -> int:
    """What Discord calls a place."""
    return int(place.rpartition("/")[2])
