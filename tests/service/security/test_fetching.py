"""The service fetches nothing that somebody names: no caller of the network, no visit to a canary."""

from __future__ import annotations

import ast
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.service.access.documents import DOCUMENT
from tests.service.access.fillers import FILLERS, MAKERS
from tests.service.access.walking import Filler
from tests.service.access.world import World

from rakkan.service.access.router import GuardedRoute
from rakkan.service.access.table import read

SERVICE = Path(__file__).resolve().parents[3] / "src" / "rakkan" / "service"
#: Modules that open connections or start programs that could.
CALLERS = {
    "aiohttp",
    "ftplib",
    "http.client",
    "httpx",
    "requests",
    "smtplib",
    "socket",
    "ssl",
    "subprocess",
    "telnetlib",
    "urllib.request",
    "urllib3",
    "websockets",
    "xmlrpc",
    "rakkan.models.download",
}
#: Who may, and why.
ALLOWED = {
    "jobs/bell.py": "a socket of this machine, by which processes ring for each other",
    "jobs/queue.py": "asks for this machine's name alone",
    "jobs/process.py": "worker processes, by a command that nobody's input is part of",
    "serving.py": "tries whether the port to listen at is free",
}


def callers(text: str) -> list[str]:
    """The modules of ``CALLERS`` that a file imports, at its top or within its functions."""
    found = []
    for node in ast.walk(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{one.name}" for one in node.names)]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            names = [one.value for one in node.args if isinstance(one, ast.Constant)]
        found += [name for name in names if any(name == one or name.startswith(f"{one}.") for one in CALLERS)]
    return found


def test_nothing_in_the_service_calls_the_network() -> None:
    found = {
        str(path.relative_to(SERVICE)): calls
        for path in sorted(SERVICE.rglob("*.py"))
        if (calls := callers(path.read_text(encoding="utf-8")))
    }
    assert set(found) == set(ALLOWED), {name: found.get(name) for name in set(found) ^ set(ALLOWED)}


@pytest.mark.parametrize(
    "text",
    [
        "import httpx",
        "def f():\n    from urllib.request import urlopen",
        "from urllib import request",
        "import importlib\nimportlib.import_module('requests')",
        "from rakkan.models import download",
    ],
)
def test_the_test_sees_a_caller(text: str) -> None:
    assert callers(text)


def test_the_test_lets_the_innocent_pass() -> None:
    assert callers("from urllib.parse import urlsplit\nimport json") == []


@pytest.fixture
def canary() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a listener that answers nobody, and what came."""
    came: list[bytes] = []
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(0.1)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                with connection:
                    came.append(b"connection")

        thread = threading.Thread(target=listen)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/picture.png", came
        over.set()
        thread.join()


def fields(route: GuardedRoute) -> list[str]:
    """The names of all that a route reads from its query and its body."""
    names: list[str] = []
    for field in (*route.dependant.query_params, *route.dependant.body_params):
        kind: Any = field.field_info.annotation
        names += list(getattr(kind, "model_fields", None) or [field.name])
    return names


def test_no_field_makes_the_service_visit_an_address(world: World, canary: tuple[str, list[bytes]]) -> None:
    address, came = canary
    asked = 0
    # Taking down last: what looks like it cannot come in any more.
    for row in sorted(read(DOCUMENT), key=lambda row: row.path.endswith("take-down")):
        (route,) = (
            one
            for one in world.instance.app.routes
            if isinstance(one, GuardedRoute) and one.path == row.path and row.method in (one.methods or ())
        )
        who: Any = row.role if row.role in ("moderator", "owner") else "member"
        handle = "mika" if who == "member" else who
        path = row.path
        for name, suffix in re.findall(r"{(\w+)(:path)?}", path):
            path = path.replace(
                f"{{{name}{suffix}}}", (MAKERS.get(row.path) or MAKERS[name])(world, handle, False)
            )
        told = dict.fromkeys(fields(route), address)
        headers = {**world.headers(who, row.scope), "referer": address, "x-forwarded-host": address}
        filler = FILLERS.get((row.method, row.path), Filler())
        sent: list[dict[str, Any]] = [{"params": told}]
        if row.method != "GET":
            sent = [{"json": told}, {"data": told}]
            if filler.files is None and (make := filler.json or filler.data):
                good = make(world, who)
                kind = "json" if filler.json else "data"
                sent += [{kind: {**good, name: address}} for name in told if isinstance(good, dict)]
        for one in sent:
            reply = world.client.request(row.method, path, headers=headers, **one)
            assert reply.status_code < 500 or reply.status_code == 503, (row, one, reply.text)
            asked += 1
    assert asked > 20
    assert came == []


def test_the_canary_sings(canary: tuple[str, list[bytes]]) -> None:
    address, came = canary
    port = int(address.rsplit(":", 1)[1].split("/")[0])
    socket.create_connection(("127.0.0.1", port)).close()
    for _ in range(3000):
        if came:
            break
        threading.Event().wait(0.02)
    assert came
