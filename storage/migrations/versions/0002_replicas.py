"""Replicas, and which of them carries a job

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("accepted_by", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("holder", sa.Text(), nullable=True))
    op.add_column(
        "jobs", sa.Column("fence", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column("jobs", sa.Column("taken_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "replicas",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "shares",
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("group", "number"),
    )
    op.create_table(
        "candidates",
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("replica", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("group", "replica"),
    )
    op.create_table(
        "turns",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("model", "workspace", "member"),
    )
