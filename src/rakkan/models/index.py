"""Where the cards of the models lie, by name. The cards themselves are in the vault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rakkan.store import database
from rakkan.store.names import SealedNames

if TYPE_CHECKING:
    from sqlalchemy import Engine

SCHEMA_VERSION = 1


class Index:
    """The table of models in a database; ``key`` is 32 secret bytes."""

    def __init__(self, engine: Engine, key: bytes) -> None:
        self._names = SealedNames(engine, key, "models", "model", SCHEMA_VERSION)

    def put(self, account: str, name: str, card: str) -> None:
        """Remember that the card of ``name`` has this digest, instead of any before."""
        table, values = self._names.table, self._names.values(account, name, name, card)
        with database.transaction(self._names.engine) as connection:
            connection.execute(table.delete().where(table.c.row == values["row"]))
            connection.execute(table.insert().values(**values))

    def all(self, account: str) -> dict[str, str]:
        """The digests of an account's cards by name, in the order of names."""
        return dict(sorted((name, card) for name, card in self._names.all(account)))

    def forget(self, account: str, name: str) -> None:
        """Forget a model. Fine when it is not there."""
        self._names.forget(account, name)

    def forget_account(self, account: str) -> None:
        """Forget all models of an account."""
        self._names.forget_account(account)
