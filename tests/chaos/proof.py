"""What the books say when everything has come to rest."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.jobs import Job, State, room
from tests.scenario.evidence import Accounts, Books, violations
from tests.scenario.page import Message, shown_of


@dataclass(frozen=True)
class Evidence:
    """Every book of a run: Runway's, ours, the chat's, and what people were answered."""

    books: Books
    accounts: Accounts
    messages: Sequence[Message]
    accepted: Sequence[str]
    job_of_event: Mapping[str, str]
    complaints: Sequence[str] = ()
    gone: Collection[str] = ()

    @property
    def unseen(self) -> list[Job]:
        """Jobs whose channel was deleted: nobody sees any more what was posted of them."""
        return [job for job in self.accounts.jobs if room(job.channel) in self.gone]


@dataclass
class Verdict:
    """0 everywhere is the promise; `broken` says in words what was not kept."""

    lost: int = 0
    created_twice: int = 0
    posted_twice: int = 0
    unaccounted_credits: int = 0
    uncertain: int = 0
    jobs: int = 0
    broken: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        counts = (self.lost, self.created_twice, self.posted_twice, self.unaccounted_credits)
        return not any(counts) and not self.broken


def judge(evidence: Evidence) -> Verdict:
    accounts = evidence.accounts
    verdict = Verdict(jobs=len(accounts.jobs))
    unseen = {job.id for job in evidence.unseen}
    verdict.broken += violations(evidence.books, accounts, evidence.messages, unseen)
    verdict.broken += _untold(evidence)
    verdict.broken += _outputs_posted_wrong(evidence)
    verdict.broken += evidence.complaints
    verdict.uncertain = sum(job.state is State.UNCERTAIN for job in accounts.jobs)
    verdict.lost = _lost(evidence, verdict.broken)
    verdict.created_twice = _created_twice(evidence, verdict.broken)
    verdict.posted_twice = _posted_twice(evidence)
    verdict.unaccounted_credits = _unaccounted(evidence)
    return verdict


def _lost(evidence: Evidence, broken: list[str]) -> int:
    """Jobs without an end, and commands that were answered with yes and made no job."""
    known = {job.id for job in evidence.accounts.jobs}
    unmade = [e for e in evidence.accepted if evidence.job_of_event.get(e) not in known]
    broken += [f"lost: {event} was accepted and made no job" for event in unmade]
    open_jobs = [j for j in evidence.accounts.jobs if not (j.state.is_over and j.told)]
    return len(unmade) + len(open_jobs)


def _created_twice(evidence: Evidence, broken: list[str]) -> int:
    """Creates of one body, and jobs of one command: each command has a prompt of its own."""
    bodies = Counter(create["body_sha256"] for create in evidence.books.creates)
    prompts = Counter(job.request.prompt for job in evidence.accounts.jobs)
    broken += [f"{n} creates of one body" for n in bodies.values() if n > 1]
    broken += [f"{n} jobs of one command: {prompt}" for prompt, n in prompts.items() if n > 1]
    return sum(n - 1 for n in [*bodies.values(), *prompts.values()])


def _posted_twice(evidence: Evidence) -> int:
    shown = [shown_of(evidence.messages, job.id) for job in evidence.accounts.jobs]
    outputs = _outputs(evidence)
    twice = sum(max(0, len(each.cards) - 1) + max(0, len(each.ends) - 1) for each in shown)
    return twice + sum(posted - 1 for posted in outputs.values() if posted > 1)


def _outputs_posted_wrong(evidence: Evidence) -> Iterable[str]:
    """Here a job has one output, which its end shows once; no other end shows any."""
    outputs = _outputs(evidence)
    unseen = {job.id for job in evidence.unseen}
    for job in evidence.accounts.jobs:
        wanted = int(job.state is State.DELIVERED)
        if outputs[job.id] != wanted and job.id not in unseen:
            yield f"{job.id} is {job.state} and its output was posted {outputs[job.id]} times"
    known = {job.id for job in evidence.accounts.jobs}
    for message in evidence.messages:
        if message["card"] and message["job_id"] not in known:
            yield f"a card of {message['job_id']}, which is no job"


def _untold(evidence: Evidence) -> Iterable[str]:
    """Whose channel was gone when the end was to be posted hears of it directly."""
    told = {message["job_id"] for message in evidence.messages if message["private"]}
    for job in evidence.unseen:
        posted = job.result is not None or job.state is State.CANCELLED
        if not posted and job.id not in told:
            yield f"{job.id} is {job.state}, its channel is gone, and its owner was not told"


def _outputs(evidence: Evidence) -> Counter[str]:
    """How often the output of each job was posted, by the job's id in the file's name."""
    names = [name for message in evidence.messages for name in message["files"]]
    return Counter(name.partition(".")[0].rpartition("-")[2] for name in names)


def _unaccounted(evidence: Evidence) -> int:
    """Credits that Runway took and we did not book, or the other way round.

    A job that is openly marked may be off by what was booked as unreconciled, and no more.
    """
    accounts, off = evidence.accounts, 0
    owned = 0
    for job in accounts.jobs:
        task = evidence.books.tasks.get(job.task_id or "")
        theirs = task["cost"] if task else 0
        owned += theirs
        ours = accounts.captured(job.id) + accounts.captured(job.id, "workspace")
        if not accounts.captured(job.id, "unreconciled"):
            off += abs(ours - theirs)
    marked = sum(accounts.captured(job.id, "unreconciled") for job in accounts.jobs)
    return off + max(0, evidence.books.charged - owned - marked)
