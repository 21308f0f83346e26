"""Alarms over HTTP: what they rest on, an appeal, a decision; for whom they concern and who moderates."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from tests.service.instance import Instance, Person, running
from tests.service.people.kit import HTML, JSON, moderator, visiting

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.service.budgets import alarms
from rakkan.service.budgets.clusters import Cluster
from rakkan.service.budgets.decide import Decision, Reason

FOUND = Decision("refuse", (Reason("canaries in month", "cluster", 3, 1),), None, "canaries", True)


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    with running(worker=False) as made:
        yield made


def raised(instance: Instance, *concerned: Person) -> str:
    made = instance.service.budgets.desk.report(Cluster(tuple(one.account for one in concerned)), FOUND)
    assert made is not None
    return made.facts.identifier


def test_the_evidence_is_signed_for_those_it_concerns_and_names_nobody(instance: Instance) -> None:
    one, other, stranger = instance.member("mika"), instance.member("rin"), instance.member("sora")
    alarm, judge = raised(instance, one, other), moderator(instance)
    for person, where in ((one, "/account"), (other, "/account"), (judge, "/moderation")):
        reply = person.client.get(f"{where}/alarms/{alarm}/evidence")
        assert reply.status_code == 200, reply.text
        assert reply.headers["content-disposition"] == f'attachment; filename="alarm-{alarm}.txt"'
        assert reply.headers["content-type"].startswith("text/plain")
        found = alarms.read(reply.content, [assemble.instance().ledger_key.verification_key()])
        assert found.facts.cause == "canaries" and len(found.facts.accounts) == 2
        for told in (one.account, other.account, "mika", "rin", "127.0.0.1"):
            assert told not in reply.text
        with pytest.raises(RakkanError):
            altered = reply.content.replace(b'"canaries"', b'"long tail"')
            alarms.read(altered, [assemble.instance().ledger_key.verification_key()])
    for person in (stranger, judge):
        assert person.client.get(f"/account/alarms/{alarm}/evidence").status_code == 404
    assert visiting(instance).client.get(f"/account/alarms/{alarm}/evidence").status_code == 401
    assert one.client.get(f"/moderation/alarms/{alarm}/evidence").status_code == 404


def test_an_alarm_is_appealed_against_once_and_lifted(instance: Instance) -> None:
    one, stranger, judge = instance.member("mika"), instance.member("sora"), moderator(instance)
    alarm = raised(instance, one)
    assert one.client.get("/gallery", headers={"accept": HTML}).status_code == 429
    page = one.client.get("/account", headers={"accept": HTML})
    assert page.status_code == 200 and alarm in page.text, "whoever is refused still finds their account"
    words = {"alarm": alarm, "text": "I tried out a marker program <script>alert(1)</script>"}
    assert stranger.post("/account/appeal", words, accept=JSON).status_code == 404
    assert one.post("/account/appeal", words, accept=JSON).json() == {"appealed": True}
    assert one.post("/account/appeal", words, accept=JSON).status_code == 409
    listed = judge.client.get("/moderation", headers={"accept": HTML}).text
    assert "I tried out a marker program" in listed and "<script>alert" not in listed and "@mika" in listed

    path = f"/moderation/alarms/{alarm}"
    lift = {"decision": "lift", "note": "a program that was tried out"}
    assert stranger.post(path, lift, accept=JSON).status_code == 404
    assert judge.post(path, {**lift, "decision": "forget"}, accept=JSON).status_code == 422
    assert judge.post(path, {**lift, "note": ""}, accept=JSON).status_code == 422
    assert judge.post(path, lift, accept=JSON).status_code == 200
    assert judge.post(path, lift, accept=JSON).status_code == 409
    until = time.monotonic() + 10  # whoever is refused is looked at again ten times a second
    while one.client.get("/gallery", headers={"accept": HTML}).status_code == 429:
        assert time.monotonic() < until
    log = judge.client.get("/moderation", headers={"accept": HTML}).text
    assert "a program that was tried out" in log
    assert instance.service.catalogue.audit.read(most=1)[0].action == "alarm lifted"
    steps = [step.state for step in instance.service.budgets.desk.alarms()[0].steps]
    assert steps == ["open", "appealed", "lifted"]


def test_an_upheld_alarm_goes_on_and_nobody_decides_about_their_own(instance: Instance) -> None:
    one, judge = instance.member("mika"), moderator(instance)
    alarm = raised(instance, one)
    uphold = {"decision": "uphold", "note": "three canaries"}
    assert judge.post(f"/moderation/alarms/{alarm}", uphold, accept=JSON).status_code == 200
    assert one.client.get("/gallery", headers={"accept": HTML}).status_code == 429
    told = one.client.get(f"/account/alarms/{alarm}/evidence")
    assert told.status_code == 200 and json.loads(told.text.split("\n")[1])["steps"][-1][0] == "upheld"
    own = raised(instance, judge)
    assert judge.post(f"/moderation/alarms/{own}", uphold, accept=JSON).status_code == 403
    assert judge.post("/moderation/alarms/none", uphold, accept=JSON).status_code == 404
