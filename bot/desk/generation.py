"""From a command with its files to a job: looked into, planned, made acceptable, accepted."""

import secrets
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from bot import errors
from bot.cards.follow_ups import follow_up, remixed
from bot.catalog import Catalog
from bot.commands.fitting import changes
from bot.commands.invocations import Invocation, Origin
from bot.commands.references import References, take_links
from bot.commands.specification import attachment_kinds
from bot.commands.validation import MOST_SEED, Plan, check_typed, plan_request
from bot.desk.acceptance import Acceptance
from bot.jobs import Cause, Job
from bot.ports import Library, Once
from bot.requests import GenerationRequest, Kind, Media
from bot.views import Notice

# Short enough to read out, and 32^10 of them.
JOB_ID_LENGTH = 10
_JOB_ID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


# The same person asking for the same action on the same message within this time is one request.
ONCE_WINDOW = timedelta(seconds=3)


@dataclass
class _Kept:
    medias: list[Media] = field(default_factory=list)
    answer: Job | Notice = field(default_factory=lambda: Notice(()))
    handed_over: bool = False  # from here on there may be a job, whatever we hear of it


class Generation:
    """Carries out the commands that make something."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        library: Library,
        references: References,
        acceptance: Acceptance,
    ) -> None:
        self._catalog = catalog
        self._library = library
        self._references = references
        self._acceptance = acceptance

    def check(self, invocation: Invocation, files: Sequence[tuple[str, Kind]]) -> None:
        """Refuse what no file has to be opened for; `files` are names, and kinds as somebody says."""
        spec, typed = invocation.spec, invocation.arguments.get("prompt", "")
        prompt, links = take_links(typed, attachment_kinds(spec, self._catalog))
        said = [Media("", kind, "", 0, "", name) for name, kind in files]
        # What a reference is, and so which model takes it, is only known once it has been found.
        if "ref" not in invocation.options:
            check_typed(self._catalog, spec, prompt, invocation.options, [*said, *links])
        self._acceptance.check_words(typed)

    async def run(
        self, invocation: Invocation, cause: Cause = Cause.COMMAND, parent: str | None = None
    ) -> Job | Notice:
        """The accepted job, or the question whether it may run; raises a Refused.

        Nothing of a refused command stays in the archive.
        """
        job_id = new_job_id()
        if invocation.files or "ref" in invocation.options:
            # To look into a video and convert it takes minutes.
            await self._acceptance.check_owner(invocation.origin)
        async with self._kept_for(job_id) as kept:
            request = await self._request(invocation, job_id, kept.medias)
            kept.handed_over = True
            kept.answer = await self._acceptance.submit(
                invocation.origin, request, cause, job_id, parent=parent
            )
        return kept.answer

    async def remix(self, origin: Origin, job: Job, prompt: str) -> Job | Notice:
        """A job's request again with another prompt; raises a Refused."""
        request = remixed(self._catalog, job, prompt, pick_seed)
        await self._check_kept(given.media for given in request.inputs)
        return await self._acceptance.submit(
            origin, request, Cause.REMIX, new_job_id(), parent=job.id
        )

    async def follow_up(self, origin: Origin, action: Cause, job: Job) -> Job | Notice:
        """Do with a job's result what a button or a reaction asks for; raises a Refused."""
        request, job_id = follow_up(self._catalog, job, action, pick_seed), new_job_id()
        await self._check_kept(given.media for given in request.inputs)
        same = f"{origin.member.workspace}|{origin.member.id}|{action}|{job.id}"
        async with self._kept_for(job_id) as kept:
            if action is Cause.EXTEND:
                frame = await self._library.last_frame(job.outputs[0], f"inputs/{job_id}/end")
                kept.medias.append(frame)
                begins = replace(request.inputs[0], media=frame)
                request = replace(request, inputs=(begins, *request.inputs[1:]))
            kept.handed_over = True
            kept.answer = await self._acceptance.submit(
                origin, request, action, job_id, parent=job.id, once=[Once(same, ONCE_WINDOW)]
            )
        return kept.answer

    @asynccontextmanager
    async def _kept_for(self, job_id: str) -> AsyncIterator["_Kept"]:
        """Files that are kept for a job; they go again when it does not come to be."""
        kept = _Kept()
        try:
            yield kept
        except BaseException as error:
            if not kept.handed_over or is_final(error):
                await self._discard(kept)
            raise
        if isinstance(kept.answer, Job) and kept.answer.id != job_id:
            await self._discard(kept)

    async def _discard(self, kept: "_Kept") -> None:
        for media in kept.medias:
            await self._library.discard(media)

    async def _request(
        self, invocation: Invocation, job_id: str, kept: list[Media]
    ) -> GenerationRequest:
        kinds = attachment_kinds(invocation.spec, self._catalog)
        prompt, links = take_links(invocation.arguments.get("prompt", ""), kinds)
        attached = {
            media.key: (media, file.path)
            for number, file in enumerate(invocation.files)
            for media in [
                await self._library.look_into(file.path, file.name, f"inputs/{job_id}/{number}")
            ]
        }
        reused = await self._reused(invocation, kinds, job_id, kept)
        files = [*(media for media, _ in attached.values()), *links, *reused]
        plan = plan_request(
            self._catalog, invocation.spec, prompt, invocation.options, files, pick_seed
        )
        paths = {key: path for key, (_, path) in attached.items()}
        became = {
            media.key: await self._adapt(media, plan, paths, f"inputs/{job_id}", kept)
            for media in files
        }
        return plan.with_files(became)

    async def _reused(
        self, invocation: Invocation, kinds: Sequence[Kind], job_id: str, kept: list[Media]
    ) -> list[Media]:
        """What `--ref` names; of a video where only images are taken, its last picture."""
        named = invocation.options.get("ref")
        if named is None:
            return []
        found = await self._references.find(invocation.origin, named, kinds)
        await self._check_kept(found)
        for number, media in enumerate(found):
            if media.kind is Kind.VIDEO and Kind.VIDEO not in kinds and not media.is_link:
                frame = await self._library.last_frame(media, f"inputs/{job_id}/ref{number}")
                kept.append(frame)
                found[number] = frame
        return list(dict.fromkeys(found))

    async def _check_kept(self, medias: Iterable[Media]) -> None:
        """Refuse what needs a file that was tidied away since; raises FileGone."""
        for media in medias:
            if not media.is_link and not await self._library.has(media):
                raise errors.FileGone(media.name)

    async def _adapt(
        self, media: Media, plan: Plan, paths: dict[str, Path], stem: str, kept: list[Media]
    ) -> Media:
        """Make a file acceptable and keep it; what is kept already is copied only to be changed."""
        fit, path = plan.fits[media.key], paths.get(media.key)
        if media.is_link:
            return media
        if path is not None:
            made = await self._library.adapt(media, path, fit)
            await self._library.keep(made, path)
        elif changes(media, fit):
            made = await self._library.adapt_kept(media, fit, f"{stem}/fit{len(kept)}")
        else:
            return media
        kept.append(made)
        return made


def is_final(error: BaseException) -> bool:
    """Whether a request was refused for good: nothing that was written needs its files."""
    if isinstance(error, errors.NotEnoughCredits):
        return error.draft is None  # an admin can still be asked
    # A commit whose answer is lost may have happened.
    return isinstance(error, errors.Refused) and not isinstance(error, errors.StorageUnavailable)


def new_job_id() -> str:
    """An id that no other job has; also what a failure is called by, for the log."""
    return "".join(secrets.choice(_JOB_ID_LETTERS) for _ in range(JOB_ID_LENGTH))


def pick_seed() -> int:
    """Any seed that Runway takes."""
    return secrets.randbelow(MOST_SEED + 1)
