"""Every guard against a job lost, made, posted or charged twice, and the tests that miss it."""

from tests.guards.guard import ACCEPT, LIFE, OPENINGS, REPLICAS, TABLES, TOGETHER, guard
from tests.guards.owned import DONE, OWNED

LIVES = (
    guard(
        "storage/jobs.py",
        "jobs.c.state == job.state.value, jobs.c.fence",
        "jobs.c.fence",
        f"{LIFE}of_many_that_want_to_take_the_same_step_one_does[sqlite]",
    ),
    guard(
        "storage/jobs.py",
        "job.state.value, jobs.c.fence == job.fence)",
        "job.state.value)",
        f"{REPLICAS}whoever_lost_a_job_changes_nothing_any_more[sqlite]",
    ),
    guard(
        "storage/jobs.py",
        "    job.moved(to)  # refuses a step that the life does not have\n",
        "",
        f"{LIFE}a_step_that_the_life_does_not_have_is_stale[sqlite]",
    ),
    guard(
        "storage/jobs.py",
        "jobs.c.id == job_id, jobs.c.card.is_(None)",
        "jobs.c.id == job_id",
        f"{LIFE}the_first_card_of_a_job_stays_its_card[sqlite]",
    ),
    guard(
        "storage/ledger.py",
        "holds.c.job == job.id, holds.c.open == 1",
        "holds.c.job == job.id",
        f"{LIFE}a_hold_is_settled_once_even_by_one_who_does_not_ask_for_the_state[sqlite]",
    ),
    guard(
        TABLES,
        '        sa.UniqueConstraint("job", "bucket", "kind", name="ledger_once"),\n',
        "",
        f"{LIFE}of_one_kind_a_bucket_has_one_entry_for_a_job[sqlite]",
    ),
    guard(
        TABLES,
        '        sa.UniqueConstraint("task_id"),\n',
        "",
        f"{LIFE}a_task_belongs_to_one_job[sqlite]",
    ),
    guard(
        "bot/worker.py",
        "if job.state is State.SUBMITTING:",
        "if False:",
        "tests/scenario/test_kills.py::test_a_job_outlives_the_death_of_the_process[submit.sent]",
    ),
)

ACCEPTED = (
    guard(
        "bot/desk/acceptance.py",
        "accepted = await self._storage.job(job.id)",
        "accepted = None",
        "tests/scenario/test_lost_answers.py::"
        "test_a_job_whose_acceptance_is_not_heard_of_is_accepted",
    ),
    guard(
        "storage/acceptance.py",
        "if len(c.execute(free, fresh).all()) != len(fresh):",
        "if c.execute(free, fresh).all() is None:",
        f"{TOGETHER}a_key_of_two_replicas_makes_one_job[postgresql]",
    ),
    guard(
        "storage/acceptance.py",
        'once.c.key == key["key"], once.c.at == old.at)',
        'once.c.key == key["key"])',
        f"{TOGETHER}a_key_of_two_replicas_makes_one_job[postgresql]",
        f"{TOGETHER}a_key_that_is_free_again_is_taken_by_one_of_two_replicas[postgresql]",
    ),
    guard(
        "storage/acceptance.py",
        "if taken is not None and taken.holds(key, each.now):",
        "if taken is not None and key.window and taken.holds(key, each.now):",
        f"{ACCEPT}an_event_makes_one_job_for_ever[sqlite]",
    ),
    guard(
        "storage/acceptance.py",
        "query.with_for_update())}",
        "query)}",
        f"{TOGETHER}a_budget_holds_against_many_members_of_two_replicas[postgresql]",
    ),
    guard(
        "storage/acceptance.py",
        "if not each.approved and known.open_holds",
        "if False and known.open_holds",
        f"{ACCEPT}the_limit_of_jobs_holds_against_many_at_once[sqlite]",
    ),
    guard(
        "storage/jobs.py",
        '    return c.execute(upsert(c, once, {"key": key.key}, values, replace=False)).rowcount == 1',
        '    return c.execute(upsert(c, once, {"key": key.key}, values)).rowcount == 1',
        f"{ACCEPT}a_clock_that_jumps_back_does_not_keep_a_key_taken[sqlite]",
    ),
    guard(
        "storage/jobs.py",
        "        return c.execute(statement).rowcount == 1\n    # What",
        "        c.execute(statement)\n        return True\n    # What",
        f"{ACCEPT}a_key_without_a_window_is_taken_once[sqlite]",
    ),
    guard(
        "storage/drafts.py",
        "where(drafts.c.id == draft_id, held)",
        "where(drafts.c.id == draft_id)",
        "tests/quotas/test_drafts.py::test_two_admins_at_once_approve_once[sqlite]",
    ),
    guard(
        "storage/engines/sqlite.py",
        "        if not _is_open(connection):\n            raise\n",
        "        if not _is_open(connection):\n            return _Outcome(error=error)\n",
        "tests/storage/test_group_commit.py::"
        "test_a_disk_that_fills_up_in_the_middle_of_a_batch_undoes_it_and_says_so_to_all",
    ),
)

BEGUN = (
    guard(
        "storage/locks.py",
        "c.execute(query.order_by(holds.c.job).with_for_update())",
        "c.execute(query.order_by(holds.c.job))",
        f"{OPENINGS}a_job_that_was_just_settled_when_a_budget_begins_is_counted",
    ),
    guard(
        "storage/rules.py",
        "        keep_open(c, workspace)\n",
        "        pass\n",
        f"{OPENINGS}a_job_that_ends_while_a_budget_begins_is_settled_in_it",
    ),
    guard(
        "storage/rules.py",
        "    serialise_all(c, [_lock_of(workspace) for workspace in some])\n",
        "",
        f"{OPENINGS}a_job_that_is_asked_for_while_a_budget_begins_is_counted",
    ),
    guard(
        "storage/proposals.py",
        "    rely_on_caps(c, workspace)\n",
        "",
        f"{OPENINGS}a_job_that_was_just_accepted_when_a_budget_begins_is_counted",
    ),
    guard(
        "storage/acceptance.py",
        "        keep_open(c, owners[0].workspace, [owner.id for owner in owners])\n",
        "",
        f"{OPENINGS}a_job_that_was_just_settled_counts_in_the_members_other_period",
    ),
    guard(
        "storage/standings.py",
        "        keep_open(c, account.member.workspace, [account.member.id])\n",
        "",
        f"{OPENINGS}a_reset_in_another_period_holds_nothing_that_was_just_settled",
    ),
    guard(
        "storage/ledger.py",
        '    serialise(c, f"member|{job.owner.workspace}|{job.owner.id}")\n',
        "",
        f"{OPENINGS}a_members_second_question_is_given_what_the_first_one_takes",
    ),
    guard(
        "storage/ledger.py",
        "    rely_on_caps(c, member.workspace)\n",
        "",
        f"{OPENINGS}a_reset_while_the_time_zone_changes_keeps_what_is_held_of_the_other_day",
    ),
    guard(
        "storage/quota.py",
        "                standings.count_anew(c, workspace)\n",
        "",
        "tests/quotas/test_allowances.py::"
        "test_an_allowance_is_not_spent_again_by_the_same_date_in_another_time_zone[sqlite]",
    ),
)

AFTERWARDS = "tests/slack/test_afterwards.py::test_"
TOLD = (
    guard(
        "adapters/slack/twins.py",
        "if first == own or not await self._replica.is_live(first):",
        "if True:",
        "tests/slack/test_twins.py::"
        "test_what_two_replicas_are_told_of_is_answered_and_fetched_once",
    ),
    guard(
        "adapters/slack/clicks.py",
        "(Once(event_id, window),)",
        "()",
        f"{AFTERWARDS}whoever_died_right_after_the_job_was_accepted_does_not_find_it_again",
    ),
    guard(
        "adapters/slack/clicks.py",
        "ONCE_WINDOW + late if timedelta(0) < late < MOST_LATE else ONCE_WINDOW",
        "ONCE_WINDOW",
        f"{AFTERWARDS}what_is_found_after_a_lost_connection_and_then_told_late_is_one_job",
    ),
    guard(
        "adapters/slack/afterwards.py",
        "            if event not in honoured:\n",
        "            if True:\n",
        f"{AFTERWARDS}a_refusal_of_what_was_found_is_told_directly_and_once",
    ),
    guard(
        "adapters/slack/afterwards.py",
        "since = max(began, ",
        "since = (",
        f"{AFTERWARDS}what_was_honoured_before_it_was_written_down_is_left_alone",
    ),
)

GUARDS = (*LIVES, *ACCEPTED, *BEGUN, *OWNED, *DONE, *TOLD)
