"""The tables by which replicas share the work."""

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from storage.metadata import metadata

# Replicas, each with the end of its lease by the database's clock.
replicas = Table(
    "replicas",
    metadata,
    Column("id", Text, primary_key=True),
    Column("lease_until", BigInteger, nullable=False),
)

# What only one replica has at a time, by number within a group: shards, sockets, the lead.
shares = Table(
    "shares",
    metadata,
    Column("group", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("holder", Text, nullable=False),
)

# The replicas that a group is divided among.
candidates = Table(
    "candidates",
    metadata,
    Column("group", Text, primary_key=True),
    Column("replica", Text, primary_key=True),
)

# Who has had a turn of a model, as a number that grows: whoever waited longest goes first.
turns = Table(
    "turns",
    metadata,
    Column("model", Text, primary_key=True),
    Column("workspace", Text, primary_key=True),
    Column("member", Text, primary_key=True),
    Column("turn", BigInteger, nullable=False),
)
