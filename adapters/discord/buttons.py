"""Buttons that live for ever: all that one needs to know stands in its id.

A click is recognised by its id alone (see interactions.py). Views are made, sent and forgotten: a
view that has ended before it is sent is never kept by discord.py 2.7, so nothing grows with the
messages, and its register of dynamic items, which a view that runs out takes classes away from
(discord/ui/view.py, ViewStore.add_view), is not in play.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import discord

from bot.views import Button

# https://discord.com/developers/docs/components/reference#button
MOST_LABEL = 80
MOST_BUTTONS = 25
_ID = re.compile(r"dailies:(?P<action>[a-z]+):(?P<subject>[\w*-]{1,40})(?::(?P<guild>\d{1,20}))?")


@dataclass(frozen=True)
class Press:
    """What a button stands for; `guild` where it is not said by the place it is pressed in."""

    action: str
    subject: str
    guild: int | None = None

    @property
    def id(self) -> str:
        where = f":{self.guild}" if self.guild else ""
        return f"dailies:{self.action}:{self.subject}{where}"


def read_id(custom_id: str) -> Press | None:
    """What a component's id says; None when it is not one of ours."""
    match = _ID.fullmatch(custom_id)
    if match is None:
        return None
    guild = match["guild"]
    return Press(match["action"], match["subject"], int(guild) if guild else None)


def view_of(buttons: Iterable[Button], subject: str | None, guild: int) -> discord.ui.View | None:
    """The buttons under a message; None where there are none."""
    shown = list(buttons)[:MOST_BUTTONS] if subject else []
    if not shown or subject is None:
        return None
    view = discord.ui.View(timeout=None)
    for button in shown:
        view.add_item(_button(button, Press(button.action, subject, guild)))
    view.stop()
    return view


def _button(button: Button, press: Press) -> discord.ui.Button[discord.ui.View]:
    style = discord.ButtonStyle.danger if button.danger else discord.ButtonStyle.secondary
    return discord.ui.Button(label=button.label[:MOST_LABEL], style=style, custom_id=press.id)
