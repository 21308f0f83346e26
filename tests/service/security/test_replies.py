"""What replies carry: headers, caching, faults that quote nothing, nothing that tells hidden from none."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from pydantic import BaseModel
from tests.service.access.documents import DOCUMENT
from tests.service.access.fillers import FILLERS, MAKERS
from tests.service.access.walking import Filler, expected
from tests.service.access.world import World

from rakkan.service.access.router import GuardedRoute
from rakkan.service.access.table import Row, read
from rakkan.service.schema import new_identifier

TABLE = read(DOCUMENT)
MARKER = "<script>window.marker=1</script>\"'><img src=x onerror=marker()>"
PAGE = {"accept": "text/html"}


def visited(world: World) -> list[httpx.Response]:
    """Replies of every sort: pages, JSON, files, assets, faults."""
    mine = world.headers("member", "")
    picture = world.picture("mika", False)
    asked: list[tuple[str, dict[str, str]]] = [
        ("/sign-in", PAGE),
        ("/create", {**mine, **PAGE}),
        ("/create", PAGE),
        ("/nothing", PAGE),
        ("/nothing", {}),
        ("/healthz", {}),
        ("/metrics", world.headers("owner", "")),
        (f"/pictures/{picture}/file", mine),
        (f"/pictures/{picture}/thumbnail", mine),
        ("/static/0/css/rakkan.css", {}),
        ("/favicon.ico", {}),
        (f"/studio/jobs/{world.job('mika')}/events", mine),
    ]
    return [world.client.get(path, headers=headers) for path, headers in asked]


def test_every_reply_says_what_browsers_may_do_with_it(world: World) -> None:
    for reply in visited(world):
        where, told = str(reply.url), reply.headers
        assert told["x-content-type-options"] == "nosniff", where
        assert told["x-frame-options"] == "DENY", where
        assert told["cross-origin-resource-policy"] == "same-origin", where
        assert told["cross-origin-opener-policy"] == "same-origin", where
        policy = told["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy, where
        assert "unsafe" not in policy, where
        if not told.get("content-type", "").startswith("text/html"):
            assert "sandbox" in policy, where
        for name in ("server", "x-powered-by", "access-control-allow-origin"):
            assert name not in told, where


def test_nothing_private_is_kept_by_others(world: World) -> None:
    for reply in visited(world):
        caching = reply.headers["cache-control"]
        if reply.url.path.startswith(("/static/", "/favicon")):
            assert caching.startswith("public"), reply.url
        elif reply.url.path.startswith("/pictures/"):
            assert caching.startswith("private") or caching == "no-store", reply.url
            assert "cookie" in reply.headers.get("vary", "").lower() or caching == "no-store", reply.url
        else:
            assert caching == "no-store", reply.url


def test_faults_quote_nothing_raw(world: World) -> None:
    headers = {**world.headers("member", ""), **PAGE}
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", f"/{MARKER}", {}),
        ("GET", f"/pictures/{MARKER}/file", {}),
        ("GET", f"/static/{MARKER}/{MARKER}", {}),
        ("GET", "/sign-in", {"params": {"next": MARKER}}),
        ("GET", "/join", {"params": {"token": MARKER}}),
        ("GET", "/welcome", {"params": {"token": MARKER}}),
        ("GET", "/create", {"params": {"prompt": MARKER}}),
        ("POST", "/sign-in", {"data": {"handle": MARKER, "password": MARKER, "next": MARKER}}),
        ("POST", "/join", {"data": {"handle": MARKER, "password": MARKER, "token": MARKER}}),
        ("POST", "/welcome", {"data": {"handle": MARKER, "token": MARKER}}),
        ("POST", "/studio/create", {"data": {"prompt": "hat", "model": MARKER}}),
        ("POST", "/studio/create", {"data": {"prompt": "hat", "seed": MARKER, "size": MARKER}}),
        ("POST", "/sign-in/passkey", {"json": {MARKER: MARKER}}),
        ("POST", "/sign-in", {"content": b"x", "headers": {**headers, "content-type": MARKER[:20]}}),
    ]
    for method, path, sent in asked:
        reply = world.client.request(method, path, **{"headers": headers, **sent})
        assert reply.status_code < 500, (method, path)
        if reply.headers.get("content-type", "").startswith("text/html"):
            assert "<script>window" not in reply.text and "<img src=x" not in reply.text, (method, path)
        else:
            assert reply.headers["content-type"].startswith("application/json"), (method, path)
        for value in reply.headers.values():
            assert "<script>" not in value and "onerror" not in value, (method, path)


def test_a_fault_is_not_as_long_as_who_asks_likes(world: World) -> None:
    headers = world.headers("visitor", "")
    reply = world.client.post("/sign-in/passkey", json={"k" * 50_000: 1}, headers=headers)
    assert reply.status_code == 422 and len(reply.content) < 4_000


HIDDEN = [
    row
    for row in TABLE
    if row.tenant in ("own", "shown") and "{" in row.path and expected(row, "stranger", "private") == "404"
]


@pytest.mark.parametrize("row", HIDDEN, ids=lambda row: f"{row.method} {row.path}")
@pytest.mark.parametrize("who", ["stranger", "visitor"])
def test_a_hidden_thing_and_none_at_all_answer_alike(world: World, row: Row, who: Any) -> None:
    """Status, body and headers; only the time and the request's own name differ."""
    base = row.path.replace("{start}", "0")  # where a part of an upload begins is a number, not a thing
    (name,) = re.findall(r"{(\w+)}", base)[-1:]
    filler = FILLERS.get((row.method, row.path), Filler())
    hidden = (MAKERS.get(row.path) or MAKERS[name])(world, "elsewhere", False)
    absent = new_identifier() if len(hidden) == 26 else hidden[:-3] + "000"
    replies = []
    for thing in (hidden, absent):
        path = re.sub(r"{\w+}", thing, base) + filler.query
        sent = {
            kind: make(world, who) for kind in ("json", "data", "files") if (make := getattr(filler, kind))
        }
        reply = world.client.request(row.method, path, headers=world.headers(who, row.scope), **sent)
        kept = {key: text for key, text in reply.headers.items() if key not in ("date", "x-request-id")}
        replies.append((reply.status_code, reply.text.replace(thing, "THING"), kept))
    assert replies[0] == replies[1]
    assert replies[0][0] in (401, 404)


def test_no_body_takes_fields_that_it_does_not_know(world: World) -> None:
    bodies = 0
    for route in world.instance.app.routes:
        assert isinstance(route, GuardedRoute)
        for field in route.dependant.body_params:
            kind = field.field_info.annotation
            is_json = type(field.field_info).__name__ == "Body"
            if route.path.startswith(("/sdapi/", "/v1/")):
                continue  # programs made for others send fields that mean nothing here
            if is_json and isinstance(kind, type) and issubclass(kind, BaseModel):
                assert kind.model_config.get("extra") == "forbid", (route.path, kind)
                bodies += 1
    assert bodies
    told = {"prompt": "hat", "role": "owner"}
    reply = world.client.post("/api/v1/jobs/create", json=told, headers=world.headers("key", "create"))
    assert reply.status_code == 422 and "role" in reply.text


def test_fields_that_would_raise_somebody_are_nothing(world: World) -> None:
    headers = world.headers("visitor", "")
    told = {**FILLERS["POST", "/join"].data(world, "visitor")}  # type: ignore[misc]
    raised = {**told, "role": "owner", "state": "active", "account": world.accounts["mika"], "name": "Anna"}
    assert world.client.post("/join", data=raised, headers=headers).status_code == 303
    found = world.service.accounts.people.find(told["handle"])
    assert found is not None and found.role == "member" and found.identifier != world.accounts["mika"]


def test_how_long_a_password_takes_does_not_tell_who_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hash each, whether there is such an account or none: counted, since times vary."""
    counted: list[bool] = []
    kind = type(world.service.accounts.passwords)
    work = kind.work
    monkeypatch.setattr(kind, "work", lambda self, job: (counted.append(True), work(self, job))[1])
    headers = world.headers("visitor", "")
    seen = []
    for handle in ("walk-rin", "nobody-of-this-name"):
        counted.clear()
        told = {"handle": handle, "password": "not the right one"}
        reply = world.client.post("/sign-in", data=told, headers=headers)
        page = re.sub(handle, "WHO", reply.text)
        seen.append((reply.status_code, len(counted), page))
    assert seen[0] == seen[1]
    assert seen[0][:2] == (401, 1)
