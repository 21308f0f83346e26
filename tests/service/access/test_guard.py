"""What is asked of a request before its handler runs, rule by rule."""

from __future__ import annotations

import pytest

from rakkan.service.access import guard
from rakkan.service.access.actors import ROLES, SCOPES, VISITOR, Actor
from rakkan.service.access.guard import Asked, WrongHost, WrongType
from rakkan.service.access.rules import Access
from rakkan.service.errors import Forbidden, NotFound, Refusal, TooLarge, Unauthenticated

HERE = ("https://rakkan.example", "http://localhost:8420")
MEMBER = Actor("a", "member", way="session", credential="s")
KEY = Actor("a", "member", scopes=frozenset({"read"}), way="key", credential="k")


def asked(method: str = "POST", **headers: str) -> Asked:
    return Asked(method, {name.replace("_", "-"): text for name, text in headers.items()})


@pytest.mark.parametrize("host", ["rakkan.example", "localhost:8420", "RAKKAN.example"])
def test_a_request_to_a_name_of_here_passes(host: str) -> None:
    guard.check_host(asked(host=host), HERE)


@pytest.mark.parametrize(
    "host", ["evil.example", "", "rakkan.example.evil.example", "localhost", "127.0.0.1:8420"]
)
def test_a_request_to_another_name_does_not(host: str) -> None:
    with pytest.raises(WrongHost):
        guard.check_host(asked(host=host), HERE)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://rakkan.example"},
        {"sec_fetch_site": "same-origin"},
        {"origin": "http://localhost:8420", "sec_fetch_site": "same-origin"},
    ],
)
def test_a_form_of_here_passes(headers: dict[str, str]) -> None:
    guard.check_site(asked(**headers), MEMBER, HERE)


@pytest.mark.parametrize("actor", [MEMBER, VISITOR])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://rakkan.example.evil.example"},
        {"origin": "http://rakkan.example"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {},
    ],
)
def test_a_form_of_another_site_does_not(actor: Actor, headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        guard.check_site(asked(**headers), actor, HERE)


def test_another_site_may_link_here_and_nothing_else() -> None:
    guard.check_site(asked("GET", sec_fetch_site="cross-site", sec_fetch_mode="navigate"), MEMBER, HERE)
    guard.check_site(asked("GET"), MEMBER, HERE)
    for mode in ("cors", "no-cors", "websocket", ""):
        with pytest.raises(Forbidden):
            guard.check_site(asked("GET", sec_fetch_site="cross-site", sec_fetch_mode=mode), MEMBER, HERE)
    with pytest.raises(Forbidden):  # a stream of events that another site's page opens
        guard.check_site(asked("GET", origin="https://evil.example"), MEMBER, HERE)


def test_a_key_needs_no_site_for_no_page_can_send_it() -> None:
    guard.check_site(asked(origin="https://elsewhere.example"), KEY, HERE)


def test_bodies_are_json_unless_the_route_reads_forms() -> None:
    plain, forms = Access("visitor"), Access("visitor", forms=True)
    guard.check_body(asked(content_type="application/json; charset=utf-8", content_length="2"), plain)
    guard.check_body(asked(content_type="multipart/form-data; boundary=x", content_length="2"), forms)
    guard.check_body(asked(), plain)
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        with pytest.raises(WrongType):
            guard.check_body(asked(content_type=media_type, content_length="2"), plain)
    with pytest.raises(WrongType):
        guard.check_body(asked(content_type="text/plain", transfer_encoding="chunked"), forms)


def test_bodies_have_an_end() -> None:
    access = Access("visitor", largest=100)
    guard.check_body(asked(content_type="application/json", content_length="100"), access)
    with pytest.raises(TooLarge):
        guard.check_body(asked(content_type="application/json", content_length="101"), access)
    for strange in ("-1", "1e3", "٣", " 5 5"):
        with pytest.raises(Refusal):
            guard.check_body(asked(content_type="application/json", content_length=strange), access)


@pytest.mark.parametrize("wanted", ROLES)
@pytest.mark.parametrize("role", ROLES)
def test_roles_are_a_ladder(role: str, wanted: str) -> None:
    actor = Actor("a" if role != "visitor" else "", role, way="session" if role != "visitor" else "none")  # type: ignore[arg-type]
    access = Access(wanted, "read")  # type: ignore[arg-type]
    if ROLES.index(role) >= ROLES.index(wanted):  # type: ignore[arg-type]
        guard.check_actor(actor, access)
        return
    with pytest.raises(NotFound if wanted in ("moderator", "owner") else Unauthenticated):
        guard.check_actor(actor, access)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_key_opens_what_its_scopes_say(scope: str) -> None:
    if scope == "read":
        guard.check_actor(KEY, Access("member", scope))
    else:
        with pytest.raises(Forbidden):
            guard.check_actor(KEY, Access("member", scope))


def test_a_route_without_a_scope_is_for_sessions_alone() -> None:
    guard.check_actor(MEMBER, Access("member"))
    with pytest.raises(Forbidden):
        guard.check_actor(KEY, Access("member"))
