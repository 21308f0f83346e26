"""Pictures, looks and cases as subjects of statements, and back.

A look is one digest: its hashes, one after the other, then its layout. Statements about pictures made or let
in here hold looks as the pictures stand; reports hold all eight orientations of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rakkan.features.fingerprints import HASH_BYTES, LAYOUT_BYTES, TURNS, Look, looks
from rakkan.store.ledger.statements import Subject

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

PICTURE = "picture"
#: The sorts of subject that a look is, and its one digest. A common look is like so many pictures here that
#: it bars none before a moderator has decided.
LOOK, COMMON_LOOK = "look", "common-look"
CASE = "case"
MODERATOR = "moderator"


def case_subject(case: str) -> Subject:
    """What all statements about a case share."""
    return Subject(CASE, {CASE: case})


def picture_subject(exact: Mapping[str, str]) -> Subject:
    """A picture by its exact digests."""
    return Subject(PICTURE, dict(exact))


def look_subject(look: Look, name: str = LOOK) -> Subject:
    """A look with all the orientations it has."""
    return Subject(name, {LOOK: (b"".join(look.hashes) + look.layout).hex()})


def looks_of_pixels(pixels: NDArray[numpy.uint8]) -> tuple[Subject, ...]:
    """The looks of a picture that is made or let in here, as it stands: reports find its copies by them.

    ``pixels`` is uint8 [height, width, 3], or 4 with alpha.
    """
    return tuple(look_subject(Look(one.quality, one.hashes[:1], one.layout)) for one in looks(pixels))


def pictures(subjects: Iterable[Subject]) -> tuple[Mapping[str, str], ...]:
    """The exact digests of the pictures among the subjects, each once."""
    found = {tuple(sorted(one.digests.items())): one.digests for one in subjects if one.name == PICTURE}
    return tuple(found.values())


def looks_among(subjects: Iterable[Subject], name: str = LOOK) -> tuple[Look, ...]:
    """The looks of that sort among the subjects, each once; what cannot be one is left out."""
    packed = dict.fromkeys(one.digests.get(LOOK, "") for one in subjects if one.name == name)
    return tuple(unpacked(data) for data in map(bytes.fromhex, packed) if _orientations(data))


def unpacked(data: bytes) -> Look:
    """A look from its hashes and its layout, one after the other."""
    ends = range(HASH_BYTES, len(data) - LAYOUT_BYTES + 1, HASH_BYTES)
    return Look(100, tuple(data[end - HASH_BYTES : end] for end in ends), data[-LAYOUT_BYTES:])


def first_digest(subjects: Sequence[Subject], name: str) -> str:
    """The digest of the first subject of that sort, "" for none."""
    return next((digest for one in subjects if one.name == name for digest in one.digests.values()), "")


def _orientations(data: bytes) -> bool:
    return len(data) - LAYOUT_BYTES in (HASH_BYTES, HASH_BYTES * len(TURNS))
