"""Writes that may be done twice and count once, in SQLite and PostgreSQL alike, and a new picture's row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from rakkan.service.pictures.records import NewPicture

_TAKEN = (
    "identifier",
    "account",
    "file",
    "digest",
    "thumbnail",
    "media_type",
    "operation",
    "character",
    "character_name",
    "parent",
    "disclosure",
    "licence",
)


def insert_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless there is one with its primary key; whether it is new."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(table).values(dict(values)).on_conflict_do_nothing()
    # PostgreSQL's driver does not count inserted rows.
    return connection.execute(new.returning(*table.primary_key)).first() is not None


def row_of(new: NewPicture, recipe: bytes, now: int, is_canary: bool) -> dict[str, Any]:
    """The row of a picture that was just delivered, at ``now`` in milliseconds; ``recipe`` is sealed. It is
    private, but a canary, which is there for all."""
    return {name: getattr(new, name) for name in _TAKEN} | {
        "width": new.recipe.width,
        "height": new.recipe.height,
        "model": getattr(new.recipe, "model", "")[:200],
        "model_digest": getattr(new.recipe, "model_digest", ""),
        "created": now,
        "changed": now,
        "state": "canary" if is_canary else "private",
        "published": now if is_canary else None,
        "title": "",
        "recipe": recipe,
        "likes": 0,
        "comments": 0,
    }
