"""Forms: a remix with the prompt filled in, and a prompt for a picture of somebody's message.

What a form is about stands in its id. The library remembers open forms and drops what comes in for
one that it does not know, so ours are read from the interaction itself (see interactions.py).
"""

import secrets
from collections import OrderedDict
from collections.abc import Sequence

import discord

from adapters.discord.buttons import Press
from adapters.discord.reading import Attached
from adapters.discord.texts import PromptTooLongForForm
from bot.commands.specification import command_of
from bot.jobs import Job
from bot.text import utf16_units

# Counted as Discord's clients count; https://discord.com/developers/docs/components/reference#text-input
MOST_TYPED = 4000
PROMPT = "prompt"
FILES = "files"
# Forms that may be open at once; the oldest is forgotten.
MOST_OPEN = 1000


def remix_form(press: Press, job: Job | None) -> discord.ui.Modal:
    """The prompt to be changed, and room for other files; raises PromptTooLongForForm."""
    prompt = job.request.prompt if job else ""
    if job and utf16_units(prompt) > MOST_TYPED:
        raise PromptTooLongForForm(MOST_TYPED, command_of(job.request.operation).name)
    form = discord.ui.Modal(title="Remix", custom_id=press.id)
    # An empty prompt may be what somebody wants where the model can do without.
    form.add_item(_prompt(prompt, required=False))
    upload: discord.ui.FileUpload[discord.ui.Modal] = discord.ui.FileUpload(
        custom_id=FILES, required=False, min_values=0, max_values=3
    )
    form.add_item(
        discord.ui.Label(
            text="Other files",
            description="Leave it empty to keep those of the original",
            component=upload,
        )
    )
    return form


def reference_form(ticket: str) -> discord.ui.Modal:
    """The words that go with files which were kept under a ticket."""
    form = discord.ui.Modal(title="Use as reference", custom_id=Press("reference", ticket).id)
    form.add_item(_prompt("", required=True))
    return form


def _prompt(text: str, *, required: bool) -> "discord.ui.Label[discord.ui.Modal]":
    field: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
        style=discord.TextStyle.paragraph,
        custom_id=PROMPT,
        default=text or None,
        required=required,
        max_length=MOST_TYPED,
    )
    return discord.ui.Label(text="What you want to see", component=field)


class References:
    """The files that open forms are about: without the message intent they cannot be asked for again."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, Sequence[Attached]] = OrderedDict()

    def keep(self, files: Sequence[Attached]) -> str:
        """Remember files; returns a ticket for them."""
        ticket = secrets.token_hex(8)
        self._files[ticket] = files
        while len(self._files) > MOST_OPEN:
            self._files.popitem(last=False)
        return ticket

    def take(self, ticket: str) -> Sequence[Attached] | None:
        return self._files.pop(ticket, None)
