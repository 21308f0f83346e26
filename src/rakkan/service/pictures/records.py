"""What goes into the catalogue and what comes out of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from rakkan.records import AnyRecipe

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

#: ``private`` to its account; ``published`` for all; ``canary`` for all who ask for it, while no list but the
#: plain catalogue shows it; ``hidden`` while a report is decided; ``removed`` by a decision, its pixels for
#: moderators alone.
State = Literal["private", "published", "canary", "hidden", "removed"]
STATES: tuple[State, ...] = get_args(State)

#: Rows of a page at most.
MOST_ROWS = 100


@dataclass(frozen=True, eq=False)
class NewPicture:
    """A picture that a worker delivers; its sealed file and its thumbnail are in the vault by then.

    ``identifier`` is chosen before it is drawn, so that delivering twice keeps one. ``digest`` is what
    recipes and the ledger know it by; ``embedding`` is that of ``nearness.embedding``, None for none.
    """

    identifier: str
    account: str
    file: str
    digest: str
    thumbnail: str
    media_type: str
    operation: str
    recipe: AnyRecipe
    character: str = ""
    character_name: str = ""
    parent: str = ""
    disclosure: str = "full"
    licence: str = ""
    embedding: NDArray[numpy.float16] | None = None


@dataclass(frozen=True)
class Card:
    """A picture as lists show it: nothing of its recipe, and no way to its file. Times are milliseconds since
    1970; ``thumbnail`` is what the vault of ``account`` knows the thumbnail by."""

    identifier: str
    account: str
    thumbnail: str
    width: int
    height: int
    operation: str
    model: str
    model_digest: str
    character: str
    character_name: str
    parent: str
    created: int
    published: int | None
    state: State
    title: str
    likes: int
    comments: int


@dataclass(frozen=True)
class Shown(Card):
    """One picture, for whoever may see it: also its file in the vault of ``account`` and its tags."""

    file: str
    digest: str
    media_type: str
    disclosure: str
    licence: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """Some rows of a list and the cursor of those after them, "" at its end."""

    cards: tuple[Card, ...]
    cursor: str = ""


@dataclass(frozen=True)
class Names:
    """Some identifiers of the plain catalogue and the cursor of those after them, "" at its end."""

    identifiers: tuple[str, ...]
    cursor: str = ""


@dataclass(frozen=True)
class Wanted:
    """Which published pictures: with all of these tags, these words in the title, this character, this model
    (its digest), of this account; ``followed``: of those whom the actor follows alone."""

    tags: tuple[str, ...] = ()
    title: str = ""
    character: str = ""
    model: str = ""
    account: str = ""
    followed: bool = False


@dataclass(frozen=True)
class Comment:
    """A comment as it is shown; ``created`` is in milliseconds since 1970."""

    identifier: str
    picture: str
    account: str
    text: str
    created: int


@dataclass(frozen=True)
class Comments:
    """Some comments on a picture, the oldest first, and the cursor of those after them, "" at the end."""

    comments: tuple[Comment, ...]
    cursor: str = ""


@dataclass(frozen=True)
class Gone:
    """What the vault of ``account`` no longer needs to hold for a deleted picture."""

    account: str
    digests: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """A neighbour in a picture's lineage: ``card`` None when whoever asks may not see it, or it is gone.
    ``depth`` is 1 for a parent or a child. ``stated`` says that the ledger states the step, None unasked."""

    identifier: str
    depth: int
    card: Card | None
    stated: bool | None = None


@dataclass(frozen=True)
class Origin:
    """What the ledger states of a picture. ``training`` are the fields of its model's training statement;
    ``parents`` and ``references`` are digests; ``entry`` is the index in the ledger and ``time`` in seconds;
    ``seal`` is what its own seal is worth, "" unasked; ``licences`` are those stated, the newest last."""

    operation: str
    model: str
    model_digest: str
    training: Mapping[str, Any] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    entry: int = -1
    time: int = 0
    seal: str = ""
    licences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lineage:
    """Where a picture came from and what became of it: ancestors from the nearest, descendants by
    generation, and what the ledger states of it, None when it states nothing."""

    ancestors: tuple[Link, ...]
    descendants: tuple[Link, ...]
    origin: Origin | None


def character_identifier(account: str, name: str) -> str:
    """What pictures know a character of an account by, in whichever version (``NAME@2``) they were drawn:
    26 hexadecimal digits."""
    called = name.partition("@")[0].strip().casefold()
    return hashlib.sha256(f"rakkan character 1\n{account}\n{called}".encode()).hexdigest()[:26]
