"""Sessions: a browser that is signed in, by a token in a cookie."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from rakkan.service.access.actors import SCOPES, Actor
from rakkan.service.accounts.finding import actor_from, rows_of
from rakkan.service.accounts.ground import DAY, SEEN_EVERY, Ground, Visit, token_digest
from rakkan.service.accounts.tables import SESSIONS
from rakkan.service.errors import NotFound
from rakkan.service.schema import new_identifier
from rakkan.store.database import transaction

#: A session ends when it has not been used for so long, and after so long in any case, in milliseconds.
IDLE = 30 * DAY
LONGEST = 90 * DAY
_TOKEN = 32
_ALL_SCOPES = frozenset(SCOPES)
_BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


@dataclass(frozen=True)
class Issued:
    """A session that has begun. ``token`` is told this once; ``expires`` is in milliseconds since 1970."""

    token: str
    identifier: str
    account: str
    expires: int


@dataclass(frozen=True)
class Session:
    """A session as its owner sees it. ``way`` says how it was signed in: password, passkey or token."""

    identifier: str
    way: str
    agent: str
    created: int
    seen: int
    expires: int


@dataclass(frozen=True)
class Sessions:
    """The sessions in a database."""

    ground: Ground

    def issue(self, connection: Connection, account: str, way: str, visit: Visit) -> Issued:
        """Begin a session within a transaction, with a new token each time."""
        now, identifier = self.ground.now(), new_identifier(self.ground.clock())
        token = secrets.token_urlsafe(_TOKEN)
        connection.execute(
            insert(SESSIONS).values(
                identifier=identifier,
                account=account,
                digest=token_digest(token),
                way=way,
                sealed=self.ground.seal(describe(visit.agent), identifier),
                network=self.ground.network(visit),
                created=now,
                seen=now,
                expires=now + LONGEST,
            )
        )
        return Issued(token, identifier, account, now + LONGEST)

    def find(self, token: str) -> Actor | None:
        """Who a token stands for; None when it does not hold."""
        now = self.ground.now()
        with transaction(self.ground.engine) as connection:
            rows = rows_of(connection, SESSIONS, token_digest(token))
            if not rows or rows[0].expires <= now or rows[0].seen + IDLE <= now:
                return None
            actor = actor_from(rows, "session", _ALL_SCOPES)
            if actor is not None and rows[0].seen + SEEN_EVERY <= now:
                row = SESSIONS.c.identifier == actor.credential
                connection.execute(update(SESSIONS).where(row, SESSIONS.c.seen < now).values(seen=now))
        return actor

    def of(self, account: str) -> list[Session]:
        """The sessions of an account that hold, the newest first."""
        where = and_(SESSIONS.c.account == account, holding(self.ground.now()))
        query = select(SESSIONS).where(where).order_by(SESSIONS.c.identifier.desc())
        with transaction(self.ground.engine) as connection:
            rows = connection.execute(query).all()
        return [
            Session(
                row.identifier,
                row.way,
                self.ground.unseal(row.sealed, row.identifier),
                row.created,
                row.seen,
                row.expires,
            )
            for row in rows
        ]

    def revoke(self, by: str, identifier: str) -> None:
        """End one of an account's own sessions. Raises NotFound for one that is not its own or has ended."""
        with transaction(self.ground.engine) as connection:
            if not self.end(connection, by, only=identifier):
                raise NotFound("There is no such session", "Look at the list of your sessions")
        self.ground.audit("session revoked", by, identifier)

    def revoke_all(self, by: str, account: str, keep: str = "") -> int:
        """End all sessions of an account but ``keep``; how many there were."""
        with transaction(self.ground.engine) as connection:
            count = self.end(connection, account, keep=[keep])
        self.ground.audit("sessions revoked", by, account)
        return count

    def last_revoked(self, account: str) -> int:
        """When one of an account's sessions was last revoked, in milliseconds since 1970; 0 for never."""
        query = select(func.max(SESSIONS.c.revoked)).where(SESSIONS.c.account == account)
        with transaction(self.ground.engine) as connection:
            return int(connection.scalar(query) or 0)

    def end(self, connection: Connection, account: str, only: str = "", keep: Collection[str] = ()) -> int:
        """Within a transaction, end one session of an account, or all of them but ``keep``."""
        now = self.ground.now()
        where = [SESSIONS.c.account == account, holding(now), SESSIONS.c.identifier.not_in(keep)]
        if only:
            where.append(SESSIONS.c.identifier == only)
        return connection.execute(update(SESSIONS).where(*where).values(revoked=now)).rowcount


def holding(now: int) -> ColumnElement[bool]:
    """The sessions that have not ended."""
    table = SESSIONS.c
    return and_(table.revoked.is_(None), table.expires > now, table.seen > now - IDLE)


def ended(before: int) -> ColumnElement[bool]:
    """The sessions that had ended before a moment."""
    table = SESSIONS.c
    return or_(table.revoked < before, table.expires < before, table.seen < before - IDLE)


def describe(agent: str) -> str:
    """A user agent in a few words (``Firefox on Linux``), which is all of it that is kept."""
    browser = next((name for sign, name in _BROWSERS.items() if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS.items() if sign in agent), "")
    return " on ".join(part for part in (browser or ("A program" if agent else ""), system) if part)
