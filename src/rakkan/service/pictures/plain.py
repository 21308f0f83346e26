"""The plain catalogue: the identifiers of all that is there for everybody, for archives and researchers.

It tells nothing but names, in their order, and is the only list in which canaries stand.
"""

from __future__ import annotations

from sqlalchemy import func, select

from rakkan.service.pictures import cursors
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.records import Names, State
from rakkan.service.pictures.tables import pictures
from rakkan.service.pictures.visibility import OPEN
from rakkan.store import sealing
from rakkan.store.database import transaction

#: Names of a page at most.
MOST_NAMES = 1_000
_ABOUT = "plain catalogue"


def names(catalogue: Catalogue, cursor: str = "", most: int = MOST_NAMES) -> Names:
    """A page of the plain catalogue, 1 to 1,000 identifiers, the oldest first. Raises RakkanError for a
    cursor of another list."""
    most = max(1, min(most, MOST_NAMES))
    key = sealing.derive(catalogue.key, "rakkan pictures cursors 1")
    place = cursors.read(key, _ABOUT, cursor)
    query = select(pictures.c.identifier).where(pictures.c.state.in_(OPEN)).order_by(pictures.c.identifier)
    if place is not None:
        query = query.where(pictures.c.identifier > place[1])
    with transaction(catalogue.engine) as connection:
        found = list(connection.scalars(query.limit(most + 1)))
    more = len(found) > most
    return Names(tuple(found[:most]), cursors.write(key, _ABOUT, (0, found[most - 1])) if more else "")


def count(catalogue: Catalogue, state: State) -> int:
    """How many pictures are in a state."""
    query = select(func.count()).select_from(pictures).where(pictures.c.state == state)
    with transaction(catalogue.engine) as connection:
        return int(connection.scalar(query) or 0)


def made_at(catalogue: Catalogue, share: float) -> int:
    """When the published picture at a ``share`` (0 to 1) of all was made, in the order of publication, in
    milliseconds since 1970; 0 without one."""
    total = count(catalogue, "published")
    query = select(pictures.c.created).where(pictures.c.state == "published")
    query = query.order_by(pictures.c.published, pictures.c.identifier)
    with transaction(catalogue.engine) as connection:
        return int(connection.scalar(query.offset(int(share * max(total - 1, 0))).limit(1)) or 0)
