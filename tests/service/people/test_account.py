"""One's own account in the browser: what is revoked at once, what is taken along, and what is left of it."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.service.instance import PASSWORD, Instance, running
from tests.service.people.kit import (
    HTML,
    JSON,
    again,
    drawn,
    moderator,
    passkeyless,
    published,
    session_of,
    visiting,
)
from tests.test_erasure import holding

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.inspect import inspect
from rakkan.studio.characters.making import CharacterRequest

HANDLE = "marker-handle-owl"
PROMPT = "1girl, silver hair, purple scarf, red hoodie"


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    with running() as made:
        yield made


def is_in(person: Any) -> bool:
    return bool(person.client.get("/account").status_code == 200)


def test_what_is_revoked_is_refused_at_the_very_next_request(instance: Instance) -> None:
    here = instance.member()
    there, third = again(instance, "mika", PASSWORD), again(instance, "mika", PASSWORD)
    own = {one.identifier for one in instance.service.accounts.sessions.of(here.account)}
    assert len(own) == 3 and all(map(is_in, (here, there, third)))
    actor = instance.service.accounts.actor_of_session(session_of(there))
    assert actor is not None
    assert here.post(f"/account/sessions/{actor.credential}/revoke", accept=JSON).status_code == 200
    assert [is_in(one) for one in (here, there, third)] == [True, False, True]
    assert here.post("/account/sessions/revoke-others", accept=JSON).json() == {"revoked": 1}
    assert [is_in(one) for one in (here, third)] == [True, False]

    made = here.post("/account/keys", {"label": "desk", "scopes": ["read", "account"]}, accept=JSON)
    assert made.status_code == 201
    secret, key = made.json()["key"], made.json()["identifier"]
    visitor = instance.visitor()
    bearer = {"authorization": f"Bearer {secret}"}
    assert visitor.client.get("/account", headers=bearer).status_code == 200
    assert secret not in here.client.get("/account").text, "it is told once"
    assert here.post(f"/account/keys/{key}/revoke", accept=JSON).status_code == 200
    assert visitor.client.get("/account", headers=bearer).status_code == 401


def test_a_new_password_signs_out_everybody_else_and_a_new_session_ends_the_old(instance: Instance) -> None:
    here = instance.member()
    there = again(instance, "mika", PASSWORD)
    wrong = here.post("/account/password", {"old": "not the one", "new": "eight loud brushes"}, accept=JSON)
    assert wrong.status_code == 401 and is_in(there)
    right = here.post("/account/password", {"old": PASSWORD, "new": "eight loud brushes"})
    assert right.status_code == 303 and is_in(here) and not is_in(there)
    came = here.post("/sign-in", {"handle": "mika", "password": "eight loud brushes"})
    assert came.status_code == 303 and not is_in(here), "the browser's old session has ended"
    fresh = came.headers["set-cookie"].partition(";")[0].partition("=")[2]
    assert is_in(passkeyless(instance, fresh))


def test_profile_organisations_and_invitations(instance: Instance) -> None:
    one, other = instance.member("mika"), instance.member("rin")
    told = {"name": "Mika of the hill", "about": "Draws.\nSeldom.", "locale": "ja"}
    done = one.post("/account/profile", told)
    assert done.status_code == 303 and "rakkan-locale=ja" in done.headers["set-cookie"]
    assert instance.service.accounts.profile(one.account).display_name == "Mika of the hill"

    made = one.post("/organisations", {"handle": "ink-club", "name": "Ink club"}, accept=JSON)
    club = made.json()["organisation"]
    assert other.post(f"/organisations/{club}/invite", accept=JSON).status_code == 404
    link = one.post(f"/organisations/{club}/invite", accept=JSON).json()["invitation"]
    page = other.client.get(link.replace(instance.service.settings.origin, ""), headers={"accept": HTML})
    assert page.status_code == 200 and 'action="/organisations/join"' in page.text
    token = link.partition("join=")[2]
    assert other.post("/organisations/join", {"token": token}, accept=JSON).status_code == 200
    assert other.post("/organisations/join", {"token": token}, accept=JSON).status_code == 403
    change = {"handle": "mika", "role": "none"}
    assert other.post(f"/organisations/{club}/members", change, accept=JSON).status_code == 403
    for role in ("admin", "member", "none"):
        change = {"handle": "rin", "role": role}
        assert one.post(f"/organisations/{club}/members", change, accept=JSON).status_code == 200
    assert one.post(f"/organisations/{club}/leave", accept=JSON).status_code == 200

    assert one.post("/account/invitations", accept=JSON).status_code == 404, "not there for a member"
    judge = moderator(instance)
    assert judge.post("/account/invitations", {"role": "moderator"}, accept=JSON).status_code == 403
    link = judge.post("/account/invitations", {"role": "member"}, accept=JSON).json()["invitation"]
    newcomer = visiting(instance)
    fields = {"handle": "sora", "password": PASSWORD, "token": link.partition("token=")[2]}
    assert newcomer.post("/join", fields).status_code == 303
    assert newcomer.post("/join", {**fields, "handle": "sora2"}).status_code == 403


def test_the_export_holds_everything_and_no_secret(instance: Instance) -> None:
    person = instance.member(HANDLE)
    stranger = instance.member("rin")
    picture = drawn(person, PROMPT)
    secret = instance.key(person, "read")
    instance.service.social.comment(acting(instance, person), published(instance, stranger), "so calm")
    assemble.casting().make(CharacterRequest("Aki", "1girl, silver hair"), person.account)
    link = person.post("/account/export", accept=JSON).json()["export"]
    assert stranger.client.get(link).status_code == 404, "it is for its owner alone"
    assert visiting(instance).client.get(link).status_code == 401
    reply = person.client.get(link)
    assert reply.status_code == 200 and "attachment" in reply.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    assert json.loads(files["missing.json"]) == {}
    assert json.loads(files["account.json"])["account"]["handle"] == HANDLE
    assert "so calm" in files["social.json"].decode()
    assert inspect(files[f"pictures/{picture}.png"], "picture").has_seal
    assert json.loads(files[f"pictures/{picture}.json"])["recipe"]["prompt"].startswith("1girl")
    assert PROMPT in files["jobs.json"].decode()
    (character,) = [name for name in files if name.endswith(".rakkan")]
    assert len(files[character]) > 100
    everything = b"".join(files.values())
    for text in (PASSWORD, secret, session_of(person), "$argon2"):
        assert text.encode() not in everything


def acting(instance: Instance, person: Any) -> Any:
    return instance.service.accounts.actor_of_session(session_of(person))


def home() -> Path:
    return Path(os.environ["RAKKAN_HOME"])


def test_deleting_an_account_that_is_interrupted_goes_on_and_leaves_nothing(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = instance.member(HANDLE)
    picture = drawn(person, PROMPT)
    instance.key(person, "read")
    for told in ({"confirm": "other", "password": PASSWORD}, {"confirm": HANDLE, "password": "wrong one"}):
        assert person.post("/account/delete", told, accept=JSON).status_code in (401, 422)
    closing = instance.service.closing

    def die(account: str) -> None:
        raise RakkanError("The disk has gone")

    object.__setattr__(closing, "erase", die)
    reply = person.post("/account/delete", {"confirm": HANDLE, "password": PASSWORD}, accept=JSON)
    assert reply.status_code == 422
    assert not is_in(person), "nobody gets in, from the first step on"
    assert instance.service.accounts.closing() == [person.account]
    object.__setattr__(closing, "erase", assemble.erase)
    assert closing.go_on() == 1 and instance.service.accounts.closing() == []
    assert instance.visitor().client.get(f"/pictures/{picture}/file").status_code == 404
    assert list(assemble.vault().list(person.account)) == []
    assert holding((HANDLE, PROMPT), home()) == []
    assert instance.service.catalogue.audit.verify() > 0
    newcomer = visiting(instance)
    assert newcomer.post("/sign-in", {"handle": HANDLE, "password": PASSWORD}).status_code == 401


def test_an_account_that_still_draws_is_erased_once_it_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    with running(worker=False) as instance:
        person = instance.member()
        asked = person.post("/studio/create", {"prompt": PROMPT, "seed": "1"}, accept=JSON)
        (leased,) = instance.service.queue.lease("elsewhere", {"create": 1})
        reply = person.post("/account/delete", {"confirm": "mika", "password": PASSWORD})
        assert reply.status_code == 303 and asked.status_code == 202
        assert instance.service.accounts.closing() == [person.account]
        assert instance.service.closing.go_on() == 0
        instance.service.queue.give_back(leased)
        assert instance.service.closing.go_on() == 1


def test_two_who_erase_the_same_account_do_not_stand_in_each_others_way(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person's request and the server's upkeep, say; and who was named before is gone by now."""
    closing, people = instance.service.closing, [instance.member(name) for name in ("rin", "sora")]
    for person in people:
        closing.begin(person.account)
    named = closing.accounts.closing()
    assert closing.finish(people[0].account) and closing.finish(people[0].account)
    monkeypatch.setattr(type(closing.accounts), "closing", lambda accounts: named)
    assert closing.go_on() == 1


def test_the_only_owner_cannot_go(instance: Instance) -> None:
    owner = instance.owner()
    told = {"confirm": "owner-of-it"}
    assert owner.post("/account/delete", told, accept=JSON).status_code == 409
    assert is_in(owner)


def test_the_first_owner_may_choose_a_password_and_bad_ones_cost_no_token(instance: Instance) -> None:
    token = instance.service.accounts.owner_token()
    first = visiting(instance)
    bad = first.post("/welcome", {"token": token, "handle": "sumi", "password": "short"})
    assert bad.status_code == 422
    came = first.post("/welcome", {"token": token, "handle": "sumi", "password": PASSWORD})
    assert came.status_code == 303
    assert is_in(again(instance, "sumi", PASSWORD))
    later = visiting(instance)
    token = instance.service.accounts.owner_token()
    page = later.client.get(f"/welcome?token={token}", headers={"accept": HTML}).text
    assert 'name="handle"' not in page
    assert later.post("/welcome", {"token": token}).status_code == 303
