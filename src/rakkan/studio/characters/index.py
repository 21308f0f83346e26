"""Which version of each character and style is the newest. The versions themselves are in the vault.

A stolen database shows how many there are and no more: names are keyed digests (HMAC-SHA-256), and what is
known of each is sealed under a key of the keyring.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rakkan.store import database, sealing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, MetaData

SCHEMA_VERSION = 1


class _Taken(Exception):
    """Another row stands where one is to be put, or none where one was expected."""


class Index:
    """The table of newest versions in a database; ``key`` is 32 secret bytes."""

    def __init__(self, engine: Engine, key: bytes) -> None:
        self._engine = engine
        self._names = sealing.derive(key, "rakkan character names 1")
        self._key = sealing.derive(key, "rakkan character rows 1")
        self._tables = _tables()
        database.prepare(engine, "characters", SCHEMA_VERSION, self._tables)

    def advance(self, account: str, sort: str, before: tuple[str, str], after: tuple[str, str]) -> bool:
        """Let ``after`` (a name and the digest of its newest version) take the place of ``before``, whose
        digest is "" when there is to be none; False, with nothing changed, when another version is the
        newest by now, or the new name is taken."""
        old, new = self._row(account, sort, before[0]), self._row(account, sort, after[0])
        row = {"row": new, "account": self._account(account), "sealed": self._sealed(new, sort, *after)}
        row["head"] = self._head(new, after[1])
        try:
            with database.transaction(self._engine) as connection:
                self._replace(connection, before[1] and (old, self._head(old, before[1])), row)
        except _Taken:
            return False
        return True

    def _replace(self, connection: Connection, before: Any, row: Mapping[str, object]) -> None:
        """Put a row in the place of the one ``before``, by its key and head. Raises _Taken."""
        import sqlalchemy

        table = self._tables.tables["characters"]
        if before:
            is_it = sqlalchemy.and_(table.c.row == before[0], table.c.head == before[1])
            # One statement that looks and deletes: of two at once, the second finds nothing.
            if connection.execute(table.delete().where(is_it)).rowcount != 1:
                raise _Taken
        try:
            connection.execute(table.insert().values(**row))
        except sqlalchemy.exc.IntegrityError as error:
            raise _Taken from error

    def all(self, account: str, sort: str) -> dict[str, str]:
        """The digests of the newest versions by name, in the order of names."""
        import sqlalchemy

        table = self._tables.tables["characters"]
        query = sqlalchemy.select(table).where(table.c.account == self._account(account))
        with database.transaction(self._engine) as connection:
            rows = connection.execute(query).all()
        found = [
            json.loads(sealing.unseal(self._key, bytes(one.sealed), bytes(one.row), "The characters' table"))
            for one in rows
        ]
        return dict(sorted((name, head) for kind, name, head in found if kind == sort))

    def forget(self, account: str, sort: str, name: str) -> None:
        """Forget a name. Fine when it is not there."""
        table = self._tables.tables["characters"]
        with database.transaction(self._engine) as connection:
            connection.execute(table.delete().where(table.c.row == self._row(account, sort, name)))

    def forget_account(self, account: str) -> None:
        """Forget all characters and styles of an account."""
        table = self._tables.tables["characters"]
        with database.transaction(self._engine) as connection:
            connection.execute(table.delete().where(table.c.account == self._account(account)))

    def _row(self, account: str, sort: str, name: str) -> bytes:
        return self._account(account, f"\0{sort}\0{name.casefold()}")

    def _head(self, row: bytes, digest: str) -> bytes:
        return hmac.digest(self._names, row + digest.encode("ascii"), "sha256")

    def _sealed(self, row: bytes, *said: Any) -> bytes:
        return sealing.seal(self._key, json.dumps(said).encode(), row)

    def _account(self, account: str, more: str = "") -> bytes:
        text = f"{account}{more}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._names, text, "sha256")


def _tables() -> MetaData:
    from sqlalchemy import Column, LargeBinary, MetaData, Table

    tables = MetaData()
    Table(
        "characters",
        tables,
        Column("row", LargeBinary(32), primary_key=True),
        Column("account", LargeBinary(32), nullable=False, index=True),
        Column("head", LargeBinary(32), nullable=False),
        Column("sealed", LargeBinary, nullable=False),
    )
    return tables
