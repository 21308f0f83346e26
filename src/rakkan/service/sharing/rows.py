"""The queries of shared characters: who may see which, and lists of them on keyset pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, literal, or_, select, tuple_

from rakkan.errors import RakkanError
from rakkan.service.accounts.tables import ACCOUNTS, MEMBERSHIPS, ORGANISATIONS
from rakkan.service.pictures import tags
from rakkan.service.pictures.cursors import Place
from rakkan.service.pictures.tables import pictures
from rakkan.service.sharing.records import Shared, SharedCard
from rakkan.service.sharing.tables import SHARED, SHARED_TERMS

#: Before the SHA-256 of a version, where a character's terms are kept.
OF_VERSION = "of:"
#: Versions of a character that decisions about it are found by: the newest.
_MOST_VERSIONS = 200


def terms_of(name: str, words: str, versions: Iterable[str]) -> tuple[str, ...]:
    """All that a character is found by."""
    newest = list(versions)[:_MOST_VERSIONS]
    found = (*tags.of_prompt(words), *tags.of_title(name), *(OF_VERSION + one for one in newest))
    return tuple(dict.fromkeys(term[:80] for term in found))


def stands() -> ColumnElement[bool]:
    """That a character's maker is here: neither banned, nor of a banned organisation, nor gone."""
    barred = (
        exists()
        .where(MEMBERSHIPS.c.account == ACCOUNTS.c.identifier)
        .where(MEMBERSHIPS.c.organisation == ORGANISATIONS.c.identifier)
        .where(ORGANISATIONS.c.state == "suspended", ACCOUNTS.c.role == "member")
    )
    return exists().where(ACCOUNTS.c.identifier == SHARED.c.account, ACCOUNTS.c.state == "active", ~barred)


def open_ones() -> ColumnElement[bool]:
    """That a character is there for everybody."""
    return (SHARED.c.state == "published") & stands()


def row_of(connection: Connection, identifier: str, *conditions: ColumnElement[bool]) -> Shared | None:
    """A row by its identifier, if it meets the conditions."""
    query = select(SHARED).where(SHARED.c.identifier == identifier, *conditions)
    found = connection.execute(query).one_or_none()
    return None if found is None else shared(found)


def listed(text: str, tag: str, account: str, place: Place | None, most: int) -> Select[Any]:
    """Published characters after a place, the newest first: found by all words of a name or all of some tags,
    by one ``tag``, of one ``account``; "" asks for nothing."""
    query = select(SHARED, _counted(), _newest()).where(open_ones())
    if account:
        query = query.where(SHARED.c.account == account)
    if tag.strip():
        query = query.where(*_with((tags.plain(tag),)))
    if text.strip():
        named, tagged = tags.of_title(text), _tags(text)
        either = [_all_of(found) for found in (named, tagged) if found]
        query = query.where(or_(*either) if either else literal(value=False))
    if place is not None:
        query = query.where(tuple_(SHARED.c.published, SHARED.c.identifier) < tuple_(*map(literal, place)))
    return query.order_by(SHARED.c.published.desc(), SHARED.c.identifier.desc()).limit(most)


def card(row: Row[Any]) -> SharedCard:
    """A row of ``listed``."""
    return SharedCard(shared(row), int(row.pictures or 0), row.picture or "")


def shared(row: Row[Any]) -> Shared:
    """A row of the table."""
    return Shared(
        row.identifier,
        row.account,
        row.name,
        row.head,
        row.number,
        row.terms,
        row.state,
        row.published,
    )


def going_on_from(digests: Sequence[str]) -> ColumnElement[bool]:
    """That a character has one of these versions."""
    wanted = SHARED_TERMS.c.tag.in_([OF_VERSION + one for one in digests])
    return exists().where(SHARED_TERMS.c.character == SHARED.c.identifier, wanted)


def _tags(text: str) -> tuple[str, ...]:
    try:
        return tags.wanted(text)
    except RakkanError:  # what is no tag may be a name: "Who?"
        return ()


def _with(terms: Iterable[str]) -> list[ColumnElement[bool]]:
    same = SHARED_TERMS.c.character == SHARED.c.identifier
    return [exists().where(same, SHARED_TERMS.c.tag == one) for one in terms]


def _all_of(terms: Iterable[str]) -> ColumnElement[bool]:
    first, *others = _with(terms)
    for one in others:
        first = first & one
    return first


def _counted() -> Any:
    of_it = (pictures.c.character == SHARED.c.identifier, pictures.c.state == "published")
    counted = select(func.count()).select_from(pictures).where(*of_it)
    return counted.correlate(SHARED).scalar_subquery().label("pictures")


def _newest() -> Any:
    query = select(pictures.c.identifier).where(
        pictures.c.character == SHARED.c.identifier,
        pictures.c.account == SHARED.c.account,
        pictures.c.state == "published",
    )
    query = query.order_by(pictures.c.published.desc(), pictures.c.identifier.desc()).limit(1)
    return query.correlate(SHARED).scalar_subquery().label("picture")
