"""Jobs are accepted, each with its hold, or refused: all that ask in one moment together.

What they need to know is read in a few questions, decided here, and written in a few statements,
so that a command of many costs a fraction of one that comes alone.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from bot.credits import period_end
from bot.errors import Blocked, DailiesError, NotEnoughCredits, Paused, TooManyJobs
from bot.jobs import Job, room
from bot.quotas import Rule, paused_until, split
from storage.entries import bucket_kind, cap_bucket, ensure_buckets, grant_bucket
from storage.jobs import find
from storage.locks import in_order, keep_open
from storage.proposals import Known, Proposal, read
from storage.rows import among, insert_new, new_job_values, to_micros
from storage.rules import Defaults, chosen_rule
from storage.schema import buckets, hold_legs, holds, jobs, ledger, once
from storage.standings import Account as Standing
from storage.standings import account_of, open_buckets, used_uncounted


class Raced(Exception):
    """Somebody else took a key between our look and our writing: all is to be done again."""


@dataclass(frozen=True)
class _Account:
    """A bucket, the most that it may hold (None: no limit), and when it starts anew."""

    bucket: str
    limit: int | None
    resets_at: datetime | None = None


@dataclass(frozen=True)
class _Case:
    """A proposal with all that pays for it, and the caps that it must fit into."""

    proposal: Proposal
    allowance: int | None
    standing: Standing
    paying: list[_Account]
    caps: list[_Account]


@dataclass
class _Book:
    """What is going to be written, and how much of each bucket is used with it."""

    used: dict[str, int]
    accepted: list[_Case] = field(default_factory=list)
    legs: list[dict[str, Any]] = field(default_factory=list)
    keys: list[dict[str, Any]] = field(default_factory=list)

    def free(self, account: _Account) -> int | None:
        return None if account.limit is None else account.limit - self.used[account.bucket]


def accept(c: Connection, proposal: Proposal, defaults: Defaults) -> Job:
    """One alone, as a part of a larger transaction; raises what refuses it."""
    outcome = accept_all(c, [proposal], defaults)[0]
    if isinstance(outcome, DailiesError):
        raise outcome
    return outcome


def accept_all(
    c: Connection, proposals: Sequence[Proposal], defaults: Defaults
) -> list[Job | DailiesError]:
    """Insert each job with its hold, or find the one that a key of it made, or say why not.

    They are of one workspace, and no two share an owner or a key. Nothing is written of a job
    that is refused.
    """
    known = read(c, proposals, defaults)
    outcomes: dict[str, Job | DailiesError] = {}
    keys: list[dict[str, Any]] = []
    cases: list[_Case] = []
    for each in proposals:
        try:
            made = _made_before(each, known, keys)
            if made is None:
                cases.append(_case(each, known, defaults))
            else:
                outcomes[each.job.id] = find(c, made)
        except DailiesError as refusal:
            outcomes[each.job.id] = refusal
    book = _Book(_lock(c, cases, known), keys=keys)
    for case in cases:
        try:
            _hold(book, case)
        except DailiesError as refusal:
            outcomes[case.proposal.job.id] = refusal
    outcomes |= _write(c, book, known)
    return [outcomes[each.job.id] for each in proposals]


def _made_before(each: Proposal, known: Known, keys: list[dict[str, Any]]) -> str | None:
    """What one of the keys made already; the keys before it name that from now on."""
    for number, key in enumerate(each.keys):
        taken = known.keys.get(key.key)
        if taken is not None and taken.holds(key, each.now):
            keys += [_key(earlier.key, each, taken.job) for earlier in each.keys[:number]]
            return taken.job
    return None


def _key(key: str, each: Proposal, job_id: str) -> dict[str, Any]:
    return {"key": key, "at": to_micros(each.now), "job": job_id}


def _case(each: Proposal, known: Known, defaults: Defaults) -> _Case:
    """Who would pay; raises what refuses the owner whatever there is left."""
    job, member = each.job, each.job.owner.id
    moderation = defaults.moderation
    until = paused_until(known.strikes.get(member, []), moderation, each.now)
    if until is not None:
        raise Paused(until)
    if not each.approved and known.open_holds.get(member, 0) >= defaults.jobs_in_flight:
        raise TooManyJobs(defaults.jobs_in_flight)
    rule = chosen_rule(known.rules, job.owner, each.roles, defaults)
    if rule.allowance.blocked:
        raise Blocked(rule.scope)
    period, credits = rule.allowance.period, rule.allowance.credits
    standing = account_of(job.owner, period, each.now, known.zone)
    own = _Account(standing.bucket, credits, period_end(each.now, period, known.zone))
    # The caps come last, because all of a workspace's members wait for each other there.
    scopes = ("workspace", f"channel:{room(job.channel)}")
    caps = [_cap(each, known.rules[scope], known) for scope in scopes if scope in known.rules]
    return _Case(each, credits, standing, [own, *_granted(each, known)], caps)


def _granted(each: Proposal, known: Known) -> list[_Account]:
    workspace, now = each.job.owner.workspace, to_micros(each.now)
    return [
        _Account(grant_bucket(workspace, grant.id), grant.credits)
        for grant in known.grants.get(each.job.owner.id, [])
        if grant.expires_at is None or grant.expires_at > now
    ]


def _cap(each: Proposal, rule: Rule, known: Known) -> _Account:
    period = rule.allowance.period
    bucket = cap_bucket(each.job.owner.workspace, rule.scope, period, each.now, known.zone)
    return _Account(bucket, rule.allowance.credits, period_end(each.now, period, known.zone))


def _lock(c: Connection, cases: Sequence[_Case], known: Known) -> dict[str, int]:
    """Lock all that may change, in the order of a settlement; how much each bucket is used."""
    fresh = [case for case in cases if not _is_current(case, known)]
    if fresh:
        owners = [case.standing.member for case in fresh]
        keep_open(c, owners[0].workspace, [owner.id for owner in owners])
    own = sorted(case.standing.bucket for case in cases)
    given = sorted(account.bucket for case in cases for account in case.paying[1:])
    caps = sorted({account.bucket for case in cases for account in case.caps})
    used = _used(c, [*own, *given, *caps])
    missing = [bucket for bucket in (*given, *caps) if bucket not in used]
    if missing:
        ensure_buckets(c, missing)
        used |= _used(c, missing)
    # A bucket that is not the member's current one is opened when something is held in it.
    if fresh:
        uncounted = used_uncounted(c, [case.standing for case in fresh])
        used |= {bucket: held + captured for bucket, (held, captured) in uncounted.items()}
    return used


def _is_current(case: _Case, known: Known) -> bool:
    return known.buckets.get(case.proposal.job.owner.id) == case.standing.bucket


def _used(c: Connection, ids: Sequence[str]) -> dict[str, int]:
    if not ids:
        return {}
    query = select(buckets.c.id, (buckets.c.held + buckets.c.captured).label("used"))
    query = in_order(c, query.where(among(c, buckets.c.id, ids)), buckets.c.id, ids)
    return {row.id: row.used for row in c.execute(query.with_for_update())}


def _hold(book: _Book, case: _Case) -> None:
    """Divide the price over what pays and count it towards the caps; raises NotEnoughCredits."""
    price = case.proposal.job.request.price
    free = [book.free(account) for account in case.paying]
    parts = split(price, free)
    if parts is None:
        left = sum(max(0, available or 0) for available in free)
        raise NotEnoughCredits(price, left, case.paying[0].resets_at)
    if not case.proposal.approved:
        _check_caps(book, case, price)
    paid = [
        (account.bucket, part, True)
        for number, (account, part) in enumerate(zip(case.paying, parts, strict=True))
        if part or number == 0
    ]
    counted = [(cap.bucket, price, False) for cap in case.caps]
    for place, (bucket, amount, pays) in enumerate([*paid, *counted]):
        leg = {"job": case.proposal.job.id, "bucket": bucket, "place": place}
        book.legs.append({**leg, "amount": amount, "pays": int(pays)})
        book.used[bucket] += amount
    book.accepted.append(case)
    keys = case.proposal.keys
    book.keys += [_key(key.key, case.proposal, case.proposal.job.id) for key in keys]


def _check_caps(book: _Book, case: _Case, price: int) -> None:
    for cap in case.caps:
        free, kind = book.free(cap), bucket_kind(cap.bucket)
        if free is not None and free < price:
            is_budget = kind == "budget"
            raise NotEnoughCredits(
                price, max(0, free), cap.resets_at, team=is_budget, channel=not is_budget
            )


def _write(c: Connection, book: _Book, known: Known) -> dict[str, Job]:
    """Write the accepted jobs with all that is held for them."""
    _take_keys(c, book.keys, known)
    if not book.accepted:
        return {}
    proposed = {case.proposal.job.id: case.proposal.job for case in book.accepted}
    rows = [new_job_values(job) for job in proposed.values()]
    numbers = c.execute(insert(jobs).returning(jobs.c.id, jobs.c.seq), rows).all()
    fresh = [case.standing for case in book.accepted if not _is_current(case, known)]
    if fresh:
        open_buckets(c, fresh, book.accepted[0].proposal.now)
    c.execute(insert(holds), [_hold_row(case) for case in book.accepted])
    c.execute(insert(hold_legs), book.legs)
    at = {case.proposal.job.id: to_micros(case.proposal.now) for case in book.accepted}
    c.execute(
        insert(ledger), [_entry(leg, proposed[leg["job"]], at[leg["job"]]) for leg in book.legs]
    )
    added: defaultdict[str, int] = defaultdict(int)
    for leg in book.legs:
        added[leg["bucket"]] += leg["amount"]
    if more := [{"bucket": bucket, "more": more} for bucket, more in added.items() if more]:
        c.execute(_ADD, more)
    return {row.id: replace(proposed[row.id], seq=row.seq) for row in numbers}


_ADD = (
    update(buckets)
    .where(buckets.c.id == bindparam("bucket"))
    .values(held=buckets.c.held + bindparam("more"))
)


def _hold_row(case: _Case) -> dict[str, Any]:
    job = case.proposal.job
    row = {"job": job.id, "workspace": job.owner.workspace, "member": job.owner.id}
    return {**row, "amount": job.request.price, "allowance": case.allowance, "open": 1}


def _entry(leg: dict[str, Any], job: Job, at: int) -> dict[str, Any]:
    """The entry that a leg begins with; see storage.entries.move."""
    member = job.owner.id if leg["pays"] else None
    row = {"job": job.id, "bucket": leg["bucket"], "workspace": job.owner.workspace}
    return {**row, "member": member, "kind": "hold", "held": leg["amount"], "captured": 0, "at": at}


def _take_keys(c: Connection, keys: Sequence[dict[str, Any]], known: Known) -> None:
    """Take keys that were free a moment ago; raises Raced when one is not any more."""
    fresh = [key for key in keys if key["key"] not in known.keys]
    if fresh:
        free = insert_new(c, once).returning(once.c.key)
        if len(c.execute(free, fresh).all()) != len(fresh):
            raise Raced
    for key in keys:
        old = known.keys.get(key["key"])
        if old is not None:
            same = update(once).where(once.c.key == key["key"], once.c.at == old.at)
            if c.execute(same.values(at=key["at"], job=key["job"])).rowcount != 1:
                raise Raced
