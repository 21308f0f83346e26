"""The files of a picture besides its own: in another format, or telling more or less of its recipe.

They belong to whoever made the picture, who alone may have them, and go when it goes. What is asked for twice
is the same file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, select, update

from rakkan.service.access.actors import Actor
from rakkan.service.errors import NotFound
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.records import Shown
from rakkan.service.pictures.tables import pictures, releases
from rakkan.store.database import insert_new, transaction

#: What the gate can write, by the names that requests have for it.
FORMATS = {"png": "image/png", "webp": "image/webp", "jpeg": "image/jpeg"}
#: How much of a recipe a file may tell (see ``trust.seal.disclosure``).
LEVELS = ("full", "redacted", "digest")
#: The operation of pictures that were brought in: they are kept as they came, and not sealed here.
_IMPORT = "import"


@dataclass(frozen=True)
class Released:
    """A file of a picture: ``format`` is a key of ``FORMATS``, ``disclosure`` one of ``LEVELS``, ``file`` is
    what the vault of ``account`` knows it by. ``size`` is in bytes and ``job`` what made it: 0 and "" of the
    file that the picture was sealed as. ``created`` is in milliseconds since 1970."""

    picture: str
    format: str
    disclosure: str
    account: str
    file: str
    size: int
    created: int
    job: str


@dataclass(frozen=True)
class Releases:
    """The further files of the pictures of a catalogue."""

    catalogue: Catalogue

    def own(self, actor: Actor, picture: str) -> Shown:
        """A picture of the actor's own, whose files it may have. Raises NotFound for any other."""
        shown = self.catalogue.openable(actor, picture)
        if not actor.account or shown.account != actor.account:
            raise NotFound("There is no such picture", "Look for it among yours")
        return shown

    def of(self, actor: Actor, picture: str) -> tuple[Released, ...]:
        """All files of a picture of the actor's own, the one it was sealed as first. Raises NotFound."""
        shown = self.own(actor, picture)
        query = select(releases).where(releases.c.picture == picture)
        with transaction(self.catalogue.engine) as connection:
            rows = connection.execute(query.order_by(releases.c.created, releases.c.format)).all()
        return (as_sealed(shown), *map(_released, rows))

    def find(self, actor: Actor, picture: str, format: str, disclosure: str) -> Released | None:
        """The file of a picture of the actor's own that is of this format and tells so much, None when there
        is none yet. Raises NotFound for somebody else's picture, and for one that was taken down."""
        first = as_sealed(self.own(actor, picture))
        if (first.format, first.disclosure) == (format, disclosure):
            return first
        with transaction(self.catalogue.engine) as connection:
            row = connection.execute(select(releases).where(_this(picture, format, disclosure))).first()
        return None if row is None else _released(row)

    def add(self, new: Released, also: Callable[[Connection], None]) -> bool:
        """Keep a file that was made; False when there is one like it. ``also`` is done in the same
        transaction, and undoes it by raising. Raises NotFound when the picture has gone meanwhile."""
        there = pictures.c.state.in_(("private", "published"))
        mine = and_(pictures.c.identifier == new.picture, pictures.c.account == new.account, there)
        with transaction(self.catalogue.engine) as connection:
            # Whoever deletes the picture waits for this row, and finds the new one then.
            held = update(pictures).where(mine).values(changed=pictures.c.changed)
            if not connection.execute(held).rowcount:
                raise NotFound("There is no such picture", "It was deleted or taken down meanwhile")
            if not insert_new(connection, releases, vars(new)):
                return False
            also(connection)
        return True

    def take_back(self, account: str, job: str) -> Released | None:
        """Forget the file that a job made, so that it can be shredded; None when it made none."""
        its = and_(releases.c.account == account, releases.c.job == job)
        with transaction(self.catalogue.engine) as connection:
            row = connection.execute(select(releases).where(its)).first()
            connection.execute(delete(releases).where(its))
        return None if row is None else _released(row)


def as_sealed(shown: Shown) -> Released:
    """The file of a picture that it was sealed as."""
    names = {media_type: name for name, media_type in FORMATS.items()}
    return Released(
        shown.identifier,
        names[shown.media_type],
        shown.disclosure,
        shown.account,
        shown.file,
        0,
        shown.created,
        "",
    )


def may_be_released(shown: Shown) -> bool:
    """Whether further files can be made of a picture: it was sealed here, and no decision is awaited."""
    return shown.operation != _IMPORT and shown.state in ("private", "published")


def _this(picture: str, format: str, disclosure: str) -> ColumnElement[bool]:
    return and_(
        releases.c.picture == picture, releases.c.format == format, releases.c.disclosure == disclosure
    )


def _released(row: Row[Any]) -> Released:
    return Released(**row._mapping)
