"""Everything about accounts in one place: what routes and commands call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Engine

from rakkan.service.access.actors import Actor
from rakkan.service.accounts import csrf
from rakkan.service.accounts.choices import Choices
from rakkan.service.accounts.entering import Entering, Mode
from rakkan.service.accounts.ground import Audit, Ground, Visit, silent
from rakkan.service.accounts.keys import Keys
from rakkan.service.accounts.leaving import Leaving
from rakkan.service.accounts.organisations import Organisations
from rakkan.service.accounts.passkeys import Party, Passkeys
from rakkan.service.accounts.passwords import Passwords
from rakkan.service.accounts.people import AccountRole, People, Profile
from rakkan.service.accounts.sessions import Issued, Sessions
from rakkan.service.accounts.tokens import Tokens
from rakkan.service.errors import Forbidden

INVITATION_DAYS = 7


@dataclass(frozen=True)
class Accounts:
    """The accounts of an instance.

    ``clock`` gives seconds since 1970; ``secret`` is 32 bytes which, once lost, cost the labels of keys and
    sessions and nothing else; ``mode`` says who can sign up; ``party`` is what passkeys are bound to;
    ``audit`` is told of each change that matters to security. The parts are ``people``, ``sessions``,
    ``keys``, ``passkeys`` and ``organisations``.
    """

    engine: Engine
    clock: Callable[[], float]
    secret: bytes = field(repr=False)
    mode: Mode = "invited"
    party: Party = field(default_factory=Party)
    audit: Audit = silent
    passwords: Passwords = field(default_factory=Passwords)

    def actor_of_session(self, token: str) -> Actor | None:
        """Who a session's token stands for, None when it does not hold (any more)."""
        return self.sessions.find(token)

    def actor_of_key(self, secret: str) -> Actor | None:
        """Who a key's secret stands for, None when it does not hold (any more)."""
        return self.keys.find(secret)

    def sign_up(
        self,
        handle: str,
        password: str,
        visit: Visit,
        display_name: str = "",
        locale: str = "en",
        invitation: str = "",
    ) -> Issued:
        """Make an account and a session of it; see ``Entering.sign_up``."""
        return self._entering.sign_up(handle, password, visit, display_name, locale, invitation)

    def sign_in(self, handle: str, password: str, visit: Visit) -> Issued:
        """Begin a session by a password; see ``Entering.sign_in``."""
        return self._entering.sign_in(handle, password, visit)

    def sign_out(self, by: Actor) -> None:
        """End the session that asks. Raises NotFound when it has ended, or is none."""
        self.sessions.revoke(by.account, by.credential)

    def sign_out_others(self, by: Actor) -> int:
        """End all other sessions of whoever asks; how many there were."""
        return self.sessions.revoke_all(by.account, by.account, keep=by.credential)

    def last_revoked(self, account: str) -> int:
        """When a session or a key of an account was last revoked, in milliseconds since 1970; 0 for never."""
        return max(self.sessions.last_revoked(account), self.keys.last_revoked(account))

    def set_password(self, by: Actor, new: str, current: str = "") -> None:
        """Change the password of whoever asks; see ``Entering.set_password``."""
        self._entering.set_password(by, new, current)

    def check_password(self, by: Actor, password: str) -> None:
        """Raise Unauthenticated unless this is the password of whoever asks; see ``Entering.check``."""
        self._entering.check(by, password)

    def has_password(self, account: str) -> bool:
        """Whether an account can sign in by a password."""
        return self._entering.has_password(account)

    def owner_token(self) -> str:
        """A token that lets whoever runs the service in as its owner, once, within a day; told this once."""
        return self._entering.owner_token()

    def claim(
        self, token: str, visit: Visit, handle: str, display_name: str = "", locale: str = "en"
    ) -> Issued:
        """Begin a session by the owner's token; see ``Entering.claim``."""
        return self._entering.claim(token, visit, handle, display_name, locale)

    def invite(self, by: Actor, role: AccountRole = "member", days: int = INVITATION_DAYS) -> str:
        """A token to sign up with, told this once. Moderators invite members, owners anybody. Raises
        Forbidden, also for a key, and RakkanError for other than 1 to 30 days."""
        by.demand_person()
        if not by.at_least("moderator") or (role != "member" and not by.at_least("owner")):
            raise Forbidden("You cannot invite this", "Ask an owner of this instance")
        return Tokens(self.ground).make("sign up", by.account, role, days)[1]

    def profile(self, account: str) -> Profile:
        """One account. Raises NotFound."""
        return self.people.profile(account)

    def export(self, account: str) -> dict[str, Any]:
        """Everything here about an account but its secrets, ready for JSON. Raises NotFound."""
        return self._leaving.export(account)

    def begin_closing(self, account: str) -> None:
        """Let nobody in with an account any more: the first step of erasing it. Raises NotFound; Conflict for
        the only owner of the instance, and for the last admin of an organisation of others."""
        self._leaving.begin(account)

    def closing(self) -> list[str]:
        """The accounts that ``begin_closing`` was done for and ``close`` was not: go on with them."""
        return self._leaving.begun()

    def close(self, account: str) -> None:
        """Delete all rows of an account: the last step of erasing it. Nobody can take its handle for 30 days.
        Raises what ``begin_closing`` does."""
        self._leaving.finish(account)

    def sweep(self) -> None:
        """Delete what has expired; call it every hour or so."""
        self._leaving.sweep()

    def csrf_token(self, session: str) -> str:
        """The token of a session's forms; ``session`` is ``Actor.credential``, or what a visitor's browser
        holds."""
        return csrf.token(self.secret, session)

    def csrf_holds(self, session: str, given: str) -> bool:
        """Whether a token is the session's."""
        return csrf.holds(self.secret, session, given)

    @cached_property
    def ground(self) -> Ground:
        """What the parts stand on."""
        return Ground(self.engine, self.clock, self.secret, self.audit)

    @property
    def people(self) -> People:
        """Profiles, roles and suspensions."""
        return People(self.ground)

    @property
    def sessions(self) -> Sessions:
        """Browsers that are signed in."""
        return Sessions(self.ground)

    @property
    def keys(self) -> Keys:
        """What programs show."""
        return Keys(self.ground)

    @property
    def passkeys(self) -> Passkeys:
        """Keys in devices."""
        return Passkeys(self.ground, self.party)

    @property
    def organisations(self) -> Organisations:
        """Accounts that belong together."""
        return Organisations(self.ground)

    @property
    def choices(self) -> Choices:
        """What was chosen once for the requests that follow."""
        return Choices(self.ground)

    @property
    def _entering(self) -> Entering:
        return Entering(self.ground, self.passwords, self.mode)

    @property
    def _leaving(self) -> Leaving:
        return Leaving(self.ground)
