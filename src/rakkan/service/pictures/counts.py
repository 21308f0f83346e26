"""How much there is of what, and what is common: small questions that pages ask of the catalogue's tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Engine, func, select

from rakkan.service.pictures import tags
from rakkan.service.pictures.tables import picture_tags, pictures
from rakkan.store.database import transaction

#: Counting stops here: more are many.
MOST_COUNTED = 10_000
#: What is common is what the newest of these show, looked at once in so many seconds.
_NEWEST, _LASTING = 300, 60


@dataclass(frozen=True)
class Common:
    """Of the newest published pictures: the tags, the most frequent first, and the characters and models they
    were drawn with, as pairs of an identifier (or digest) and a name."""

    tags: tuple[str, ...]
    characters: tuple[tuple[str, str], ...]
    models: tuple[tuple[str, str], ...]


def common(engine: Engine, now: float, most: int = 12) -> Common:
    """What is common at ``now``, in seconds since 1970; up to a minute old."""
    return _common(engine, int(now) // _LASTING, most)


@lru_cache(maxsize=8)
def _common(engine: Engine, minute: int, most: int) -> Common:
    newest = (
        select(
            pictures.c.identifier,
            pictures.c.character,
            pictures.c.character_name,
            pictures.c.model_digest,
            pictures.c.model,
        )
        .where(pictures.c.state == "published")
        .order_by(pictures.c.published.desc(), pictures.c.identifier.desc())
        .limit(_NEWEST)
    )
    with transaction(engine) as connection:
        rows = connection.execute(newest).all()
        shown = [row.identifier for row in rows]
        terms = connection.scalars(select(picture_tags.c.tag).where(picture_tags.c.picture.in_(shown))).all()
    counted = Counter(term for term in terms if not term.startswith(tags.OF_TITLE))
    return Common(
        tuple(term for term, _ in counted.most_common(most)),
        tuple({row.character: row.character_name for row in rows if row.character}.items()),
        tuple({row.model_digest: row.model for row in rows if row.model_digest and row.model}.items()),
    )


def published_of(engine: Engine, account: str) -> int:
    """How many published pictures an account has."""
    of_it = select(pictures.c.identifier).where(
        pictures.c.account == account, pictures.c.state == "published"
    )
    with transaction(engine) as connection:
        counted = select(func.count()).select_from(of_it.limit(MOST_COUNTED).subquery())
        return int(connection.scalar(counted) or 0)


def with_characters(engine: Engine, account: str, characters: Iterable[str]) -> dict[str, int]:
    """How many pictures of an account were drawn with each of these characters."""
    query = (
        select(pictures.c.character, func.count())
        .where(pictures.c.account == account, pictures.c.character.in_(list(characters)))
        .group_by(pictures.c.character)
    )
    with transaction(engine) as connection:
        return {row[0]: int(row[1]) for row in connection.execute(query)}


def drawn_with(
    engine: Engine, account: str, character: str, most: int, operation: str = ""
) -> tuple[str, ...]:
    """The newest pictures of an account that were drawn with a character, of an ``operation`` alone if one is
    given."""
    query = select(pictures.c.identifier).where(
        pictures.c.account == account, pictures.c.character == character
    )
    if operation:
        query = query.where(pictures.c.operation == operation)
    with transaction(engine) as connection:
        return tuple(connection.scalars(query.order_by(pictures.c.identifier.desc()).limit(most)))
