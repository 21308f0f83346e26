"""What an account can take with it, and what is left of it when it goes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import and_, delete, or_, select

from rakkan.service.accounts.ground import DAY, Ground
from rakkan.service.accounts.organisations import Organisations
from rakkan.service.accounts.people import People
from rakkan.service.accounts.sessions import ended
from rakkan.service.accounts.tables import (
    ACCOUNTS,
    CEREMONIES,
    CHOICES,
    INVITATIONS,
    KEYS,
    MEMBERSHIPS,
    OWNED,
    PASSKEYS,
    PASSWORDS,
    SESSIONS,
    TOMBSTONES,
)
from rakkan.service.accounts.throttle import Throttle
from rakkan.store.database import insert_new, transaction

#: How long the handle of a closed account is kept from others, and how long what has ended is kept for its
#: owner to see, in milliseconds.
GRAVE = 30 * DAY
KEPT = 30 * DAY

#: What of these tables is not exported: it lets somebody in, or would help to guess what does.
SECRET_COLUMNS = {"digest", "encoded"}


@dataclass(frozen=True)
class Leaving:
    """Export, closing and forgetting."""

    ground: Ground

    def export(self, account: str) -> dict[str, Any]:
        """Everything in these tables about an account but its secrets, ready for JSON: times in milliseconds
        since 1970, bytes in hexadecimal, labels in clear. Raises NotFound."""
        parts: dict[str, Any] = {"account": asdict(People(self.ground).profile(account))}
        with transaction(self.ground.engine) as connection:
            for name, table in _EXPORTED.items():
                rows = connection.execute(select(table).where(table.c.account == account)).mappings().all()
                parts[name] = [self._told(dict(row)) for row in rows]
        return parts

    def begin(self, account: str) -> None:
        """Let nobody in with an account any more, and take it out of its organisations, at once; what it has
        elsewhere can then be erased, as often as it takes. Raises NotFound; Conflict for the only owner and
        the last admin of others."""
        organisations = Organisations(self.ground)
        with transaction(self.ground.engine) as connection:
            People(self.ground).mark_closed(connection, account)
            here = MEMBERSHIPS.c.account == account
            places = connection.scalars(select(MEMBERSHIPS.c.organisation).where(here)).all()
            for organisation in sorted(places):
                organisations.take_out(connection, organisation, account)
            for table in (SESSIONS, KEYS):
                connection.execute(delete(table).where(table.c.account == account))
        self.ground.audit("account closing", account, account)

    def begun(self) -> list[str]:
        """The accounts of which ``begin`` was done and ``finish`` was not: after a crash, go on with
        these."""
        query = select(ACCOUNTS.c.identifier).where(ACCOUNTS.c.state == "closed")
        with transaction(self.ground.engine) as connection:
            return list(connection.scalars(query.order_by(ACCOUNTS.c.identifier)))

    def finish(self, account: str) -> None:
        """Delete all rows of an account; nobody can take its handle for 30 days. Raises what ``begin``
        does."""
        self.begin(account)
        handle = People(self.ground).profile(account).handle
        grave = self.ground.keyed("tombstone", handle)
        with transaction(self.ground.engine) as connection:
            connection.execute(delete(TOMBSTONES).where(TOMBSTONES.c.digest == grave))
            insert_new(connection, TOMBSTONES, {"digest": grave, "until": self.ground.now() + GRAVE})
            for table in OWNED:
                connection.execute(delete(table).where(table.c.account == account))
            connection.execute(delete(ACCOUNTS).where(ACCOUNTS.c.identifier == account))
        self.ground.audit("account closed", account, account)

    def sweep(self) -> None:
        """Delete what has ended for longer than anyone needs to see it."""
        now = self.ground.now()
        old = now - KEPT
        with transaction(self.ground.engine) as connection:
            connection.execute(delete(CEREMONIES).where(CEREMONIES.c.expires <= now))
            connection.execute(delete(TOMBSTONES).where(TOMBSTONES.c.until <= now))
            connection.execute(delete(SESSIONS).where(ended(old)))
            connection.execute(delete(KEYS).where(or_(KEYS.c.revoked < old, KEYS.c.expires < old)))
            unused = and_(INVITATIONS.c.used.is_(None), INVITATIONS.c.expires <= now)
            connection.execute(delete(INVITATIONS).where(or_(unused, INVITATIONS.c.used < old)))
        Throttle(self.ground).sweep()

    def _told(self, row: dict[str, Any]) -> dict[str, Any]:
        if "sealed" in row:
            row["label"] = self.ground.unseal(row.pop("sealed"), row["identifier"])
        return {
            name: value.hex() if isinstance(value, bytes | memoryview) else value
            for name, value in row.items()
            if name not in SECRET_COLUMNS
        }


_EXPORTED = {
    "password": PASSWORDS,
    "passkeys": PASSKEYS,
    "ceremonies": CEREMONIES,
    "sessions": SESSIONS,
    "keys": KEYS,
    "organisations": MEMBERSHIPS,
    "invitations": INVITATIONS,
    "choices": CHOICES,
}
