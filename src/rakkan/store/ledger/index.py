"""The index of the ledger: which entries speak of a digest, and where their bodies lie.

It holds tags, never names: a tag is a keyed hash (HMAC-SHA256), so nobody without the index key learns
from the database which file a statement is about. Since the vault finds a body by its account's name,
each account's name is kept once, sealed (AES-256-GCM) under a key derived from the index key. All of it
can be made again from the log and the vault.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError
from rakkan.store import database

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, MetaData

SCHEMA_VERSION = 1
_NONCE_BYTES = 12


@dataclass(frozen=True)
class Row:
    """Where the body of the entry ``entry`` lies: with which account, under which digest (hex)."""

    entry: int
    account: str
    body: str


@dataclass(frozen=True)
class NewRow:
    """A row to be made, with the digests of the statement's subjects (hex)."""

    entry: int
    account: str
    body: str
    digests: tuple[str, ...]


class Index:
    """The index in a database (see ``rakkan.store.database.connect``); ``key`` is 32 secret bytes."""

    def __init__(self, engine: Engine, key: bytes) -> None:
        if len(key) != 32:
            raise RakkanError(f"The index key has {len(key)} bytes", "Give 32")
        self._engine = engine
        self._key = key
        self._tables = _tables()
        database.prepare(engine, "ledger index", SCHEMA_VERSION, self._tables)

    def record(self, size: int, rows: Sequence[NewRow], checkpoint: bytes) -> None:
        """Add the rows of entries that are about to be appended to a log of ``size``.

        What an interrupted append left there is replaced; ``checkpoint``, the log's signed one as it
        stands, is remembered.
        """
        owners = {account: self._tag("account", account) for account in {row.account for row in rows}}
        entries = [
            {"entry": row.entry, "owner": owners[row.account], "body": bytes.fromhex(row.body)}
            for row in rows
        ]
        subjects = [
            {"tag": self._tag("subject", digest), "entry": row.entry}
            for row in rows
            for digest in dict.fromkeys(row.digests)
        ]
        with database.transaction(self._engine) as connection:
            self._delete(connection, size)
            for account, tag in owners.items():
                self._add_account(connection, account, tag)
            table = self._tables.tables
            if entries:
                connection.execute(table["ledger_entries"].insert(), entries)
            if subjects:
                connection.execute(table["ledger_subjects"].insert(), subjects)
            remembered = table["ledger_remembered"]
            connection.execute(remembered.delete())
            connection.execute(remembered.insert().values(one=1, checkpoint=checkpoint))

    def remembered(self) -> bytes | None:
        """The signed checkpoint as it stood before the latest append, None before the first."""
        import sqlalchemy

        table = self._tables.tables["ledger_remembered"]
        with database.transaction(self._engine) as connection:
            found = connection.scalar(sqlalchemy.select(table.c.checkpoint))
        return None if found is None else bytes(found)

    def row(self, entry: int) -> Row | None:
        """Where the body of an entry lies, if it is known."""
        return next(iter(self._rows(self._tables.tables["ledger_entries"].c.entry == entry)), None)

    def between(self, first: int, end: int) -> list[Row]:
        """Where the bodies of the entries from ``first`` to before ``end`` lie, as far as it is known."""
        column = self._tables.tables["ledger_entries"].c.entry
        return self._rows((column >= first) & (column < end))

    def about(self, digest: str) -> list[Row]:
        """The entries whose statements have a subject with this digest, oldest first."""
        import sqlalchemy

        table = self._tables.tables
        subjects = table["ledger_subjects"]
        wanted = sqlalchemy.select(subjects.c.entry).where(subjects.c.tag == self._tag("subject", digest))
        return self._rows(table["ledger_entries"].c.entry.in_(wanted))

    def entries_of(self, account: str) -> list[int]:
        """The entries an account has made, in order."""
        import sqlalchemy

        table = self._tables.tables["ledger_entries"]
        query = sqlalchemy.select(table.c.entry).where(table.c.owner == self._tag("account", account))
        with database.transaction(self._engine) as connection:
            return list(connection.scalars(query.order_by(table.c.entry)))

    def is_erased(self, entry: int) -> bool:
        """Whether the entry's body was erased."""
        import sqlalchemy

        table = self._tables.tables["ledger_erased"]
        with database.transaction(self._engine) as connection:
            query = sqlalchemy.select(table.c.entry).where(table.c.entry == entry)
            return connection.scalar(query) is not None

    def forget(self, account: str, erased: Iterable[int]) -> None:
        """Delete all rows of an account, leaving no trace on the disk, and note what was ``erased``."""
        import sqlalchemy

        table = self._tables.tables
        entries, subjects, accounts = (
            table[f"ledger_{name}"] for name in ("entries", "subjects", "accounts")
        )
        tag = self._tag("account", account)
        own = sqlalchemy.select(entries.c.entry).where(entries.c.owner == tag)
        with database.transaction(self._engine) as connection:
            connection.execute(subjects.delete().where(subjects.c.entry.in_(own)))
            connection.execute(entries.delete().where(entries.c.owner == tag))
            connection.execute(accounts.delete().where(accounts.c.owner == tag))
            self._note_erased(connection, erased)
        database.forget_deleted(self._engine)

    def note_erased(self, erased: Iterable[int]) -> None:
        """Note entries whose bodies were erased, as the log's own statements say."""
        with database.transaction(self._engine) as connection:
            self._note_erased(connection, erased)

    def clear(self) -> None:
        """Delete everything, to make it again."""
        with database.transaction(self._engine) as connection:
            for table in self._tables.sorted_tables:
                connection.execute(table.delete())

    def _note_erased(self, connection: Connection, erased: Iterable[int]) -> None:
        import sqlalchemy

        table = self._tables.tables["ledger_erased"]
        known = set(connection.scalars(sqlalchemy.select(table.c.entry)))
        new = [{"entry": entry} for entry in sorted(set(erased) - known)]
        if new:
            connection.execute(table.insert(), new)

    def _delete(self, connection: Connection, first: int) -> None:
        for name in ("ledger_subjects", "ledger_entries"):
            table = self._tables.tables[name]
            connection.execute(table.delete().where(table.c.entry >= first))

    def _add_account(self, connection: Connection, account: str, tag: bytes) -> None:
        import sqlalchemy

        table = self._tables.tables["ledger_accounts"]
        if connection.scalar(sqlalchemy.select(table.c.owner).where(table.c.owner == tag)) is None:
            nonce = secrets.token_bytes(_NONCE_BYTES)
            sealed = nonce + self._cipher.encrypt(nonce, account.encode(), tag)
            connection.execute(table.insert().values(owner=tag, name=sealed))

    def _rows(self, condition: Any) -> list[Row]:
        import sqlalchemy

        table = self._tables.tables
        entries, accounts = table["ledger_entries"], table["ledger_accounts"]
        query = (
            sqlalchemy.select(entries.c.entry, entries.c.owner, accounts.c.name, entries.c.body)
            .join(accounts, accounts.c.owner == entries.c.owner)
            .where(condition)
            .order_by(entries.c.entry)
        )
        with database.transaction(self._engine) as connection:
            found = connection.execute(query).all()
        return [Row(one.entry, self._unseal(one.name, one.owner), bytes(one.body).hex()) for one in found]

    def _unseal(self, sealed: bytes, tag: bytes) -> str:
        from cryptography.exceptions import InvalidTag

        try:
            name = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], tag)
        except InvalidTag as error:
            raise RakkanError(
                "The ledger's index was made with another key, or is damaged", "Rebuild it"
            ) from error
        return bytes(name).decode()

    def pseudonym(self, salt: bytes, account: str) -> str:
        """What stands for an account in the statement with this salt (hex): nobody without the index key
        learns the name from it, or that two statements are of one account."""
        return hmac.new(self._tag("key", "pseudonyms"), salt + account.encode(), hashlib.sha256).hexdigest()

    def _tag(self, kind: str, value: str) -> bytes:
        return hmac.new(self._key, f"{kind}\n{value}".encode(), hashlib.sha256).digest()

    @cached_property
    def _cipher(self) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._tag("key", "names of accounts"))


def _tables() -> MetaData:
    from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, MetaData, Table

    tables = MetaData()
    Table(
        "ledger_accounts",
        tables,
        Column("owner", LargeBinary(32), primary_key=True),
        Column("name", LargeBinary, nullable=False),
    )
    Table(
        "ledger_entries",
        tables,
        Column("entry", BigInteger, primary_key=True, autoincrement=False),
        Column("owner", LargeBinary(32), ForeignKey("ledger_accounts.owner"), nullable=False, index=True),
        Column("body", LargeBinary(32), nullable=False),
    )
    Table(
        "ledger_subjects",
        tables,
        Column("tag", LargeBinary(32), primary_key=True),
        Column("entry", BigInteger, primary_key=True, autoincrement=False, index=True),
    )
    Table("ledger_erased", tables, Column("entry", BigInteger, primary_key=True, autoincrement=False))
    Table(
        "ledger_remembered",
        tables,
        Column("one", Integer, primary_key=True, autoincrement=False),
        Column("checkpoint", LargeBinary, nullable=False),
    )
    return tables
