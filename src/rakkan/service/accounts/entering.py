"""Ways in: signing up, signing in by a password, and the owner's first start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, and_, insert, select, update

from rakkan.errors import RakkanError
from rakkan.service.access.actors import Actor
from rakkan.service.accounts import passwords, wording
from rakkan.service.accounts.ground import Ground, Visit, network_of
from rakkan.service.accounts.passwords import Passwords
from rakkan.service.accounts.people import People
from rakkan.service.accounts.sessions import Issued, Sessions
from rakkan.service.accounts.tables import ACCOUNTS, PASSWORDS
from rakkan.service.accounts.throttle import Throttle
from rakkan.service.accounts.tokens import Tokens
from rakkan.service.errors import Conflict, Forbidden, NotFound, Unauthenticated
from rakkan.store.database import transaction

Mode = Literal["open", "invited", "closed"]
_CHECK = "Look to the keyboard's language and its capitals"


@dataclass(frozen=True)
class _Known:
    identifier: str
    state: str
    encoded: str


@dataclass(frozen=True)
class Entering:
    """Ways in. ``mode`` says who can sign up: anybody, whoever has an invitation, nobody."""

    ground: Ground
    passwords: Passwords
    mode: Mode = "invited"

    def sign_up(
        self,
        handle: str,
        password: str,
        visit: Visit,
        name: str = "",
        locale: str = "en",
        invitation: str = "",
    ) -> Issued:
        """Make an account, and a session of it. Raises RakkanError for what cannot be used, Conflict for a
        handle that is taken, Forbidden when signing up is closed or the invitation does not hold, TooMany."""
        folded = wording.handle(handle)
        if self.mode == "closed":
            raise Forbidden("This instance takes nobody new", "Ask whoever runs it")
        if self.mode == "invited" and not invitation:
            raise Forbidden("An invitation is needed to sign up", "Ask somebody who moderates this instance")
        passwords.check(password)
        wording.display_name(name or handle)
        wording.locale(locale)
        if folded in password.casefold():
            raise RakkanError("The password contains the handle", "Take a phrase of some words")
        # Before the hash, which is what a flood would want to have made.
        self._throttle.begin(("sign up network", network_of(visit.address)))
        if invitation:
            Tokens(self.ground).look(invitation, "sign up")
        encoded = self.passwords.encode(password)
        with transaction(self.ground.engine) as connection:
            role = "member"
            if invitation:
                role = Tokens(self.ground).use(connection, invitation, "sign up").role
            account = People(self.ground).add(connection, handle, name, role, locale)
            self._write(connection, account, encoded)
            issued = Sessions(self.ground).issue(connection, account, "password", visit)
        self.ground.audit("account made", account, account)
        return issued

    def sign_in(self, handle: str, password: str, visit: Visit) -> Issued:
        """Begin a session by a password. One hash is worked out whatever is given, also for handles that are
        not there. Raises Unauthenticated, without saying which of the two was wrong; TooMany after 10
        failures in 15 minutes with the handle or from the network; Forbidden for an account that is
        suspended, to who knows its password; Busy."""
        whose = (("handle", wording.folded(handle)), ("network", network_of(visit.address)))
        began = self._throttle.begin(*whose)
        found = self._find(wording.folded(handle))
        if not self.passwords.matches(None if found is None else found.encoded, password) or found is None:
            about = "" if found is None else found.identifier
            self.ground.audit("sign-in failed", "", about)
            raise Unauthenticated(
                "The handle or the password is wrong", "Check both, and the keyboard's language"
            )
        self._throttle.succeeded(began, *whose)
        if found.state != "active":
            raise Forbidden("This account is suspended", "Ask whoever runs this instance")
        encoded = found.encoded
        if self.passwords.outdated(encoded):
            encoded = self.passwords.encode_known(password)
        with transaction(self.ground.engine) as connection:
            # Should the password have been changed meanwhile, it is the old one that was right.
            row = and_(PASSWORDS.c.account == found.identifier, PASSWORDS.c.encoded == found.encoded)
            if not connection.execute(update(PASSWORDS).where(row).values(encoded=encoded)).rowcount:
                raise Unauthenticated("The handle or the password is wrong", _CHECK)
            issued = Sessions(self.ground).issue(connection, found.identifier, "password", visit)
        self.ground.audit("signed in", found.identifier, issued.identifier)
        return issued

    def set_password(self, by: Actor, new: str, current: str = "") -> None:
        """Change a password, or set the first of an account; all its other sessions end. Raises RakkanError
        for a password that will not do, Unauthenticated for a wrong ``current`` one, Forbidden for a key,
        TooMany, Busy."""
        by.demand_person()
        handle = People(self.ground).profile(by.account).handle
        if handle in passwords.check(new).casefold():
            raise RakkanError("The password contains the handle", "Take a phrase of some words")
        found = self._find(handle)
        if found is not None:
            self._prove(by, found, handle, current, "password change failed")
        encoded = self.passwords.encode(new)
        with transaction(self.ground.engine) as connection:
            self._write(connection, by.account, encoded, None if found is None else found.encoded)
            Sessions(self.ground).end(connection, by.account, keep=[by.credential])
        self.ground.audit("password changed", by.account, by.account)

    def check(self, by: Actor, password: str) -> None:
        """Raise Unauthenticated unless an account has this password; TooMany, Busy."""
        handle = People(self.ground).profile(by.account).handle
        found = self._find(handle)
        if found is None:
            raise Unauthenticated("This account has no password", "Set one first")
        self._prove(by, found, handle, password, "password check failed")

    def has_password(self, account: str) -> bool:
        """Whether an account can sign in by a password."""
        query = select(PASSWORDS.c.account).where(PASSWORDS.c.account == account)
        with transaction(self.ground.engine) as connection:
            return connection.scalar(query) is not None

    def owner_token(self) -> str:
        """A token that lets whoever runs the service in as its owner, once, within a day."""
        return Tokens(self.ground).make("owner", "", "owner", 1)[1]

    def claim(self, token: str, visit: Visit, handle: str, name: str = "", locale: str = "en") -> Issued:
        """Begin a session by the owner's token: of the owner, or where there is none yet of an account that
        is made with ``handle``. Raises Forbidden for a token that does not hold; RakkanError and Conflict for
        the handle, and the token still holds then."""
        people = People(self.ground)
        with transaction(self.ground.engine) as connection:
            Tokens(self.ground).use(connection, token, "owner")
            account = people.owner(connection) or people.add(connection, handle, name, "owner", locale)
            issued = Sessions(self.ground).issue(connection, account, "token", visit)
        self.ground.audit("signed in by the owner's token", account, issued.identifier)
        return issued

    def _prove(self, by: Actor, found: _Known, handle: str, password: str, failure: str) -> None:
        whose = (("handle", handle), ("account", by.account))
        began = self._throttle.begin(*whose)
        if not self.passwords.matches(found.encoded, password):
            self.ground.audit(failure, by.account, by.account)
            raise Unauthenticated("The current password is wrong", "Check it, and the keyboard's language")
        self._throttle.succeeded(began, *whose)

    @property
    def _throttle(self) -> Throttle:
        return Throttle(self.ground)

    def _find(self, handle: str) -> _Known | None:
        if "\0" in handle:  # which PostgreSQL refuses to compare with
            return None
        query = (
            select(ACCOUNTS.c.identifier, ACCOUNTS.c.state, PASSWORDS.c.encoded)
            .join(PASSWORDS, PASSWORDS.c.account == ACCOUNTS.c.identifier)
            .where(ACCOUNTS.c.handle == handle)
        )
        with transaction(self.ground.engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _Known(row.identifier, row.state, row.encoded)

    def _write(self, connection: Connection, account: str, encoded: str, before: str | None = None) -> None:
        """Set a password where it is still the one before, so that of two changes at once one counts."""
        row = and_(PASSWORDS.c.account == account, PASSWORDS.c.encoded == before)
        values = {"encoded": encoded, "changed": self.ground.now()}
        if before is not None:
            if not connection.execute(update(PASSWORDS).where(row).values(values)).rowcount:
                raise Conflict("The password was changed meanwhile", "Try again")
            return
        there = select(ACCOUNTS.c.identifier).where(ACCOUNTS.c.identifier == account)
        if connection.scalar(there) is None:
            raise NotFound("There is no such account", "It may have been closed")
        connection.execute(insert(PASSWORDS).values(account=account, **values))
