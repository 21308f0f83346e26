"""The accounts themselves: who is here, and what they say of themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Row, and_, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from rakkan.errors import RakkanError
from rakkan.service.access.actors import Actor
from rakkan.service.accounts import wording
from rakkan.service.accounts.ground import Ground
from rakkan.service.accounts.tables import ACCOUNTS, TOMBSTONES
from rakkan.service.errors import Conflict, Forbidden, NotFound
from rakkan.service.schema import new_identifier
from rakkan.store.database import insert_new, transaction

AccountRole = Literal["member", "moderator", "owner"]
State = Literal["active", "suspended", "closed"]
MOST_LISTED = 200

#: Made once: making a query takes longer than asking it.
_NAMED = select(ACCOUNTS).where(ACCOUNTS.c.identifier.in_(bindparam("identifiers", expanding=True)))


@dataclass(frozen=True)
class Profile:
    """An account as others see it. ``closed`` is one that is being erased. ``created`` in milliseconds."""

    identifier: str
    handle: str
    display_name: str
    role: str
    state: str
    locale: str
    bio: str
    created: int


@dataclass(frozen=True)
class People:
    """The accounts in a database."""

    ground: Ground

    def add(self, connection: Connection, handle: str, name: str, role: str, locale: str) -> str:
        """Add an account within a transaction: its identifier. Raises Conflict for a handle that is taken, or
        was until lately; RakkanError for what cannot be used."""
        folded = wording.handle(handle)
        values = {"display_name": wording.display_name(name or handle), "locale": wording.locale(locale)}
        grave = and_(
            TOMBSTONES.c.digest == self.ground.keyed("tombstone", folded),
            TOMBSTONES.c.until > self.ground.now(),
        )
        taken = Conflict(f"The handle {folded!r} is taken", "Take another")
        if connection.scalar(select(TOMBSTONES.c.until).where(grave)) is not None:
            raise taken
        identifier, now = new_identifier(self.ground.clock()), self.ground.now()
        row = {"identifier": identifier, "handle": folded, "role": role, "state": "active", "created": now}
        try:
            connection.execute(insert(ACCOUNTS).values(**row, **values, bio=""))
        except IntegrityError as error:
            raise taken from error
        return identifier

    def add_house(self, identifier: str, handle: str, name: str, bio: str) -> None:
        """Add the account of the instance itself, unless it is there: nobody can sign in with it. ``handle``
        is a reserved one, so that nobody can be taken for it. Raises RakkanError for one that is not."""
        if handle not in wording.RESERVED:
            raise RakkanError(f"The handle {handle!r} is not reserved", "A person could have it")
        row = {"handle": handle, "role": "member", "state": "active", "locale": "en"}
        told = {"display_name": wording.display_name(name), "bio": wording.bio(bio)}
        with transaction(self.ground.engine) as connection:
            now = self.ground.now()
            insert_new(connection, ACCOUNTS, {"identifier": identifier, "created": now, **row, **told})

    def profile(self, account: str) -> Profile:
        """One account. Raises NotFound."""
        found = self.profiles([account]).get(account)
        if found is None:
            raise NotFound("There is no such account", "It may have been closed")
        return found

    def profiles(self, accounts: Iterable[str]) -> dict[str, Profile]:
        """Those of some accounts that are there, in one query."""
        wanted = {"identifiers": sorted(set(accounts))}
        with transaction(self.ground.engine) as connection:
            return {row.identifier: _profile(row) for row in connection.execute(_NAMED, wanted)}

    def find(self, handle: str) -> Profile | None:
        """The account of a handle, however it is spelt."""
        query = select(ACCOUNTS).where(ACCOUNTS.c.handle == wording.folded(handle))
        if "\0" in handle:  # which PostgreSQL refuses to compare with
            return None
        with transaction(self.ground.engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _profile(row)

    def listed(self, after: str = "", limit: int = 50, state: State | None = None) -> list[Profile]:
        """Accounts in the order of their making, behind an identifier; at most 200."""
        query = select(ACCOUNTS).where(ACCOUNTS.c.identifier > after).order_by(ACCOUNTS.c.identifier)
        if state is not None:
            query = query.where(ACCOUNTS.c.state == state)
        with transaction(self.ground.engine) as connection:
            rows = connection.execute(query.limit(min(max(limit, 1), MOST_LISTED))).all()
        return [_profile(row) for row in rows]

    def change(
        self, account: str, name: str | None = None, bio: str | None = None, locale: str | None = None
    ) -> Profile:
        """Change what an account says of itself; None leaves as it is. Raises RakkanError, NotFound."""
        values: dict[str, str] = {}
        if name is not None:
            values["display_name"] = wording.display_name(name)
        if bio is not None:
            values["bio"] = wording.bio(bio)
        if locale is not None:
            values["locale"] = wording.locale(locale)
        if values:
            with transaction(self.ground.engine) as connection:
                connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.identifier == account).values(**values))
        return self.profile(account)

    def set_role(self, by: Actor, account: str, role: AccountRole) -> None:
        """Make an account a member, a moderator or an owner, which only an owner may. Raises Forbidden,
        NotFound, RakkanError; Conflict for the last owner."""
        if role not in get_args(AccountRole):
            raise RakkanError(f"There is no role {role!r}", f"Choose from {', '.join(get_args(AccountRole))}")
        if not by.at_least("owner"):
            raise Forbidden("Only an owner gives roles", "Ask an owner")
        with transaction(self.ground.engine) as connection:
            self._change(connection, account, "role", role)
        self.ground.audit(f"role set to {role}", by.account, account)

    def set_state(self, by: Actor, account: str, state: Literal["active", "suspended"]) -> None:
        """Suspend an account, or restore it; its credentials do not work meanwhile. A moderator may do so to
        members, an owner to all. Raises Forbidden, NotFound; Conflict for the last owner and for an account
        that is being closed."""
        if not by.at_least("moderator"):
            raise Forbidden("Only a moderator suspends accounts", "Report what is wrong")
        found = self.profile(account)
        if found.role != "member" and not by.at_least("owner"):
            raise Forbidden("Only an owner suspends those who moderate", "Ask an owner")
        if found.state == "closed":
            raise Conflict("The account is being closed", "Nothing needs to be done")
        with transaction(self.ground.engine) as connection:
            self._change(connection, account, "state", state)
        done = "account suspended" if state == "suspended" else "account restored"
        self.ground.audit(done, by.account, account)

    def mark_closed(self, connection: Connection, account: str) -> None:
        """Within a transaction, let nobody in with an account any more. Raises NotFound, Conflict for the
        last owner."""
        self._change(connection, account, "state", "closed")

    def owner(self, connection: Connection) -> str | None:
        """The first active owner, if there is one."""
        query = select(func.min(ACCOUNTS.c.identifier)).where(_RULING)
        found: str | None = connection.scalar(query)
        return found

    def _change(self, connection: Connection, account: str, column: str, value: str) -> None:
        # All owners are locked first, so that of two who leave at once one stays.
        owners = update(ACCOUNTS).where(ACCOUNTS.c.role == "owner").values(handle=ACCOUNTS.c.handle)
        connection.execute(owners)
        ruled = self.owner(connection) is not None
        # A row that is being closed is closed for good.
        row = and_(ACCOUNTS.c.identifier == account, ACCOUNTS.c.state != "closed")
        changed = connection.execute(update(ACCOUNTS).where(row).values({column: value})).rowcount
        there = connection.scalar(select(ACCOUNTS.c.state).where(ACCOUNTS.c.identifier == account))
        if not changed and (there is None or value != "closed"):
            raise NotFound("There is no such account", "It may have been closed")
        if ruled and self.owner(connection) is None:
            raise Conflict("This is the only owner", "Make another account an owner first")


_RULING = and_(ACCOUNTS.c.role == "owner", ACCOUNTS.c.state == "active")


def _profile(row: Row[Any]) -> Profile:
    return Profile(
        row.identifier,
        row.handle,
        row.display_name,
        row.role,
        row.state,
        row.locale,
        row.bio,
        row.created,
    )
