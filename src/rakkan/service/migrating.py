"""Bringing the service's tables up to date, and back: Alembic's migrations, without its command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.store.database import writing

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

_FOLDER = Path(__file__).parent / "migrations"
#: Alembic's own table, by a name that tells whose it is.
VERSION_TABLE = "service_version"
#: What keeps two servers from migrating at once (PostgreSQL's advisory locks); any number that is ours.
_LOCK = 0x52414B4B


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the tables up to a revision; fine when they are. Raises RakkanError for newer ones."""
    from alembic import command
    from alembic.util.exc import CommandError

    try:
        with writing(engine) as connection:
            _alone(connection)
            command.upgrade(_config(connection), revision)
    except CommandError as error:
        raise RakkanError(
            f"The tables of the service cannot be used: {error}", "Use the matching Rakkan"
        ) from error


def downgrade(engine: Engine, revision: str) -> None:
    """Take the tables back to a revision, with their data as far as they can hold it."""
    from alembic import command

    with writing(engine) as connection:
        _alone(connection)
        command.downgrade(_config(connection), revision)


def revisions() -> list[str]:
    """All revisions, the first one first."""
    from alembic.script import ScriptDirectory

    found = ScriptDirectory.from_config(_config(None)).walk_revisions()
    return [one.revision for one in found][::-1]


def _config(connection: Connection | None) -> Config:
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def _alone(connection: Connection) -> None:
    import sqlalchemy

    if connection.dialect.name == "postgresql":
        connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
