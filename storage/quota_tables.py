"""The tables behind what admins do with quotas."""

from sqlalchemy import BigInteger, Column, Index, Table, Text

from storage.metadata import SERIAL, metadata

# Every change that an admin made, written with it. `before` and `after` are for people to read.
changes = Table(
    "changes",
    metadata,
    Column("seq", SERIAL, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),  # a scope, or the name of a setting
    Column("before", Text),
    Column("after", Text),
    Column("why", Text),
)
Index("changes_of_workspace", changes.c.workspace, changes.c.seq)

# The bucket that a member's allowance was last counted in: another one is opened with what the
# member has used since its period began.
standings = Table(
    "standings",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("member", Text, primary_key=True),
    Column("bucket", Text, nullable=False),
)

# What is done once a day by whichever replica leads, and the last day for which it was.
chores = Table(
    "chores",
    metadata,
    Column("name", Text, primary_key=True),
    Column("day", Text, nullable=False),
)
