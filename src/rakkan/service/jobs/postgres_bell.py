"""A bell for many hosts: PostgreSQL's LISTEN and NOTIFY."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import URL, make_url

from rakkan.service.jobs.bell import LOOK, Closing, Listener

if TYPE_CHECKING:
    import psycopg

_MOST_MESSAGE = 1000


class PostgresBell:
    """A bell for all who use a database (``postgresql+psycopg://…``). Safe to share between threads.

    A ring takes one short transaction of its own on a connection that is kept; each listener has its own
    connection, so a server has few listeners and tells those who wait in it itself.
    """

    def __init__(self, url: str | URL) -> None:
        self._conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._turn = threading.Lock()
        self._ringing: psycopg.Connection | None = None

    def ring(self, topic: str, message: str = "") -> None:
        import psycopg

        with self._turn:
            for _ in range(2):  # a connection that was kept may have been closed meanwhile
                with suppress(psycopg.Error, OSError):
                    if self._ringing is None:
                        self._ringing = connected(self._conninfo)
                    self._ringing.execute(
                        "SELECT pg_notify(%s, %s)", (_channel(topic), message[:_MOST_MESSAGE])
                    )
                    return
                self._hang_up()

    def listen(self, topic: str) -> Listener:
        return _PostgresListener(self._conninfo, topic)

    def wait(self, topic: str, timeout: float) -> list[str]:
        with self.listen(topic) as listener:
            return listener.wait(timeout)

    def close(self) -> None:
        """Let the kept connection go."""
        with self._turn:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._ringing is not None:
            self._ringing.close()
            self._ringing = None


class _PostgresListener(Closing):
    def __init__(self, conninfo: str, topic: str) -> None:
        self._conninfo, self._topic = conninfo, topic
        self._connection: psycopg.Connection | None = None
        self._connect()

    def _connect(self) -> None:
        import psycopg

        with suppress(psycopg.Error, OSError):
            connection = connected(self._conninfo)
            try:
                connection.execute(f"LISTEN {_channel(self._topic)}")  # a digest: nothing to quote
            except psycopg.Error:
                connection.close()
                raise
            self._connection = connection

    def wait(self, timeout: float) -> list[str]:
        import psycopg

        if self._connection is None:
            self._connect()
            if self._connection is None:
                time.sleep(max(0.0, min(timeout, LOOK)))
            return []  # what was rung meanwhile was missed: look
        try:
            return [notice.payload for notice in self._connection.notifies(timeout=timeout, stop_after=1)]
        except (psycopg.Error, OSError):
            self.close()
            return []

    def fileno(self) -> int:
        return -1 if self._connection is None else self._connection.fileno()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def connected(conninfo: str) -> psycopg.Connection:
    """A connection whose statements are transactions of their own. Raises psycopg.Error."""
    import psycopg

    return psycopg.connect(conninfo, autocommit=True, connect_timeout=5)


def _channel(topic: str) -> str:
    return "rakkan_" + sha256(topic.encode()).hexdigest()[:16]
