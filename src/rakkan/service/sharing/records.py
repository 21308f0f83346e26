"""What is told of shared characters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from rakkan.errors import RakkanError

#: What others may do with a shared character: draw with it, or take a copy and its file too.
Terms = Literal["draw", "copy"]
TERMS: tuple[Terms, ...] = get_args(Terms)

#: ``published`` for all; ``hidden`` while a report is decided; ``removed`` by a decision.
SharedState = Literal["published", "hidden", "removed"]


@dataclass(frozen=True)
class Shared:
    """A shared character as lists have it: nothing of what it says but its name. ``head`` is the SHA-256 of
    the version that is shared, ``number`` which one it is; ``published`` in milliseconds since 1970."""

    identifier: str
    account: str
    name: str
    head: str
    number: int
    terms: Terms
    state: SharedState
    published: int

    @property
    def may_be_copied(self) -> bool:
        """Whether others may take a copy."""
        return self.terms == "copy"


@dataclass(frozen=True)
class SharedCard:
    """A shared character in a list: how many published pictures were drawn with it, by whomever, and the
    newest of its maker's, "" for none."""

    shared: Shared
    pictures: int
    picture: str


@dataclass(frozen=True)
class SharedPage:
    """Some shared characters and the cursor of those after them, "" at the end."""

    cards: tuple[SharedCard, ...]
    cursor: str = ""


@dataclass(frozen=True)
class Credit:
    """What a character was copied from: a version of somebody's, by its SHA-256. ``maker`` is an account, ""
    for one that is gone."""

    step: int
    original: str
    maker: str
    name: str
    head: str


def checked_terms(text: str) -> Terms:
    """The terms that a text says. Raises RakkanError for none."""
    found = next((one for one in TERMS if one == text), None)
    if found is None:
        raise RakkanError(f"A character cannot be shared to {text[:20]!r}", f"Say {' or '.join(TERMS)}")
    return found
