"""Which models their accounts let everybody of the instance draw with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rakkan.models.reach import Loan
from rakkan.store import database

if TYPE_CHECKING:
    from sqlalchemy import Engine

SCHEMA_VERSION = 1


class Sharing:
    """The table of shared models in a database: account and digest, which say what everybody may know."""

    def __init__(self, engine: Engine) -> None:
        from sqlalchemy import Column, MetaData, String, Table

        self._engine = engine
        tables = MetaData()
        self._table = Table(
            "shared_models",
            tables,
            Column("account", String(64), primary_key=True),
            Column("digest", String(64), primary_key=True),
        )
        database.prepare(engine, "shared_models", SCHEMA_VERSION, tables)

    def put(self, account: str, digest: str, is_shared: bool) -> None:
        """Let everybody draw with a model of an account's, or nobody else any more."""
        table = self._table
        with database.transaction(self._engine) as connection:
            connection.execute(table.delete().where(table.c.account == account, table.c.digest == digest))
            if is_shared:
                connection.execute(table.insert().values(account=account, digest=digest))

    def loans(self) -> tuple[Loan, ...]:
        """What is shared, a loan for each account."""
        table = self._table
        with database.transaction(self._engine) as connection:
            rows = connection.execute(table.select().order_by(table.c.account)).all()
        found: dict[str, set[str]] = {}
        for row in rows:
            found.setdefault(row.account, set()).add(row.digest)
        return tuple(Loan(account, frozenset(digests)) for account, digests in found.items())

    def of(self, account: str) -> frozenset[str]:
        """The digests of what an account shares."""
        return next((one.digests or frozenset() for one in self.loans() if one.owner == account), frozenset())

    def forget_account(self, account: str) -> None:
        """Share nothing of an account's any more."""
        table = self._table
        with database.transaction(self._engine) as connection:
            connection.execute(table.delete().where(table.c.account == account))
