"""Other sites, other ports and other tokens: cross-site requests, redirects, sessions and their cookies."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.service.access.documents import DOCUMENT
from tests.service.access.world import World
from tests.service.instance import PASSWORD
from tests.service.security.wire import host

from rakkan.service.access.table import read
from rakkan.service.routes.showing import local

CHANGING = [row for row in read(DOCUMENT) if row.method not in ("GET", "HEAD") and "{" not in row.path]
FOREIGN: list[dict[str, str]] = [
    {"origin": "http://localhost:3000"},
    {"origin": "http://127.0.0.1:8420"},
    {"origin": "null"},
    {"origin": "https://evil.example"},
    {"origin": "http://localhost"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
    {},
]


def sent(world: World, path: str, more: dict[str, Any], token: bool = True, **body: Any) -> httpx.Response:
    """A form that mika's browser sends with these headers in place of those that a page here would send."""
    headers = world.headers("member", "")
    del headers["origin"]
    if not token:
        del headers["x-csrf-token"]
    body = body or {"data": {"theme": "dark"}}
    return world.client.post(path, headers={**headers, **more}, **body)


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", sorted({row.path for row in CHANGING}))
def test_no_other_site_changes_anything(world: World, path: str, headers: dict[str, str]) -> None:
    refused = sent(world, path, {"content-type": "application/json", **headers}, content=b"{}")
    assert refused.status_code in (403, 404), refused.text
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize("token", ["", "0" * 64, "visitor", "old", "another's"])
@pytest.mark.parametrize("path", sorted({row.path for row in CHANGING if row.role == "member"}))
def test_a_form_carries_the_token_of_its_own_session(world: World, path: str, token: str) -> None:
    service = world.service.accounts
    given = {
        "visitor": service.csrf_token("visitor walker"),
        "old": service.csrf_token("an earlier session"),
        "another's": service.csrf_token(world.credentials["rin"]),
    }.get(token, token)
    more = {"origin": world.origin, "x-csrf-token": given, "content-type": "application/json"}
    assert sent(world, path, more, token=False, content=b"{}").status_code in (403, 404)


def test_a_token_in_the_form_will_do_and_in_the_address_will_not(world: World) -> None:
    token = world.headers("member", "")["x-csrf-token"]
    here = {"origin": world.origin}
    form = {"theme": "dark", "csrf": token}
    assert sent(world, "/preferences", here, token=False, data=form).status_code == 303
    form["csrf"] = ""
    refused = sent(world, f"/preferences?csrf={token}", here, token=False, data=form)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/csp-report", "application/json-patch+json", "x"]
)
def test_simple_forms_of_json_are_not_read(world: World, media_type: str) -> None:
    more = {"origin": world.origin, "content-type": media_type}
    assert sent(world, "/preferences", more, content=b'{"theme":"dark"}').status_code == 415


@pytest.mark.parametrize("name", ["x-http-method-override", "x-http-method", "x-method-override"])
def test_no_header_and_no_field_makes_another_method_of_one(world: World, name: str) -> None:
    headers = {**world.headers("member", ""), name: "POST"}
    assert world.client.get("/sign-out", headers=headers).status_code == 405
    assert world.client.get("/sign-out?_method=POST", headers=headers).status_code == 405
    assert world.client.get("/create", headers=world.headers("member", "")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:3000", "sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
    ],
)
def test_no_other_site_listens_to_events_or_loads_what_is_private(
    world: World, headers: dict[str, str]
) -> None:
    mine = {**world.headers("member", ""), "accept": "text/event-stream"}
    del mine["origin"]
    for path in (
        f"/studio/jobs/{world.job('mika')}/events",
        f"/pictures/{world.picture('mika', False)}/file",
    ):
        assert world.client.get(path, headers=mine).status_code == 200
        assert world.client.get(path, headers={**mine, **headers}).status_code == 403


AWAY = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\tevil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "//[",
    "http://[",
    "/\r\nSet-Cookie: a=b",
    " //evil.example",
    "evil.example",
    "",
]


@pytest.mark.parametrize("path", AWAY)
def test_no_address_leads_away(world: World, path: str) -> None:
    assert local(path) == "/"
    headers = world.headers("visitor", "")
    data = {"next": path, "theme": "dark"}
    reply = world.client.post("/preferences", data=data, headers=headers)
    assert (reply.status_code, reply.headers["location"]) == (303, "/")
    told = {"handle": "walk-rin", "password": PASSWORD, "next": path}
    reply = world.client.post("/sign-in", data=told, headers=headers)
    assert (reply.status_code, reply.headers["location"]) in ((303, "/"), (303, "/create"))
    page = world.client.get("/sign-in", params={"next": path}, headers={"accept": "text/html"}).text
    assert 'name="next" value="/"' in page or not path


def test_addresses_of_here_are_followed() -> None:
    for path in ("/", "/create?prompt=hat", "/pictures/x#comments"):
        assert local(path) == path


def test_signing_in_begins_a_session_of_its_own(world: World) -> None:
    """Whatever session a browser was given before, nobody else knows the one that begins."""
    planted = "planted-by-somebody-else"
    headers = world.headers("visitor", "")
    headers["cookie"] += f"; __Host-rakkan={planted}"
    told = {"handle": "walk-rin", "password": PASSWORD}
    replies = [world.client.post("/sign-in", data=told, headers=headers) for _ in range(2)]
    tokens = [cookies(reply)["__Host-rakkan"].split(";")[0] for reply in replies]
    assert len({planted, *tokens}) == 3


def test_cookies_are_of_this_host_alone_and_read_by_no_script(world: World) -> None:
    headers = world.headers("visitor", "")
    told = {"handle": "walk-rin", "password": PASSWORD}
    replies = [
        world.client.post("/sign-in", data=told, headers=headers),
        world.client.post("/preferences", data={"theme": "dark", "locale": "ja"}, headers=headers),
        world.client.get("/sign-in", headers={"accept": "text/html"}),
    ]
    seen = {name: told for reply in replies for name, told in cookies(reply).items()}
    assert {"__Host-rakkan", "__Host-rakkan-device", "__Host-rakkan-visitor"} <= set(seen)
    for name, told_of_it in seen.items():
        flags = {flag.strip().lower() for flag in told_of_it.split(";")[1:]}
        assert {"httponly", "secure", "samesite=lax", "path=/"} <= flags, name
        assert not any(flag.startswith("domain") for flag in flags), name


def test_a_session_ends_at_the_server(world: World) -> None:
    headers = world.headers("member", "")
    assert world.client.get("/create", headers=headers).status_code == 200
    gone = world.client.post("/sign-out", headers=headers)
    assert "max-age=0" in cookies(gone)["__Host-rakkan"].lower()
    assert world.client.get("/create", headers=headers).status_code == 401
    assert host(world) not in gone.headers["location"]


def cookies(reply: httpx.Response) -> dict[str, str]:
    """What a reply sets, by name, with its flags."""
    return dict(one.split("=", 1) for one in reply.headers.get_list("set-cookie"))
