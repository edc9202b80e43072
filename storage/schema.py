"""The tables, once for SQLite and PostgreSQL.

Times are microseconds since 1970, UTC; credits are integers.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.metadata import SERIAL, metadata

jobs = Table(
    "jobs",
    metadata,
    Column("seq", SERIAL, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("workspace", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("duration", Integer),
    Column("state", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("parent", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Column("attempts", Integer, nullable=False, default=0),
    Column("task_id", Text, unique=True),
    Column("cancel_requested", Integer, nullable=False, default=0),
    Column("submitted_at", BigInteger),
    Column("started_at", BigInteger),
    Column("noticed_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("outputs", Text),
    Column("cost", Integer),
    Column("charged", Integer),
    Column("failure", Text),
    Column("card", Text),
    Column("result", Text),
    Column("told", Integer, nullable=False, default=0),
    Column("accepted_by", Text),  # the replica that shows it first
    Column("holder", Text),  # the replica that carries it
    Column(
        "fence", Integer, nullable=False, default=0, server_default=text("0")
    ),  # grows with every new holder
    Column("taken_at", BigInteger),  # when the holder took it, by the database's clock
)

# The few jobs that are at work, or whose end has not been told, are found without reading the many
# that are done.
_OPEN = text("told = 0")
Index("jobs_open", jobs.c.state, jobs.c.seq, sqlite_where=_OPEN, postgresql_where=_OPEN)
Index("jobs_of_member", jobs.c.workspace, jobs.c.member, jobs.c.seq)
Index("jobs_finished", jobs.c.state, jobs.c.finished_at)
# A reaction names its message alone.
Index("jobs_of_card", jobs.c.card)
Index("jobs_of_result", jobs.c.result)

once = Table(
    "once",
    metadata,
    Column("key", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("job", Text, nullable=False),
)

allowances = Table(
    "allowances",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("credits", Integer),
    Column("period", Text, nullable=False),
    Column("blocked", Integer, nullable=False, default=0),
    Column("set_by", Text, nullable=False),
    Column("set_at", BigInteger, nullable=False),
    CheckConstraint("credits >= 0", name="allowances_not_negative"),
)

# What is held and captured of one allowance in one period: the period is part of the id, so that a
# reset needs no job and a late settlement reaches the period that reserved.
buckets = Table(
    "buckets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("held", Integer, nullable=False),
    Column("captured", Integer, nullable=False),
    CheckConstraint("held >= 0", name="buckets_held"),
    CheckConstraint("captured >= 0", name="buckets_captured"),
)

holds = Table(
    "holds",
    metadata,
    Column("job", Text, ForeignKey("jobs.id"), primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("allowance", Integer),  # of the member when it was held; none where there was no limit
    Column("open", Integer, nullable=False),
    CheckConstraint("amount >= 0", name="holds_not_negative"),
)
Index(
    "holds_open",
    holds.c.workspace,
    holds.c.member,
    sqlite_where=text("open = 1"),
    postgresql_where=text("open = 1"),
)

# The buckets that a hold is counted in, in order: those of the member that pay for it (allowance,
# then grants), and the caps that it must fit into (the workspace's budget, the channel's cap).
hold_legs = Table(
    "hold_legs",
    metadata,
    Column("job", Text, ForeignKey("holds.job"), primary_key=True),
    Column("bucket", Text, ForeignKey("buckets.id"), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("pays", Integer, nullable=False),
    CheckConstraint("amount >= 0", name="hold_legs_not_negative"),
)

# Append-only. A bucket's columns are always the sums of its entries.
ledger = Table(
    "ledger",
    metadata,
    Column("seq", SERIAL, primary_key=True, autoincrement=True),
    Column("job", Text, nullable=False),
    Column("bucket", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("member", Text),  # none where the workspace pays
    Column("kind", Text, nullable=False),
    Column("held", Integer, nullable=False),
    Column("captured", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("job", "bucket", "kind", name="ledger_once"),
)
Index("ledger_of_member", ledger.c.workspace, ledger.c.member, ledger.c.at, ledger.c.seq)
Index("ledger_of_bucket", ledger.c.bucket)

workspaces = Table(
    "workspaces",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("time_zone", Text),
    Column("alert_channel", Text),
    Column("confirm_above", Integer),
)

# What the bot made for itself, such as the key that its links are signed with.
secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

grants = Table(
    "grants",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("credits", Integer, nullable=False),
    Column("expires_at", BigInteger),
    Column("given_by", Text, nullable=False),
    Column("given_at", BigInteger, nullable=False),
    Column("taken", Integer, nullable=False, default=0, server_default=text("0")),  # by a revoke
    CheckConstraint("credits > 0", name="grants_positive"),
)
Index("grants_of_member", grants.c.workspace, grants.c.member)

# A request that waits for a person's word: its owner's to run it, or an admin's to pay for it.
drafts = Table(
    "drafts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("parent", Text),
    Column("state", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("decided_by", Text),
    Column("alert", Text),
)
# A question has to say it in these words to be answered by the index.
DRAFT_OPEN = text("state IN ('unconfirmed', 'refused', 'asked')")
Index("drafts_open", drafts.c.expires_at, sqlite_where=DRAFT_OPEN, postgresql_where=DRAFT_OPEN)

strikes = Table(
    "strikes",
    metadata,
    Column("job", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
Index("strikes_of_member", strikes.c.workspace, strikes.c.member, strikes.c.at)

# What people are still to be told, each thing once: written with what it is about.
notices = Table(
    "notices",
    metadata,
    Column("key", Text, primary_key=True),
    Column("workspace", Text, nullable=False),
    Column("member", Text),  # none: the admins
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("told", Integer, nullable=False, default=0),
)
_UNTOLD = text("told = 0")
Index("notices_untold", notices.c.key, sqlite_where=_UNTOLD, postgresql_where=_UNTOLD)

# The playground's own chat: every message, and when it last changed.
chat_messages = Table(
    "chat_messages",
    metadata,
    Column("seq", SERIAL, primary_key=True, autoincrement=True),
    Column("key", Text, unique=True),
    Column("revision", BigInteger, nullable=False, unique=True),
    Column("private_to", Text),
    Column("body", Text, nullable=False),
)

# What an operator asked of the bot from a shell, and what came of it; few, and gone after a while.
orders = Table(
    "orders",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("job", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("answer", Text),
    Column("done", Integer),
)

# What was sent to a chat, each thing once: written before it is sent. `channel` is without the
# thread, which is beside it.
receipts = Table(
    "receipts",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("thread", Text, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("subject", Text),
    Column("state", Text, nullable=False),
    Column("message", Text),
    Column("facts", Text, nullable=False),
)
Index("receipts_of_message", receipts.c.workspace, receipts.c.channel, receipts.c.message)

# Workspaces that installed the bot by themselves; `data` is the platform's own record, with its
# tokens.
installations = Table(
    "installations",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("workspace", Text, primary_key=True),
    Column("member", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("data", Text, nullable=False),
)

# One-time words that prove that whoever comes back from an installation has begun it here.
install_states = Table(
    "install_states",
    metadata,
    Column("state", Text, primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
)
