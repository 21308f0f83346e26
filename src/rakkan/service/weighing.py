"""The budgets at the door: what each request is to them, and what becomes of it."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from starlette.requests import HTTPConnection
from starlette.responses import Response, StreamingResponse

from rakkan.service.access.actors import Actor
from rakkan.service.access.rules import Access, Weight
from rakkan.service.budgets import canaries
from rakkan.service.budgets.limits import Holder
from rakkan.service.budgets.store import Asked, Budgets, What
from rakkan.service.errors import TooMany
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.tables import pictures
from rakkan.service.schema import IDENTIFIER, is_identifier
from rakkan.service.sharing.tables import SHARED
from rakkan.service.turning import Turnstile, network_of, refusal
from rakkan.store.database import transaction

#: A browser's own label, which tells the budgets which accounts share it; random, and of no other use.
DEVICE_COOKIE = "__Host-rakkan-device"
#: Likes from which a picture counts as one that many know.
POPULAR = 10

#: What names a file in an address: its picture, or a link to it.
_FILES = frozenset({"picture", "link"})

_WHAT: Mapping[Weight, What] = {
    "page": "page",
    "interactive": "job",
    "draft": "draft",
    "list": "list",
    "pair": "picture",
    "bulk": "bulk",
    "batch": "batch",
}


def holder_of(actor: Actor) -> Holder:
    """Whose limits hold for an actor."""
    if actor.at_least("moderator"):
        return "moderator"
    return "member" if actor.account else "visitor"


def pair_of(budgets: Budgets, character: str) -> str:
    """What a shared character is counted by: never a canary's identifier, which its own could be by chance
    and would raise an alarm about honest people."""
    numbers = itertools.count()

    def draw() -> str:
        told = f"rakkan character pair 1\n{next(numbers)}\n{character}"
        return hashlib.sha256(told.encode()).hexdigest()[:IDENTIFIER]

    return canaries.ordinary(budgets.secret, draw)


def count_pair(budgets: Budgets, actor: Actor, character: str) -> None:
    """Count a shared character that is read without a request of its own, once: whoever types draws with it
    many times. Raises TooMany where no more are to be."""
    pair = pair_of(budgets, character)
    if budgets.has_given(actor.account, pair):
        return
    decision = budgets.check(actor.account, Asked("picture", pair, holder=holder_of(actor)))
    if decision.answer in ("serve", "decoy"):
        budgets.done(actor.account, 0)
    if decision.answer != "serve":
        raise refusal(decision)


@dataclass(frozen=True)
class Scales:
    """What weighs requests for the door. Requests of weight ``free`` pass whatever is used up, for they are
    how somebody comes in, objects or leaves; so do those of ``essential``, which cost more, until nearly all
    else has been shed. Those of ``asset`` are only counted by their bytes."""

    budgets: Budgets
    catalogue: Catalogue
    turnstile: Turnstile

    def weigh(self, actor: Actor, request: HTTPConnection, access: Access) -> None:
        """Raise TooMany for what is not to be served; say in ``request.state.decoy`` whether it is to be
        served without what makes it worth collecting."""
        arrived = getattr(request.state, "arrived", 0.0)
        if arrived:
            self.budgets.waited(max(0.0, time.monotonic() - arrived))
        request.state.decoy = False
        if access.weight == "free":
            return
        if access.weight == "essential":
            if (shed := self.budgets.shed("essential")) is not None:
                raise refusal(shed)
            return
        account = self._account(actor, request)
        request.state.reader = account
        if access.weight == "asset":
            return
        if actor.account:
            self._link(actor, request)
        decision = self.budgets.check(account, self._asked(actor, request, access))
        if decision.answer == "decoy":
            request.state.decoy = True
            request.state.retry_after = decision.retry_after
        elif decision.answer != "serve":
            self.turnstile.remember(request, account, decision)
            raise refusal(decision)
        self.turnstile.know(request, account)
        request.state.flight = account

    def note(self, request: HTTPConnection, response: Response, access: Access) -> None:
        """Count what was sent, and of a stream what will be."""
        account = getattr(request.state, "reader", "")
        length = response.headers.get("content-length")
        if length is None and account and isinstance(response, StreamingResponse):
            response.body_iterator = self._counted(response.body_iterator, account)
        if getattr(request.state, "flight", ""):
            self.budgets.done(account, int(length or 0))
        elif account and length is not None and not request.path_params.keys().isdisjoint(_FILES):
            self.budgets.sent(account, int(length))

    def failed(self, request: HTTPConnection) -> None:
        """A request that was let in has ended without a reply of its own."""
        account = getattr(request.state, "flight", "")
        if account:
            self.budgets.done(account, 0)

    async def _counted(self, body: AsyncIterable[Any], account: str) -> AsyncIterator[Any]:
        async for part in body:
            self.budgets.sent(account, len(part))
            yield part

    def _account(self, actor: Actor, request: HTTPConnection) -> str:
        return actor.account or self.budgets.visitor(network_of(request))

    def _asked(self, actor: Actor, request: HTTPConnection, access: Access) -> Asked:
        if access.weight == "pair" and "character" in request.path_params:
            return self._of_character(actor, str(request.path_params["character"]))
        picture = str(request.path_params.get("picture", ""))
        if not picture:
            # The studio goes on from a picture with its words, the gallery with what is like it.
            picture = request.query_params.get("from", "") or request.query_params.get("like", "")
        is_pair = access.weight == "pair" or "from" in request.query_params
        # Whatever is asked about a canary counts as asking for it: nothing else is to tell it apart for less.
        if not is_identifier(picture) or not (is_pair or self.budgets.is_canary(picture)):
            picture = ""
        own = popular = False
        if picture:
            own, popular = _known(self.catalogue, actor, picture)
        # What is one's own stays within reach, whatever alarm stands.
        return Asked(_WHAT[access.weight], picture, own, popular, own, holder_of(actor))

    def _of_character(self, actor: Actor, character: str) -> Asked:
        """What a shared character says is a pair; one's own is a page, and so is what is not shared: there is
        nothing to be read there."""
        query = select(SHARED.c.account).where(SHARED.c.identifier == character)
        with transaction(self.catalogue.engine) as connection:
            account = connection.scalar(query)
        if account is None or account == actor.account:
            return Asked("page", holder=holder_of(actor))
        return Asked("picture", pair_of(self.budgets, character), holder=holder_of(actor))

    def _link(self, actor: Actor, request: HTTPConnection) -> None:
        self.budgets.seen(actor.account, "network", network_of(request))
        for organisation in actor.organisations:
            self.budgets.seen(actor.account, "organisation", organisation)
        device = request.cookies.get(DEVICE_COOKIE, "")
        if device and actor.way == "session":
            self.budgets.seen(actor.account, "device", device[:64])


def fetched(budgets: Budgets, catalogue: Catalogue, actor: Actor, picture: str) -> None:
    """Count a picture that an account is given in another one, which is made of it, as if the account had
    fetched it. Raises TooMany where it would not have got all of it."""
    own, popular = _known(catalogue, actor, picture)
    if own:
        return
    decision = budgets.check(actor.account, Asked("picture", picture, own, popular, holder=holder_of(actor)))
    if decision.answer in ("serve", "decoy"):
        budgets.done(actor.account, 0)
    if decision.answer == "decoy":
        raise TooMany(
            "Pictures of others are shown in part for now, and nothing is made of them",
            "Your own are not limited; Account shows why",
            decision.retry_after,
        )
    if decision.answer != "serve":
        raise refusal(decision)


def _known(catalogue: Catalogue, actor: Actor, picture: str) -> tuple[bool, bool]:
    """Whether a picture is somebody's own, and whether many know it."""
    query = select(pictures.c.account, pictures.c.likes).where(pictures.c.identifier == picture)
    with transaction(catalogue.engine) as connection:
        found = connection.execute(query).first()
    if found is None:  # nobody's: it counts like any other, so that trying identifiers out is seen
        return False, False
    return bool(actor.account) and found.account == actor.account, found.likes >= POPULAR
