"""What costs nobody's budget costs the service little; what leaves by another door is counted as well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy
from tests.service.access.world import World, peopled

from rakkan.service.access.actors import Actor
from rakkan.service.budgets import limits, windows
from rakkan.service.errors import TooMany
from rakkan.service.routes.showing_moderation import moderation_view
from rakkan.service.submitting import submit
from rakkan.service.upkeep import Upkeep
from rakkan.service.web.words import Words
from rakkan.service.wishes import Edit, Upscale, Vary

_LITTLE = 4


@pytest.fixture(scope="module")
def world(instance_of_module: pytest.MonkeyPatch) -> Iterator[World]:
    """People whose requests are weighed as everybody's are; nothing is done behind their backs."""
    with peopled(lambda service: replace(service, upkeep=Upkeep(()))) as made:
        yield made


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    asked: list[str] = []

    def hear(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement.split()[0].upper())

    engine = world.service.engine
    sqlalchemy.event.listen(engine, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        sqlalchemy.event.remove(engine, "before_cursor_execute", hear)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sign-in"),
        ("GET", "/sign-in?next=/queue"),
        ("GET", "/welcome"),
        ("GET", "/welcome?token=none"),
        ("POST", "/sign-in/passkey/options"),
        ("POST", "/preferences"),
        ("GET", "/about/root.pem"),
        ("GET", "/healthz"),
        ("GET", "/api/v1"),
        ("GET", "/claim/none"),
    ],
)
def test_what_is_free_for_everybody_writes_nothing_and_reads_little(
    world: World, method: str, path: str
) -> None:
    headers = {"accept": "text/html", **world.headers("visitor", "")}
    world.client.request(method, path, headers=headers)  # modules are loaded, templates compiled
    with statements(world) as asked:
        reply = world.client.request(method, path, headers=headers)
    assert reply.status_code in (200, 303, 404)
    assert [one for one in asked if one not in ("SELECT", "PRAGMA", "BEGIN")] == []
    assert len(asked) <= _LITTLE, asked


def used(world: World, handle: str) -> int:
    """Bytes that have left for somebody in this hour."""
    found = world.service.budgets.used(world.accounts[handle])
    return next(one.used for one in found if one.what == "bytes" and one.span == windows.HOUR)


def test_what_is_downloaded_by_a_link_counts_for_its_recipient(world: World) -> None:
    picture = world.picture("rin", True)
    headers = {"accept": "application/json", **world.headers("member", "read")}
    link = world.client.post(f"/pictures/{picture}/download", headers=headers).json()["url"]
    before, others = used(world, "mika"), used(world, "rin")
    got = world.client.get(link, headers=headers)
    assert got.status_code == 200 and len(got.content) == 40
    assert used(world, "mika") == before + 40 and used(world, "rin") == others
    direct = world.service.links.make(f"picture {picture}", world.accounts["mika"])
    assert world.client.get(f"/links/{direct}", headers=headers).status_code == 200
    assert used(world, "mika") == before + 80


def pairs(world: World, handle: str) -> int:
    """Distinct new pairs that somebody was given in this hour."""
    found = world.service.budgets.used(world.accounts[handle])
    return next(one.used for one in found if one.what == "pairs" and one.span == windows.HOUR)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/pictures/{picture}/upscale", {"scale": "2"}),
        ("/pictures/{picture}/edit", {"instruction": "red hair", "region": "hair"}),
        ("/pictures/{picture}/vary", {}),
    ],
)
def test_a_picture_that_leaves_in_what_is_made_of_it_counts_as_a_pair(
    world: World, path: str, data: dict[str, str]
) -> None:
    handle = world.anybody()
    headers = {"accept": "application/json", **_as(world, handle)}
    picture, own = world.picture("rin", True), world.picture(handle, False)
    for _ in range(2):
        reply = world.client.post(path.format(picture=picture), data=data, headers=headers)
        assert reply.status_code == 202, reply.text
    assert pairs(world, handle) == 1
    assert (
        world.client.post(path.format(picture=own), data=data, headers=headers).status_code == 202
        and pairs(world, handle) == 1
    )


@pytest.mark.parametrize("kind", ["upscale", "edit", "vary"])
def test_so_it_does_over_the_api(world: World, kind: str) -> None:
    handle = world.anybody()
    headers = {"authorization": f"Bearer {world.key(handle, frozenset({'create', 'read'}))}"}
    more = {"prompt": "1girl, hat", "region": "hair"} if kind == "edit" else {}
    wish = {"picture": world.picture("rin", True), **more}
    assert world.client.post(f"/api/v1/jobs/{kind}", json=wish, headers=headers).status_code == 202
    assert pairs(world, handle) == 1


def test_no_more_pairs_leave_in_what_is_made_of_them_than_are_fetched(world: World) -> None:
    service, actor = world.service, world.actor(world.anybody())
    most, before = replace(limits.ROWS["member"], pairs=(2, 2, 2)), service.budgets.limits
    object.__setattr__(service.budgets, "limits", replace(before, rows={**limits.ROWS, "member": most}))
    try:
        for wish in (Upscale, Vary):
            submit(service, actor, wish.__name__.lower(), wish(picture=world.picture("rin", True)))
        waiting = service.queue.page(actor.account, limit=9)
        for more in (
            Upscale(picture=world.picture("rin", True)),
            Edit(picture=world.picture("rin", True), prompt="1girl", region="hair"),
        ):
            with pytest.raises(TooMany, match="pairs"):
                submit(service, actor, type(more).__name__.lower(), more)
        assert len(service.queue.page(actor.account, limit=9)) == len(waiting) == 2
        own = next(name for name, account in world.accounts.items() if account == actor.account)
        submit(service, actor, "upscale", Upscale(picture=world.picture(own, False)))
    finally:
        object.__setattr__(service.budgets, "limits", before)


def test_enlarging_canaries_is_asking_for_them(world: World) -> None:
    from rakkan.service.budgets import canaries
    from rakkan.service.weighing import fetched

    budgets, actor = world.service.budgets, Actor(world.accounts[world.anybody()], "member")
    asked = 0
    with pytest.raises(TooMany, match="alarm"):
        for number in range(2000):
            name = f"{number:026d}"
            if canaries.is_canary(budgets.secret, name):
                asked += 1
                fetched(budgets, world.service.catalogue, actor, name)
    assert asked <= budgets.limits.evidence.alone + 1
    (alarm,) = budgets.desk.alarms(account=actor.account)
    assert alarm.facts.cause == "canaries"


def test_who_follows_a_report_goes_through_no_catalogue(world: World) -> None:
    from rakkan.service import reporting

    service = world.service
    picture = world.picture("rin", True)
    reporting.report(service, world.actor("mika"), picture, "spam", "the same again")
    judge = world.actor("moderator")

    def tail() -> int:
        state = service.budgets.front.states.peek(judge.account)
        assert state is not None
        return round(windows.total(state.usage.tail.day, service.clock(), windows.DAY))

    headers = {"accept": "text/html", **world.headers("moderator", "moderate")}
    other = world.picture("rin", True)
    assert world.client.get(f"/api/v1/pictures/{other}", headers=headers).status_code == 200
    assert tail() == 1, "what nobody has shown is of the long tail"
    view = moderation_view(service, judge, Words("en"), None)
    assert any(one.picture is not None and one.picture.identifier == picture for one in view.reports)
    assert world.client.get(f"/api/v1/pictures/{picture}", headers=headers).status_code == 200
    assert tail() == 1


def _as(world: World, handle: str) -> dict[str, str]:
    token = world.service.accounts.csrf_token(world.credentials[handle])
    cookie = f"__Host-rakkan={world.sessions[handle]}"
    return {"cookie": cookie, "origin": world.origin, "x-csrf-token": token}
