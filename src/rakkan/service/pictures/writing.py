"""Writes that may be done twice and count once, in SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless there is one with its primary key; whether it is new."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(table).values(dict(values)).on_conflict_do_nothing()
    # PostgreSQL's driver does not count inserted rows.
    return connection.execute(new.returning(*table.primary_key)).first() is not None
