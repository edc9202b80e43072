"""What a workspace's way to install the bot leaves in the rows."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from storage.database import Database
from storage.installations import SqlInstallations
from storage.schema import install_states

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LIFETIME = timedelta(minutes=10)


async def test_whoever_begins_and_never_comes_back_leaves_nothing_for_long(
    database: Database,
) -> None:
    """Anybody on the web may begin, as often as they like."""
    rows = SqlInstallations(database, "slack")
    for minute in range(0, 60, 6):
        now = NOW + timedelta(minutes=minute)
        await rows.issue_state(f"state{minute}", now + LIFETIME, now)
    kept = await database.read(lambda c: c.execute(select(install_states.c.state)).scalars().all())
    assert sorted(kept) == ["state48", "state54"]
    assert await rows.take_state("state54", NOW + timedelta(minutes=60))
