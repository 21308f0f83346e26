"""Moderation over HTTP: reports, decisions, bans; and that all of it stands in the log and the ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.service.instance import PASSWORD, Instance, running
from tests.service.people.kit import (
    HTML,
    JSON,
    again,
    moderator,
    published,
    sees,
    session_of,
    visiting,
)

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.service.reporting import report, take_down
from rakkan.store.ledger.statements import Banned, Decided, Reported, Revoked


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    with running() as made:
        yield made


def acting(instance: Instance, person: object) -> object:
    return instance.service.accounts.actor_of_session(session_of(person))  # type: ignore[arg-type]


def stated(kind: type) -> list[object]:
    """What the ledger says of a kind, in order."""
    ledger = assemble.ledger()
    found = ledger.since(0, {"banned", "revoked", "reported", "decided"})
    return [said.predicate for _, said in found if said is not None and isinstance(said.predicate, kind)]


def test_unsafe_is_hidden_at_once_spam_is_not_and_both_are_decided(instance: Instance) -> None:
    maker, reader, visitor = instance.member("mika"), instance.member("rin"), visiting(instance)
    first, second = published(instance, maker, 1), published(instance, maker, 2)
    service = instance.service
    report(service, acting(instance, reader), first, "unsafe", "look at the hand")  # type: ignore[arg-type]
    spam = report(service, acting(instance, reader), second, "spam", "the same again")  # type: ignore[arg-type]
    assert sees(visitor, first) == 404 and sees(visitor, second) == 200
    with pytest.raises(RakkanError, match="already"):
        report(service, acting(instance, reader), second, "spam", "")  # type: ignore[arg-type]
    judge = moderator(instance)
    page = judge.client.get("/moderation", headers={"accept": HTML}).text
    assert "look at the hand" in page and "the same again" in page and "@rin" in page
    (case,) = service.reports.waiting()
    path = f"/moderation/reports/{case.name}"
    keep = {"decision": "keep", "reason": "unrelated"}
    assert judge.post(path, keep, accept=JSON).status_code == 422, "without a reason in words"
    wrong = {**keep, "reason": "because", "note": "fine"}
    assert judge.post(path, wrong, accept=JSON).status_code == 422, "the reason is of the table"
    assert judge.post(path, {**keep, "note": "it is fine"}, accept=JSON).status_code == 200
    assert sees(visitor, first) == 200
    down = {"decision": "take_down", "reason": "rule", "note": "posted forty times"}
    assert judge.post(f"/moderation/reports/{spam}", down, accept=JSON).status_code == 200
    assert sees(visitor, second) == 404
    assert [one.outcome for one in stated(Decided)] == ["overturned", "upheld"]  # type: ignore[attr-defined]
    assert {one.claim for one in stated(Reported)} == {"unsafe", "spam"}  # type: ignore[attr-defined]
    log = judge.client.get("/moderation", headers={"accept": HTML}).text
    assert "posted forty times" in log and "@kaede" in log
    whole = judge.client.get("/moderation/log/check").json()["rows"]
    assert whole == service.catalogue.audit.verify() > 5


def test_nobody_decides_about_what_they_made_or_reported(instance: Instance) -> None:
    judge, maker = moderator(instance), instance.member("mika")
    own, other = published(instance, judge, 1), published(instance, maker, 2)
    actor = acting(instance, judge)
    report(instance.service, actor, other, "unsafe", "")  # type: ignore[arg-type]
    report(instance.service, acting(instance, maker), own, "unsafe", "")  # type: ignore[arg-type]
    decide = {"decision": "keep", "reason": "unrelated", "note": "fine"}
    cases = [one.name for one in instance.service.reports.waiting()]
    assert len(cases) == 2
    for case in cases:
        assert judge.post(f"/moderation/reports/{case}", decide, accept=JSON).status_code == 403
    with pytest.raises(RakkanError, match="what they made"):
        take_down(instance.service, actor, own, "mine")  # type: ignore[arg-type]


def test_a_banned_person_and_a_banned_organisation_are_out_at_once_and_back_when_lifted(
    instance: Instance,
) -> None:
    one, other, judge = instance.member("mika"), instance.member("rin"), moderator(instance)
    ban = {"kind": "account", "who": "@mika", "reason": "scraping", "note": "see the alarm", "days": "7"}
    for broken in ({"reason": "dislike"}, {"note": ""}, {"who": "nobody-here"}, {"days": "x"}, {"kind": "x"}):
        refused = judge.post("/moderation/bans", {**ban, **broken}, accept=JSON)
        assert refused.status_code in (404, 422), broken
    assert one.client.get("/account").status_code == 200
    made = judge.post("/moderation/bans", ban, accept=JSON)
    assert made.status_code == 201, made.text
    assert one.client.get("/account").status_code == 401
    assert visiting(instance).post("/sign-in", {"handle": "mika", "password": PASSWORD}).status_code == 403
    assert [said.reason for said in stated(Banned)] == ["scraping"]  # type: ignore[attr-defined]
    assert judge.post("/moderation/bans", ban, accept=JSON).status_code == 409
    lift = f"/moderation/bans/{made.json()['ban']}/lift"
    assert judge.post(lift, {"note": ""}, accept=JSON).status_code == 422
    assert judge.post(lift, {"note": "it was a mistake"}, accept=JSON).status_code == 200
    assert one.client.get("/account").status_code == 200 and len(stated(Revoked)) == 1

    club = other.post("/organisations", {"handle": "scrape-works"}, accept=JSON).json()["organisation"]
    waiting = other.post("/studio/create", {"prompt": "1girl", "seed": "1"}, accept=JSON)
    ban = {"kind": "organisation", "who": "scrape-works", "reason": "scraping", "note": "all", "days": "0"}
    assert judge.post("/moderation/bans", ban, accept=JSON).status_code == 201
    assert other.client.get("/account").status_code == 401 and waiting.status_code == 202
    assert one.client.get("/account").status_code == 200, "who does not belong to it stays"
    (standing,) = instance.service.bans.standing()
    assert standing.who == club and standing.until is None
    listed = judge.client.get("/moderation", headers={"accept": HTML}).text
    assert "@scrape-works" in listed


def test_a_ban_ends_by_itself_and_moderators_bar_no_moderators(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, judge = instance.member("mika"), moderator(instance)
    moderator(instance, "second")
    ban = {"kind": "account", "reason": "abuse", "note": "insults", "days": "1"}
    for who in ("second", "owner-of-it"):
        assert judge.post("/moderation/bans", {**ban, "who": who}, accept=JSON).status_code == 403
    assert judge.post("/moderation/bans", {**ban, "who": "kaede"}, accept=JSON).status_code == 409
    assert judge.post("/moderation/bans", {**ban, "who": "mika"}, accept=JSON).status_code == 201
    bans = instance.service.bans
    assert bans.lapse() == 0 and one.client.get("/account").status_code == 401
    later = instance.service.clock() + 25 * 3600
    monkeypatch.setattr(type(instance.service.accounts.ground), "now", lambda self: int(later * 1000))
    assert bans.lapse() == 1
    monkeypatch.undo()
    assert one.client.get("/account").status_code == 200


ROUTES = [
    ("GET", "/moderation"),
    ("GET", "/moderation/log/check"),
    ("GET", "/moderation/alarms/x/evidence"),
    ("POST", "/moderation/reports/x"),
    ("POST", "/moderation/appeals/x"),
    ("POST", "/moderation/bans"),
    ("POST", "/moderation/bans/x/lift"),
    ("POST", "/moderation/alarms/x"),
    ("POST", "/moderation/roles"),
    ("POST", "/account/invitations"),
]


def test_moderation_is_not_there_for_those_who_do_not_moderate(instance: Instance) -> None:
    member, judge = instance.member("mika"), moderator(instance)
    key = {"authorization": f"Bearer {instance.key(judge, 'read', 'share')}"}
    for method, path in ROUTES:
        for person in (visiting(instance), member):
            ask = person.client.get if method == "GET" else person.post
            assert ask(path).status_code == 404, path
        reply = instance.visitor().client.request(method, path, headers=key, json={})
        assert reply.status_code in (403, 404), path
    assert judge.post("/moderation/roles", {"who": "mika", "role": "owner", "note": "x"}).status_code == 404


def test_a_demoted_moderator_is_one_no_more_at_the_next_request(instance: Instance) -> None:
    judge, owner = moderator(instance), instance.owner()
    assert judge.client.get("/moderation").status_code == 200
    told = {"who": "kaede", "role": "member", "note": "the term is over"}
    assert owner.post("/moderation/roles", told, accept=JSON).status_code == 200
    assert judge.client.get("/moderation").status_code == 404
    assert again(instance, "kaede", PASSWORD).client.get("/account").status_code == 200
