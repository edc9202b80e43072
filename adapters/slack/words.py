"""What is said only on Slack."""

from collections.abc import Sequence

from bot.text import Bold, Code, Link, Span, Text
from bot.views import Notice


def invite() -> Notice:
    return Notice(
        ("I am not in this channel, so nothing was started. Type ", Code("/invite @Dailies"),
         " here and send it again."),
    )  # fmt: skip


def outsider() -> Notice:
    return Notice(
        ("Dailies belongs to the other workspace of this shared channel: only its own members can "
         "run it. Nothing was started.",),
    )  # fmt: skip


def no_guests() -> Notice:
    return Notice(("Guests cannot run Dailies in this workspace. Ask an admin if that is wrong.",))


def no_file() -> Notice:
    return Notice(
        ("There is no image or video in that message. Choose one that has a file attached.",)
    )


def file_not_given(name: str) -> Notice:
    return Notice(
        ("Slack did not hand out ", Code(name[:60]), ": it sent a page to sign in instead. Ask an "
         "admin to install the app again, so that it may read files."),
    )  # fmt: skip


def file_elsewhere(name: str) -> Notice:
    return Notice(
        (Code(name[:60]), " lies outside of Slack. Upload the file itself and try again."),
    )


def file_lost(name: str) -> Notice:
    return Notice(("Slack no longer has ", Code(name[:60]), ". Upload it again."))


def no_uploads(code: str, originals: Sequence[str]) -> Text:
    """Where a workspace takes no file at all; originals are links, or names in the archive."""
    why = {"storage_limit_reached": "this workspace's storage is full"}.get(
        code, "this workspace does not allow uploads"
    )
    where: list[Span] = []
    for original in originals:
        linked = original.startswith("https://")
        where += (
            [" ", Link(original, "Original")] if linked else [" In the archive: ", Code(original)]
        )
    return (f"Slack took no file: {why}. Ask an admin to change that, then retry.", *where)


def no_form() -> Notice:
    return Notice(("Slack did not open the form in time. Send the command again.",))


def too_long_for_a_form() -> Notice:
    return Notice(
        ("A form cannot carry options as long as these. Send the command again with its prompt, or attach "
         "the files instead.",),
    )  # fmt: skip


def too_many_files(most: int) -> Notice:
    return Notice((f"{most} files are the most for one command. Leave some out.",))


def slack_trouble() -> Notice:
    return Notice(
        ("Slack did not answer, so nothing was started. Try again in a moment.",),
    )


def files_are_in_private(notice: Notice) -> Notice:
    """The same words, beside files that have gone to the person's own conversation with us."""
    return Notice((*notice.text, "\nThe files are in our own conversation."))


def greeting() -> Notice:
    return Notice(
        (Bold("Hello! "), "Try ", Code("imagine a lighthouse at dusk"), ", or attach an image and "
         "say ", Code("animate"), ". ", Code("help"), " lists everything."),
    )  # fmt: skip
