"""Organisations: accounts that belong together, of which some are admins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from rakkan.errors import RakkanError
from rakkan.service.access.actors import Actor
from rakkan.service.accounts import wording
from rakkan.service.accounts.ground import Ground
from rakkan.service.accounts.tables import INVITATIONS, MEMBERSHIPS, ORGANISATIONS
from rakkan.service.accounts.tokens import Tokens
from rakkan.service.errors import Conflict, Forbidden, NotFound, Unauthenticated
from rakkan.service.schema import new_identifier
from rakkan.store.database import transaction

Standing = Literal["member", "admin"]
MOST_ORGANISATIONS = 20
INVITATION_DAYS = 7


@dataclass(frozen=True)
class Organisation:
    """An organisation; ``created`` in milliseconds since 1970."""

    identifier: str
    handle: str
    display_name: str
    state: str
    created: int


@dataclass(frozen=True)
class Membership:
    """That an account belongs to an organisation, since ``joined`` (milliseconds since 1970)."""

    organisation: str
    account: str
    role: str
    joined: int


@dataclass(frozen=True)
class Organisations:
    """The organisations in a database. For whoever does not belong to one, it is not there: NotFound."""

    ground: Ground

    def create(self, by: Actor, handle: str, name: str = "") -> Organisation:
        """A new organisation, of which whoever asks is admin. Raises RakkanError for names that cannot be
        used, Conflict for a handle that is taken and for more than 20 organisations."""
        account = _account(by)
        folded, shown = wording.handle(handle), wording.display_name(name or handle)
        now = self.ground.now()
        made = Organisation(new_identifier(self.ground.clock()), folded, shown, "active", now)
        with transaction(self.ground.engine) as connection:
            try:
                connection.execute(insert(ORGANISATIONS).values(vars(made)))
            except IntegrityError as error:
                raise Conflict(f"The handle {folded!r} is taken", "Take another") from error
            self._join(connection, made.identifier, account, "admin")
        self.ground.audit("organisation made", account, made.identifier)
        return made

    def get(self, organisation: str) -> Organisation:
        """One organisation. Raises NotFound."""
        with transaction(self.ground.engine) as connection:
            query = select(ORGANISATIONS).where(ORGANISATIONS.c.identifier == organisation)
            row = connection.execute(query).one_or_none()
        if row is None:
            raise _missing()
        return _organisation(row)

    def find(self, handle: str) -> Organisation:
        """The organisation of a handle, however it is spelt. Raises NotFound."""
        folded = wording.folded(handle.removeprefix("@"))
        if "\0" in folded:  # which PostgreSQL refuses to compare with
            raise _missing()
        with transaction(self.ground.engine) as connection:
            query = select(ORGANISATIONS).where(ORGANISATIONS.c.handle == folded)
            row = connection.execute(query).one_or_none()
        if row is None:
            raise _missing()
        return _organisation(row)

    def several(self, organisations: Iterable[str]) -> dict[str, Organisation]:
        """Those of some organisations that are there, in one query."""
        query = select(ORGANISATIONS).where(ORGANISATIONS.c.identifier.in_(sorted(set(organisations))))
        with transaction(self.ground.engine) as connection:
            return {row.identifier: _organisation(row) for row in connection.execute(query)}

    def of(self, account: str) -> list[tuple[Organisation, Membership]]:
        """Where an account belongs, the oldest organisation first."""
        query = (
            select(ORGANISATIONS, MEMBERSHIPS.c.account, MEMBERSHIPS.c.role, MEMBERSHIPS.c.joined)
            .join(MEMBERSHIPS, MEMBERSHIPS.c.organisation == ORGANISATIONS.c.identifier)
            .where(MEMBERSHIPS.c.account == account)
            .order_by(ORGANISATIONS.c.identifier)
        )
        with transaction(self.ground.engine) as connection:
            rows = connection.execute(query).all()
        return [
            (_organisation(row), Membership(row.identifier, row.account, row.role, row.joined))
            for row in rows
        ]

    def members(self, by: Actor, organisation: str) -> list[Membership]:
        """Who belongs to an organisation, for those who do and for moderators. Raises NotFound."""
        if not by.at_least("moderator"):
            self._standing(by, organisation)
        query = select(MEMBERSHIPS).where(MEMBERSHIPS.c.organisation == organisation)
        with transaction(self.ground.engine) as connection:
            rows = connection.execute(query.order_by(MEMBERSHIPS.c.account)).all()
        return [Membership(row.organisation, row.account, row.role, row.joined) for row in rows]

    def invite(
        self, by: Actor, organisation: str, role: Standing = "member", days: int = INVITATION_DAYS
    ) -> str:
        """A token with which one account can join, told this once. Raises NotFound, Forbidden for those who
        are not admins of it, RakkanError for other than 1 to 30 days."""
        self._admin(by, organisation)
        _check(role)
        _, token = Tokens(self.ground).make("organisation", by.account, role, days, organisation)
        return token

    def join(self, by: Actor, token: str) -> Membership:
        """Join the organisation of a token. Raises Forbidden for one that does not hold, Conflict for who
        belongs to it already, or to 20."""
        account = _account(by)
        with transaction(self.ground.engine) as connection:
            invitation = Tokens(self.ground).use(connection, token, "organisation")
            organisation = invitation.organisation or ""
            made = self._join(connection, organisation, account, invitation.role)
        self.ground.audit("organisation joined", account, organisation)
        return made

    def leave(self, by: Actor, organisation: str) -> None:
        """Leave an organisation; with its last member it ends. Raises NotFound, and Conflict for the last
        admin of others."""
        account = _account(by)
        with transaction(self.ground.engine) as connection:
            self.take_out(connection, organisation, account)
        self.ground.audit("organisation left", account, organisation)

    def remove(self, by: Actor, organisation: str, account: str) -> None:
        """Put an account out of an organisation, as one of its admins. Raises NotFound, Forbidden,
        Conflict."""
        self._admin(by, organisation)
        with transaction(self.ground.engine) as connection:
            self.take_out(connection, organisation, account)
        self.ground.audit(f"member removed from organisation {organisation}", by.account, account)

    def set_role(self, by: Actor, organisation: str, account: str, role: Standing) -> None:
        """Make a member an admin, or an admin a member, as one of its admins. Raises NotFound, Forbidden, and
        Conflict when no admin would be left."""
        self._admin(by, organisation)
        _check(role)
        with transaction(self.ground.engine) as connection:
            _lock(connection, organisation)
            row = and_(MEMBERSHIPS.c.organisation == organisation, MEMBERSHIPS.c.account == account)
            if not connection.execute(update(MEMBERSHIPS).where(row).values(role=role)).rowcount:
                raise NotFound("There is no such member", "Look at the list of members")
            _demand_admin(connection, organisation)
        self.ground.audit(f"made {role} of organisation {organisation}", by.account, account)

    def set_state(self, by: Actor, organisation: str, state: Literal["active", "suspended"]) -> None:
        """Suspend an organisation, or restore it: while it is, nobody who belongs to it gets in, but those
        who moderate the instance. Raises Forbidden for those who do not, and NotFound."""
        if not by.at_least("moderator"):
            raise Forbidden("Only a moderator suspends organisations", "Report what is wrong")
        row = ORGANISATIONS.c.identifier == organisation
        with transaction(self.ground.engine) as connection:
            if not connection.execute(update(ORGANISATIONS).where(row).values(state=state)).rowcount:
                raise _missing()
        done = "organisation suspended" if state == "suspended" else "organisation restored"
        self.ground.audit(done, by.account, organisation)

    def take_out(self, connection: Connection, organisation: str, account: str) -> None:
        """Within a transaction, end a membership, and the organisation with its last. Raises NotFound, and
        Conflict when others would be left without an admin."""
        _lock(connection, organisation)
        here = MEMBERSHIPS.c.organisation == organisation
        if not connection.execute(delete(MEMBERSHIPS).where(here, MEMBERSHIPS.c.account == account)).rowcount:
            raise NotFound("There is no such member", "Look at the list of members")
        if connection.scalar(select(func.count()).select_from(MEMBERSHIPS).where(here)):
            _demand_admin(connection, organisation)
            return
        connection.execute(delete(INVITATIONS).where(INVITATIONS.c.organisation == organisation))
        connection.execute(delete(ORGANISATIONS).where(ORGANISATIONS.c.identifier == organisation))

    def _join(self, connection: Connection, organisation: str, account: str, role: str) -> Membership:
        _lock(connection, organisation)
        made = Membership(organisation, account, role, self.ground.now())
        own = select(MEMBERSHIPS.c.organisation).where(MEMBERSHIPS.c.account == account)
        places = connection.scalars(own).all()
        if organisation in places:
            raise Conflict("You belong to this organisation already", "Nothing needs to be done")
        if len(places) >= MOST_ORGANISATIONS:
            raise Conflict(f"You belong to {MOST_ORGANISATIONS} organisations", "Leave one first")
        connection.execute(insert(MEMBERSHIPS).values(vars(made)))
        return made

    def _standing(self, by: Actor, organisation: str) -> str:
        """What whoever asks is in an organisation, read anew: an actor may be of a while ago."""
        row = and_(MEMBERSHIPS.c.organisation == organisation, MEMBERSHIPS.c.account == _account(by))
        with transaction(self.ground.engine) as connection:
            found: str | None = connection.scalar(select(MEMBERSHIPS.c.role).where(row))
        if found is None:
            raise _missing()
        return found

    def _admin(self, by: Actor, organisation: str) -> None:
        if self._standing(by, organisation) != "admin":
            raise Forbidden("Only an admin of the organisation may do this", "Ask one of its admins")


def _lock(connection: Connection, organisation: str) -> None:
    """Hold a row until the transaction ends, so that two who leave at once are counted one after the
    other."""
    row = ORGANISATIONS.c.identifier == organisation
    if not connection.execute(
        update(ORGANISATIONS).where(row).values(handle=ORGANISATIONS.c.handle)
    ).rowcount:
        raise _missing()


def _demand_admin(connection: Connection, organisation: str) -> None:
    admins = and_(MEMBERSHIPS.c.organisation == organisation, MEMBERSHIPS.c.role == "admin")
    if not connection.scalar(select(func.count()).select_from(MEMBERSHIPS).where(admins)):
        raise Conflict("The organisation would have no admin", "Make another member admin first")


def _account(by: Actor) -> str:
    if not by.account:
        raise Unauthenticated("Nobody is signed in", "Sign in first")
    return by.account


def _check(role: str) -> None:
    if role not in ("member", "admin"):
        raise RakkanError(f"There is no role {role!r} in an organisation", "Take member or admin")


def _missing() -> NotFound:
    return NotFound("There is no such organisation", "Look at the list of yours")


def _organisation(row: Row[Any]) -> Organisation:
    return Organisation(row.identifier, row.handle, row.display_name, row.state, row.created)
