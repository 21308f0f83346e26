"""A whole service on the fake engine, people with browsers of their own, and a worker that is run by hand."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from rakkan import assemble
from rakkan.service import wiring
from rakkan.service.access.actors import Actor
from rakkan.service.access.door import SESSION_COOKIE, VISITOR_COOKIE
from rakkan.service.access.rules import Access
from rakkan.service.accounts import Visit
from rakkan.service.app import build
from rakkan.service.core import Service
from rakkan.service.jobs.bell import WORK
from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.records import OVER
from rakkan.service.jobs.worker import Performer, work
from rakkan.service.making.delivering import Delivery
from rakkan.service.making.transit import Transit
from rakkan.service.settings import Settings

#: Everybody comes from a network of their own: how often one may try is tested elsewhere.
ADDRESSES = (f"10.{number}.0.1" for number in range(256))
ORIGIN = "http://localhost:8420"
PAGE = {"accept": "text/html"}
JSON = {"accept": "application/json"}


@dataclass
class Browser:
    """A browser of somebody's; ``account`` is "" for a visitor."""

    client: TestClient
    account: str = ""
    csrf: str = ""
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=self._headers(headers or PAGE), follow_redirects=False)

    def post(self, path: str, data: dict[str, Any] | None = None, files: Any = None, **headers: str) -> Any:
        told = {"csrf": self.csrf, **(data or {})}
        sent = {"origin": ORIGIN, **(headers or PAGE)}
        return self.client.post(
            path, data=told, files=files, headers=self._headers(sent), follow_redirects=False
        )

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {**named, "cookie": cookies}


@dataclass
class Hall:
    """The service with all that tests ask of it."""

    service: Service
    app: FastAPI
    client: TestClient
    queue: Queue
    performers: Mapping[str, Performer]
    delivery: Delivery
    folder: Path

    def visitor(self) -> Browser:
        made = Browser(self.client, cookies={VISITOR_COOKIE: "somebody"})
        made.csrf = self.service.accounts.csrf_token("visitor somebody")
        return made

    def person(self, handle: str, role: str = "member") -> Browser:
        """Somebody with an account, signed in."""
        accounts = self.service.accounts
        owner = next((one for one in accounts.people.listed() if one.role == "owner"), None)
        if owner is None:
            issued = accounts.claim(accounts.owner_token(), Visit("test", next(ADDRESSES)), "keeper")
            owner = accounts.people.listed()[0]
            if role == "owner":
                return self._signed_in(issued.token)
        invitation = accounts.invite(Actor(owner.identifier, "owner"), role)  # type: ignore[arg-type]
        issued = accounts.sign_up(
            handle, "a long enough pass phrase", Visit("test", next(ADDRESSES)), handle, "en", invitation
        )
        return self._signed_in(issued.token)

    def _signed_in(self, token: str) -> Browser:
        actor = self.service.accounts.actor_of_session(token)
        assert actor is not None
        made = Browser(self.client, actor.account, cookies={SESSION_COOKIE: token})
        made.csrf = self.service.accounts.csrf_token(actor.credential)
        return made

    def work(self, *jobs: str) -> None:
        """Let a worker do all that waits."""
        queue, performers = self.queue, self.performers
        stop = threading.Event()
        thread = threading.Thread(
            target=work,
            args=[queue, performers, "w" * 26, stop],
            kwargs={"abort": lambda: None},  # it would end the tests
            daemon=True,
        )
        thread.start()
        until = time.monotonic() + 300
        while self._is_busy() and time.monotonic() < until:
            thread.join(0.02)
        stop.set()
        queue.bell.ring(WORK)
        thread.join()

    def _is_busy(self) -> bool:
        counts = self.queue.counts()
        return any((*counts.waiting.values(), *counts.running.values()))

    def draw(self, whose: Browser, prompt: str = "1girl, silver hair, hoodie", **more: str) -> str:
        """A picture of somebody's, drawn; its identifier."""
        reply = whose.post("/studio/create", {"prompt": prompt, "size": "512x512", **more}, **JSON)
        assert reply.status_code == 202, reply.text
        self.work()
        return self.made_by(whose, reply.json()["job"])

    def made_by(self, whose: Browser, job: str) -> str:
        """The picture that a job made."""
        import json

        found = self.service.queue.get(whose.account, job)
        assert found.state in OVER and found.result, (found.state, found.error, found.hint)
        return str(json.loads(found.result)["pictures"][0])

    def publish(self, whose: Browser, picture: str, **more: str) -> None:
        reply = whose.post(f"/pictures/{picture}/publish", more)
        assert reply.status_code == 303, reply.text


def _let_pass(actor: Actor, request: HTTPConnection, access: Access) -> None:
    request.state.decoy = False


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(hall: Hall) -> None:
    """In place of the one for all tests, which takes an instance apart after each."""


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """One service for a file of tests: each takes people of its own."""
    folder = tmp_path_factory.mktemp("hall")
    with pytest.MonkeyPatch.context() as patch:
        for name in [one for one in os.environ if one.startswith("RAKKAN_")]:
            patch.delenv(name)
        patch.setenv("RAKKAN_HOME", str(folder / "home"))
        patch.setenv("RAKKAN_KEY", str(folder / "key"))
        patch.setenv("RAKKAN_ENGINE", "fake")
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        assemble.forget()
        service = wiring.service(Settings((ORIGIN,), ()))
        # What budgets refuse is tested elsewhere, too.
        unweighed = replace(service.door, weigh=_let_pass)
        service = replace(service, door=unweighed)
        app = build(service)
        with TestClient(app, base_url=ORIGIN) as client:
            queue, performers = wiring.worker("cpu")
            made = wiring.parts()
            release = assemble.gate().release
            transit = Transit(made.engine, time.time, assemble.vault())
            delivery = Delivery(transit, made.catalogue, release, made.key("delivery"), made.is_reserved)
            (folder / "spool").mkdir()
            yield Hall(service, app, client, queue, performers, delivery, folder / "spool")
        assemble.forget()
