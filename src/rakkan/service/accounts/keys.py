"""Keys: what a program shows instead of a session. A key can do no more than its scopes."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, func, insert, select, update

from rakkan.errors import RakkanError
from rakkan.service.access.actors import SCOPES, Actor
from rakkan.service.accounts import wording
from rakkan.service.accounts.finding import actor_from, rows_of
from rakkan.service.accounts.ground import DAY, SEEN_EVERY, Ground, token_digest
from rakkan.service.accounts.tables import ACCOUNTS, KEYS
from rakkan.service.errors import Conflict, Forbidden, NotFound
from rakkan.service.schema import new_identifier
from rakkan.store.database import transaction

#: What every secret begins with, so that scanners of code know a key where one was published.
MARK = "rk_"
MOST_KEYS = 50
MOST_DAYS = 3650
_SECRET = 32
_SHOWN = len(MARK) + 6


@dataclass(frozen=True)
class Key:
    """A key as its owner sees it; times are milliseconds since 1970."""

    identifier: str
    prefix: str
    label: str
    scopes: frozenset[str]
    created: int
    used: int | None
    expires: int | None
    revoked: int | None


@dataclass(frozen=True)
class Keys:
    """The keys in a database."""

    ground: Ground

    def make(self, by: Actor, label: str, scopes: Iterable[str], days: int | None = None) -> tuple[Key, str]:
        """A new key of whoever asks, and its secret, which is told this once. ``days`` until it expires, at
        most 3650, None for never.

        Raises RakkanError for scopes there are not, Forbidden for scopes that whoever asks has not and for a
        key that asks: one that has leaked makes no other that outlives it. Conflict for more than 50 keys.
        """
        by.demand_person()
        wanted = self._allowed(by, scopes)
        if days is not None and not 1 <= days <= MOST_DAYS:
            raise RakkanError(f"A key cannot last {days} days", f"Take from 1 to {MOST_DAYS}")
        now, identifier = self.ground.now(), new_identifier(self.ground.clock())
        secret = MARK + secrets.token_hex(_SECRET)
        name = wording.label(label)
        expires = None if days is None else now + days * DAY
        key = Key(identifier, secret[:_SHOWN], name, wanted, now, None, expires, None)
        with transaction(self.ground.engine) as connection:
            # A lock on the account, so that two that come at once are counted one after the other.
            own = ACCOUNTS.c.identifier == by.account
            connection.execute(update(ACCOUNTS).where(own).values(handle=ACCOUNTS.c.handle))
            alive = and_(KEYS.c.account == by.account, KEYS.c.revoked.is_(None))
            if (connection.scalar(select(func.count()).where(alive)) or 0) >= MOST_KEYS:
                raise Conflict(f"There are {MOST_KEYS} keys already", "Revoke one that is not used")
            connection.execute(
                insert(KEYS).values(
                    identifier=identifier,
                    account=by.account,
                    prefix=key.prefix,
                    digest=token_digest(secret),
                    scopes=" ".join(sorted(wanted)),
                    sealed=self.ground.seal(name, identifier),
                    created=now,
                    expires=key.expires,
                )
            )
        self.ground.audit("key made", by.account, identifier)
        return key, secret

    def find(self, secret: str) -> Actor | None:
        """Who a secret stands for; None when it does not hold."""
        if not secret.startswith(MARK):
            return None
        now = self.ground.now()
        with transaction(self.ground.engine) as connection:
            rows = rows_of(connection, KEYS, token_digest(secret))
            if not rows or (rows[0].expires is not None and rows[0].expires <= now):
                return None
            actor = actor_from(rows, "key", frozenset(rows[0].scopes.split()))
            if actor is not None and (rows[0].used is None or rows[0].used + SEEN_EVERY <= now):
                row = KEYS.c.identifier == actor.credential
                connection.execute(update(KEYS).where(row).values(used=now))
        return actor

    def of(self, account: str) -> list[Key]:
        """The keys of an account, the newest first, those that were revoked with them."""
        query = select(KEYS).where(KEYS.c.account == account).order_by(KEYS.c.identifier.desc())
        with transaction(self.ground.engine) as connection:
            rows = connection.execute(query).all()
        return [
            Key(
                row.identifier,
                row.prefix,
                self.ground.unseal(row.sealed, row.identifier),
                frozenset(row.scopes.split()),
                row.created,
                row.used,
                row.expires,
                row.revoked,
            )
            for row in rows
        ]

    def revoke(self, by: str, identifier: str) -> None:
        """Revoke one of an account's own keys. Raises NotFound for one that is not, or was revoked."""
        own = and_(KEYS.c.account == by, KEYS.c.identifier == identifier, KEYS.c.revoked.is_(None))
        with transaction(self.ground.engine) as connection:
            count = connection.execute(update(KEYS).where(own).values(revoked=self.ground.now())).rowcount
        if not count:
            raise NotFound("There is no such key", "Look at the list of your keys")
        self.ground.audit("key revoked", by, identifier)

    def revoke_all(self, by: str, account: str) -> int:
        """Revoke all keys of an account; how many there were."""
        own = and_(KEYS.c.account == account, KEYS.c.revoked.is_(None))
        with transaction(self.ground.engine) as connection:
            count = connection.execute(update(KEYS).where(own).values(revoked=self.ground.now())).rowcount
        self.ground.audit("keys revoked", by, account)
        return count

    def last_revoked(self, account: str) -> int:
        """When one of an account's keys was last revoked, in milliseconds since 1970; 0 for never."""
        query = select(func.max(KEYS.c.revoked)).where(KEYS.c.account == account)
        with transaction(self.ground.engine) as connection:
            return int(connection.scalar(query) or 0)

    def _allowed(self, by: Actor, scopes: Iterable[str]) -> frozenset[str]:
        wanted = frozenset(scopes)
        unknown = sorted(wanted - set(SCOPES))
        if unknown or not wanted:
            what = f"There is no scope {unknown[0]!r}" if unknown else "The key has no scope"
            raise RakkanError(what, f"Choose from {', '.join(SCOPES)}")
        if not by.account or not wanted <= by.scopes:
            raise Forbidden("A key cannot be given more than its maker has", "Choose fewer scopes")
        if "moderate" in wanted and not by.at_least("moderator"):
            raise Forbidden("Only a moderator's key can moderate", "Leave that scope out")
        return wanted
