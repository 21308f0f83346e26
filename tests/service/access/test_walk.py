"""Every route, as everybody, on things of everybody's, answers what docs/access.md says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from tests.service.access.documents import DOCUMENT
from tests.service.access.fillers import FILLERS, MAKERS
from tests.service.access.walking import Filler, Walk
from tests.service.access.world import World, peopled

from rakkan.service.access.router import GuardedRoute
from rakkan.service.access.rules import Access
from rakkan.service.access.table import Row, read
from rakkan.service.budgets.desk import Desk
from rakkan.service.errors import NotFound
from rakkan.service.jobs import accepting
from rakkan.service.jobs.tables import jobs
from rakkan.service.moderation.reports import Reports
from rakkan.service.pictures import catalogue
from rakkan.service.routes import studio
from rakkan.service.routes.doors import drawing

TABLE = read(DOCUMENT)


@pytest.fixture(scope="module")
def world(instance_of_module: pytest.MonkeyPatch) -> Iterator[World]:
    instance_of_module.setattr(studio, "DRAFT_PATIENCE", 0.0)
    instance_of_module.setattr(drawing, "PATIENCE", 0.0)
    with peopled() as made:
        yield made


@pytest.fixture
def walk(world: World) -> Walk:
    return Walk(world, MAKERS, FILLERS)


def walked(walk: Walk, table: list[Row] = TABLE) -> list[str]:
    """What came otherwise than the document says."""
    return [str(step) for step in walk.steps(table) if step.came != step.expected]


def test_the_walk_can_fill_every_route(walk: Walk) -> None:
    assert walk.unknown(TABLE) == []
    strange = Row("/new/{thing}", "POST", "member", "", "own", "page", "", 1024)
    assert walk.unknown([strange]) == ["POST /new/{thing} ['thing']"]


def test_every_route_answers_everybody_as_the_document_says(walk: Walk) -> None:
    steps = list(walk.steps(TABLE))
    wrong = [str(step) for step in steps if step.came != step.expected]
    assert not wrong, "\n".join(wrong)
    assert len(steps) > 10 * len(TABLE)
    print(f"{len(TABLE)} routes, {len(steps)} requests")


REAL = [
    row
    for row in TABLE
    if any(f"{{{name}}}" in row.path for name in ("alarm", "ban", "case", "report", "secret"))
    or row.path in ("/account/appeal", "/moderation/bans", "/moderation/roles")
]


def test_alarms_bans_appeals_and_claims_are_there_to_be_let_at(walk: Walk) -> None:
    assert len(REAL) == 11
    for row in REAL:
        filler = walk.fillers.get((row.method, row.path), Filler())
        assert not filler.absent and not filler.also, f"{row.path} takes a refusal for an answer"


def test_the_walk_sees_that_alarms_are_everybodys(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = Desk.evidence
    monkeypatch.setattr(Desk, "evidence", lambda desk, alarm, account="": inner(desk, alarm))
    wrong = walked(walk, lines("/account/alarms/{alarm}/evidence"))
    assert "GET /account/alarms/{alarm}/evidence as stranger on private: in, not 404" in wrong


def test_the_walk_sees_that_claims_are_nobodys(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(reports: Reports, secret: str) -> None:
        raise NotFound("There is no such claim")

    monkeypatch.setattr(Reports, "opened", nothing)
    wrong = walked(walk, lines("/claim/{secret}"))
    assert "GET /claim/{secret} as visitor on nothing: 404, not in" in wrong


def lines(*paths: str) -> list[Row]:
    found = [row for row in TABLE if row.path in paths]
    assert len(found) >= len(paths)
    return found


def weaken(walk: Walk, patch: pytest.MonkeyPatch, path: str, access: Access) -> None:
    """Put a route in place that asks for less than it should."""
    router = walk.world.instance.app.router
    routes = list(router.routes)
    (place,) = (index for index, one in enumerate(routes) if getattr(one, "path", "") == path)
    route = routes[place]
    assert isinstance(route, GuardedRoute)
    with pytest.MonkeyPatch.context() as marking:
        marking.setattr(route.endpoint, "rakkan_access", access)
        weak = GuardedRoute(path, route.endpoint, methods=list(route.methods))
    routes[place] = weak
    patch.setattr(router, "routes", routes)


def test_the_walk_sees_a_weak_role(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    weaken(walk, monkeypatch, "/metrics", Access("member", "read", weight="free"))
    wrong = walked(walk, lines("/metrics"))
    assert "GET /metrics as member on nothing: in, not 404" in wrong
    assert "GET /metrics as visitor on nothing: 401, not 404" in wrong
    assert not [one for one in wrong if " as owner " in one]


def test_the_walk_sees_a_weak_scope(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    weaken(walk, monkeypatch, "/create", Access("member", "read", weight="page"))
    assert walked(walk, lines("/create")) == ["GET /create as other key on nothing: in, not 403"]


def test_the_walk_sees_that_pictures_are_everybodys(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "may_see", lambda actor, account, state: True)
    monkeypatch.setattr(catalogue, "may_see_pixels", lambda actor, account, state: True)
    wrong = walked(walk, lines("/pictures/{picture}/file"))
    assert "GET /pictures/{picture}/file as visitor on private: in, not 404" in wrong
    assert "GET /pictures/{picture}/file as stranger on private: in, not 404" in wrong


def test_the_walk_sees_that_jobs_are_everybodys(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "own", lambda account, job: select(jobs).where(jobs.c.identifier == job))
    wrong = walked(walk, lines("/studio/jobs/{job}/cancel"))
    assert "POST /studio/jobs/{job}/cancel as stranger on private: in, not 404" in wrong


def test_the_walk_sees_a_wall_where_a_door_should_be(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    weaken(walk, monkeypatch, "/create", Access("owner", "create", weight="page"))
    assert "GET /create as member on nothing: 404, not in" in walked(walk, lines("/create"))
