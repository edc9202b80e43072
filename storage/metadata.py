"""What every table belongs to, and how rows are numbered."""

from sqlalchemy import BigInteger, Integer, MetaData

metadata = MetaData()

# SQLite counts up by itself only in a column that is exactly INTEGER.
SERIAL = BigInteger().with_variant(Integer, "sqlite")
