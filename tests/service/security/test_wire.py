"""What no client sends: smuggled, endless, slow and misaddressed requests, and sockets."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import pytest
from tests.service.access.world import World
from tests.service.security.wire import host, received, request, send, status

from rakkan.service import connections
from rakkan.service.access import router

FORM = "Content-Type: application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 4", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 4"),
        ("Content-Length: 4", "Content-Length: 5"),
        ("Content-Length: 4", "Content-Length: 4"),
        ("Content-Length: 4, 5",),
        ("Content-Length: +4",),
        ("Content-Length: -1",),
        (f"Content-Length: {'9' * 4000}",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding : chunked",),
        ("X: a", " Transfer-Encoding: chunked"),
    ],
)
def test_a_request_with_two_ends_is_refused(world: World, headers: tuple[str, ...]) -> None:
    inner = request(world, "GET /healthz HTTP/1.1")
    reply = send(world, request(world, "POST /sign-in HTTP/1.1", FORM, *headers, body=b"0\r\n\r\n" + inner))
    assert status(reply) == 400
    assert reply.count(b"HTTP/1.1 ") == 1, "What was smuggled in was answered"


@pytest.mark.parametrize("name", ["Origin", "Authorization", "Content-Type", "Sec-Fetch-Site"])
def test_what_says_who_asks_is_said_once(world: World, name: str) -> None:
    asked = request(world, "GET /healthz HTTP/1.1", f"{name}: {world.origin}", f"{name}: {world.origin}")
    assert status(send(world, asked)) == 400


@pytest.mark.parametrize("path", ["/healthz", "/sign-in", "/create", "/static/0/css/rakkan.css", "/metrics"])
@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1", "localhost.evil.example", "localhost", ""])
def test_a_name_that_was_bound_anew_reaches_nothing(world: World, path: str, name: str) -> None:
    asked = request(world, f"GET {path} HTTP/1.1", f"Host: {name}", named=False)
    assert status(send(world, asked)) == 421


def test_two_names_are_one_too_many(world: World) -> None:
    for names in ([host(world), "evil.example"], ["evil.example", host(world)]):
        told = [f"Host: {name}" for name in names]
        assert status(send(world, request(world, "GET /healthz HTTP/1.1", *told, named=False))) == 400
    assert status(send(world, request(world, "GET /healthz HTTP/1.1", named=False))) == 421


@pytest.mark.parametrize("path", ["/studio/jobs/x/events", "/", "/api/v1", "/socket"])
def test_there_are_no_sockets(world: World, path: str) -> None:
    asked = request(
        world,
        f"GET {path} HTTP/1.1",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Origin: https://evil.example",
    )
    reply = send(world, asked)
    assert status(reply) in (401, 403, 404)
    assert b"sec-websocket-accept" not in reply.lower()


def test_a_head_has_an_end(world: World) -> None:
    endless = request(world, "GET /healthz HTTP/1.1", "X: " + "a" * 60_000).removesuffix(b"\r\n\r\n")
    assert status(send(world, *[endless] * 20)) in (0, 400)
    for header in (f"X: {'a' * 40_000}", f"Cookie: {'a=b; ' * 8_000}"):
        assert status(send(world, request(world, "GET /healthz HTTP/1.1", header))) == 413
    assert status(send(world, request(world, f"GET /healthz?{'a' * 60_000} HTTP/1.1"))) in (200, 400, 413)


def test_who_says_nothing_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    for begun in (b"", b"GET /healthz HTTP/1.1\r\nX: "):
        started = time.monotonic()
        assert send(world, begun, seconds=60) == b""
        assert time.monotonic() - started < 40
    # A connection that has been answered once gets no longer for its next head.
    whole = request(world, "GET /healthz HTTP/1.1")
    started = time.monotonic()
    assert status(send(world, whole, b"GET / HT", seconds=60)) == 200
    assert time.monotonic() - started < 40


def test_a_body_that_dawdles_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router.capped, "__defaults__", (0.2, router._nothing))
    headers = [f"{name}: {text}" for name, text in world.headers("visitor", "").items()]
    asked = request(world, "POST /sign-in HTTP/1.1", FORM, "Content-Length: 900", *headers, body=b"handle=")
    started = time.monotonic()
    assert status(send(world, asked, seconds=60)) == 408
    assert time.monotonic() - started < 40


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "OPTIONS", "PROPFIND", "HEAD"])
def test_other_methods_do_nothing(world: World, method: str) -> None:
    reply = send(world, request(world, f"{method} /sign-in HTTP/1.1"), seconds=1)
    assert status(reply) in (0, 400, 405)
    assert b"access-control-allow" not in reply.lower()


def test_promises_of_large_bodies_are_not_believed(world: World) -> None:
    asked = request(world, "POST /sign-in HTTP/1.1", FORM, "Content-Length: 99999999", "Expect: 100-continue")
    reply = send(world, asked)
    assert status(reply) == 413 and b"100 Continue" not in reply


def test_a_body_that_was_refused_unread_is_no_head(world: World) -> None:
    """Who sends on what was refused already can ask again on the same connection."""
    asked = request(world, "POST /sign-in HTTP/1.1", FORM, "Content-Length: 200000")
    with socket.create_connection(("127.0.0.1", urlsplit(world.origin).port or 0)) as connection:
        connection.settimeout(20)
        connection.sendall(asked)
        assert status(received(connection)) == 413
        for _ in range(20):
            connection.sendall(b"x" * 10_000)
            time.sleep(0.005)
        connection.sendall(request(world, "GET /healthz HTTP/1.1"))
        assert status(received(connection)) == 200


def test_the_rest_of_a_refused_body_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = request(world, "POST /sign-in HTTP/1.1", FORM, "Content-Length: 200000")
    with socket.create_connection(("127.0.0.1", urlsplit(world.origin).port or 0)) as connection:
        connection.settimeout(20)
        connection.sendall(asked)
        assert status(received(connection)) == 413
        monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
        with pytest.raises(ConnectionError):
            for _ in range(400):
                connection.sendall(b"x")
                time.sleep(0.05)
