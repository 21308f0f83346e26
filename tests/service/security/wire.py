"""Requests as bytes, for those that no client would send."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from tests.service.access.world import World


def host(world: World) -> str:
    return urlsplit(world.origin).netloc


def send(world: World, *pieces: bytes, seconds: float = 30.0) -> bytes:
    """What comes back of some bytes, until the service closes, a reply is complete or the time is over."""
    with socket.create_connection(("127.0.0.1", urlsplit(world.origin).port or 0)) as connection:
        connection.settimeout(seconds)
        try:
            for piece in pieces:
                connection.sendall(piece)
        except (TimeoutError, ConnectionError):
            pass
        return received(connection)


def received(connection: socket.socket) -> bytes:
    """What comes in next, until the service closes, a reply is complete or the connection's time is over."""
    told = b""
    try:
        while more := connection.recv(65536):
            told += more
            if _is_whole(told):
                break
    except (TimeoutError, ConnectionError):
        pass
    return told


def request(world: World, line: str, *headers: str, body: bytes = b"", named: bool = True) -> bytes:
    """The bytes of a request; ``named`` says for which host."""
    head = [line, *([f"Host: {host(world)}"] if named else []), *headers, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


def status(reply: bytes) -> int:
    """The status of a reply, 0 where there is none."""
    return int(reply.split(b" ", 2)[1]) if reply.startswith(b"HTTP/1.1 ") else 0


def _is_whole(told: bytes) -> bool:
    head, separator, body = told.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return bool(separator) and len(body) >= int(line.partition(b":")[2])
    return False
