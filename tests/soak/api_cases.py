"""The open API under schemathesis: whatever is sent, no fault of the service, and each answer as declared.

One instance lives through all of it, with the fake engine and nobody drawing: what is asked for is given up
after each case. Requests come by an owner's key, a member's, a session, and nobody; names in them are those
of things that are there, of things of somebody else, and none.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import secrets
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import hypothesis
import schemathesis
from cases import Case
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi
from starlette.requests import HTTPConnection

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
from rakkan.service.schema import new_identifier
from rakkan.service.settings import Settings
from rakkan.service.submitting import submit
from rakkan.service.wishes import Create

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


def send(operation: Any, mode: GenerationMode, random: Random, ask: Callable[[Any], None]) -> None:
    """Ask with ``REQUESTS`` cases of an operation, or fewer where there are no more."""

    @hypothesis.seed(random.getrandbits(32))
    @hypothesis.settings(
        max_examples=REQUESTS,
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
    headers = random.choice(hub.headers)
    response = case.call(base_url=ORIGIN, headers=headers)
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
    hub.schema = schemathesis.openapi.from_asgi(
        "/api/v1/openapi.json", build(service), headers={"host": HOST}
    )
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
    stop = threading.Event()
    queue, performers = wiring.worker("soak")
    told: dict[str, Any] = {"abort": lambda: None}
    worker = threading.Thread(target=work, args=[queue, performers, new_identifier(), stop], kwargs=told)
    worker.start()
    pictures: list[str] = []
    for number, job in enumerate(jobs):
        account = actors[number // 2].account
        while not (found := service.queue.get(account, job)).over:
            stop.wait(0.1)
        assert found.result is not None, found.error
        pictures += json.loads(found.result)["pictures"]
    stop.set()
    worker.join()
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


CASES = (Case("any_request_is_answered_as_declared", 2, any_request_is_answered_as_declared),)
