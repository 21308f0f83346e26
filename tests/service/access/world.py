"""A running service with people of every sort in it, and things of each, made when they are needed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import httpx
from starlette.requests import HTTPConnection
from tests.service.instance import PASSWORD, Instance, running
from tests.service.pictures.hub import RECIPE

from rakkan.service.access.actors import SCOPES, Actor, Role
from rakkan.service.access.rules import Access
from rakkan.service.accounts import Visit
from rakkan.service.accounts.sessions import Issued
from rakkan.service.budgets import canaries
from rakkan.service.core import Service
from rakkan.service.jobs.records import JobRequest
from rakkan.service.pictures.records import NewPicture
from rakkan.service.schema import new_identifier

#: Who walks. The holders of keys are members; ``other key`` has every scope but the one that is asked for.
Who = Literal[
    "visitor",
    "member",
    "stranger",
    "moderator",
    "owner",
    "key",
    "other key",
    "suspended",
    "suspended key",
    "associate",
    "admin",
]
#: On whose thing: one's own, a private one and a published one of somebody who is not here, that of the
#: organisation which ``associate`` and ``admin`` belong to; "" where the route names none.
What = Literal["", "own", "private", "published", "organisation"]

#: Which account walks, and in which role, to the door.
ACCOUNT: dict[Who, str] = {
    "visitor": "",
    "member": "mika",
    "stranger": "rin",
    "moderator": "moderator",
    "owner": "owner",
    "key": "mika",
    "other key": "mika",
    "suspended": "suspended",
    "suspended key": "suspended",
    "associate": "associate",
    "admin": "admin",
}
ROLE: dict[Who, Role] = {
    who: who if who in ("moderator", "owner") else "visitor" if who in ("visitor", "suspended") else "member"  # type: ignore[misc]
    for who in ACCOUNT
}
ELSEWHERE = "elsewhere"
ORIGIN_OF_VISITORS = "walker"


@dataclass
class World:
    """``sessions`` are tokens, ``accounts`` identifiers, ``credentials`` what form tokens are bound to, each
    by the handle of whom they are of; ``keys`` secrets by account and scopes."""

    instance: Instance
    client: httpx.Client
    sessions: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, str] = field(default_factory=dict)
    keys: dict[tuple[str, frozenset[str]], str] = field(default_factory=dict)
    organisation: str = ""
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def service(self) -> Service:
        return self.instance.service

    @property
    def origin(self) -> str:
        return self.service.settings.origin

    def actor(self, handle: str) -> Actor:
        """Somebody as the parts take them."""
        found = self.service.accounts.profile(self.accounts[handle])
        return Actor(found.identifier, found.role, {}, frozenset(SCOPES), "session", "walk")  # type: ignore[arg-type]

    def person(self, handle: str) -> str:
        """Somebody new of this handle; their account."""
        accounts = self.service.accounts
        invitation = accounts.invite(Actor(new_identifier(), "owner"))
        issued = accounts.sign_up(f"walk-{handle}", PASSWORD, _visit(), invitation=invitation)
        return self._keep(handle, issued)

    def enter(self, handle: str) -> None:
        """A new session of somebody's."""
        accounts = self.service.accounts
        if handle == "owner":
            self._keep(handle, accounts.claim(accounts.owner_token(), Visit(), "owner-of-it"))
        else:
            self._keep(handle, accounts.sign_in(f"walk-{handle}", PASSWORD, _visit()))

    def anybody(self) -> str:
        """A new handle with an account behind it."""
        handle = f"p{secrets.token_hex(6)}"
        self.person(handle)
        return handle

    def key(self, handle: str, scopes: frozenset[str]) -> str:
        """A key of somebody's with these scopes."""
        if (handle, scopes) not in self.keys:
            maker = replace(self.actor(handle), role="owner")
            self.keys[handle, scopes] = self.service.accounts.keys.make(maker, "walk", scopes)[1]
        return self.keys[handle, scopes]

    def picture(self, handle: str, published: bool) -> str:
        """A picture of somebody's, with files in the vault."""
        account, service = self.accounts[handle], self.service
        files = [service.vault.put(account, secrets.token_bytes(40)).digest for _ in "fs"]
        made = canaries.ordinary(service.budgets.secret, new_identifier)
        new = NewPicture(
            made, account, files[0], secrets.token_hex(32), files[1], "image/png", "create", RECIPE
        )
        assert service.catalogue.add(new)
        if published:
            service.catalogue.publish(self.actor(handle), made, "A walk", ("hat",))
        return made

    def job(self, handle: str) -> str:
        """A job of somebody's, which is over, so that its stream ends."""
        account, queue = self.accounts[handle], self.service.queue
        made = queue.submit(
            JobRequest(account, "create", b'{"prompt":"hat"}', "interactive", "create/starter")
        )
        queue.cancel(account, made)
        return made

    def headers(self, who: Who, scope: str) -> dict[str, str]:
        """What somebody's program or browser sends along."""
        handle = ACCOUNT[who]
        if who in ("key", "other key", "suspended key"):
            others = frozenset(SCOPES) - {scope, "moderate"}
            scopes = others if who == "other key" else others | ({scope} if scope else frozenset())
            return {"authorization": f"Bearer {self.key(handle, scopes)}"}
        bound, cookie = f"visitor {ORIGIN_OF_VISITORS}", f"__Host-rakkan-visitor={ORIGIN_OF_VISITORS}"
        if (
            handle
            and who != "suspended"
            and not self.service.accounts.actor_of_session(self.sessions[handle])
        ):
            self.enter(handle)  # an earlier step has signed it out
        if handle:
            cookie = f"{cookie}; __Host-rakkan={self.sessions[handle]}"
            bound = bound if who == "suspended" else self.credentials[handle]
        token = self.service.accounts.csrf_token(bound)
        return {"cookie": cookie, "origin": self.origin, "x-csrf-token": token}

    def _keep(self, handle: str, issued: Issued) -> str:
        self.sessions[handle], self.accounts[handle] = issued.token, issued.account
        self.credentials[handle] = issued.identifier
        return issued.account


def _visit() -> Visit:
    """From an address of its own: failures on the walk are not to lock anybody out."""
    return Visit("", ".".join(str(secrets.randbelow(250)) for _ in range(4)))


def unweighed(service: Service) -> Service:
    """A service whose budgets weigh nothing: a walk asks for more than anybody may."""

    def weigh(actor: Actor, request: HTTPConnection, access: Access) -> None:
        request.state.decoy = False

    door = replace(service.door, weigh=weigh, note=lambda request, response, access: None)
    return replace(service, door=door)


@contextmanager
def peopled(change: Callable[[Service], Service] = unweighed) -> Iterator[World]:
    """A world on the settings in force, without a worker."""
    with running(worker=False, change=change, models="members") as instance:
        accounts = instance.service.accounts
        with httpx.Client(base_url=instance.service.settings.origin, timeout=600) as client:
            world = World(instance, client)
            for handle in (*dict.fromkeys(filter(None, ACCOUNT.values())), ELSEWHERE):
                if handle != "owner":
                    world.person(handle)
            world.enter("owner")
            owner = world.actor("owner")
            accounts.people.set_role(owner, world.accounts["moderator"], "moderator")
            for scope in (*SCOPES, ""):  # made while it still may
                world.headers("suspended key", scope)
            accounts.people.set_state(owner, world.accounts["suspended"], "suspended")
            admin = world.actor("admin")
            world.organisation = accounts.organisations.create(admin, "guild").identifier
            join = accounts.organisations.invite(admin, world.organisation)
            accounts.organisations.join(world.actor("associate"), join)
            yield world
