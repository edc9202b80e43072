"""Guards of what one replica has to itself, and of what it does."""

from tests.guards.guard import BACK, LEASES, RACES, REPLICAS, SHARES, guard

OWNED = (
    guard(
        "storage/turns.py",
        "    if not c.execute(select(lives(replica))).scalar_one():\n        return []\n",
        "",
        f"{REPLICAS}whoever_has_no_lease_takes_nothing[sqlite]",
    ),
    guard(
        "storage/turns.py",
        'serialise(c, "turns")',
        "pass",
        f"{REPLICAS}turns_are_given_out_once_and_within_the_limits_of_all_together[postgresql]",
    ),
    guard(
        "storage/turns.py",
        "State.QUEUED.value, _is_free(), lives(replica))",
        "State.QUEUED.value, lives(replica))",
        f"{REPLICAS}only_a_dead_replicas_jobs_are_taken_over_and_each_once[sqlite]",
    ),
    guard(
        "storage/turns.py",
        "State.QUEUED.value, _is_free(), lives(replica))",
        "State.QUEUED.value, _is_free())",
        f"{REPLICAS}whoever_has_no_lease_takes_nothing[sqlite]",
    ),
    guard(
        "storage/turns.py",
        ".with_for_update(skip_locked=True)",
        "",
        f"{REPLICAS}only_a_dead_replicas_jobs_are_taken_over_and_each_once[postgresql]",
    ),
    guard(
        "storage/turns.py",
        "fence=table.c.fence + 1",
        "fence=table.c.fence",
        f"{REPLICAS}whoever_lost_a_job_changes_nothing_any_more[sqlite]",
    ),
    guard(
        "storage/turns.py",
        "table.c.fence == job.fence, table.c.state == State.QUEUED.value",
        "table.c.state == State.QUEUED.value",
        f"{REPLICAS}letting_go_too_late_takes_nothing_from_the_next_holder[sqlite]",
    ),
    guard(
        "storage/turns.py",
        "table.c.fence == job.fence, table.c.state == State.QUEUED.value",
        "table.c.fence == job.fence",
        f"{REPLICAS}what_has_left_the_queue_is_not_let_go[sqlite]",
    ),
    guard(
        "storage/turns.py",
        "        table.c.state == job.state.value,\n",
        "",
        f"{REPLICAS}a_job_that_has_moved_on_is_not_confirmed_as_it_was[sqlite]",
    ),
    guard(
        "storage/turns.py",
        "        table.c.fence == job.fence,\n",
        "",
        f"{REPLICAS}a_step_from_before_the_job_came_back_is_not_confirmed[sqlite]",
    ),
    guard(
        "storage/turns.py",
        "        table.c.holder == replica,\n        is_held",
        "        is_held",
        f"{REPLICAS}a_fence_alone_does_not_make_a_job_ones_own[sqlite]",
    ),
    guard(
        "storage/turns.py",
        "        is_held(table.c.holder),\n",
        "",
        f"{REPLICAS}whoever_lost_a_job_changes_nothing_any_more[sqlite]",
    ),
    guard(
        "storage/jobs.py",
        "State.QUEUED.value, not_(is_held(jobs.c.holder)))",
        "State.QUEUED.value)",
        f"{REPLICAS}a_job_whose_turn_is_taken_is_nobody_elses_however_much_room_there_is[sqlite]",
    ),
    guard(
        "storage/jobs.py",
        "or_(_IS_THERE, _IS_TAKEN)",
        "_IS_THERE",
        f"{REPLICAS}turns_are_given_out_once_and_within_the_limits_of_all_together[sqlite]",
    ),
    guard(
        "storage/replicas.py",
        "where(replicas.c.id == replica, runs)",
        "where(replicas.c.id == replica)",
        f"{REPLICAS}a_lease_is_renewed_while_it_runs_and_never_afterwards[sqlite]",
    ),
    guard(
        "storage/replicas.py",
        "shares.c.number < size, is_held(shares.c.holder)",
        "shares.c.number < size",
        f"{SHARES}shares_are_even_and_nobodys_twice[sqlite]",
    ),
    guard(
        "storage/replicas.py",
        '    serialise(c, f"share|{group}")\n',
        "",
        f"{SHARES}shares_that_are_asked_for_at_once_are_nobodys_twice[postgresql]",
    ),
    guard(
        "storage/replicas.py",
        "    if not c.execute(select(lives(replica))).scalar_one():\n        return frozenset()\n",
        "",
        f"{SHARES}whoever_has_no_lease_has_no_share[sqlite]",
    ),
)

DONE = (
    guard(
        "storage/receipts.py",
        "_change(receipt, changes).where(as_read)",
        "_change(receipt, changes)",
        "tests/slack/test_sharing.py::test_who_stood_still_while_another_began_anew_shares_nothing",
    ),
    guard(
        "storage/receipts.py",
        "replace=False)).rowcount == 1:",
        "replace=False)).rowcount >= 0:",
        "tests/storage/test_receipts.py::"
        "test_a_receipt_that_another_replica_is_just_beginning_is_theirs",
    ),
    guard(
        "storage/notices.py",
        '{"key": f"books|{workspace}|{day}"}, row, replace=False)',
        '{"key": f"books|{workspace}|{day}"}, row)',
        "tests/quotas/test_daily_look.py::test_a_look_that_two_replicas_made_at_once_is_told_once",
    ),
    guard(
        "storage/quota.py",
        'if all(jobs.first_time(c, key, "", change.at) for key in once):',
        'if [jobs.first_time(c, key, "", change.at) for key in once] is not None:',
        "tests/slack/test_faults.py::"
        "test_credits_are_granted_once_also_when_the_command_comes_again_after_a_restart",
    ),
    guard(
        "storage/engines/lock.py",
        "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_SH | fcntl.LOCK_NB",
        "tests/scenario/test_startup.py",
    ),
    guard(
        "bot/steps/submit.py",
        "            await self._storage.confirm(job, self._replica.id)\n",
        "",
        f"{RACES}what_was_certainly_not_sent_waits_again_instead_of_being_uncertain",
    ),
    guard(
        "bot/steps/submit.py",
        "            self._replica.check()\n        except (StaleJob",
        "        except (StaleJob",
        f"{RACES}whoever_slept_through_the_lease_sends_nothing",
    ),
    guard(
        "bot/steps/submit.py",
        "        if self._creates.knows(job):",
        "        if False:",
        f"{LEASES}a_tasks_id_outlives_the_lease_while_the_database_is_away",
    ),
    guard(
        "bot/steps/submit.py",
        "        self._creates.begin(intent, _nothing_sent())\n",
        "",
        f"{LEASES}what_was_not_sent_is_sent_when_the_news_of_its_row_is_lost",
    ),
    guard(
        "bot/steps/creates.py",
        "await asyncio.shield(self._answers[_sending(job)])",
        "await self._answers[_sending(job)]",
        f"{LEASES}an_answer_that_comes_after_the_lease_is_written_down_under_the_next",
    ),
    guard(
        "bot/steps/creates.py",
        "return job.id, job.submitted_at",
        "return job.id, None",
        f"{LEASES}a_job_that_another_process_was_sending_is_uncertain",
    ),
    guard(
        "bot/steps/watch.py",
        "        await self._storage.confirm(job, self._replica.id)\n",
        "",
        f"{BACK}whoever_lost_a_job_gives_up_no_task[_another_has_it]",
    ),
    guard(
        "bot/steps/watch.py",
        "        self._replica.check()\n",
        "",
        f"{BACK}whoever_lost_a_job_gives_up_no_task[_it_stood_still]",
    ),
    guard(
        "bot/steps/watch.py",
        "note_as_held(job, failure=noted)",
        "note(job.id, failure=noted)",
        f"{BACK}whoever_lost_a_job_notes_no_cancellation_on_it",
    ),
    guard(
        "bot/steps/deliver.py",
        "        await self._storage.confirm(job, self._replica.id)\n",
        "",
        f"{RACES}a_result_is_not_posted_by_whoever_lost_the_lease[end_leases]",
    ),
    guard(
        "bot/steps/deliver.py",
        '        self._replica.check()\n        failpoint("deliver.checked")',
        '        failpoint("deliver.checked")',
        f"{RACES}a_result_is_not_posted_by_whoever_lost_the_lease[sleep_long]",
    ),
    guard(
        "adapters/playground/chat.py",
        "return body if is_late else {**body, **changes}",
        "return {**body, **changes}",
        "tests/storage/test_pages.py"
        "::test_an_end_that_another_replica_has_shown_is_not_edited_away",
    ),
    guard(
        "bot/cards/posts.py",
        "        if now.card is not None and now.card != ref:",
        "        if False:",
        "tests/discord/test_faults.py::test_the_second_card_of_a_job_is_deleted",
    ),
    guard(
        "bot/cards/edits.py",
        "        if landing.result() and not self._errands.is_stopped:",
        "        if False:",
        "tests/scenario/test_cards.py"
        "::test_an_edit_that_lands_when_another_has_shown_the_end_is_not_the_last_word",
    ),
    guard(
        "bot/worker.py",
        "        if now.fence != job.fence:",
        "        if False:",
        f"{RACES}a_job_that_went_to_another_replica_is_not_watched",
    ),
    guard(
        "bot/steps/watch.py",
        "        if here - watched.gone_at < GRACE_SECONDS:",
        "        if False:",
        "tests/scenario/test_patience.py::"
        "test_a_task_is_taken_for_gone_when_it_is_unknown_for_long_whatever_the_clock_says",
    ),
    guard(
        "bot/steps/watch.py",
        "        if job.failure in (CANCEL_RUNNING, CANCEL_WAITING):",
        "        if job.cancel_requested:",
        "tests/scenario/test_patience.py::"
        "test_a_task_that_is_not_known_yet_is_cancelled_as_soon_as_it_is",
    ),
    guard(
        "bot/steps/watch.py",
        "job = watched.job = await self._storage.note_as_held",
        "job = await self._storage.note_as_held",
        "tests/scenario/test_patience.py::"
        "test_a_cancellation_of_which_runways_answer_was_lost_is_booked_as_what_it_was",
    ),
)
