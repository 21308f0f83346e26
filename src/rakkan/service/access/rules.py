"""What a route asks of whoever calls it. A route that says nothing cannot be added.

``docs/access.md`` is the table of all of them; a test walks every route, role and tenant against it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from rakkan.service.access.actors import SCOPES, Role

#: Whose things a route is about: nobody's in particular (``none``), only those of whoever asks (``own``),
#: those that are published or one's own (``shown``), or an organisation's own (``organisation``).
Tenant = Literal["none", "own", "shown", "organisation"]

#: What a request is to the budgets.
Weight = Literal[
    "page", "interactive", "draft", "list", "pair", "bulk", "batch", "asset", "essential", "free"
]

Handler = TypeVar("Handler", bound=Callable[..., Any])

#: Files of a form, where a route says nothing else.
FILES = 4

_MARK = "rakkan_access"


@dataclass(frozen=True)
class Access:
    """``role`` is the least that is let through. ``scope`` is what a key must have, "" where no key is let
    through at all; a visitor's routes without one take any. ``forms`` lets a browser's form in besides
    JSON, ``pictures`` a picture's own bytes, ``parts`` a part of a file; ``largest`` is the most bytes of a
    body, ``files`` how many a form may hold."""

    role: Role
    scope: str = ""
    tenant: Tenant = "none"
    weight: Weight = "interactive"
    forms: bool = False
    largest: int = 64 * 1024
    pictures: bool = False
    files: int = FILES
    parts: bool = False

    def __post_init__(self) -> None:
        if self.scope and self.scope not in SCOPES:
            raise ValueError(f"{self.scope!r} is no scope")

    @property
    def bodies(self) -> dict[str, bool]:
        """Whether each kind of body besides JSON is read."""
        forms = f"forms of {self.files} files" if self.files != FILES else "forms"
        return {forms: self.forms, "pictures": self.pictures, "parts": self.parts}


def allow(
    role: Role,
    scope: str = "",
    tenant: Tenant = "none",
    weight: Weight = "interactive",
    *,
    forms: bool = False,
    largest: int = 64 * 1024,
    pictures: bool = False,
    files: int = FILES,
    parts: bool = False,
) -> Callable[[Handler], Handler]:
    """Say who may call a handler; below the decorator that adds it to a router."""
    access = Access(role, scope, tenant, weight, forms, largest, pictures, files, parts)

    def mark(handler: Handler) -> Handler:
        setattr(handler, _MARK, access)
        return handler

    return mark


def access_of(handler: object) -> Access | None:
    """What a handler says; None where it says nothing."""
    found = getattr(handler, _MARK, None)
    return found if isinstance(found, Access) else None
