"""One-time tokens: for the owner at the first start, to sign up, to join an organisation."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, and_, delete, insert, select, update

from rakkan.errors import RakkanError
from rakkan.service.accounts.ground import DAY, Ground, token_digest
from rakkan.service.accounts.tables import INVITATIONS
from rakkan.service.errors import Forbidden
from rakkan.service.schema import new_identifier
from rakkan.store.database import transaction

Purpose = Literal["owner", "sign up", "organisation"]

#: Days a token of the owner, and any other, is good for; and the most that can be asked for.
OWNER_DAYS = 1
MOST_DAYS = 30
_TOKEN = 32


@dataclass(frozen=True)
class Invitation:
    """What a token is good for; ``expires`` in milliseconds since 1970. ``role`` is what its user becomes."""

    identifier: str
    purpose: str
    organisation: str | None
    role: str
    expires: int


@dataclass(frozen=True)
class Tokens:
    """The one-time tokens in a database."""

    ground: Ground

    def make(
        self, purpose: Purpose, by: str, role: str, days: int, organisation: str | None = None
    ) -> tuple[Invitation, str]:
        """A token (told this once), made by an account, "" for the service. A new token of the owner takes
        the place of those that were not used. Raises RakkanError for other than 1 to 30 days."""
        if not 1 <= days <= MOST_DAYS:
            raise RakkanError(f"An invitation cannot last {days} days", f"Take from 1 to {MOST_DAYS}")
        token = secrets.token_urlsafe(_TOKEN)
        now, identifier = self.ground.now(), new_identifier(self.ground.clock())
        made = Invitation(identifier, purpose, organisation, role, now + days * DAY)
        with transaction(self.ground.engine) as connection:
            if purpose == "owner":
                unused = and_(INVITATIONS.c.purpose == "owner", INVITATIONS.c.used.is_(None))
                connection.execute(delete(INVITATIONS).where(unused))
            connection.execute(
                insert(INVITATIONS).values(
                    identifier=identifier,
                    digest=token_digest(token),
                    purpose=purpose,
                    account=by or None,
                    organisation=organisation,
                    role=role,
                    created=now,
                    expires=made.expires,
                )
            )
        self.ground.audit(f"{purpose} token made", by, identifier)
        return made, token

    def look(self, token: str, purpose: Purpose) -> Invitation:
        """What a token is good for, without using it. Raises Forbidden for one that does not hold."""
        with transaction(self.ground.engine) as connection:
            return self._find(connection, token, purpose)

    def use(self, connection: Connection, token: str, purpose: Purpose) -> Invitation:
        """Use a token up within a transaction: of two at once one gets Forbidden, as for any that does not
        hold."""
        found = self._find(connection, token, purpose)
        row = and_(INVITATIONS.c.identifier == found.identifier, INVITATIONS.c.used.is_(None))
        if not connection.execute(update(INVITATIONS).where(row).values(used=self.ground.now())).rowcount:
            raise _refusal()
        return found

    def _find(self, connection: Connection, token: str, purpose: Purpose) -> Invitation:
        row = connection.execute(
            select(INVITATIONS).where(
                INVITATIONS.c.digest == token_digest(token),
                INVITATIONS.c.purpose == purpose,
                INVITATIONS.c.used.is_(None),
                INVITATIONS.c.expires > self.ground.now(),
            )
        ).one_or_none()
        if row is None:
            raise _refusal()
        return Invitation(row.identifier, row.purpose, row.organisation, row.role, row.expires)


def _refusal() -> Forbidden:
    return Forbidden("The invitation does not hold, or was used before", "Ask for a new one")
