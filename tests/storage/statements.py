"""What a question says to the database."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, event


def statements_of(
    connection: Connection, question: Callable[[Connection], Any]
) -> list[tuple[str, Any]]:
    """Each statement that the question runs, with its values (the first row's of many)."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        asked.append((statement, values[0] if many else values))

    event.listen(connection, "before_cursor_execute", note)
    try:
        question(connection)
    finally:
        event.remove(connection, "before_cursor_execute", note)
    return asked
