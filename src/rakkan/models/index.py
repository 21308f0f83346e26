"""Where the cards of the models lie, by name. The cards themselves are in the vault.

A stolen database shows how many models there are and no more: names are keyed digests (HMAC-SHA-256), and
what is known of each is sealed under a key of the keyring.
"""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING

from rakkan.store import database, sealing

if TYPE_CHECKING:
    from sqlalchemy import Engine, MetaData

SCHEMA_VERSION = 1


class Index:
    """The table of models in a database; ``key`` is 32 secret bytes."""

    def __init__(self, engine: Engine, key: bytes) -> None:
        self._engine = engine
        self._names = sealing.derive(key, "rakkan model names 1")
        self._key = sealing.derive(key, "rakkan model rows 1")
        self._tables = _tables()
        database.prepare(engine, "models", SCHEMA_VERSION, self._tables)

    def put(self, account: str, name: str, card: str) -> None:
        """Remember that the card of ``name`` has this digest, instead of any before."""
        row = self._row(account, name)
        sealed = sealing.seal(self._key, json.dumps([name, card]).encode(), row)
        table = self._tables.tables["models"]
        with database.transaction(self._engine) as connection:
            connection.execute(table.delete().where(table.c.row == row))
            connection.execute(table.insert().values(row=row, account=self._account(account), sealed=sealed))

    def all(self, account: str) -> dict[str, str]:
        """The digests of an account's cards by name, in the order of names."""
        import sqlalchemy

        table = self._tables.tables["models"]
        query = sqlalchemy.select(table).where(table.c.account == self._account(account))
        with database.transaction(self._engine) as connection:
            rows = connection.execute(query).all()
        found = [
            json.loads(sealing.unseal(self._key, bytes(one.sealed), bytes(one.row), "The table of models"))
            for one in rows
        ]
        return dict(sorted((name, card) for name, card in found))

    def forget(self, account: str, name: str) -> None:
        """Forget a model. Fine when it is not there."""
        table = self._tables.tables["models"]
        with database.transaction(self._engine) as connection:
            connection.execute(table.delete().where(table.c.row == self._row(account, name)))

    def forget_account(self, account: str) -> None:
        """Forget all models of an account."""
        table = self._tables.tables["models"]
        with database.transaction(self._engine) as connection:
            connection.execute(table.delete().where(table.c.account == self._account(account)))

    def _row(self, account: str, name: str) -> bytes:
        return self._account(account, f"\0{name}")

    def _account(self, account: str, more: str = "") -> bytes:
        text = f"{account}{more}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._names, text, "sha256")


def _tables() -> MetaData:
    from sqlalchemy import Column, LargeBinary, MetaData, Table

    tables = MetaData()
    Table(
        "models",
        tables,
        Column("row", LargeBinary(32), primary_key=True),
        Column("account", LargeBinary(32), nullable=False, index=True),
        Column("sealed", LargeBinary, nullable=False),
    )
    return tables
