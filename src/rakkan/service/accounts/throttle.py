"""A brake on guessing: so many attempts within a time for each handle and for each network."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from rakkan.service.accounts.ground import MINUTE, Ground
from rakkan.service.accounts.tables import ATTEMPTS
from rakkan.service.errors import TooMany
from rakkan.store.database import insert_new, transaction

#: Attempts that may fail within ``WINDOW`` milliseconds.
MOST_FAILURES = 10
WINDOW = 15 * MINUTE


@dataclass(frozen=True)
class Throttle:
    """Attempts in a database. They are counted as they begin, so that many at once are no way around it."""

    ground: Ground

    def begin(self, *whose: tuple[str, str]) -> int:
        """Count an attempt for each of ``whose`` (a purpose, and a handle or network): the moment to give to
        ``succeeded``. Raises TooMany when one of them has failed too often, and counts nothing then, so that
        asking on does not prolong it."""
        now = self.ground.now()
        with transaction(self.ground.engine) as connection:
            # In one order, so that two attempts never wait for each other.
            for digest in sorted(self.ground.keyed(*one) for one in whose):
                moments = [moment for moment in _locked(connection, digest, now) if moment > now - WINDOW]
                if len(moments) >= MOST_FAILURES:
                    seconds = max(1.0, (moments[-MOST_FAILURES] + WINDOW - now) / 1000)
                    raise TooMany("Too many attempts have failed", "Wait a while", retry_after=seconds)
                _write(connection, digest, [*moments, now])
        return now

    def succeeded(self, began: int, all_of: tuple[str, str], one_of: tuple[str, str]) -> None:
        """Take back an attempt that was right: all attempts of ``all_of`` with it, of ``one_of`` only this
        one, or else whoever has an account here could sign in between guesses at others."""
        steps: list[tuple[bytes, Callable[[list[int]], list[int]]]] = [
            (self.ground.keyed(*all_of), lambda moments: []),
            (self.ground.keyed(*one_of), lambda moments: _without(moments, began)),
        ]
        with transaction(self.ground.engine) as connection:
            for digest, keep in sorted(steps, key=lambda step: step[0]):
                _write(connection, digest, keep(_locked(connection, digest, began)))

    def sweep(self) -> None:
        """Forget attempts that count no more."""
        with transaction(self.ground.engine) as connection:
            connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.touched <= self.ground.now() - WINDOW))


def _locked(connection: Connection, digest: bytes, now: int) -> list[int]:
    insert_new(connection, ATTEMPTS, {"digest": digest, "moments": "[]", "touched": now})
    row = ATTEMPTS.c.digest == digest
    found = connection.scalar(select(ATTEMPTS.c.moments).where(row).with_for_update())
    return [int(moment) for moment in json.loads(found or "[]")]


def _write(connection: Connection, digest: bytes, moments: list[int]) -> None:
    text = json.dumps(moments[-MOST_FAILURES:])
    touched = max(moments, default=0)
    connection.execute(
        update(ATTEMPTS).where(ATTEMPTS.c.digest == digest).values(moments=text, touched=touched)
    )


def _without(moments: list[int], one: int) -> list[int]:
    at = moments.index(one) if one in moments else len(moments)
    return [*moments[:at], *moments[at + 1 :]]
