"""Models that people bring: sent in parts, let in by a worker, drawn with, shared, removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.service.pages.conftest import JSON, ORIGIN, Browser, Hall
from tests.service.small_models import tiny_embedding

from rakkan import assemble
from rakkan.service.arrivals import uploads as arriving
from rakkan.service.arrivals.uploads import KEPT, PART
from rakkan.store.faults import Missing

UPLOADS = "/api/v1/models/uploads"
FILE = "dawn.safetensors"


@pytest.fixture(scope="module", autouse=True)
def _members_may(hall: Hall) -> Iterator[None]:
    before = hall.app.state.service
    hall.app.state.service = replace(before, settings=replace(before.settings, models="members"))
    yield
    hall.app.state.service = before


@pytest.fixture(scope="module")
def ann(hall: Hall) -> Browser:
    return hall.person("mod-ann")


@pytest.fixture(scope="module")
def bob(hall: Hall) -> Browser:
    return hall.person("mod-bob")


def call(whose: Browser, method: str, path: str, json: Any = None, data: bytes | None = None) -> Any:
    cookies = "; ".join(f"{name}={value}" for name, value in whose.cookies.items())
    headers = {"origin": ORIGIN, "accept": "application/json", "cookie": cookies, "x-csrf-token": whose.csrf}
    if data is not None:
        headers["content-type"] = "application/octet-stream"
    return whose.client.request(method, path, headers=headers, json=json, content=data)


def begin(whose: Browser, data: bytes, **more: Any) -> dict[str, Any]:
    reply = call(whose, "POST", UPLOADS, {"file": FILE, "size": len(data), **more})
    assert reply.status_code == 201, reply.text
    told: dict[str, Any] = reply.json()
    return told


def send(whose: Browser, data: bytes, **more: Any) -> str:
    """The job of a model that was sent whole."""
    upload = begin(whose, data, **more)
    reply = call(whose, "PUT", f"{UPLOADS}/{upload['id']}/0", data=data)
    assert reply.status_code == 200 and reply.json()["received"] == len(data), reply.text
    reply = call(whose, "POST", f"{UPLOADS}/{upload['id']}/finish")
    assert reply.status_code == 202, reply.text
    return str(reply.json()["id"])


def brought(hall: Hall, whose: Browser, seed: int, **more: Any) -> dict[str, Any]:
    """What is told of a model that was brought."""
    job = send(whose, tiny_embedding(seed), **more)
    hall.work()
    found = hall.service.queue.get(whose.account, job)
    assert found.state == "done" and found.result, (found.error, found.hint)
    told: dict[str, Any] = json.loads(found.result)["model"]
    return told


def names(whose: Browser) -> set[str]:
    return {one["name"] for one in call(whose, "GET", "/api/v1/models").json()["items"]}


def test_a_model_is_sent_let_in_and_listed_with_its_card(hall: Hall, ann: Browser, bob: Browser) -> None:
    told = brought(hall, ann, 1, name="Dawn", licence="CC0")
    assert told["name"] == "Dawn" and told["kind"] == "textual inversion"
    kept = assemble.models().find("Dawn", ann.account)
    assert kept.owner == ann.account and kept.licence.licence == "CC0-1.0"
    listed = call(ann, "GET", "/api/v1/models").json()["items"]
    (card,) = [one for one in listed if one["name"] == "Dawn"]
    assert card["yours"] and not card["shared"] and card["hashes"]["autov2"] == kept.card.digest[:10]
    page = ann.get("/models").text
    assert "Dawn" in page and kept.card.digest in page and "claimed by the person" in page
    assert "Dawn" in ann.get("/about").text and "Dawn" not in bob.get("/about").text
    assert "Dawn" not in names(bob) and "Dawn" not in bob.get("/models").text
    assert "Dawn" in ann.get("/queue").text


def test_nothing_lies_in_the_clear_and_nothing_stays_but_the_model(hall: Hall, ann: Browser) -> None:
    data = tiny_embedding(2)
    upload = begin(ann, data, name="Dusk")
    call(ann, "PUT", f"{UPLOADS}/{upload['id']}/0", data=data)
    probe = data[-64:]
    home = hall.folder.parent
    clear = [one for one in home.rglob("*") if one.is_file() and probe in one.read_bytes()]
    assert clear == []
    before = {blob.digest for blob in hall.service.vault.list(ann.account)}
    call(ann, "POST", f"{UPLOADS}/{upload['id']}/finish")
    hall.work()
    after = {blob.digest for blob in hall.service.vault.list(ann.account)}
    assert len(before - after) == 1  # the part
    assert [one for one in home.rglob("*") if one.is_file() and probe in one.read_bytes()] == []
    assert hall.service.uploads.of(ann.account) == []


def test_an_upload_goes_on_where_it_broke_off(
    hall: Hall, ann: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "PART", 1000)
    data = tiny_embedding(3)
    upload = begin(ann, data, name="Parts", mark="same")
    place = f"{UPLOADS}/{upload['id']}"
    assert call(ann, "PUT", f"{place}/0", data=data[:1000]).json()["received"] == 1000
    assert call(ann, "PUT", f"{place}/2000", data=data[2000:3000]).status_code == 409
    assert call(ann, "PUT", f"{place}/1000", data=data[1000:1500]).status_code == 422
    assert call(ann, "POST", f"{place}/finish").status_code == 409
    assert call(ann, "PUT", f"{place}/0", data=data[:1000]).json()["received"] == 1000  # once more
    again = begin(ann, data, name="Parts", mark="same")
    assert again["id"] == upload["id"] and again["received"] == 1000
    assert begin(ann, data, name="Parts", mark="other")["id"] != upload["id"]
    for start in range(1000, len(data), 1000):
        reply = call(ann, "PUT", f"{place}/{start}", data=data[start : start + 1000])
        assert reply.status_code == 200, reply.text
    assert call(ann, "POST", f"{place}/finish").status_code == 202
    hall.work()
    assert "Parts" in names(ann)
    for one in hall.service.uploads.of(ann.account):
        assert call(ann, "DELETE", f"{UPLOADS}/{one.identifier}").status_code == 204


@pytest.mark.parametrize(
    ("file", "data", "why"),
    [
        ("teapot.ckpt", b"x" * 100, "is a pickle"),
        ("teapot.pt", b"x" * 100, "is a pickle"),
        ("teapot.gguf", b"x" * 100, "no safetensors"),
    ],
)
def test_what_could_run_a_program_is_refused_before_it_is_read(
    hall: Hall, ann: Browser, file: str, data: bytes, why: str
) -> None:
    reply = call(ann, "POST", UPLOADS, {"file": file, "size": len(data)})
    assert reply.status_code == 422 and why in reply.json()["error"]["message"]
    assert hall.service.uploads.of(ann.account) == []


@pytest.mark.parametrize(
    "start", [b"\x80\x02}q\x00", b"PK\x03\x04teapots", b"\xff" * 16, b"\x10" + b"\0" * 20]
)
def test_a_disguise_is_seen_through_by_the_first_bytes(hall: Hall, ann: Browser, start: bytes) -> None:
    data = start + b"\0" * 200
    upload = begin(ann, data)
    reply = call(ann, "PUT", f"{UPLOADS}/{upload['id']}/0", data=data)
    assert reply.status_code == 422, reply.text
    assert hall.service.uploads.of(ann.account) == []
    assert call(ann, "GET", f"{UPLOADS}/{upload['id']}").status_code == 404


def test_an_unsound_model_is_refused_in_a_line_and_gone(hall: Hall, ann: Browser) -> None:
    broken = bytearray(tiny_embedding(4))
    broken[-2:] = b"\x00\x7c"  # an infinite number
    before = {blob.digest for blob in hall.service.vault.list(ann.account)}
    job = send(ann, bytes(broken), name="Broken")
    hall.work()
    found = hall.service.queue.get(ann.account, job)
    assert found.state == "failed" and "\n" not in found.error
    assert str(hall.folder.parent) not in found.error + found.hint
    assert "Broken" not in names(ann)
    # The ledger's own statement of the refusal aside, the vault holds what it held.
    assert {blob.digest for blob in hall.service.vault.list(ann.account)} <= before
    assert found.error in ann.get("/queue").text.replace("&#39;", "'")


def test_a_model_is_shared_and_kept_to_oneself_again(hall: Hall, ann: Browser, bob: Browser) -> None:
    digest = brought(hall, ann, 5, name="Common", shared=True)["digest"]
    assert "Common" in names(bob)
    assert "Common" in bob.get("/about").text
    assert f"/models/{digest}/share" not in bob.get("/models").text
    with assemble.reach(bob.account).opened(assemble.reach(bob.account).find(digest)) as tensors:
        assert tensors.entries["emb_params"].shape == (4, 768)
    assert call(bob, "PATCH", f"/api/v1/models/{digest}", {"shared": False}).status_code == 404
    assert call(bob, "DELETE", f"/api/v1/models/{digest}").status_code == 404
    assert ann.post(f"/models/{digest}/share", {"shared": "0"}).status_code == 303
    assert "Common" not in names(bob)
    assert call(ann, "PATCH", f"/api/v1/models/{digest}", {"shared": True}).json()["shared"]
    assert "Common" in names(bob)
    keeper = hall.person("mod-keeper", "owner")
    assert call(keeper, "DELETE", f"/api/v1/models/{digest}").status_code == 204
    assert "Common" not in names(bob) and "Common" in names(ann)
    assert ann.post(f"/models/{digest}/remove").status_code == 303
    assert "Common" not in names(ann)
    with pytest.raises(Missing):
        hall.service.vault.read(ann.account, digest)


def test_ones_own_model_counts_before_a_shared_one_of_its_name(
    hall: Hall, ann: Browser, bob: Browser
) -> None:
    theirs = brought(hall, ann, 6, name="Twin", shared=True)["digest"]
    mine = brought(hall, bob, 7, name="Twin")["digest"]
    assert assemble.reach(bob.account).find("Twin").card.digest == mine
    assert assemble.reach(bob.account).find(theirs).card.digest == theirs
    third = hall.person("mod-cid")
    taken = brought(hall, third, 8, name=theirs)["digest"]
    call(third, "PATCH", f"/api/v1/models/{taken}", {"shared": True})
    # Called as another's digest, it is not taken for that.
    assert assemble.reach(bob.account).find(theirs).card.digest == theirs


def test_uploads_are_ones_own_and_few(hall: Hall, ann: Browser, bob: Browser) -> None:
    data = tiny_embedding(9)
    upload = begin(ann, data)["id"]
    assert call(bob, "GET", f"{UPLOADS}/{upload}").status_code == 404
    assert call(bob, "PUT", f"{UPLOADS}/{upload}/0", data=data).status_code == 404
    assert call(bob, "DELETE", f"{UPLOADS}/{upload}").status_code == 404
    for number in range(arriving.MOST_OPEN - 1):
        begin(ann, data, name=f"other {'abc'[number]}")
    reply = call(ann, "POST", UPLOADS, {"file": FILE, "size": 99, "name": "one more"})
    assert reply.status_code == 409
    assert call(bob, "POST", UPLOADS, {"file": FILE, "size": arriving.LARGEST + 1}).status_code == 422
    page = ann.get("/models").text
    assert page.count("/give-up") == arriving.MOST_OPEN
    for one in hall.service.uploads.of(ann.account):
        assert ann.post(f"/models/uploads/{one.identifier}/give-up").status_code == 303
    assert hall.service.uploads.of(ann.account) == []


def test_what_nobody_goes_on_with_is_deleted_after_a_day(hall: Hall, ann: Browser) -> None:
    held = {blob.digest for blob in hall.service.vault.list(ann.account)}
    data = tiny_embedding(10)
    upload = begin(ann, data)["id"]
    call(ann, "PUT", f"{UPLOADS}/{upload}/0", data=data)
    now = hall.service.clock()
    early = replace(hall.service.uploads, clock=lambda: now + KEPT - 60)
    late = replace(hall.service.uploads, clock=lambda: now + KEPT + 60)
    assert early.sweep() == 0 and late.sweep() >= 1
    assert {blob.digest for blob in hall.service.vault.list(ann.account)} == held
    assert hall.service.uploads.of(ann.account) == []


def test_a_job_that_is_given_up_takes_its_file_along(hall: Hall, ann: Browser) -> None:
    job = send(ann, tiny_embedding(11), name="Never")
    assert ann.post(f"/studio/jobs/{job}/cancel", {}, **JSON).status_code == 200
    assert hall.service.uploads.of(ann.account) == []
    hall.work()
    assert "Never" not in names(ann)


def test_a_model_that_is_let_in_twice_is_one(hall: Hall, ann: Browser) -> None:
    from rakkan.service.making.modelling import take_in

    send(ann, tiny_embedding(12), name="Once")
    (waiting,) = hall.service.uploads.of(ann.account)
    seen: list[tuple[int, int]] = []
    for _ in range(2):
        kept = take_in(
            hall.service.uploads,
            ann.account,
            waiting.identifier,
            hall.folder,
            lambda done, of: seen.append((done, of)),
        )
        assert kept.card.name == "Once"
    assert seen == sorted(seen) and seen[-1] == (100, 100)
    assert list(hall.folder.iterdir()) == []
    hall.work()


def test_only_the_owner_brings_models_unless_told_otherwise(hall: Hall, ann: Browser) -> None:
    members = hall.app.state.service
    hall.app.state.service = replace(members, settings=replace(members.settings, models="owner"))
    try:
        reply = call(ann, "POST", UPLOADS, {"file": FILE, "size": 99})
        assert reply.status_code == 403
        assert "data-send" not in ann.get("/models").text
        keeper = hall.person("mod-boss", "owner")
        assert "data-send" in keeper.get("/models").text
        assert begin(keeper, tiny_embedding(13), name="Owners")["part"] == PART
    finally:
        hall.app.state.service = members


def test_an_account_takes_its_models_along(hall: Hall) -> None:
    from rakkan.service.access.actors import Actor
    from rakkan.service.exporting import archive

    eve = hall.person("mod-eve")
    digest = brought(hall, eve, 14, name="Eve", shared=True)["digest"]
    begin(eve, tiny_embedding(15), name="Later")
    whole = b"".join(archive(hall.service, Actor(eve.account, "member")))
    assert b"brought.json" in whole and digest.encode() in whole and b"Later" in whole
    hall.service.closing.begin(eve.account)
    assert hall.service.closing.finish(eve.account)
    assert assemble.models().all(eve.account) == [] and hall.service.uploads.of(eve.account) == []
    assert not any(loan.owner == eve.account for loan in assemble.sharing().loans())
