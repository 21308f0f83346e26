"""Accounts on a database in memory, with a clock to turn and cheap hashes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from rakkan.service.access.actors import Actor
from rakkan.service.accounts import Accounts, Visit
from rakkan.service.accounts.ground import silent
from rakkan.service.accounts.passwords import Passwords
from rakkan.service.accounts.tables import OWNED
from rakkan.service.schema import METADATA
from rakkan.store.database import connect

DAY = 24 * 3600.0
#: Read at once, since tests run with no setting of anybody's.
SHARED = os.environ.get("RAKKAN_TEST_DATABASE")
CHEAP = Passwords(memory=8, passes=1)
PASSWORD = "a quiet river in autumn"
VISIT = Visit("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "192.0.2.7")


@dataclass
class Clock:
    """Seconds since 1970, which go on when they are told to."""

    seconds: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Heard:
    """What the audit was told."""

    told: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, action: str, account: str, about: str) -> None:
        self.told.append((action, account, about))

    def actions(self) -> list[str]:
        return [action for action, _, _ in self.told]


def database(folder: Path | None = None) -> Engine:
    """A new SQLite, in memory where no folder is given; or else the database that ``RAKKAN_TEST_DATABASE``
    names by its URL, emptied of what earlier tests left."""
    if SHARED is None:
        engine = connect("sqlite://" if folder is None else f"sqlite:///{folder / 'service.db'}")
        METADATA.create_all(engine)
        return engine
    engine = _shared(SHARED)
    with engine.begin() as connection:
        for table in reversed(METADATA.sorted_tables):
            connection.execute(table.delete())
    return engine


@cache
def _shared(url: str) -> Engine:
    engine = connect(url)
    METADATA.create_all(engine)
    return engine


def accounts(engine: Engine | None = None, **changed: Any) -> Accounts:
    start = Accounts(
        database() if engine is None else engine,
        changed.pop("clock", None) or Clock(),
        b"s" * 32,
        mode="open",
        audit=changed.pop("audit", silent),
        passwords=CHEAP,
    )
    return replace(start, **changed)


def member(all_of: Accounts, handle: str) -> Actor:
    """Somebody who has signed up, each from a network of their own."""
    issued = all_of.sign_up(handle, PASSWORD, replace(VISIT, address=f"of {handle}"))
    return known(all_of, issued.token)


def owner(all_of: Accounts, handle: str = "yuki") -> Actor:
    return known(all_of, all_of.claim(all_of.owner_token(), VISIT, handle).token)


def known(all_of: Accounts, token: str) -> Actor:
    actor = all_of.actor_of_session(token)
    assert actor is not None
    return actor


def rows_of(all_of: Accounts, account: str) -> int:
    """How many rows an account has in all tables but its own."""
    with all_of.engine.connect() as connection:
        return sum(len(connection.execute(select(t).where(t.c.account == account)).all()) for t in OWNED)


def everything(engine: Engine) -> bytes:
    """All that a thief of the database gets to read: every column, as it is and in hexadecimal."""
    found: list[bytes] = []
    with engine.connect() as connection:
        for table in METADATA.sorted_tables:
            for row in connection.execute(select(table)):
                for value in row:
                    raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                    found += [raw, raw.hex().encode()]
    return b"\n".join(found)
