"""What only Discord has to say."""

import structlog

from adapters.discord.rights import NotPermitted
from bot.desk.generation import new_job_id
from bot.errors import ChatError, Refused
from bot.jobs import Job
from bot.messages.refusals import refusal_notice
from bot.messages.replies import failed_inside_text
from bot.messages.words import together
from bot.text import Bold, Code, Text
from bot.views import Notice

log = structlog.get_logger()

# Instead of a public answer that was begun and cannot be taken back.
ELSEWHERE = "The answer is in another message."


class FormExpired(Refused):
    """A form whose file nobody remembers any more."""


class NoFile(Refused):
    """A message menu on a message without an image or a video."""


class NotInServer(Refused):
    """A button in a direct message, about a server that its person has left."""


class NotFetched(Refused):
    """An attachment that Discord did not give us; `name` is its name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class PromptTooLongForForm(Refused):
    """A prompt of more than the `limit` characters that a form holds; `command` takes it whole."""

    def __init__(self, limit: int, command: str) -> None:
        super().__init__(command)
        self.limit, self.command = limit, command


def refused(error: Refused) -> Notice:
    """A refusal, of the core or of ours."""
    match error:
        case NotPermitted(missing=missing):
            return Notice(_not_permitted(missing))
        case FormExpired():
            return Notice(("That form was open for too long. Open it again and send it anew.",))
        case NoFile():
            return Notice(("There is no image and no video in that message.",))
        case NotInServer():
            return Notice(("You are not in that server any more; nothing was charged.",))
        case NotFetched(name=name):
            return Notice((Code(name), " could not be fetched from Discord. Attach it again."))
        case PromptTooLongForForm(limit=limit, command=command):
            return Notice(_too_long_for_form(limit, command))
        case _:
            return refusal_notice(error)


def failed(error: BaseException) -> Notice:
    """What is said when the fault is ours; the log has the rest."""
    reference = new_job_id()
    if isinstance(error, ChatError):
        log.warning("not answered", reference=reference, error=str(error))
    else:
        log.error("an interaction failed", reference=reference, exc_info=error)
    return Notice(failed_inside_text(reference))


def lost(answer: Job | Notice) -> Notice:
    """Instead of an answer that Discord did not take; one with buttons was only a question."""
    if isinstance(answer, Notice) and answer.buttons:
        return Notice(("My question to you was lost, and nothing has begun. Ask again.",))
    return Notice(
        (
            "That is done, but my answer to it was lost. Look at ",
            Code("/history"),
            " or ",
            Code("/quota history"),
            " before you ask for it again.",
        )
    )


def only_in_servers() -> Notice:
    return Notice(("Dailies works in servers, not in direct messages.",))


def unknown_place() -> Notice:
    return Notice(("This is a kind of channel that I do not know. Ask in a text channel.",))


def unknown_button() -> Notice:
    return Notice(("There is nothing like that to do with this message.",))


def started() -> Notice:
    return Notice(("It is in the queue; its card is in the channel.",))


def _too_long_for_form(limit: int, command: str) -> Text:
    return (
        f"A form holds {limit} characters, and this prompt has more. Send it changed with ",
        Code(f"/{command}"),
        ".",
    )


def _not_permitted(missing: list[str]) -> Text:
    return (
        "I cannot post results here: I lack ",
        Bold(together(missing)),
        ". Ask an admin to allow it for me in this channel. Nothing was charged.",
    )
