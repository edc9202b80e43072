"""Secrets that the bot makes for itself, shared by all that use the database."""

from secrets import token_bytes

from sqlalchemy import Connection, select

from storage.database import Database
from storage.rows import upsert
from storage.schema import secrets


async def secret(database: Database, name: str, size: int) -> bytes:
    """The secret of this name; made when it is first asked for."""

    def transaction(c: Connection) -> bytes:
        c.execute(
            upsert(c, secrets, {"name": name}, {"value": token_bytes(size).hex()}, replace=False)
        )
        value: str = c.execute(select(secrets.c.value).where(secrets.c.name == name)).scalar_one()
        return bytes.fromhex(value)

    return await database.write(transaction)
