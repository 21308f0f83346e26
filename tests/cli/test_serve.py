"""``rakkan serve`` and ``rakkan work`` as a person runs them: what they refuse, and how they end."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.service.hosts import Client, Host, alive, ended, environment, server, until


@pytest.fixture
def told(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "70000"], "--port"),
        (["--port", "studio"], "--port"),
        (["--origin", "studio.example"], "is no address of a service"),
        (["--origin", "https://studio.example/path"], "is no address of a service"),
        (["--sign-up", "everybody"], "open, invited or closed"),
        (["--host", "0.0.0.0"], "--origin https://"),
        (["--host", "192.0.2.1", "--origin", "https://studio.example"], "Nothing can listen"),
    ],
)
def test_what_cannot_be_served_is_refused_in_one_line(
    rakkan: Callable[..., Any], arguments: list[str], complaint: str
) -> None:
    done = rakkan("serve", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
    assert complaint in done.stderr


def test_a_port_that_is_taken_is_refused_in_one_line(rakkan: Callable[..., Any]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = rakkan("serve", "--port", str(other.getsockname()[1]))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
    assert "Give another --port" in done.stderr


@pytest.mark.parametrize("command", ["serve", "work"])
def test_a_database_that_cannot_be_reached_is_told_in_one_line(
    rakkan: Callable[..., Any], command: str
) -> None:
    url = "postgresql+psycopg://rakkan:open-sesame@127.0.0.1:9/rakkan"
    done = rakkan(command, RAKKAN_DATABASE=url)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
    assert "cannot be used" in done.stderr
    assert "open-sesame" not in done.stderr


@pytest.fixture
def host(tmp_path: Path, told: dict[str, str]) -> Iterator[Host]:
    made = server(tmp_path / "server", told)
    with ended(made):
        yield made.start()


def test_a_session_outlives_a_restart_and_the_end_leaves_nothing_running(host: Host) -> None:
    client = Client([host.origin])
    first = host.token
    client.enter(first, host.origin)
    until(host.workers, "a worker")
    job = client.submit("a wish", {"prompt": "1girl, smile", "seed": "1"})
    assert client.follow(job, host.origin)["event"] == "done"
    assert host.end(signal.SIGINT) == 0
    assert alive(Path(host.environment["RAKKAN_HOME"])) == []

    host.start()
    assert client.get("/create").status_code == 200
    assert client.submit("a wish", {"prompt": "1girl, smile", "seed": "1"}) == job
    second = Client([host.origin])
    second.enter(host.token, host.origin)  # a later link lets the same owner in
    assert second.get(f"/studio/jobs/{job}/events").status_code == 200
    assert host.end(signal.SIGTERM) == 0
    assert alive(Path(host.environment["RAKKAN_HOME"])) == []

    for line in host.logged.splitlines():
        assert isinstance(json.loads(line), dict), line
    secrets = [first, host.token, client.session.partition("=")[2], client.csrf, "1girl", "smile", "mika"]
    assert [one for one in secrets if one in host.logged] == []
    assert '"route": "/welcome"' in host.logged


def test_a_server_that_is_killed_takes_its_worker_with_it(host: Host) -> None:
    until(host.workers, "a worker")
    host.kill()
    home = Path(host.environment["RAKKAN_HOME"])
    until(lambda: alive(home) == [], "the worker is gone", 30)


def test_a_worker_without_a_server_works_until_it_is_ended(tmp_path: Path, told: dict[str, str]) -> None:
    made = Host(("work", "--device", "cpu", "--device", "second"), told, tmp_path / "worker")
    with ended(made):
        made.start()
        until(lambda: len(made.workers()) == 2, "two workers")
        killed = made.workers()[0]
        assert made.kill_worker()
        until(lambda: len(set(made.workers()) - {killed}) == 2, "the killed one is replaced")
        assert made.end(signal.SIGINT) == 0
        assert alive(Path(told["RAKKAN_HOME"])) == []


def test_broken_requests_are_logged_without_what_they_said(host: Host) -> None:
    with socket.create_connection(("127.0.0.1", host.port)) as broken:
        broken.sendall(b"GET /welcome?token=tell-nobody BROKEN\r\n\r\n")
        assert b"400" in broken.recv(200)
    assert host.end() == 0
    lines = [json.loads(line) for line in host.logged.splitlines()]
    assert any(line.get("logger") == "uvicorn.error" for line in lines)
    assert "tell-nobody" not in host.logged
