"""Bells wake who listens, and only them; without one, a wait is short."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from pathlib import Path

import pytest
from tests.service import postgres

from rakkan.errors import RakkanError
from rakkan.service.jobs.bell import LOOK, Bell, PollingBell, SocketBell
from rakkan.service.jobs.postgres_bell import PostgresBell


def rings(bell: Bell, other: Bell) -> None:
    with bell.listen("work") as listener, bell.listen("news") as elsewhere:
        other.ring("work", "one")
        other.ring("work")
        assert select.select([listener.fileno()], [], [], 60)[0]
        heard = listener.wait(60)
        while len(heard) < 2:
            heard += listener.wait(60)
        assert heard == ["one", ""]
        assert listener.wait(0.01) == elsewhere.wait(0.01) == []
        begun = time.monotonic()
        threading.Timer(0.1, other.ring, ["news", "later"]).start()
        assert elsewhere.wait(60) == ["later"]
        assert time.monotonic() - begun < 30
    other.ring("work")


def test_a_socket_bell_wakes_listeners(tmp_path: Path) -> None:
    rings(SocketBell(tmp_path), SocketBell(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_socket_bell_may_lie_deep(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 80) / ("b" * 80)
    rings(SocketBell(deep), SocketBell(deep))


@pytest.mark.skipif(not postgres.is_there(), reason="there is no PostgreSQL here")
def test_postgres_wakes_listeners_also_after_its_connections_were_cut() -> None:
    import psycopg

    with postgres.postgres(durable=False) as url:
        bell, other = PostgresBell(url), PostgresBell(url)
        rings(bell, other)
        with bell.listen("work") as listener:
            with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                )
            assert listener.wait(1) == [] == listener.wait(1)
            other.ring("work", "again")
            assert listener.wait(60) == ["again"]
        bell.close()
        other.close()
    other.ring("work", "nobody is there: it is no error")


def test_the_socket_of_a_dead_process_goes_and_a_full_one_holds_up_nobody(tmp_path: Path) -> None:
    bell = SocketBell(tmp_path)
    with bell.listen("work") as listener:
        (own,) = tmp_path.iterdir()
        dead = tmp_path / (own.name.split("-")[0] + "-dead")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.bind(os.fspath(dead))
        for _ in range(2000):
            bell.ring("work", "x" * 500)
        assert not dead.exists() and own.exists()
        assert listener.wait(1)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RakkanError, match="cannot be used"):
        SocketBell(tmp_path / "file" / "run")


def test_without_a_bell_a_wait_is_short() -> None:
    begun = time.monotonic()
    bell = PollingBell()
    bell.ring("work")
    with bell.listen("work") as listener:
        assert listener.wait(60) == [] and listener.fileno() == -1
    assert LOOK * 0.9 <= time.monotonic() - begun < 30
