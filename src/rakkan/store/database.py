"""The database: a SQLite file by default, PostgreSQL by URL. It finds things; it is never the record."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError

if TYPE_CHECKING:  # the command line must start without SQLAlchemy
    from sqlalchemy import Connection, Engine, MetaData, Table
    from sqlalchemy.exc import DBAPIError

#: How long a process waits for another that is writing, in seconds.
PATIENCE = 30
_ATTEMPTS = 6


class DatabaseFault(RakkanError):
    """The database has something to complain of: nothing of whoever asked. What it says is for whoever runs
    the instance, for it may quote a row."""


def url_of(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path}"


def connect(url: str) -> Engine:
    """An engine for ``url`` (``sqlite:///…`` or ``postgresql+psycopg://…``).

    In SQLite what is deleted is overwritten, a commit is on the disk when it returns, and readers do
    not wait for writers. Raises RakkanError for a URL that cannot be used.
    """
    import sqlalchemy

    try:
        engine = sqlalchemy.create_engine(url)
    except (sqlalchemy.exc.ArgumentError, ImportError) as error:
        raise RakkanError(
            "The database's address cannot be used", "Give sqlite:///FILE or postgresql+psycopg://…"
        ) from error
    if engine.dialect.name == "sqlite":
        _make_private(engine.url.database)
        sqlalchemy.event.listen(engine, "connect", _set_up)
    return engine


def prepare(engine: Engine, component: str, version: int, tables: MetaData) -> None:
    """Make a component's tables, once, and remember the version of their schema.

    Raises RakkanError when the database holds another version of them, or cannot be opened.
    """
    import sqlalchemy

    own = sqlalchemy.MetaData()
    versions = sqlalchemy.Table(
        "schema_versions",
        own,
        sqlalchemy.Column("component", sqlalchemy.String(64), primary_key=True),
        sqlalchemy.Column("version", sqlalchemy.Integer, nullable=False),
    )
    for attempt in range(_ATTEMPTS):
        try:
            with engine.begin() as connection:
                own.create_all(connection)
                found = connection.scalar(
                    sqlalchemy.select(versions.c.version).where(versions.c.component == component)
                )
                if found is None:
                    tables.create_all(connection)
                    connection.execute(versions.insert().values(component=component, version=version))
            break
        except sqlalchemy.exc.DBAPIError as error:
            # Another process may be making the same tables, one after the other: look again.
            if attempt == _ATTEMPTS - 1:
                raise _fault(engine, error) from error
    if found not in (None, version):
        raise RakkanError(
            f"The database holds version {found} of {component!r}, not {version}", "Use the matching Rakkan"
        )


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A connection whose changes are kept together, or not at all when an exception leaves the context.

    Raises RakkanError for what the database has to complain of (full, locked for too long, damaged).
    """
    from sqlalchemy.exc import DBAPIError

    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise _fault(engine, error) from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that is going to write; see ``transaction``.

    SQLite takes its one lock at the beginning, from the first statement on (Python's driver would begin only
    where rows change): a transaction that read first could find, when it comes to write, that another had
    written meanwhile, and would have to be done again.
    """
    with transaction(engine) as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


def insert_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless one is there that it would clash with; whether it is new. In SQLite this takes the
    write lock in either case."""
    from sqlalchemy.dialects import postgresql, sqlite

    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(table).values(dict(values)).on_conflict_do_nothing()
    # PostgreSQL's driver does not count inserted rows.
    return connection.execute(new.returning(*table.primary_key)).first() is not None


def forget_deleted(engine: Engine) -> None:
    """Leave no trace of deleted rows in SQLite's write-ahead log (PostgreSQL: its own affair, by vacuum).

    Raises RakkanError when another process kept reading all the while.
    """
    import sqlalchemy

    if engine.dialect.name != "sqlite":
        return
    with engine.connect() as connection:
        busy = connection.execute(sqlalchemy.text("PRAGMA wal_checkpoint(TRUNCATE)")).scalar()
    if busy:
        raise RakkanError(
            "Deleted rows still stand in the database's write-ahead log", "Erase again when it is idle"
        )


def _fault(engine: Engine, error: DBAPIError) -> RakkanError:
    # Without the part behind the question mark, where a password may stand as well.
    where = engine.url.set(query={}).render_as_string(hide_password=True)
    message = f"The database {where} cannot be used: {error.orig}"
    return DatabaseFault(message, "Look to its disk and its lock")


def _make_private(file: str | None) -> None:
    """Make a SQLite file for its owner alone; the files beside it are made with its permissions."""
    if file and file != ":memory:":
        try:
            Path(file).touch(mode=0o600)
        except OSError as error:
            raise RakkanError(
                f"The database {file} cannot be used: {(error.strerror or str(error)).lower()}",
                "Check its folder and what it lies on",
            ) from error


def _set_up(connection: Any, _record: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000}")
    _write_ahead(connection)
    for pragma in ("synchronous = FULL", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: Any) -> None:
    """Turn the write-ahead log on. SQLite does not wait for whoever does the same at the same moment,
    whatever its busy timeout is."""
    import sqlite3

    until = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)
