"""The ledger's own promise, asked for in SQL."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, func, select

from storage.schema import buckets, ledger


def sums_by_bucket(c: Connection) -> Sequence[RowMapping]:
    """Every bucket's columns beside the sums of its entries: they are always equal."""
    entries = (
        select(
            ledger.c.bucket,
            func.sum(ledger.c.held).label("held"),
            func.sum(ledger.c.captured).label("captured"),
        )
        .group_by(ledger.c.bucket)
        .subquery()
    )
    query = select(
        buckets.c.id,
        buckets.c.held,
        buckets.c.captured,
        func.coalesce(entries.c.held, 0).label("entries_held"),
        func.coalesce(entries.c.captured, 0).label("entries_captured"),
    ).outerjoin(entries, entries.c.bucket == buckets.c.id)
    return c.execute(query).mappings().all()
