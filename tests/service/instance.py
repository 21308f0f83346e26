"""A whole service in one process for tests: a server and a worker in threads, clients for whoever asks."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from rakkan.service import wiring
from rakkan.service.access.actors import Actor
from rakkan.service.accounts import Visit
from rakkan.service.app import build
from rakkan.service.core import Service
from rakkan.service.jobs.worker import work
from rakkan.service.schema import new_identifier
from rakkan.service.serving import configured
from rakkan.service.settings import Settings

PASSWORD = "seven quiet brushes"


@dataclass
class Person:
    """Somebody with a browser: a client that keeps cookies, and the form token of the page last seen."""

    client: httpx.Client
    handle: str = ""
    account: str = ""

    def post(
        self, path: str, data: dict[str, str] | None = None, *, accept: str = "", **more: Any
    ) -> httpx.Response:
        """Send a form as a page of here does; ``accept`` is as a module asks."""
        headers = {"origin": str(self.client.base_url).rstrip("/"), "x-csrf-token": self.token()}
        headers["accept"] = accept or "text/html"
        return self.client.post(path, data=data or {}, headers=headers, **more)

    def token(self) -> str:
        """The token that this browser's pages carry."""
        page = self.client.get("/sign-in", headers={"accept": "text/html"}).text
        found = re.search(r'name="csrf" value="([^"]*)"', page)
        assert found is not None
        return found[1]


@dataclass
class Instance:
    """``service`` with its application; people are made with ``member``, ``owner`` and ``visitor``."""

    service: Service
    app: FastAPI
    clients: list[httpx.Client] = field(default_factory=list)

    def visitor(self) -> Person:
        """Somebody who is not signed in."""
        client = httpx.Client(base_url=self.service.settings.origin, timeout=600)
        self.clients.append(client)
        return Person(client)

    def owner(self) -> Person:
        """Whoever runs it."""
        issued = self.service.accounts.claim(self.service.accounts.owner_token(), Visit(), "owner-of-it")
        return self._with(issued.token, "owner-of-it", issued.account)

    def member(self, handle: str = "mika") -> Person:
        """Somebody with an account."""
        accounts = self.service.accounts
        found = accounts.people.find(handle)
        if found is not None:
            issued = accounts.sign_in(handle, PASSWORD, Visit())
        else:
            owner = Actor(new_identifier(), "owner")
            issued = accounts.sign_up(handle, PASSWORD, Visit(), invitation=accounts.invite(owner))
        return self._with(issued.token, handle, issued.account)

    def key(self, person: Person, *scopes: str) -> str:
        """A key of somebody's."""
        role = self.service.accounts.profile(person.account).role
        actor = Actor(person.account, role, scopes=frozenset(scopes), way="session")
        return self.service.accounts.keys.make(actor, "test", scopes)[1]

    def _with(self, token: str, handle: str, account: str) -> Person:
        person = self.visitor()
        # httpx keeps a Secure cookie to itself on http; browsers make an exception for localhost.
        person.client.headers["cookie"] = f"__Host-rakkan={token}"
        person.handle, person.account = handle, account
        return person


def patient(service: Service) -> Service:
    """The service, which sheds nothing under load: that a machine has other work is no reason to fail."""
    limits = service.budgets.limits
    classes = dict.fromkeys(limits.delays.classes, 3600.0)
    delays = replace(limits.delays, classes=classes)
    object.__setattr__(service.budgets, "limits", replace(limits, delays=delays))
    return service


@contextmanager
def running(
    *, worker: bool = True, change: Callable[[Service], Service] = lambda made: made, **settings: Any
) -> Iterator[Instance]:
    """A service on the settings in force (tests have an instance of their own) at a free port, with a worker.

    ``settings`` are those of ``Settings``, but for where it is reached; ``change`` exchanges some parts.
    """
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        origin = f"http://localhost:{listening.getsockname()[1]}"
        service = change(patient(wiring.service(Settings((origin,), (), **settings))))
        made = Instance(service, build(service))
        server = uvicorn.Server(configured(made.app))
        stop = threading.Event()
        queue, performers = wiring.worker("test")
        threads = [threading.Thread(target=server.run, args=[[listening]])]
        if worker:
            told = {"abort": lambda: None}
            lent = [queue, performers, new_identifier(), stop]
            threads.append(threading.Thread(target=work, args=lent, kwargs=told))
        for thread in threads:
            thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield made
        finally:
            for client in made.clients:
                client.close()
            stop.set()
            server.should_exit = True
            for thread in threads:
                thread.join()
