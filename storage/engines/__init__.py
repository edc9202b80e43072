"""SQLite and PostgreSQL: opened, locked, shared by callers, looked at and copied."""
