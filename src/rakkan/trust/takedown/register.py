"""What is remembered of cases and pictures so that it is found quickly; all of it stands in the ledger too.

A stolen database shows how many cases and pictures there are, and no more: what is known of each is sealed
(AES-256-GCM-SIV) under a key of the keyring. Everything can be made again from the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rakkan.store import database, sealing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, MetaData

SCHEMA_VERSION = 1

#: How far into the ledger each table has come.
CASES, PICTURES = "cases", "pictures"


class Register:
    """The tables of takedown in a database; ``key`` is 32 secret bytes."""

    def __init__(self, engine: Engine, key: bytes) -> None:
        self._engine = engine
        self._key = key
        self._tables = _tables()
        database.prepare(engine, "takedown", SCHEMA_VERSION, self._tables)

    def reached(self, table: str) -> int:
        """How many entries of the ledger a table knows of."""
        import sqlalchemy

        cursors = self._tables.tables["takedown_reached"]
        with database.transaction(self._engine) as connection:
            query = sqlalchemy.select(cursors.c.entries).where(cursors.c.name == table)
            return connection.scalar(query) or 0

    def cases(self) -> Iterator[tuple[str, bytes]]:
        """Every case and what is remembered of it."""
        yield from ((key.hex(), data) for key, data in self._rows("takedown_cases", "name"))

    def pictures(self) -> Iterator[tuple[int, bytes]]:
        """The entry of every picture and what is remembered of it."""
        yield from self._rows("takedown_pictures", "entry")

    def files(self) -> list[tuple[str, int]]:
        """The cases that may have a file in the vault, and since when (seconds since 1970)."""
        import sqlalchemy

        table = self._tables.tables["takedown_files"]
        with database.transaction(self._engine) as connection:
            return [
                (bytes(one.name).hex(), one.since) for one in connection.execute(sqlalchemy.select(table))
            ]

    def put_cases(self, cases: Mapping[str, bytes], reached: int, now: int) -> None:
        """Remember these cases, and that the first ``reached`` entries are in; each may have a file."""
        with database.transaction(self._engine) as connection:
            named = {bytes.fromhex(name): data for name, data in cases.items()}
            self._replace(connection, "takedown_cases", "name", named)
            self._expect(connection, named, now)
            self._reach(connection, CASES, reached)

    def put_pictures(self, known: Mapping[int, bytes], gone: Iterable[int], reached: int) -> bool:
        """Remember these pictures and forget those; whether anything was forgotten."""
        table = self._tables.tables["takedown_pictures"]
        with database.transaction(self._engine) as connection:
            self._replace(connection, "takedown_pictures", "entry", known)
            forgotten = 0
            for entry in gone:
                forgotten += connection.execute(table.delete().where(table.c.entry == entry)).rowcount
            self._reach(connection, PICTURES, reached)
        return forgotten > 0

    def expect_file(self, case: str, now: int) -> None:
        """Remember that a case is about to have a file, so that it is shredded if nothing comes of it."""
        with database.transaction(self._engine) as connection:
            self._expect(connection, [bytes.fromhex(case)], now)

    def file_gone(self, case: str) -> None:
        """A case's file has been shredded."""
        table = self._tables.tables["takedown_files"]
        with database.transaction(self._engine) as connection:
            connection.execute(table.delete().where(table.c.name == bytes.fromhex(case)))

    def forget_deleted(self) -> None:
        """Leave no trace of deleted rows on the disk. Raises RakkanError while others read."""
        database.forget_deleted(self._engine)

    def clear(self) -> None:
        """Delete everything, to make it again; what may have files stays."""
        with database.transaction(self._engine) as connection:
            for name in ("takedown_cases", "takedown_pictures", "takedown_reached"):
                connection.execute(self._tables.tables[name].delete())

    def _rows(self, name: str, key: str) -> Iterator[tuple[Any, bytes]]:
        import sqlalchemy

        table = self._tables.tables[name]
        with database.transaction(self._engine) as connection:
            found = connection.execute(sqlalchemy.select(table).order_by(table.c[key])).all()
        for value, sealed in found:
            yield (
                value,
                sealing.unseal(self._key, bytes(sealed), _context(name, value), "The takedown register"),
            )

    def _replace(self, connection: Connection, name: str, key: str, rows: Mapping[Any, bytes]) -> None:
        import sqlalchemy

        if not rows:
            return
        table = self._tables.tables[name]
        made = [
            {key: value, "sealed": sealing.seal(self._key, data, _context(name, value))}
            for value, data in rows.items()
        ]
        old = table.delete().where(table.c[key] == sqlalchemy.bindparam("old"))
        connection.execute(old, [{"old": value} for value in rows])
        connection.execute(table.insert(), made)

    def _expect(self, connection: Connection, names: Iterable[bytes], now: int) -> None:
        import sqlalchemy

        table = self._tables.tables["takedown_files"]
        there = {bytes(name) for name in connection.scalars(sqlalchemy.select(table.c.name))}
        new = [{"name": name, "since": now} for name in names if name not in there]
        if new:
            connection.execute(table.insert(), new)

    def _reach(self, connection: Connection, name: str, entries: int) -> None:
        table = self._tables.tables["takedown_reached"]
        connection.execute(table.delete().where(table.c.name == name))
        connection.execute(table.insert().values(name=name, entries=entries))


def _context(name: str, key: bytes | int) -> bytes:
    return f"rakkan {name} 1\0{key.hex() if isinstance(key, bytes) else key}".encode()


def _tables() -> MetaData:
    from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, String, Table

    tables = MetaData()
    Table(
        "takedown_cases",
        tables,
        Column("name", LargeBinary(16), primary_key=True),
        Column("sealed", LargeBinary, nullable=False),
    )
    Table(
        "takedown_pictures",
        tables,
        Column("entry", BigInteger, primary_key=True, autoincrement=False),
        Column("sealed", LargeBinary, nullable=False),
    )
    Table(
        "takedown_files",
        tables,
        Column("name", LargeBinary(16), primary_key=True),
        Column("since", BigInteger, nullable=False),
    )
    Table(
        "takedown_reached",
        tables,
        Column("name", String(16), primary_key=True),
        Column("entries", BigInteger, nullable=False),
    )
    return tables
