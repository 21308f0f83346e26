"""A catalogue on a database of its own, pictures without pixels to put into it, and people who look."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rakkan.records import Recipe
from rakkan.service.access.actors import Actor
from rakkan.service.pictures import tables
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.records import NewPicture
from rakkan.service.schema import METADATA, new_identifier
from rakkan.store.database import connect, url_of

#: Another database than SQLite; read at once, since tests run with no setting of anybody's.
SHARED = os.environ.get("RAKKAN_TEST_DATABASE")
KEY = bytes(range(32))
#: 2026-05-28 20:26:40 UTC, in seconds.
START = 1_780_000_000.0
RECIPE = Recipe(
    "1girl, silver hair, twin tails, hoodie",
    "hat",
    "starter",
    "ab" * 32,
    "euler",
    "linear",
    4,
    1.0,
    7,
    64,
    48,
)

MODERATOR = Actor("mod", "moderator")


def member(account: str) -> Actor:
    return Actor(account, "member")


@dataclass
class Clock:
    """Seconds since 1970, as told; each look at it may move it on."""

    now: float = START
    step: float = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@dataclass
class Hub:
    catalogue: Catalogue
    clock: Clock
    count: int = 0
    considered: list[str] = field(default_factory=list)

    def add(self, account: str = "ann", prompt: str = RECIPE.prompt, **changes: Any) -> str:
        self.count += 1
        digest = f"{self.count:064x}"
        recipe = changes.pop("recipe", replace(RECIPE, prompt=prompt))
        new = NewPicture(
            identifier=new_identifier(self.clock.now),
            account=account,
            file=digest[::-1],
            digest=digest,
            thumbnail="a" + digest[1:],
            media_type="image/png",
            operation="create",
            recipe=recipe,
        )
        new = replace(new, **changes)
        assert self.catalogue.add(new)
        return new.identifier

    def published(
        self, account: str = "ann", title: str = "", tags: tuple[str, ...] = (), **changes: Any
    ) -> str:
        made = self.add(account, **changes)
        self.clock.now += 1
        self.catalogue.publish(member(account), made, title, tags)
        return made


def make(path: Path, consider: Callable[[str], object] | None = None) -> Hub:
    """A hub on a new SQLite file, or on the database that ``RAKKAN_TEST_DATABASE`` names, emptied first."""
    assert tables.pictures.metadata is METADATA
    engine = connect(SHARED or url_of(path))
    METADATA.create_all(engine)
    with engine.begin() as connection:
        for table in reversed(METADATA.sorted_tables) if SHARED else ():
            connection.execute(table.delete())
    clock = Clock()
    hub = Hub(Catalogue(engine, clock, KEY), clock)
    hub.catalogue = Catalogue(engine, clock, KEY, consider or hub.considered.append)
    return hub
