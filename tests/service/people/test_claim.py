"""Someone used my picture: claims of people without an account, from the upload to the second decision."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest
from tests.service.instance import Instance, running
from tests.service.people.kit import (
    HTML,
    JSON,
    claimed,
    encoded,
    kept,
    moderator,
    pixels,
    published,
    sees,
    visiting,
)
from tests.trust.takedown.drawn import figure, jpeg

from rakkan import assemble
from rakkan.trust.takedown.digests import digests_of_bytes, to_line


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    with running() as made:
        yield made


def test_a_copy_in_another_format_is_found_hidden_decided_and_appealed(instance: Instance) -> None:
    maker, visitor = instance.member(), visiting(instance)
    picture = published(instance, maker)
    other = published(instance, maker, seed=99)
    copy = encoded(pixels(visitor, picture), quality=75)
    told = {"right": "author", "who": "Aya", "contact": "aya at example", "text": "a marker of words"}
    reply = claimed(visitor, told, copy)
    assert reply.status_code == 201, reply.text
    assert reply.json()["found"] == 1
    assert sees(visitor, picture) == 404 and sees(visitor, other) == 200
    case, page = reply.json()["case"], reply.json()["page"]
    shown = visitor.client.get(page, headers={"accept": HTML})
    assert shown.status_code == 200 and case in shown.text and "hidden until" in shown.text

    judge = moderator(instance)
    listed = judge.client.get("/moderation", headers={"accept": HTML}).text
    assert case in listed and "aya at example" in listed and picture in listed
    decide = {"decision": "take_down", "reason": "work", "note": "the layered file is hers"}
    done = judge.post(f"/moderation/reports/{case}", decide, accept=JSON)
    assert done.status_code == 200, done.text
    assert instance.service.catalogue.get(actor(instance, judge), picture).state == "removed"
    assert "the layered file is hers" in visitor.client.get(page, headers={"accept": HTML}).text

    stranger = instance.member("rin")
    for named in (picture, case, "0" * 32):
        refused = stranger.post("/account/appeal", {"case": named, "text": "for a friend"}, accept=JSON)
        assert refused.status_code in (404, 422), named
    appeal = maker.post("/account/appeal", {"case": picture, "text": "I drew it first"}, accept=JSON)
    assert appeal.status_code == 200, appeal.text
    twice = maker.post("/account/appeal", {"case": case, "text": "once more"}, accept=JSON)
    assert twice.status_code == 422, "one is waiting already"
    listed = judge.client.get("/moderation", headers={"accept": HTML}).text
    assert "I drew it first" in listed
    grant = {"decision": "grant", "reason": "unproven", "note": "looked again"}
    assert judge.post(f"/moderation/appeals/{case}", grant, accept=JSON).status_code == 200
    assert sees(visitor, picture) == 200, "it is back where it was"
    assert "Decided against" in visitor.client.get(page, headers={"accept": HTML}).text
    late = visitor.post(f"{page}/appeal", {"text": "no"}, accept=JSON)
    assert late.status_code == 422, "a second decision is final"


def actor(instance: Instance, person: object) -> object:
    from tests.service.people.kit import session_of

    return instance.service.accounts.actor_of_session(session_of(person))


def test_a_cropped_copy_is_shown_to_the_moderator_and_goes_with_the_rest(
    instance: Instance, tmp_path: Path
) -> None:
    maker, visitor = instance.member(), visiting(instance)
    picture = kept(instance, maker, tmp_path, numpy.ascontiguousarray(figure(1)[2:-2, 2:-2]))
    reply = claimed(visitor, {"right": "author"}, jpeg(figure(1)))
    case = reply.json()["case"]
    found = instance.service.reports.desk().docket.find(case)
    covered = {one.identifier for one in instance.service.reports.covered(found)}
    alike = instance.service.reports.alike(found)
    assert picture in covered | set(alike)
    judge = moderator(instance)
    assert picture in judge.client.get("/moderation", headers={"accept": HTML}).text
    decide = {"decision": "take_down", "reason": "work", "note": "cropped from hers", "alike": "1"}
    assert judge.post(f"/moderation/reports/{case}", decide, accept=JSON).status_code == 200
    assert sees(visitor, picture) == 404


def test_a_link_or_a_line_of_digests_is_enough_and_strangers_find_no_claim(instance: Instance) -> None:
    maker, visitor = instance.member(), visiting(instance)
    first, second = published(instance, maker, 1), published(instance, maker, 2)
    origin = instance.service.settings.origin
    reply = claimed(visitor, {"right": "depicted", "link": f"{origin}/pictures/{first}"})
    assert reply.status_code == 201 and sees(visitor, first) == 404
    data = visitor.client.get(f"/pictures/{second}/file").content
    line = to_line(digests_of_bytes(data))
    reply = claimed(visitor, {"right": "agent", "digests": line})
    assert reply.status_code == 201 and sees(visitor, second) == 404
    page = reply.json()["page"]
    forged = page[:-1] + ("0" if page[-1] != "0" else "1")
    for path in (forged, f"/claim/{reply.json()['case']}", f"/claim/{'é' * 64}"):
        assert visitor.client.get(path).status_code == 404
    assert visitor.post(f"{forged}/appeal", {"text": "x"}, accept=JSON).status_code == 404


def test_claims_that_cannot_be_searched_for_are_refused_and_many_are_slowed_down(instance: Instance) -> None:
    visitor = visiting(instance)
    for told, file in (
        ({"right": "author"}, None),
        ({"right": "somebody"}, b"x"),
        ({"right": "author"}, b"no picture"),
        ({"right": "author", "link": "https://elsewhere.example/pictures/0"}, None),
        ({"right": "author", "digests": "no line"}, None),
    ):
        assert claimed(visitor, told, file).status_code == 422, told
    statuses = [claimed(visitor, {"right": "author"}).status_code for _ in range(8)]
    assert 429 in statuses
    assert instance.service.reports.waiting() == []
    assert assemble.takedown().docket.cases() == []
