"""Whoever makes a request, as far as it has been proven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from rakkan.service.errors import Forbidden

#: What an account may do here; each may all that those before it may. ``owner`` runs the instance.
Role = Literal["visitor", "member", "moderator", "owner"]
ROLES: tuple[Role, ...] = get_args(Role)

#: What a key may be limited to; a session has them all.
SCOPES: dict[str, str] = {
    "read": "see what its account sees",
    "create": "draw, edit and enlarge",
    "share": "publish, like, follow and comment",
    "account": "change the account and its sessions",
    "moderate": "decide about reports",
}

Way = Literal["none", "session", "key"]


@dataclass(frozen=True)
class Actor:
    """``account`` is "" for a visitor. ``organisations`` maps where it belongs to ``member`` or ``admin``;
    ``credential`` is the identifier of the session or the key, ``way`` which of them it is."""

    account: str = ""
    role: Role = "visitor"
    organisations: Mapping[str, str] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()
    way: Way = "none"
    credential: str = ""

    def at_least(self, role: Role) -> bool:
        """Whether this may do what ``role`` may."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def demand_person(self) -> None:
        """Raise Forbidden for a key: what opens an account is made and changed by a session alone."""
        if self.way == "key":
            raise Forbidden("No key may make or change what opens an account", "Sign in")


VISITOR = Actor()
