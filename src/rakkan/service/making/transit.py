"""What is on its way from a worker to somebody: written down before it is kept, so that nothing that a kill
leaves half-way stays in the vault for good.

A row is written before a file is put, and goes in the transaction that tells the catalogue of it. Whatever
row is left when its time is over is of a file that nobody was told of: ``sweep`` deletes both. A picture that
is deleted gets rows for its files in the transaction that deletes it, whose time is over at once. Nothing
without a row is ever touched, so what people brought, their characters and what opens their pictures is safe.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, insert, or_, select, update

from rakkan.errors import RakkanError
from rakkan.service.making.tables import deliveries
from rakkan.service.pictures.tables import pictures, releases
from rakkan.store.database import transaction

if TYPE_CHECKING:
    from rakkan.store.vault import Vault

#: Seconds after which a picture that its worker has not told of is nobody's; a worker that shows no progress
#: is given up much earlier. Drafts are seen at once or not at all.
PICTURE, DRAFT = 3600, 600
#: Rows that one sweep takes at most.
_BITE = 200


@dataclass(frozen=True)
class Transit:
    """Files on their way. ``clock`` gives seconds since 1970."""

    engine: Engine
    clock: Callable[[], float]
    vault: Vault

    def put(self, account: str, files: Sequence[bytes], seconds: float) -> list[str]:
        """Keep files for so many seconds, and longer once ``arrived`` is called; their digests. What the
        vault holds for the account already without a row is somebody's, and gets none."""
        digests = [hashlib.sha256(data).hexdigest() for data in files]
        until = int((self.clock() + seconds) * 1000)
        new = [digest for digest in dict.fromkeys(digests) if not self.vault.holds(account, digest)]
        with transaction(self.engine) as connection:
            connection.execute(delete(deliveries).where(_these(account, new)))
            rows = [{"account": account, "digest": one, "state": "pending", "until": until} for one in new]
            if rows:
                connection.execute(insert(deliveries), rows)
        for data in files:
            self.vault.put(account, data)
        return digests

    def arrived(self, connection: Connection, account: str, digests: Sequence[str]) -> None:
        """They are somebody's from now on, if the transaction holds. Raises RakkanError when that took so
        long that they were swept."""
        these = _these(account, digests)
        if connection.execute(
            delete(deliveries).where(these, deliveries.c.state == "pending")
        ).rowcount == len(set(digests)):
            return
        swept = connection.execute(select(deliveries.c.digest).where(these)).first() is not None
        if swept or not all(self.vault.holds(account, digest) for digest in digests):
            raise RakkanError("What was drawn was kept back for too long", "Draw it again")

    def condemn(self, connection: Connection, account: str, digests: Sequence[str]) -> None:
        """They are nobody's from now on, if the transaction holds: ``discard`` deletes them, or ``sweep``."""
        connection.execute(delete(deliveries).where(_these(account, digests)))
        rows = [
            {"account": account, "digest": one, "state": "swept", "until": 0}
            for one in dict.fromkeys(digests)
        ]
        if rows:
            connection.execute(insert(deliveries), rows)

    def discard(self, account: str, digests: Sequence[str]) -> None:
        """Delete those of the files that are still on their way or condemned; fine when they are gone."""
        with transaction(self.engine) as connection:
            found = connection.scalars(select(deliveries.c.digest).where(_these(account, digests))).all()
        for digest in found:
            if not self._is_shown(account, digest):
                self.vault.shred(account, digest)
        with transaction(self.engine) as connection:
            connection.execute(delete(deliveries).where(_these(account, found)))

    def sweep(self) -> int:
        """Delete files whose time is over; how many. Stopped half-way, the next call goes on."""
        due = deliveries.c.until < int(self.clock() * 1000)
        columns = (deliveries.c.account, deliveries.c.digest)
        with transaction(self.engine) as connection:
            rows = connection.execute(select(*columns).where(due).limit(_BITE)).all()
        for account, digest in rows:
            with transaction(self.engine) as connection:
                taken = update(deliveries).where(_these(account, [digest]), due).values(state="swept")
                if not connection.execute(taken).rowcount:
                    continue  # it arrived meanwhile
            self.discard(account, [digest])
        return len(rows)

    def forget_account(self, account: str) -> None:
        """Delete the rows of an account, whose files are deleted with it."""
        with transaction(self.engine) as connection:
            connection.execute(delete(deliveries).where(deliveries.c.account == account))

    def _is_shown(self, account: str, digest: str) -> bool:
        """Whether a picture of the account has this file: it was delivered before, to the last bit."""
        has = or_(pictures.c.file == digest, pictures.c.thumbnail == digest)
        own = select(pictures.c.identifier).where(pictures.c.account == account, has)
        more = select(releases.c.picture).where(releases.c.account == account, releases.c.file == digest)
        with transaction(self.engine) as connection:
            return any(connection.execute(one.limit(1)).first() is not None for one in (own, more))


def _these(account: str, digests: Sequence[str]) -> ColumnElement[bool]:
    return and_(deliveries.c.account == account, deliveries.c.digest.in_(list(digests)))
