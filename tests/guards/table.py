"""Every guard against a job lost, made, posted or charged twice, and the tests that miss it."""

from dataclasses import dataclass

LIFE = "tests/storage/test_life.py::test_"
REPLICAS = "tests/storage/test_replicas.py::test_"
SHARES = "tests/storage/test_shares.py::test_"
ACCEPT = "tests/storage/test_accept.py::test_"
TOGETHER = "tests/storage/test_accept_together.py::test_"
RACES = "tests/scenario/test_races.py::test_"
TABLES = "storage/migrations/versions/0001_first_tables.py"


@dataclass(frozen=True)
class Guard:
    """A text that is once in a file, what stands there without the guard, and who must notice."""

    file: str
    text: str
    instead: str
    tests: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file}: {' '.join(self.text.split())[:70]}"


def _guard(file: str, text: str, instead: str, *tests: str) -> Guard:
    return Guard(file, text, instead, tests)


LIVES = (
    _guard(
        "storage/jobs.py",
        "jobs.c.state == job.state.value, jobs.c.fence",
        "jobs.c.fence",
        f"{LIFE}of_many_that_want_to_take_the_same_step_one_does[sqlite]",
    ),
    _guard(
        "storage/jobs.py",
        "job.state.value, jobs.c.fence == job.fence)",
        "job.state.value)",
        f"{REPLICAS}whoever_lost_a_job_changes_nothing_any_more[sqlite]",
    ),
    _guard(
        "storage/jobs.py",
        "    job.moved(to)  # refuses a step that the life does not have\n",
        "",
        f"{LIFE}a_step_that_the_life_does_not_have_is_stale[sqlite]",
    ),
    _guard(
        "storage/jobs.py",
        "jobs.c.id == job_id, jobs.c.card.is_(None)",
        "jobs.c.id == job_id",
        f"{LIFE}the_first_card_of_a_job_stays_its_card[sqlite]",
    ),
    _guard(
        "storage/ledger.py",
        "holds.c.job == job.id, holds.c.open == 1",
        "holds.c.job == job.id",
        f"{LIFE}a_hold_is_settled_once_even_by_one_who_does_not_ask_for_the_state[sqlite]",
    ),
    _guard(
        TABLES,
        '        sa.UniqueConstraint("job", "bucket", "kind", name="ledger_once"),\n',
        "",
        f"{LIFE}of_one_kind_a_bucket_has_one_entry_for_a_job[sqlite]",
    ),
    _guard(
        TABLES,
        '        sa.UniqueConstraint("task_id"),\n',
        "",
        f"{LIFE}a_task_belongs_to_one_job[sqlite]",
    ),
    _guard(
        "bot/worker.py",
        "if job.state is State.SUBMITTING:",
        "if False:",
        "tests/scenario/test_kills.py::test_a_job_outlives_the_death_of_the_process[submit.sent]",
    ),
)

ACCEPTED = (
    _guard(
        "storage/acceptance.py",
        "if len(c.execute(free, fresh).all()) != len(fresh):",
        "if c.execute(free, fresh).all() is None:",
        f"{TOGETHER}a_key_of_two_replicas_makes_one_job[postgresql]",
    ),
    _guard(
        "storage/acceptance.py",
        'once.c.key == key["key"], once.c.at == old.at)',
        'once.c.key == key["key"])',
        f"{TOGETHER}a_key_of_two_replicas_makes_one_job[postgresql]",
        f"{TOGETHER}a_key_that_is_free_again_is_taken_by_one_of_two_replicas[postgresql]",
    ),
    _guard(
        "storage/acceptance.py",
        "if taken is not None and taken.holds(key, each.now):",
        "if taken is not None and key.window and taken.holds(key, each.now):",
        f"{ACCEPT}an_event_makes_one_job_for_ever[sqlite]",
    ),
    _guard(
        "storage/acceptance.py",
        "query.with_for_update())}",
        "query)}",
        f"{TOGETHER}a_budget_holds_against_many_members_of_two_replicas[postgresql]",
    ),
    _guard(
        "storage/acceptance.py",
        "if not each.approved and known.open_holds",
        "if False and known.open_holds",
        f"{ACCEPT}the_limit_of_jobs_holds_against_many_at_once[sqlite]",
    ),
    _guard(
        "storage/jobs.py",
        '    return c.execute(upsert(c, once, {"key": key.key}, values, replace=False)).rowcount == 1',
        '    return c.execute(upsert(c, once, {"key": key.key}, values)).rowcount == 1',
        f"{ACCEPT}a_clock_that_jumps_back_does_not_keep_a_key_taken[sqlite]",
    ),
    _guard(
        "storage/jobs.py",
        "        return c.execute(statement).rowcount == 1\n    # What",
        "        c.execute(statement)\n        return True\n    # What",
        f"{ACCEPT}a_key_without_a_window_is_taken_once[sqlite]",
    ),
    _guard(
        "storage/drafts.py",
        "where(drafts.c.id == draft_id, held)",
        "where(drafts.c.id == draft_id)",
        "tests/quotas/test_drafts.py::test_two_admins_at_once_approve_once[sqlite]",
    ),
    _guard(
        "storage/sqlite.py",
        "        if not _is_open(connection):\n            raise\n",
        "        if not _is_open(connection):\n            return _Outcome(error=error)\n",
        "tests/storage/test_group_commit.py::"
        "test_a_disk_that_fills_up_in_the_middle_of_a_batch_undoes_it_and_says_so_to_all",
    ),
)

OWNED = (
    _guard(
        "storage/turns.py",
        "    if not c.execute(select(lives(replica))).scalar_one():\n        return []\n",
        "",
        f"{REPLICAS}whoever_has_no_lease_takes_nothing[sqlite]",
    ),
    _guard(
        "storage/turns.py",
        'serialise(c, "turns")',
        "pass",
        f"{REPLICAS}turns_are_given_out_once_and_within_the_limits_of_all_together[postgresql]",
    ),
    _guard(
        "storage/turns.py",
        "State.QUEUED.value, _is_free(), lives(replica))",
        "State.QUEUED.value, lives(replica))",
        f"{REPLICAS}only_a_dead_replicas_jobs_are_taken_over_and_each_once[sqlite]",
    ),
    _guard(
        "storage/turns.py",
        "State.QUEUED.value, _is_free(), lives(replica))",
        "State.QUEUED.value, _is_free())",
        f"{REPLICAS}whoever_has_no_lease_takes_nothing[sqlite]",
    ),
    _guard(
        "storage/turns.py",
        ".with_for_update(skip_locked=True)",
        "",
        f"{REPLICAS}only_a_dead_replicas_jobs_are_taken_over_and_each_once[postgresql]",
    ),
    _guard(
        "storage/turns.py",
        "fence=table.c.fence + 1",
        "fence=table.c.fence",
        f"{REPLICAS}whoever_lost_a_job_changes_nothing_any_more[sqlite]",
    ),
    _guard(
        "storage/turns.py",
        "table.c.fence == job.fence, table.c.state == State.QUEUED.value",
        "table.c.state == State.QUEUED.value",
        f"{REPLICAS}letting_go_too_late_takes_nothing_from_the_next_holder[sqlite]",
    ),
    _guard(
        "storage/turns.py",
        "table.c.fence == job.fence, table.c.state == State.QUEUED.value",
        "table.c.fence == job.fence",
        f"{REPLICAS}what_has_left_the_queue_is_not_let_go[sqlite]",
    ),
    _guard(
        "storage/turns.py",
        "        table.c.state == job.state.value,\n",
        "",
        f"{REPLICAS}a_job_that_has_moved_on_is_not_confirmed_as_it_was[sqlite]",
    ),
    _guard(
        "storage/turns.py",
        "        table.c.fence == job.fence,\n",
        "",
        f"{REPLICAS}a_step_from_before_the_job_came_back_is_not_confirmed[sqlite]",
    ),
    _guard(
        "storage/turns.py",
        "        table.c.holder == replica,\n        is_held",
        "        is_held",
        f"{REPLICAS}a_fence_alone_does_not_make_a_job_ones_own[sqlite]",
    ),
    _guard(
        "storage/turns.py",
        "        is_held(table.c.holder),\n",
        "",
        f"{REPLICAS}whoever_lost_a_job_changes_nothing_any_more[sqlite]",
    ),
    _guard(
        "storage/jobs.py",
        "State.QUEUED.value, not_(is_held(jobs.c.holder)))",
        "State.QUEUED.value)",
        f"{REPLICAS}a_job_whose_turn_is_taken_is_nobody_elses_however_much_room_there_is[sqlite]",
    ),
    _guard(
        "storage/jobs.py",
        "or_(_IS_THERE, _IS_TAKEN)",
        "_IS_THERE",
        f"{REPLICAS}turns_are_given_out_once_and_within_the_limits_of_all_together[sqlite]",
    ),
    _guard(
        "storage/replicas.py",
        "where(replicas.c.id == replica, runs)",
        "where(replicas.c.id == replica)",
        f"{REPLICAS}a_lease_is_renewed_while_it_runs_and_never_afterwards[sqlite]",
    ),
    _guard(
        "storage/replicas.py",
        "shares.c.number < size, is_held(shares.c.holder)",
        "shares.c.number < size",
        f"{SHARES}shares_are_even_and_nobodys_twice[sqlite]",
    ),
    _guard(
        "storage/replicas.py",
        '    serialise(c, f"share|{group}")\n',
        "",
        f"{SHARES}shares_that_are_asked_for_at_once_are_nobodys_twice[postgresql]",
    ),
    _guard(
        "storage/replicas.py",
        "    if not c.execute(select(lives(replica))).scalar_one():\n        return frozenset()\n",
        "",
        f"{SHARES}whoever_has_no_lease_has_no_share[sqlite]",
    ),
)

DONE = (
    _guard(
        "storage/receipts.py",
        "_change(receipt, changes).where(as_read)",
        "_change(receipt, changes)",
        "tests/slack/test_sharing.py::test_who_stood_still_while_another_began_anew_shares_nothing",
    ),
    _guard(
        "storage/receipts.py",
        "replace=False)).rowcount == 1:",
        "replace=False)).rowcount >= 0:",
        "tests/storage/test_receipts.py::"
        "test_of_many_that_begin_a_receipt_one_has_begun_it[postgresql]",
    ),
    _guard(
        "storage/notices.py",
        '{"key": f"books|{workspace}|{day}"}, row, replace=False)',
        '{"key": f"books|{workspace}|{day}"}, row)',
        "tests/quotas/test_daily_look.py::test_a_look_that_two_replicas_made_at_once_is_told_once",
    ),
    _guard(
        "storage/quota.py",
        'if all(jobs.first_time(c, key, "", change.at) for key in once):',
        'if [jobs.first_time(c, key, "", change.at) for key in once] is not None:',
        "tests/slack/test_faults.py::"
        "test_credits_are_granted_once_also_when_the_command_comes_again_after_a_restart",
    ),
    _guard(
        "storage/lock.py",
        "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_SH | fcntl.LOCK_NB",
        "tests/scenario/test_startup.py",
    ),
    _guard(
        "bot/steps/submit.py",
        "            await self._storage.confirm(job, self._replica.id)\n",
        "",
        f"{RACES}what_was_certainly_not_sent_waits_again_instead_of_being_uncertain",
    ),
    _guard(
        "bot/steps/submit.py",
        "            self._replica.check()\n        except (StaleJob",
        "        except (StaleJob",
        f"{RACES}whoever_slept_through_the_lease_sends_nothing",
    ),
    _guard(
        "bot/steps/deliver.py",
        "        await self._storage.confirm(job, self._replica.id)\n",
        "",
        f"{RACES}a_result_is_not_posted_by_whoever_lost_the_lease[end_leases]",
    ),
    _guard(
        "bot/steps/deliver.py",
        '        self._replica.check()\n        failpoint("deliver.checked")',
        '        failpoint("deliver.checked")',
        f"{RACES}a_result_is_not_posted_by_whoever_lost_the_lease[sleep_long]",
    ),
    _guard(
        "bot/presenter.py",
        "            if now.card is not None and now.card != ref:",
        "            if False:",
        "tests/discord/test_faults.py::test_the_second_card_of_a_job_is_deleted",
    ),
    _guard(
        "bot/worker.py",
        "        if now.fence != job.fence:",
        "        if False:",
        f"{RACES}a_job_that_went_to_another_replica_is_not_watched",
    ),
    _guard(
        "bot/steps/watch.py",
        "        if here - watched.gone_at < GRACE_SECONDS:",
        "        if False:",
        "tests/scenario/test_patience.py::"
        "test_a_task_is_taken_for_gone_when_it_is_unknown_for_long_whatever_the_clock_says",
    ),
)

GUARDS = (*LIVES, *ACCEPTED, *OWNED, *DONE)
