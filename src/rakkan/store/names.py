"""Tables of what has a name, of which a stolen database tells how many there are and no more.

Rows and accounts are keyed digests (HMAC-SHA-256), and what is known of each is sealed under a key of the
keyring.
"""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any

from rakkan.store import database, sealing

if TYPE_CHECKING:
    from sqlalchemy import Column, Engine, Table


class SealedNames:
    """A table called ``name`` in a database, of version ``schema_version``; ``key`` is 32 secret bytes, of
    which keys are derived for ``sort`` (``model``), and ``columns`` are further ones of the table."""

    def __init__(
        self, engine: Engine, key: bytes, name: str, sort: str, schema_version: int, *columns: Column[Any]
    ) -> None:
        from sqlalchemy import Column, LargeBinary, MetaData, Table

        self.engine = engine
        self._names = sealing.derive(key, f"rakkan {sort} names 1")
        self._key = sealing.derive(key, f"rakkan {sort} rows 1")
        tables = MetaData()
        self.table: Table = Table(
            name,
            tables,
            Column("row", LargeBinary(32), primary_key=True),
            Column("account", LargeBinary(32), nullable=False, index=True),
            *columns,
            Column("sealed", LargeBinary, nullable=False),
        )
        database.prepare(engine, name, schema_version, tables)

    def values(self, account: str, name: str, *said: Any) -> dict[str, object]:
        """The row that says this of a name: its columns but for further ones."""
        row = self.row(account, name)
        sealed = sealing.seal(self._key, json.dumps(said).encode(), row)
        return {"row": row, "account": self.keyed(account), "sealed": sealed}

    def all(self, account: str) -> list[Any]:
        """What is said of each name of an account. Raises RakkanError for a row that was changed."""
        import sqlalchemy

        query = sqlalchemy.select(self.table).where(self.table.c.account == self.keyed(account))
        with database.transaction(self.engine) as connection:
            rows = connection.execute(query).all()
        what = f"The table of {self.table.name}"
        return [
            json.loads(sealing.unseal(self._key, bytes(one.sealed), bytes(one.row), what)) for one in rows
        ]

    def forget(self, account: str, name: str) -> None:
        """Forget a name. Fine when it is not there."""
        with database.transaction(self.engine) as connection:
            connection.execute(self.table.delete().where(self.table.c.row == self.row(account, name)))

    def forget_account(self, account: str) -> None:
        """Forget all names of an account."""
        with database.transaction(self.engine) as connection:
            connection.execute(self.table.delete().where(self.table.c.account == self.keyed(account)))

    def row(self, account: str, name: str) -> bytes:
        """The key of a name's row, 32 bytes."""
        return self.keyed(f"{account}\0{name}")

    def keyed(self, text: str) -> bytes:
        """A keyed digest, 32 bytes: the same text gives the same."""
        return self.digest(text.encode("utf-8", "surrogatepass"))

    def digest(self, data: bytes) -> bytes:
        """``keyed`` of bytes."""
        return hmac.digest(self._names, data, "sha256")
