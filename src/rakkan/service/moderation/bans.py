"""Barring a person or an organisation from an instance, and letting them in again.

A ban keeps out at the next request, for what signs them in is asked anew at each; it stands in the ledger
under a word of the policy, where the gate reads it too, so that nothing they had waiting gets out either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, and_, delete, insert, select, update

from rakkan.errors import RakkanError
from rakkan.service.access.actors import Actor
from rakkan.service.accounts import Accounts
from rakkan.service.errors import Conflict, Forbidden, NotFound
from rakkan.service.jobs.queue import Queue
from rakkan.service.moderation.tables import BANS
from rakkan.service.moderation.words import demand_moderator, demand_reason
from rakkan.service.pictures.audit import AuditLog
from rakkan.service.schema import new_identifier
from rakkan.store.database import transaction
from rakkan.store.ledger.ledger import Ledger
from rakkan.store.ledger.statements import Banned, Revoked, Statement, Subject
from rakkan.trust.instance import INSTANCE
from rakkan.trust.policy import account_subject, check_words

Kind = Literal["account", "organisation"]
MOST_DAYS = 3650
_DAY = 24 * 3600 * 1000
#: Who lifts a ban whose time is over.
CLOCK = Actor(INSTANCE, "owner")


@dataclass(frozen=True)
class Ban:
    """A ban that stands; ``who`` is an identifier, ``reason`` a word of the policy, ``until`` None for good.
    Times in milliseconds since 1970."""

    identifier: str
    kind: Kind
    who: str
    reason: str
    moderator: str
    statement: str
    created: int
    until: int | None


@dataclass(frozen=True)
class Bans:
    """The bans of an instance."""

    accounts: Accounts
    queue: Queue
    audit: AuditLog
    ledger: Callable[[], Ledger]

    def ban(self, by: Actor, kind: str, handle: str, reason: str, note: str, days: int = 0) -> Ban:
        """Bar an account or an organisation, by its handle, for ``days``, 0 for good.

        Raises Forbidden for those who may not (a moderator bars no moderator), NotFound, Conflict for whoever
        is barred already and for oneself, RakkanError without a note or for a reason not of the policy.
        """
        demand_moderator(by)
        note = demand_reason(note)
        check_words(Banned(reason))
        if not 0 <= days <= MOST_DAYS:
            raise RakkanError(f"A ban cannot last {days} days", f"Give 1 to {MOST_DAYS}, or 0 for good")
        who = self._find(by, kind, handle)
        if any(one.who == who for one in self.standing()):
            raise Conflict(f"{handle[:40]!r} is barred already", "Lift that ban first")
        now = self.accounts.ground.now()
        until = now + days * _DAY if days else None
        self._set(by, kind, who, "suspended")
        self._stop(kind, who)
        stated = Statement(
            Banned(reason, (), (until or 0) // 1000), (_subject(kind, who),), INSTANCE, now // 1000
        )
        entry = self.ledger().append([stated])[0]
        made = Ban(
            new_identifier(now / 1000),
            "organisation" if kind == "organisation" else "account",
            who,
            reason,
            by.account,
            entry.statement_digest,
            now,
            until,
        )
        with transaction(self.accounts.engine) as connection:
            connection.execute(insert(BANS).values(**vars(made)))
            self.audit.write(by.account, f"{kind} banned", who, f"{reason}: {note}", connection)
        return made

    def lift(self, by: Actor, identifier: str, note: str) -> None:
        """Let whoever is barred in again. Raises Forbidden, NotFound, RakkanError without a note."""
        demand_moderator(by)
        note = demand_reason(note)
        found = next((one for one in self.standing() if one.identifier == identifier), None)
        if found is None:
            raise NotFound("There is no such ban", "It may have been lifted already")
        self._lift(by, found, note)

    def lapse(self) -> int:
        """Lift the bans whose time is over; how many."""
        now = self.accounts.ground.now()
        over = [one for one in self.standing() if one.until is not None and one.until <= now]
        for one in over:
            self._lift(CLOCK, one, "its time is over")
        return len(over)

    def standing(self) -> list[Ban]:
        """All bans that stand, the newest first."""
        query = select(BANS).where(BANS.c.lifted.is_(None)).order_by(BANS.c.identifier.desc())
        with transaction(self.accounts.engine) as connection:
            return [_ban(row) for row in connection.execute(query)]

    def forget(self, account: str) -> None:
        """Delete what is here about an account that is erased; what the ledger says of it names nobody."""
        with transaction(self.accounts.engine) as connection:
            connection.execute(delete(BANS).where(BANS.c.who == account))

    def _lift(self, by: Actor, ban: Ban, note: str) -> None:
        try:
            self._set(by, ban.kind, ban.who, "active")
        except (NotFound, Conflict):  # closed meanwhile: there is nobody to let in
            pass
        now = self.accounts.ground.now()
        about = Subject("statement", {"sha256": ban.statement})
        self.ledger().append([Statement(Revoked(ban.statement), (about,), INSTANCE, now // 1000)])
        one = and_(BANS.c.identifier == ban.identifier, BANS.c.lifted.is_(None))
        with transaction(self.accounts.engine) as connection:
            connection.execute(update(BANS).where(one).values(lifted=now))
            self.audit.write(by.account, f"{ban.kind} ban lifted", ban.who, note, connection)

    def _find(self, by: Actor, kind: str, handle: str) -> str:
        if kind == "organisation":
            return self.accounts.organisations.find(handle).identifier
        if kind != "account":
            raise RakkanError(f"{kind[:40]!r} cannot be banned", "Say account or organisation")
        found = self.accounts.people.find(handle.removeprefix("@"))
        if found is None or found.state == "closed":
            raise NotFound(f"There is nobody called {handle[:40]!r}", "Look at their page")
        if found.identifier == by.account:
            raise Conflict("Nobody bans themselves", "Ask an owner")
        return found.identifier

    def _set(self, by: Actor, kind: str, who: str, state: Literal["active", "suspended"]) -> None:
        if kind == "account":
            if state == "suspended" and self.accounts.profile(who).role == "owner":
                raise Forbidden("An owner cannot be banned", "Take the role away first")
            self.accounts.people.set_state(by, who, state)
        else:
            self.accounts.organisations.set_state(by, who, state)

    def _stop(self, kind: str, who: str) -> None:
        """Cancel what they have waiting and running."""
        barred = [who]
        if kind == "organisation":
            barred = [one.account for one in self.accounts.organisations.members(CLOCK, who)]
            barred = [one for one in barred if self.accounts.profile(one).role == "member"]
        for account in barred:
            for job in self.queue.page(account, limit=200, states=("waiting", "running")):
                self.queue.cancel(account, job.identifier)


def _subject(kind: str, who: str) -> Subject:
    found = account_subject(who)
    return found if kind == "account" else Subject("organisation", found.digests)


def _ban(row: Row[Any]) -> Ban:
    return Ban(
        row.identifier,
        row.kind,
        row.who,
        row.reason,
        row.moderator,
        row.statement,
        row.created,
        row.until,
    )
