"""Canaries over HTTP: planted, listed nowhere but in the plain catalogue, counted, alarmed, forgiven."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.service.instance import Instance, Person
from tests.service.jobs.making import KEY, engine_at
from tests.service.routes.conftest import Hub

from rakkan.errors import RakkanError
from rakkan.service import linking
from rakkan.service.access.actors import Actor
from rakkan.service.budgets.canaries import is_canary
from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.records import Job
from rakkan.service.making.delivering import Delivery
from rakkan.service.pictures import plain
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.records import State
from rakkan.service.planting import HANDLE, LEAST
from rakkan.service.schema import new_identifier

API = "/api/v1"


@pytest.fixture(scope="module")
def planted(hub: Hub) -> Instance:
    """An instance with two published pictures and all the canaries that it wants."""
    made = hub.instance
    artist = made.member("sora")
    for one in [drawn(made, artist) for _ in range(2)]:
        made.service.catalogue.publish(Actor(artist.account, "member"), one, "Rain on the harbour")
    while made.service.planting.wanted():
        made.service.planting.plant()
        time.sleep(0.05)
    return made


def drawn(hub: Instance, person: Person) -> str:
    fields = {"prompt": "1girl, silver hair, red hoodie", "seed": "7", "slot": "a"}
    asked = person.post("/studio/create", fields, accept="application/json").json()
    stream = person.client.get(asked["events"]).text
    assert "event: done" in stream, stream
    return stream.partition('"picture":"')[2][:26]


def canaries(hub: Instance) -> list[str]:
    return [
        one for one in plain.names(hub.service.catalogue).identifiers if hub.service.budgets.is_canary(one)
    ]


def listed(hub: Instance, key: str, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    limit = 1 if path == "/catalogue" else 100
    while True:
        separator = "&" if "?" in path else "?"
        address = f"{API}{path}{separator}limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        answer = hub.visitor().client.get(address, headers={"authorization": f"Bearer {key}"} if key else {})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next"] or ""
        if not cursor:
            return found


def reader(hub: Instance, handle: str) -> tuple[Person, dict[str, str]]:
    person = hub.member(handle)
    return person, {"authorization": f"Bearer {hub.key(person, 'read', 'share', 'create')}"}


@pytest.fixture
def drawn_meanwhile(planted: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last canary arrives just after its job was looked at."""
    jobs, count, looked = planted.service.queue.page, plain.count, list[str]()

    def page(self: Queue, account: str, **more: Any) -> list[Job]:
        looked.append(account)
        return jobs(account, **more)

    def counted(catalogue: Catalogue, state: State) -> int:
        return count(catalogue, state) - (state == "canary" and not looked)

    monkeypatch.setattr(Queue, "page", page)
    monkeypatch.setattr(plain, "count", counted)


@pytest.mark.usefixtures("drawn_meanwhile")
def test_none_is_planted_in_place_of_one_that_is_just_drawn(planted: Instance) -> None:
    assert planted.service.planting.plant() == ""


def test_of_two_servers_that_look_at_once_one_plants(
    planted: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue(engine_at(tmp_path / "jobs.db"), time.time, KEY)
    planting = replace(planted.service.planting, queue=queue)
    monkeypatch.setattr(plain, "count", lambda catalogue, state: 10 if state == "published" else LEAST - 1)
    monkeypatch.setattr(Queue, "page", lambda self, account, **more: [])
    assert planting.plant() and planting.plant() == ""
    assert sum(queue.counts().waiting.values()) == 1


def test_the_instance_plants_as_many_as_it_should(planted: Instance) -> None:
    found = canaries(planted)
    assert len(found) == LEAST == plain.count(planted.service.catalogue, "canary")
    assert planted.service.planting.plant() == "" and planted.service.planting.wanted() == 0
    visitor = Actor()
    seeds = set()
    for one in found:
        shown = planted.service.catalogue.openable(visitor, one)
        assert shown.account == planted.service.planting.house and shown.operation == "create"
        assert planted.service.vault.read(shown.account, shown.file)
        seeds.add(planted.service.catalogue.recipe(visitor, one).seed)  # type: ignore[union-attr]
    assert len(seeds) == LEAST
    house = planted.service.accounts.people.find(HANDLE)
    assert house is not None and "Nobody stands behind" in house.bio
    with pytest.raises(RakkanError, match="reserved"):
        planted.service.accounts.people.add_house(new_identifier(), "sora", "x", "")


def test_ordinary_pictures_get_no_reserved_identifiers(planted: Instance) -> None:
    reserved, secret = planted.service.catalogue.is_reserved, planted.service.budgets.secret
    jobs = [new_identifier() for _ in range(500)]
    given = Delivery(
        planted.service.vault, planted.service.catalogue, lambda *told: told[1], bytes(32), reserved
    )
    assert not any(reserved(given.identifier(job, 0)) for job in jobs)
    # Nobody can guess one: of those drawn by lot one in a hundred is reserved, and none of them is there.
    met = [one for one in (new_identifier() for _ in range(3000)) if reserved(one)]
    assert 5 < len(met) < 80 and all(is_canary(secret, one) for one in met)


def test_no_list_but_the_plain_catalogue_shows_a_canary(planted: Instance) -> None:
    hidden = set(canaries(planted))
    artist, headers = reader(planted, "sora")
    key = headers["authorization"].removeprefix("Bearer ")
    _, other = reader(planted, "liker")
    for one in sorted(hidden)[:2]:  # as any published picture: a like tells nobody what it is
        answer = artist.client.post(f"{API}/pictures/{one}/like", headers=other)
        assert answer.status_code == 200, answer.text
    ordinary = [one["id"] for one in listed(planted, key, "/pictures")]
    assert len(ordinary) == 2
    tags = planted.service.catalogue.get(Actor(), ordinary[0]).tags
    house = planted.service.catalogue.get(Actor(), next(iter(hidden)))
    paths = [
        "/pictures",
        "/pictures/mine",
        "/pictures/liked",
        "/pictures?followed=true",
        f"/pictures?account={HANDLE}",
        f"/pictures?model={house.model_digest}",
        "/pictures?title=rain",
        *(f"/pictures?tag={tag}" for tag in (*tags, "1girl", "1boy")),
        f"/pictures/{ordinary[0]}/similar",
    ]
    liker = other["authorization"].removeprefix("Bearer ")
    for path in paths:
        for who in ("", key, liker):
            if not who and path not in ("/pictures", "/pictures?title=rain"):  # visitors share little
                continue
            assert not hidden & {one["id"] for one in listed(planted, who, path)}, path
    names = listed(planted, key, "/catalogue")
    assert set(names) == hidden | set(ordinary) and names == sorted(names)


def test_canaries_are_counted_refused_appealed_against_and_forgiven(planted: Instance) -> None:
    person, headers = reader(planted, "walker")
    get = planted.visitor().client.get
    other = reader(planted, "onlooker")[1]["authorization"].removeprefix("Bearer ")
    found = canaries(planted)
    own = drawn(planted, person)
    assert get(f"{API}/pictures/{found[0]}/recipe", headers=headers).status_code == 200
    # Whatever is asked about a canary counts as asking for it.
    for one in found[1:4]:
        assert get(f"{API}/pictures/{one}/similar", headers=headers).status_code == 200
    assert planted.service.budgets.desk.alarms(account=person.account) == []
    refused = get(f"{API}/pictures/{found[4]}", headers=headers)
    assert refused.status_code == 429 and "alarm" in refused.json()["error"]["message"].lower()
    (alarm,) = planted.service.budgets.desk.alarms(account=person.account)
    assert alarm.facts.cause == "canaries"
    ordinary = listed(planted, other, "/pictures")[0]["id"]
    assert get(f"{API}/pictures/{ordinary}/recipe", headers=headers).status_code == 429
    # What is one's own stays within reach: once in a second at least.
    time.sleep(1.0)
    assert get(f"{API}/pictures/{own}/recipe", headers=headers).status_code == 200

    planted.service.budgets.desk.appeal(alarm.facts.identifier, person.account, "I tried out a program")
    short = get(f"{API}/pictures/{ordinary}", headers=headers)
    assert short.status_code == 200 and short.json()["reduced"] and short.json()["tags"] == []
    recipe = get(f"{API}/pictures/{ordinary}/recipe", headers=headers)
    assert recipe.status_code == 429 and "reduced" in recipe.json()["error"]["message"]
    for path in (f"{API}/pictures/{ordinary}/file", f"/pictures/{ordinary}/file"):
        small = get(path, headers=headers)
        assert small.headers["rakkan-reduced"] == "thumbnail"
        assert small.content == get(f"{API}/pictures/{ordinary}/thumbnail", headers=headers).content

    planted.service.budgets.desk.settle(alarm.facts.identifier, upheld=False)
    whole = get(f"{API}/pictures/{ordinary}/file", headers=headers)
    assert whole.status_code == 200 and "rakkan-reduced" not in whole.headers
    assert get(f"{API}/pictures/{found[0]}/recipe", headers=headers).status_code == 200


def test_who_is_turned_away_still_reaches_what_is_free(
    planted: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = planted.service.budgets.limits.rows
    monkeypatch.setitem(limits, "member", replace(limits["member"], rate=0.001))  # nothing comes back
    _, headers = reader(planted, "rusher")
    client = planted.visitor().client
    answers = [client.get(f"{API}/pictures", headers=headers) for _ in range(120)]
    statuses = [one.status_code for one in answers]
    assert statuses[0] == 200 and statuses[-1] == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[-1].json()["error"]["code"] == answers[statuses.index(429)].json()["error"]["code"]
    assert client.get("/healthz", headers=headers).status_code == 200
    page = client.get("/create", headers={**headers, "accept": "text/html"})
    assert page.status_code == 429 and page.headers["content-type"].startswith("text/plain")
    figures = planted.service.figures.text().decode()
    assert re.search(r"^rakkan_turned_away_total [1-9]", figures, re.MULTILINE)
    _, others = reader(planted, "onlooker")
    assert client.get(f"{API}/pictures", headers=others).status_code == 200


def test_a_hidden_canary_comes_back_as_a_canary(planted: Instance) -> None:
    one, moderator = canaries(planted)[0], Actor(new_identifier(), "moderator")
    catalogue = planted.service.catalogue
    catalogue.hide(moderator, one, "reported")
    assert one not in plain.names(catalogue).identifiers
    catalogue.restore(moderator, one, "nothing wrong")
    assert catalogue.get(Actor(), one).state == "canary"


def test_one_purse_links_accounts(planted: Instance) -> None:
    owner = planted.owner()
    headers = {"authorization": f"Bearer {planted.key(owner, 'read', 'moderate')}"}
    people = [planted.member(f"payer{number}") for number in range(3)]
    client = planted.visitor().client
    for one in people[:2]:
        answer = client.post(
            f"{API}/accounts/{one.handle}/payment", json={"label": "Purse 12"}, headers=headers
        )
        assert answer.status_code == 204, answer.text
    _, member = reader(planted, "payer2")
    path = f"{API}/accounts/payer0/payment"
    assert client.post(path, json={"label": "x"}, headers=member).status_code == 404
    with pytest.raises(RakkanError, match="label"):
        linking.link(planted.service.accounts, planted.service.budgets, "payer0", "  ")
    with pytest.raises(RakkanError, match="no such account"):
        linking.link(planted.service.accounts, planted.service.budgets, "nobody-at-all", "Purse")
    until = time.monotonic() + 60  # the server's upkeep may just form them itself, of the links before
    while True:
        planted.service.budgets.front.grouped = -1e18
        found = set(planted.service.budgets.cluster(people[0].account).accounts)
        if len(found) > 1 or time.monotonic() > until:
            break
        time.sleep(0.1)
    assert found == {one.account for one in people[:2]}
