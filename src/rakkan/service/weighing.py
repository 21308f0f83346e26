"""The budgets at the door: what each request is to them, and what becomes of it."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from starlette.requests import HTTPConnection
from starlette.responses import Response

from rakkan.service.access.actors import Actor
from rakkan.service.access.rules import Access, Weight
from rakkan.service.budgets.decide import Decision
from rakkan.service.budgets.limits import Holder
from rakkan.service.budgets.store import Asked, Budgets, What
from rakkan.service.errors import TooMany
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.tables import pictures
from rakkan.store.database import transaction

#: A browser's own label, which tells the budgets which accounts share it; random, and of no other use.
DEVICE_COOKIE = "__Host-rakkan-device"
#: Likes from which a picture counts as one that many know.
POPULAR = 10

_WHAT: Mapping[Weight, What] = {
    "page": "page",
    "interactive": "job",
    "draft": "draft",
    "list": "list",
    "pair": "picture",
    "batch": "batch",
}


@dataclass(frozen=True)
class Scales:
    """What weighs requests for the door. Requests of weight ``free`` pass whatever is used up, for they are
    how somebody comes in, objects or leaves; those of ``asset`` are only counted by their bytes."""

    budgets: Budgets
    catalogue: Catalogue

    def weigh(self, actor: Actor, request: HTTPConnection, access: Access) -> None:
        """Raise TooMany for what is not to be served; say in ``request.state.decoy`` whether it is to be
        served without what makes it worth collecting."""
        arrived = getattr(request.state, "arrived", 0.0)
        if arrived:
            self.budgets.waited(max(0.0, time.monotonic() - arrived))
        request.state.decoy = False
        if access.weight in ("free", "asset"):
            return
        account = self._account(actor, request)
        if actor.account:
            self._link(actor, request)
        decision = self.budgets.check(account, self._asked(actor, request, access))
        if decision.answer == "decoy":
            request.state.decoy = True
        elif decision.answer != "serve":
            raise _refusal(decision)
        request.state.budget = account

    def note(self, request: HTTPConnection, response: Response, access: Access) -> None:
        """Count what was sent."""
        account = getattr(request.state, "budget", "")
        sent = int(response.headers.get("content-length", "0"))
        if account:
            self.budgets.done(account, sent)

    def failed(self, request: HTTPConnection) -> None:
        """A request that was let in has ended without a reply of its own."""
        account = getattr(request.state, "budget", "")
        if account:
            self.budgets.done(account, 0)

    def _account(self, actor: Actor, request: HTTPConnection) -> str:
        return actor.account or self.budgets.visitor(network_of(request))

    def _asked(self, actor: Actor, request: HTTPConnection, access: Access) -> Asked:
        holder: Holder = "visitor" if not actor.account else "member"
        if actor.at_least("moderator"):
            holder = "moderator"
        picture = str(request.path_params.get("picture", "")) if access.weight == "pair" else ""
        own = popular = False
        if picture:
            own, popular = self._known(actor, picture)
        return Asked(_WHAT[access.weight], picture, own, popular, False, holder)

    def _known(self, actor: Actor, picture: str) -> tuple[bool, bool]:
        query = select(pictures.c.account, pictures.c.likes).where(pictures.c.identifier == picture)
        with transaction(self.catalogue.engine) as connection:
            found = connection.execute(query).first()
        if found is None:  # nobody's: it counts like any other, so that trying identifiers out is seen
            return False, False
        return bool(actor.account) and found.account == actor.account, found.likes >= POPULAR

    def _link(self, actor: Actor, request: HTTPConnection) -> None:
        self.budgets.linked(actor.account, "network", network_of(request))
        for organisation in actor.organisations:
            self.budgets.linked(actor.account, "organisation", organisation)
        device = request.cookies.get(DEVICE_COOKIE, "")
        if device and actor.way == "session":
            self.budgets.linked(actor.account, "device", device[:64])


def network_of(request: HTTPConnection) -> str:
    """Where a request comes from: an address, of IPv6 the 64 bits that a home is given (RFC 6177)."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))


def _refusal(decision: Decision) -> TooMany:
    if decision.answer == "refuse":
        return TooMany(
            "An alarm stands against this account or those it is linked to",
            "See it, and appeal against it, under Account",
            decision.retry_after,
        )
    fact = decision.reasons[0] if decision.reasons else None
    if fact is not None and fact.subject == "service":
        return TooMany(
            "There is more to do than can be done now", "Try again in a moment", decision.retry_after
        )
    what = f"{fact.measured:,} of {fact.limit:,} ({fact.fact})" if fact is not None else "all of it"
    return TooMany(f"The budget is used up: {what}", "Wait; Account shows what is left", decision.retry_after)
