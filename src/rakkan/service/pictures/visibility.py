"""Who may see which picture: the one rule, as it is asked of a row and as it stands in a query."""

from __future__ import annotations

from sqlalchemy import ColumnElement, true

from rakkan.service.access.actors import Actor
from rakkan.service.errors import Forbidden
from rakkan.service.pictures.tables import pictures

#: The states of a picture that is there for all.
OPEN = ("published", "canary")


def may_see(actor: Actor, account: str, state: str) -> bool:
    """Whether an actor may know of a picture of this account: a published one, their own, any as a
    moderator."""
    return state in OPEN or _is_own(actor, account) or actor.at_least("moderator")


def may_see_pixels(actor: Actor, account: str, state: str) -> bool:
    """Whether its pixels may be sent: its maker, too, gets a removed one back from a decision alone."""
    return may_see(actor, account, state) and (state != "removed" or actor.at_least("moderator"))


def visible(actor: Actor) -> ColumnElement[bool]:
    """``may_see`` as a condition on the pictures of a query."""
    if actor.at_least("moderator"):
        return true()
    shown = pictures.c.state.in_(OPEN)
    return shown | (pictures.c.account == actor.account) if actor.account else shown


def demand_moderator(actor: Actor) -> None:
    """Raises Forbidden unless the actor moderates here."""
    if not actor.at_least("moderator"):
        raise Forbidden("Only a moderator may do this", "Report the picture instead")


def demand_account(actor: Actor) -> None:
    """Raises Forbidden for a visitor."""
    if not actor.account:
        raise Forbidden("This takes an account", "Sign in first")


def _is_own(actor: Actor, account: str) -> bool:
    return bool(actor.account) and actor.account == account
