"""Which version of each character and style is the newest. The versions themselves are in the vault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rakkan.store import database
from rakkan.store.names import SealedNames

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

SCHEMA_VERSION = 1


class _Taken(Exception):
    """Another row stands where one is to be put, or none where one was expected."""


class Index:
    """The table of newest versions in a database; ``key`` is 32 secret bytes."""

    def __init__(self, engine: Engine, key: bytes) -> None:
        from sqlalchemy import Column, LargeBinary

        head = Column("head", LargeBinary(32), nullable=False)
        self._names = SealedNames(engine, key, "characters", "character", SCHEMA_VERSION, head)

    def advance(self, account: str, sort: str, before: tuple[str, str], after: tuple[str, str]) -> bool:
        """Let ``after`` (a name and the digest of its newest version) take the place of ``before``, whose
        digest is "" when there is to be none; False, with nothing changed, when another version is the
        newest by now, or the new name is taken."""
        old = self._names.row(account, _called(sort, before[0]))
        row = self._names.values(account, _called(sort, after[0]), sort, *after)
        row["head"] = self._head(row["row"], after[1])
        try:
            with database.transaction(self._names.engine) as connection:
                self._replace(connection, before[1] and (old, self._head(old, before[1])), row)
        except _Taken:
            return False
        return True

    def _replace(self, connection: Connection, before: Any, row: Mapping[str, object]) -> None:
        """Put a row in the place of the one ``before``, by its key and head. Raises _Taken."""
        import sqlalchemy

        table = self._names.table
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
        found = self._names.all(account)
        return dict(sorted((name, head) for kind, name, head in found if kind == sort))

    def forget(self, account: str, sort: str, name: str) -> None:
        """Forget a name. Fine when it is not there."""
        self._names.forget(account, _called(sort, name))

    def forget_account(self, account: str) -> None:
        """Forget all characters and styles of an account."""
        self._names.forget_account(account)

    def _head(self, row: Any, digest: str) -> bytes:
        return self._names.digest(row + digest.encode("ascii"))


def _called(sort: str, name: str) -> str:
    return f"{sort}\0{name.casefold()}"
