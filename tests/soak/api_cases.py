"""The open API under schemathesis: whatever is sent, no fault of the service, and each answer as declared.

One instance lives through all of it, with the fake engine. Requests come by an owner's key, a member's, a
session, and nobody; names in them are those of things that are there, of things of somebody else, and none.
In one case nobody draws, and what is asked for is given up afterwards; in the other a worker does what was
asked for, and what came of it is then asked for, shown, said something of, reported and deleted.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import hypothesis
import schemathesis
from cases import Case, check
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.service import wiring
from rakkan.service.access.actors import SCOPES, Actor
from rakkan.service.access.door import Door
from rakkan.service.access.rules import Access
from rakkan.service.accounts import Visit
from rakkan.service.app import build
from rakkan.service.core import Service
from rakkan.service.jobs.records import JobRequest
from rakkan.service.jobs.worker import work
from rakkan.service.making.deleting import delete_picture
from rakkan.service.schema import new_identifier
from rakkan.service.settings import Settings
from rakkan.service.submitting import submit
from rakkan.service.wishes import Create
from rakkan.studio.create import Upscaler

#: Requests of one case.
REQUESTS = 100
ORIGIN = "http://localhost:8420"
#: Of a name in a request: how often it is of something that is there.
_KNOWN = 0.7
_CHECKS = (
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
)


@dataclass
class Hub:
    """The instance: its document, who may ask, and what is there, by the name of the parameter."""

    service: Service
    schema: Any
    accounts: list[str]
    headers: list[dict[str, str]]
    known: dict[str, list[str]] = field(default_factory=dict)
    #: Pictures that a case has made and that nobody needs afterwards.
    fresh: list[str] = field(default_factory=list)
    app: Any = None


def any_request_is_answered_as_declared(random: Random, folder: Path) -> None:
    with settings_of_its_own():
        hub = made()
        operations = [one.ok() for one in hub.schema.get_all_operations()]
        operation = random.choice(operations)
        mode = random.choice([GenerationMode.POSITIVE, GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
        send(operation, mode, random, lambda case: ask(hub, case, random))
        for account in hub.accounts:
            with contextlib.suppress(RakkanError):  # unless it is there still, by that name
                assemble.casting().characters.new("Mika", account=account, tags="1girl, red eyes")
            for job in hub.service.queue.page(account, limit=200, states=("waiting",)):
                hub.service.queue.cancel(account, job.identifier)


def what_was_asked_for_is_done_and_told_of(random: Random, folder: Path) -> None:
    repeat = Upscaler("repeat", "ab" * 32, lambda pixels: pixels.repeat(2, 0).repeat(2, 1))
    with settings_of_its_own(), patch.object(assemble, "upscaler", lambda: repeat):
        hub = made()
        operations = [one.ok() for one in hub.schema.get_all_operations()]
        making = [one for one in operations if "/jobs/" in one.path and one.method.upper() == "POST"]
        telling = [
            one for one in operations if one not in making and set(_NAMES) & set(re.findall(r"\w+", one.path))
        ]
        for operation in random.sample(making, 2):
            send(operation, GenerationMode.POSITIVE, random, lambda case: wish(hub, case, random), WISHES)
        before = dict(hub.known)
        try:
            hub.fresh, jobs = performed(hub)
            hub.known = {
                **before,
                "picture": [*hub.fresh, *before["picture"][:1]],
                "job": jobs or before["job"],
            }
            for name in hub.fresh[::2]:
                _shown(hub, name)
            for operation in random.sample(telling, 6):
                mode = random.choice([GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
                send(operation, mode, random, lambda case: ask(hub, case, random), REQUESTS // 6)
            open_pages(hub, random)
        finally:
            _throw_away(hub)
            hub.known = before


#: Wishes of one operation that are sent, and jobs that are done, in one case.
WISHES, JOBS = 12, 6
#: What in an operation's path says that it is about what came of a job.
_NAMES = ("picture", "job", "reports", "comments", "mine")
_PAGES = (
    "/pictures/{picture}",
    "/pictures/{picture}/file",
    "/pictures/{picture}/thumbnail",
    "/pictures/{picture}/remix",
    "/studio/jobs/{job}/events",
    "/queue",
    "/gallery",
    "/create",
)
_FORMS = {
    "/pictures/{picture}/like": (),
    "/pictures/{picture}/comments": ("text",),
    "/pictures/{picture}/publish": ("title", "tags"),
    "/pictures/{picture}/withdraw": (),
    "/pictures/{picture}/report": ("reason", "text"),
    "/pictures/{picture}/delete": (),
    "/studio/jobs/{job}/cancel": (),
}


def wish(hub: Hub, case: Any, random: Random) -> None:
    """Ask for a job, mostly with less than could be said, so that many are accepted."""
    if isinstance(case.body, dict):
        for name in [
            name for name in case.body if name not in ("prompt", "picture") and random.random() < 0.7
        ]:
            del case.body[name]
        if random.random() < 0.5:
            case.body["prompt"] = "1girl, silver hair, smile"
    ask(hub, case, random)


def performed(hub: Hub) -> tuple[list[str], list[str]]:
    """Do some of the jobs that wait, and give up the rest; the pictures that came of them, and the jobs.
    Raises AssertionError for one that broke its worker."""
    queue = hub.service.queue
    waiting = [
        (account, one.identifier)
        for account in hub.accounts
        for one in queue.page(account, limit=200, states=("waiting",))
    ]
    for account, job in waiting[JOBS:]:
        queue.cancel(account, job)
    pictures: list[str] = []
    with working():
        for account, job in waiting[:JOBS]:
            deadline = time.monotonic() + 300
            while not (found := queue.get(account, job)).over:
                check(time.monotonic() < deadline, f"a {found.kind} is not done")
                time.sleep(0.05)
            told = found.payload.decode() if found.payload else ""
            check(
                found.state != "quarantined", f"a {found.kind} broke its worker: {found.error} ({told[:500]})"
            )
            pictures += json.loads(found.result)["pictures"] if found.result else []
    return pictures, [job for _, job in waiting]


def open_pages(hub: Hub, random: Random) -> None:
    """Open pages and send forms about what came of jobs, with whatever is written into them."""
    client = TestClient(hub.app, base_url=ORIGIN, raise_server_exceptions=False, follow_redirects=False)
    for _ in range(REQUESTS // 4):
        path = random.choice([*_PAGES, *_FORMS])
        names = {name: random.choice(hub.known[name]) for name in ("picture", "job")}
        headers = {**random.choice(hub.headers), "accept": random.choice(["text/html", "application/json"])}
        fields = {name: _scribble(random) for name in _FORMS.get(path, ("cursor", "q", "tag"))}
        if path in _FORMS:
            response = client.post(path.format(**names), data=fields, headers=headers)
        else:
            response = client.get(path.format(**names), params=fields, headers=headers)
        check(response.status_code < 500, f"{path} with {fields} is answered with {response.status_code}")


def _scribble(random: Random) -> str:
    return "".join(
        chr(random.choice([random.randrange(32, 127), random.randrange(0xD7FF)]))
        for _ in range(random.randrange(20))
    )


def _shown(hub: Hub, picture: str) -> None:
    for account in hub.accounts:
        with contextlib.suppress(RakkanError):  # it is the other's
            hub.service.catalogue.publish(Actor(account, "member"), picture, "By the river")


def _throw_away(hub: Hub) -> None:
    for picture in hub.fresh:
        for account in hub.accounts:
            with contextlib.suppress(RakkanError):  # the other's, gone, or reported
                delete_picture(hub.service.catalogue, hub.service.transit, Actor(account, "member"), picture)
    hub.fresh = []


def send(
    operation: Any, mode: GenerationMode, random: Random, ask: Callable[[Any], None], most: int = REQUESTS
) -> None:
    """Ask with ``most`` cases of an operation, or fewer where there are no more."""

    @hypothesis.seed(random.getrandbits(32))
    @hypothesis.settings(
        max_examples=most,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=False,
    )
    @hypothesis.given(operation.as_strategy(generation_mode=mode))
    def asked(case: Any) -> None:
        ask(case)

    with contextlib.suppress(hypothesis.errors.Unsatisfiable):
        asked()


def ask(hub: Hub, case: Any, random: Random) -> None:
    """Send a case, by somebody, and hold the answer against the document."""
    for name in case.path_parameters or {}:
        if case.method == "DELETE" and name == "picture" and hub.fresh:
            case.path_parameters[name] = random.choice(hub.fresh)
        if case.method == "DELETE" and name != "job":
            continue  # what is there is needed for the cases that follow
        if random.random() < _KNOWN and hub.known.get(name):
            case.path_parameters[name] = random.choice(hub.known[name])
    for name in list(case.query or {}):
        if random.random() < 0.5:  # or hardly a list would be found with all that could be asked
            del case.query[name]
    is_job = "/jobs/" in case.path  # what is reported is hidden, and of no more use
    if is_job and isinstance(case.body, dict) and "picture" in case.body and random.random() < _KNOWN:
        case.body["picture"] = random.choice([*hub.known["picture"], *hub.known["upload"]])
    elif hub.fresh and isinstance(case.body, dict) and "picture" in case.body and random.random() < _KNOWN:
        case.body["picture"] = random.choice(hub.fresh)
    headers = random.choice(hub.headers)
    # A busy machine is no fault of the service.
    response = case.call(base_url=ORIGIN, headers=headers, timeout=120)
    case.validate_response(response, checks=list(_CHECKS), headers=headers)


@contextlib.contextmanager
def settings_of_its_own() -> Iterator[None]:
    """The settings of this instance in force, those of the soak's afterwards."""
    before = dict(os.environ)
    os.environ |= {"RAKKAN_HOME": f"{place()}/home", "RAKKAN_KEY": f"{place()}/key", "RAKKAN_ENGINE": "fake"}
    assemble.forget()
    stderr, sys.stderr = sys.stderr, open(os.devnull, "w")  # noqa: SIM115 — a line for each request
    try:
        yield
    finally:
        sys.stderr.close()
        sys.stderr = stderr
        os.environ.clear()
        os.environ.update(before)
        assemble.forget()


@cache
def place() -> str:
    """The folder of this instance, gone at the end."""
    folder = tempfile.TemporaryDirectory(prefix="rakkan-soak-api-")
    atexit.register(folder.cleanup)
    return folder.name


@cache
def made() -> Hub:
    """The instance with two people and some pictures."""
    wired = wiring.service(Settings((ORIGIN,), ()))
    accounts = wired.accounts
    service = replace(wired, door=Door(wired.settings.origins, accounts, weigh))
    owner = accounts.claim(accounts.owner_token(), Visit(), "sumi")
    inviting = Actor(owner.account, "owner", scopes=frozenset(SCOPES), way="session")
    member = accounts.sign_up("mika", "seven quiet brushes", Visit(), invitation=accounts.invite(inviting))
    joined = Actor(member.account, "member", scopes=frozenset(SCOPES), way="session")
    scopes = [one for one in SCOPES if one != "moderate"]
    keys = [
        accounts.keys.make(inviting, "soak", SCOPES)[1],
        *(accounts.keys.make(joined, "soak", some)[1] for some in (scopes, ["read"])),
    ]
    session = accounts.actor_of_session(member.token)
    assert session is not None
    headers = [{"authorization": f"Bearer {key}"} for key in keys]
    signed_in = {
        "cookie": f"__Host-rakkan={member.token}",
        "origin": ORIGIN,
        "x-csrf-token": accounts.csrf_token(session.credential),
    }
    hub = Hub(service, None, [owner.account, member.account], [*headers, *headers[:2], signed_in, {}])
    _fill(hub, [inviting, joined])
    hub.app = build(service)
    hub.schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", hub.app, headers={"host": HOST})
    return hub


def weigh(actor: Actor, request: HTTPConnection, access: Access) -> None:
    """No budget, or nothing would be answered for long; every third request is taken for a collector's."""
    request.state.decoy = secrets.randbelow(3) == 0


HOST = ORIGIN.removeprefix("http://")


def _fill(hub: Hub, actors: list[Actor]) -> None:
    """Draw two pictures for each, show one of them, say something of it; keep a character."""
    service = hub.service
    jobs = [
        submit(service, actor, "create", Create(prompt="1girl, silver hair, red eyes", seed=seed))
        for actor in actors
        for seed in (1, 2)
    ]
    pictures: list[str] = []
    with working():
        for number, job in enumerate(jobs):
            account = actors[number // 2].account
            while not (found := service.queue.get(account, job)).over:
                time.sleep(0.1)
            assert found.result is not None, found.error
            pictures += json.loads(found.result)["pictures"]
    comments = []
    for actor, shown in zip(actors, pictures[::2], strict=True):
        service.catalogue.publish(actor, shown, "By the river")
        comments.append(service.social.comment(actor, shown, "Lovely").identifier)
        assemble.casting().characters.new("Mika", account=actor.account, tags="1girl, red eyes")
    failed = service.queue.submit(JobRequest(actors[0].account, "create", b"{}"))
    service.queue.cancel(actors[0].account, failed)
    hub.known = {
        "picture": pictures,
        "job": [*jobs, failed],
        "comment": comments,
        "handle": ["sumi", "mika"],
        "name": ["Mika"],
        "upload": ["ab" * 32],
    }


@contextlib.contextmanager
def working() -> Iterator[None]:
    """A worker that does what waits, in a thread."""
    stop = threading.Event()
    queue, performers = wiring.worker("soak")
    told: dict[str, Any] = {"abort": lambda: None}
    worker = threading.Thread(target=work, args=[queue, performers, new_identifier(), stop], kwargs=told)
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()


CASES = (
    Case("any_request_is_answered_as_declared", 2, any_request_is_answered_as_declared),
    Case("what_was_asked_for_is_done_and_told_of", 0.5, what_was_asked_for_is_done_and_told_of),
)
