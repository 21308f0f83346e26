"""Who a credential stands for, read in one query at every request: what is revoked is revoked at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, bindparam, select

from rakkan.service.access.actors import Actor, Way
from rakkan.service.accounts.tables import ACCOUNTS, MEMBERSHIPS, ORGANISATIONS


def rows_of(connection: Connection, table: Table, digest: bytes) -> Sequence[Row[Any]]:
    """A row for each organisation of the account of a credential that is not revoked (one row for none).

    Its columns are the credential's, the account's ``role`` and ``state``, and ``organisation``, ``standing``
    in it and ``organisation_state``.
    """
    return connection.execute(_query(table), {"secret": digest}).all()


@lru_cache(maxsize=8)
def _query(table: Table) -> Select[Any]:
    """Made once for each table: making it takes longer than asking it."""
    return (
        select(
            table,
            ACCOUNTS.c.role,
            ACCOUNTS.c.state,
            MEMBERSHIPS.c.organisation,
            MEMBERSHIPS.c.role.label("standing"),
            ORGANISATIONS.c.state.label("organisation_state"),
        )
        .join(ACCOUNTS, ACCOUNTS.c.identifier == table.c.account)
        .outerjoin(MEMBERSHIPS, MEMBERSHIPS.c.account == ACCOUNTS.c.identifier)
        .outerjoin(ORGANISATIONS, ORGANISATIONS.c.identifier == MEMBERSHIPS.c.organisation)
        .where(table.c.digest == bindparam("secret"), table.c.revoked.is_(None))
    )


def actor_from(rows: Sequence[Row[Any]], way: Way, scopes: frozenset[str]) -> Actor | None:
    """The actor of these rows; None for no rows, for an account that is not active, and for a member of a
    suspended organisation (those who moderate and own the instance stay, so that they can lift it)."""
    if not rows or rows[0].state != "active":
        return None
    first = rows[0]
    if first.role == "member" and any(row.organisation_state == "suspended" for row in rows):
        return None
    standing = {row.organisation: row.standing for row in rows if row.organisation_state == "active"}
    return Actor(first.account, first.role, standing, scopes, way, first.identifier)
