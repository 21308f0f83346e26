"""What was done here, by whom, about what and why: rows that are only ever added.

Each row holds an HMAC, under a key that the database does not hold, of its fields and the row before, so that
a changed, missing or added row is found, and one cut off the end too (Schneier and Kelsey 1998, without their
evolving key: whoever has the key now can rewrite the log, whoever has the database alone cannot).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Connection, Engine, select

from rakkan.errors import RakkanError
from rakkan.service.pictures.tables import audit_heads, audit_log
from rakkan.store import sealing
from rakkan.store.database import insert_new, transaction

_HEAD = "audit"
_FIRST = "0" * 64
_LONGEST_REASON = 2000
_MOST = 500
_AT_ONCE = 2000


@dataclass(frozen=True)
class Act:
    """One row: ``time`` in milliseconds since 1970, ``actor`` an account."""

    number: int
    time: int
    actor: str
    action: str
    about: str
    because: str


@dataclass(frozen=True)
class AuditLog:
    """The log in a database; ``clock`` gives seconds since 1970, ``key`` has 32 bytes."""

    engine: Engine
    clock: Callable[[], float]
    key: bytes

    def write(
        self, actor: str, action: str, about: str, because: str = "", within: Connection | None = None
    ) -> int:
        """Add a row and return its number, within a transaction of the caller's or in one of its own.

        Raises RakkanError for reasons of more than 2,000 characters.
        """
        if len(because) > _LONGEST_REASON:
            raise RakkanError(f"Reasons have {_LONGEST_REASON} characters at most", "Say it in fewer words")
        if within is None:
            with transaction(self.engine) as connection:
                return self._append(connection, actor, action, about, because)
        return self._append(within, actor, action, about, because)

    def read(self, about: str = "", before: int | None = None, most: int = 100) -> tuple[Act, ...]:
        """The newest rows, about one thing or all, from before the row ``before``; 500 at most."""
        wanted = select(audit_log)
        if about:
            wanted = wanted.where(audit_log.c.about == about)
        if before is not None:
            wanted = wanted.where(audit_log.c.number < before)
        wanted = wanted.order_by(audit_log.c.number.desc()).limit(max(1, min(most, _MOST)))
        with transaction(self.engine) as connection:
            rows = connection.execute(wanted).all()
        return tuple(Act(*row[:6]) for row in rows)

    def verify(self) -> int:
        """How many rows there are. Raises RakkanError, naming the first row that does not hold."""
        number, last = 0, _FIRST
        key = self._key()
        while True:
            wanted = select(audit_log).where(audit_log.c.number > number)
            with transaction(self.engine) as connection:
                # The head first: what is written between both reads is then a row too many, and looked at
                # again with a newer head.
                head = connection.execute(select(audit_heads)).first()
                rows = connection.execute(wanted.order_by(audit_log.c.number).limit(_AT_ONCE)).all()
            for row in rows:
                made = _hash(key, last, Act(*row[:6]))
                if row.number != number + 1 or not hmac.compare_digest(made, row.hash):
                    raise RakkanError(
                        f"The audit log does not hold at row {number + 1}",
                        "Somebody changed the database: compare it with a copy",
                    )
                number, last = row.number, made
            if len(rows) == _AT_ONCE:
                continue
            if (number, last) == ((head.number, head.hash) if head else (0, _FIRST)):
                return number
            if not rows:
                raise RakkanError(
                    f"The audit log ends at row {number}, before its end", "Compare it with a copy"
                )

    def _append(self, connection: Connection, actor: str, action: str, about: str, because: str) -> int:
        heads = audit_heads
        insert_new(connection, heads, {"name": _HEAD, "number": 0, "hash": _FIRST})
        # Writing before reading makes everyone else wait, in SQLite as in PostgreSQL.
        connection.execute(
            sqlalchemy.update(heads).where(heads.c.name == _HEAD).values(number=heads.c.number + 1)
        )
        number, last = connection.execute(
            select(heads.c.number, heads.c.hash).where(heads.c.name == _HEAD)
        ).one()
        act = Act(number, int(self.clock() * 1000), actor, action, about, because)
        made = _hash(self._key(), last, act)
        connection.execute(sqlalchemy.insert(audit_log).values(**vars(act), hash=made))
        connection.execute(sqlalchemy.update(heads).where(heads.c.name == _HEAD).values(hash=made))
        return int(number)

    def _key(self) -> bytes:
        return sealing.derive(self.key, "rakkan pictures audit 1")


def _hash(key: bytes, last: str, act: Act) -> str:
    told = json.dumps([last, *vars(act).values()], ensure_ascii=False, separators=(",", ":"))
    return hmac.digest(key, told.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()
