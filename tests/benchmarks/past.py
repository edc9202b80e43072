"""Jobs of long ago, written at once: what a database looks like after years."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

from bot.jobs import Member
from storage.engines.opening import database_path
from storage.rows import to_micros
from tests.postgres import connect

WORKSPACE = "playground:local"
MEMBERS = 50
LEASE = timedelta(hours=1)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADA = Member(WORKSPACE, "member7")
# So far apart were they accepted: a million go back two years.
APART = timedelta(seconds=60)
_MICROS = APART // timedelta(microseconds=1)

_NUMBERS = {
    "sqlite": "(WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {many}) "
    "SELECT n FROM n)",
    "postgresql": "(SELECT generate_series(1, {many}) AS n) AS numbers",
}
_REQUEST = (
    '{"operation":"image_to_video","model":"gen4_turbo","prompt":"a fox in the snow, at dusk",'
    '"price":25,"inputs":[],"ratio":"1280:720","duration":5,"seed":7,"settings":{}}'
)
# Ids as long as each other are in the order of their numbers, as those of the bot nearly are.
_PARTS = {
    "{id}": "(10000000 + n)",
    "{at}": f"({to_micros(NOW)} - ({{many}} - n + 1) * CAST({_MICROS} AS BIGINT))",
    "{member}": f"('member' || (n % {MEMBERS}))",
    "{bucket}": f"('{WORKSPACE}|member|member' || (n % {MEMBERS}) || '|month|old' || (n / 43200))",
    "{workspace}": f"'{WORKSPACE}'",
    "{request}": f"'{_REQUEST}'",
}
_FILL = """
INSERT INTO jobs (id, workspace, member, channel, request, model, duration, state, cause,
    created_at, attempts, task_id, cancel_requested, submitted_at, started_at, noticed_at,
    finished_at, cost, charged, card, result, told)
SELECT 'old' || {id}, {workspace}, {member}, 'main', {request}, 'gen4_turbo', 5, 'delivered',
    'command', {at}, 1, 'task' || {id}, 0, {at}, {at} + 1000000, {at} + 40000000, {at} + 50000000,
    25, 25, 'card' || {id}, 'result' || {id}, 1 FROM {numbers};
INSERT INTO buckets SELECT {bucket}, 0, 25 * count(*) FROM {numbers} GROUP BY 1;
INSERT INTO holds SELECT 'old' || {id}, {workspace}, {member}, 25, 500, 0 FROM {numbers};
INSERT INTO hold_legs SELECT 'old' || {id}, {bucket}, 0, 25, 1 FROM {numbers};
INSERT INTO ledger (job, bucket, workspace, member, kind, held, captured, at)
SELECT 'old' || {id}, {bucket}, {workspace}, {member}, 'hold', 25, 0, {at} FROM {numbers};
INSERT INTO ledger (job, bucket, workspace, member, kind, held, captured, at)
SELECT 'old' || {id}, {bucket}, {workspace}, {member}, 'capture', -25, 25, {at} + 50000000
    FROM {numbers};
INSERT INTO once SELECT 'event|old' || {id}, {at}, 'old' || {id} FROM {numbers};
"""
_POSTGRES_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""
# Nothing of it has to survive a power cut, and every row is known to be right.
_QUICKLY = """
PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA foreign_keys = OFF;
PRAGMA journal_mode = OFF;
"""
_MORE_QUICKLY = """
SET session_replication_role = replica; SET maintenance_work_mem = '512MB'; SET work_mem = '256MB';
"""
_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"


async def remember(url: str, jobs: int) -> None:
    """Write so many delivered and settled jobs into a database that nobody has open."""
    path = database_path(url)
    if path is None:
        await _remember_on_postgres(url, jobs)
        return
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.executescript(_QUICKLY)
        # An index is made faster from all rows than with each of them.
        indexes = file.execute(_INDEXES).fetchall()
        dropped = [f"DROP INDEX {name};" for name, _ in indexes]
        made = [f"{sql};" for _, sql in indexes]
        statements = ["BEGIN;", *dropped, _written("sqlite", jobs), *made, "COMMIT;"]
        file.executescript("\n".join(statements))
        file.execute("PRAGMA journal_mode = WAL")


async def _remember_on_postgres(url: str, jobs: int) -> None:
    server = await connect(url)
    await server.execute(_MORE_QUICKLY)
    indexes = await server.fetch(_POSTGRES_INDEXES)
    dropped = [f"DROP INDEX {row['indexname']};" for row in indexes]
    made = [f"{row['indexdef']};" for row in indexes]
    await server.execute("\n".join([*dropped, _written("postgresql", jobs), *made]))
    await server.execute("VACUUM ANALYZE")
    await server.close()


def _written(engine: str, jobs: int) -> str:
    statements = _FILL.replace("{numbers}", _NUMBERS[engine])
    for name, part in _PARTS.items():
        statements = statements.replace(name, part)
    return statements.replace("{many}", str(jobs))
