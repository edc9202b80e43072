"""Results into a channel, down a ladder where Slack does not take the files; the text goes out always."""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from adapters.slack import words
from adapters.slack.api import SlackApi
from adapters.slack.errors import SlackRefused
from adapters.slack.uploads import TOO_LARGE, Uploads
from bot.messages.deliveries import limits_to_try, with_fitted
from bot.ports import Confirm, Fitted, Fitter, Reduction
from bot.views import Result

log = structlog.get_logger()

# github.com/slackapi/python-slack-sdk/issues/739; a workspace may be set to less.
MOST_BYTES = 1_000_000_000
MOST_TITLE = 120
# The workspace takes no file at all: uploads are turned off, or its storage is full.
NO_FILES = ("file_uploads_disabled", "storage_limit_reached")


class Ladder:
    """Finds the largest form of a result that Slack takes. Each step has a key of its own."""

    def __init__(self, uploads: Uploads, fitter: Fitter) -> None:
        self._uploads = uploads
        self._fitter = fitter

    async def share(
        self, api: SlackApi, channel: str, result: Result, key: str, confirm: Confirm
    ) -> Result:
        """Share a result's files; the result with what was shared, and what is to be said of it."""
        refused: int | None = None
        for number, limit in enumerate(limits_to_try(MOST_BYTES)):
            if not result.files or (refused is not None and limit >= refused):
                continue
            fitted = [await self._fitter.fit(media, limit) for media in result.files]
            if any(each.media is None or each.reduction is Reduction.POSTER for each in fitted):
                break
            shown = with_fitted(result, fitted)
            try:
                return await self._shared(
                    api, channel, shown, f"files:{key}{_step(number)}", confirm
                )
            except SlackRefused as error:
                if error.code in NO_FILES:
                    return _without_files(result, await self._posters(result), error.code)
                if error.code not in TOO_LARGE:
                    raise
                refused = max(media.size for media in shown.files)
                log.warning("upload refused for its size", size=refused, job=result.job_id)
        return await self._poster(api, channel, result, key, confirm) if result.files else result

    async def _poster(
        self, api: SlackApi, channel: str, result: Result, key: str, confirm: Confirm
    ) -> Result:
        """The last step: a picture of each file and how to get the original; or that alone."""
        posters = await self._posters(result)
        shown = with_fitted(result, posters)
        try:
            if shown.files:
                return await self._shared(api, channel, shown, f"files:{key}:poster", confirm)
        except SlackRefused as error:
            if error.code not in (*TOO_LARGE, *NO_FILES):
                raise
        left = [replace(each, media=None, reduction=Reduction.LEFT_OUT) for each in posters]
        return with_fitted(result, left)

    async def _posters(self, result: Result) -> list[Fitted]:
        return [await self._fitter.poster(media) for media in result.files]

    async def _shared(
        self, api: SlackApi, channel: str, shown: Result, key: str, confirm: Confirm
    ) -> Result:
        title = shown.prompt[:MOST_TITLE] or shown.files[0].name
        await self._uploads.share(api, channel, shown.files, key, shown.job_id, title, confirm)
        return shown


def _step(number: int) -> str:
    return f":{number}" if number else ""


def _without_files(result: Result, posters: Sequence[Fitted], code: str) -> Result:
    originals = [each.link or each.original.key for each in posters]
    return replace(result, files=(), text=(*result.text, "\n", *words.no_uploads(code, originals)))
