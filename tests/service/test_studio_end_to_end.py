"""From the owner's link to a sealed picture, over HTTP, with the fake engine."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.service.instance import Instance, running

from rakkan.formats.inspect import inspect
from rakkan.service.routes import studio


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    monkeypatch.setattr(studio, "DRAFT_PATIENCE", 120.0)  # the first waits for what the gate loads
    with running() as made:
        yield made


def test_a_prompt_becomes_a_draft_and_then_a_sealed_picture(instance: Instance) -> None:
    owner = instance.owner()
    fields = {"prompt": "1girl, silver twin tails, red hoodie", "seed": "7", "slot": "a"}
    draft = owner.post("/studio/draft", fields, accept="image/webp, application/json")
    assert draft.status_code == 200, draft.text
    assert draft.headers["content-type"] == "image/webp"
    seen = inspect(draft.content, "draft")
    assert (seen.width, seen.height, seen.has_seal) == (256, 256, True)

    asked = owner.post("/studio/create", fields, accept="application/json")
    assert asked.status_code == 202, asked.text
    stream = owner.client.get(asked.json()["events"]).text
    events = [part.split("\n") for part in stream.strip().split("\n\n") if part.startswith("event")]
    assert events[-1][0] == "event: done"
    told = json.loads(events[-1][1].removeprefix("data: "))
    picture = owner.client.get(f"/pictures/{told['picture']}/file")
    assert picture.headers["content-type"] == "image/png"
    sealed = inspect(picture.content, "picture")
    assert sealed.has_seal
    assert json.loads(sealed.text["rakkan"])["seed"] == 7
    assert owner.client.get(f"/pictures/{told['picture']}/thumbnail").headers["content-type"] == "image/webp"

    stranger = instance.member("rin")
    for path in (
        f"/pictures/{told['picture']}/file",
        f"/pictures/{told['picture']}/thumbnail",
        asked.json()["events"],
    ):
        assert stranger.client.get(path).status_code == 404, path
    assert instance.visitor().client.get(f"/pictures/{told['picture']}/file").status_code == 404


def test_words_that_nothing_is_drawn_from_are_refused_before_they_are_queued(instance: Instance) -> None:
    owner = instance.owner()
    refused = owner.post("/studio/create", {"prompt": "Marie Curie"}, accept="application/json")
    assert refused.status_code == 422
    assert "real people" in refused.json()["error"]["message"]
    assert instance.service.queue.page(owner.account) == []


def test_the_owners_link_works_once(instance: Instance) -> None:
    token = instance.service.accounts.owner_token()
    first = instance.visitor()
    page = first.client.get(f"/welcome?token={token}", headers={"accept": "text/html"})
    assert page.status_code == 200 and token in page.text
    first.client.headers["cookie"] = page.headers["set-cookie"].partition(";")[0]
    came = first.post("/welcome", {"token": token, "handle": "sumi"})
    assert came.status_code == 303 and came.headers["location"] == "/create"
    assert "__Host-rakkan=" in came.headers["set-cookie"]
    again = instance.visitor()
    page = again.client.get(f"/welcome?token={token}", headers={"accept": "text/html"})
    again.client.headers["cookie"] = page.headers["set-cookie"].partition(";")[0]
    assert again.post("/welcome", {"token": token, "handle": "other"}).status_code >= 400
