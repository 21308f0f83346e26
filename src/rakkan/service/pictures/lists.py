"""The queries behind the lists: each reads an index in the order of its page and never counts past rows.

A page goes on after the row where the last one ended (published, identifier), so what is published or removed
meanwhile neither repeats a picture nor skips one (Winand 2012, "no offset").
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, Subquery, exists, func, literal, select, tuple_
from sqlalchemy.sql.elements import ColumnElement

from rakkan.service.pictures import tags
from rakkan.service.pictures.cursors import Place
from rakkan.service.pictures.records import Wanted
from rakkan.service.pictures.tables import comments, follows, likes, picture_tags, pictures

#: The columns of a ``Card``, in its order.
CARD = tuple(
    pictures.c[name]
    for name in (
        "identifier", "account", "thumbnail", "width", "height", "operation", "model", "model_digest",
        "character", "character_name", "parent", "created", "published", "state", "title", "likes",
        "comments",
    )
)  # fmt: skip
#: Counting the pictures of a tag stops here: more of them are many.
_MANY = 2000


def terms_of(wanted: Wanted) -> tuple[str, ...]:
    """What the pictures are to be found by in the index of tags."""
    return tuple(dict.fromkeys((*map(tags.plain, wanted.tags), *tags.of_title(wanted.title))))


def published(
    connection: Connection, wanted: Wanted, follower: str, place: Place | None, most: int
) -> Select[Any]:
    """The cards of the published pictures that are wanted after a place, the newest first."""
    terms = terms_of(wanted)
    if terms:
        return _tagged(_rarest_first(connection, terms), wanted, follower, place, most)
    if wanted.followed and not wanted.account:
        return _of_followed(connection, wanted, follower, place, most)
    query = select(*CARD).where(pictures.c.state == "published", *_conditions(wanted, pictures.c, follower))
    return _page(query, pictures.c.published, pictures.c.identifier, place, most)


def own(account: str, place: Place | None, most: int) -> Select[Any]:
    """The cards of all pictures of an account, the newest first."""
    query = select(*CARD).where(pictures.c.account == account)
    return _page(query, pictures.c.created, pictures.c.identifier, place, most)


def liked(account: str, place: Place | None, most: int) -> Select[Any]:
    """The cards of published pictures that an account likes, the newest like first; then when that was."""
    query = (
        select(*CARD, likes.c.created)
        .select_from(likes.join(pictures, pictures.c.identifier == likes.c.picture))
        .where(likes.c.account == account, pictures.c.state == "published")
    )
    return _page(query, likes.c.created, likes.c.picture, place, most)


def spoken(picture: str, place: Place | None, most: int) -> Select[Any]:
    """The comments on a picture that are shown, the oldest first."""
    query = select(*(comments.c[name] for name in ("identifier", "picture", "account", "text", "created")))
    query = query.where(comments.c.picture == picture, comments.c.state == "shown")
    if place is not None:
        query = query.where(tuple_(comments.c.created, comments.c.identifier) > tuple_(*map(literal, place)))
    return query.order_by(comments.c.created, comments.c.identifier).limit(most)


def _page(
    query: Select[Any],
    time: ColumnElement[Any],
    identifier: ColumnElement[Any],
    place: Place | None,
    most: int,
) -> Select[Any]:
    if place is not None:
        query = query.where(tuple_(time, identifier) < tuple_(*map(literal, place)))
    return query.order_by(time.desc(), identifier.desc()).limit(most)


def _conditions(wanted: Wanted, columns: Any, follower: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name, value in (
        ("account", wanted.account),
        ("character", wanted.character),
        ("model_digest", wanted.model),
    ):
        if value:
            found.append(columns[name] == value)
    if wanted.followed:
        found.append(exists().where(follows.c.follower == follower, follows.c.followed == columns["account"]))
    return found


def _tagged(
    terms: tuple[str, ...], wanted: Wanted, follower: str, place: Place | None, most: int
) -> Select[Any]:
    """Along the rarest term; the index tells of each picture whether it has the others too."""
    first = picture_tags.alias("first")
    query = (
        select(*CARD)
        .select_from(first.join(pictures, pictures.c.identifier == first.c.picture))
        .where(first.c.tag == terms[0], pictures.c.state == "published")
        .where(*_conditions(wanted, pictures.c, follower))
    )
    for number, term in enumerate(terms[1:]):
        other = picture_tags.alias(f"other{number}")
        query = query.where(
            exists().where(
                other.c.tag == term,
                other.c.published == first.c.published,
                other.c.picture == first.c.picture,
            )
        )
    return _page(query, first.c.published, first.c.picture, place, most)


def _of_followed(
    connection: Connection, wanted: Wanted, follower: str, place: Place | None, most: int
) -> Select[Any]:
    """The newest of those who are followed and published last, as many as the page has rows: nobody else can
    be on it. So a page takes one step for each who is followed, however long ago they published."""
    one = pictures.alias("one")
    newest = select(one.c.identifier).where(
        one.c.account == follows.c.followed,
        one.c.state == "published",
        *_conditions(Wanted(character=wanted.character, model=wanted.model), one.c, follower),
    )
    newest = _page(newest, one.c.published, one.c.identifier, place, most).correlate(follows)
    last = newest.with_only_columns(one.c.published).limit(1).scalar_subquery()
    times = connection.execute(
        select(follows.c.followed, last.label("last")).where(follows.c.follower == follower)
    ).all()
    found = sorted((row.last for row in times if row.last is not None), reverse=True)
    least = found[min(most, len(found)) - 1] if found else 0
    recent = [row.followed for row in times if row.last is not None and row.last >= least]
    query = (
        select(*CARD)
        .select_from(follows.join(pictures, pictures.c.identifier.in_(newest)))
        .where(follows.c.follower == follower, follows.c.followed.in_(recent))
    )
    return query.order_by(pictures.c.published.desc(), pictures.c.identifier.desc()).limit(most)


def _rarest_first(connection: Connection, terms: tuple[str, ...]) -> tuple[str, ...]:
    if len(terms) == 1:
        return terms

    def amount(term: str) -> int:
        some: Subquery = (
            select(picture_tags.c.picture).where(picture_tags.c.tag == term).limit(_MANY).subquery()
        )
        return int(connection.scalar(select(func.count()).select_from(some)) or 0)

    return tuple(sorted(terms, key=amount))
