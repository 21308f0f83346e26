"""Waking who waits: a bell is rung when there is something new, so that nobody has to look all the time.

A bell is a help and never the record. A ring may be lost (a full buffer, a server that starts anew), and a
wait may end without one: whoever waits looks at the database afterwards in either case, and looks now and
then without a ring.
"""

from __future__ import annotations

import os
import secrets
import select
import socket
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from rakkan.errors import RakkanError

#: Topics of the queue: a job waits; a running job (the message) is to be stopped; a job has changed.
WORK, STOP, NEWS = "work", "stop", "news"

#: Seconds between two looks without a bell.
LOOK = 0.25
_MOST_MESSAGE = 1000
#: What the name of a Unix socket may have on Linux, less its closing zero (unix(7)).
_MOST_PATH = 107


class Listener(Protocol):
    """Hears one topic from when it is made until it is closed."""

    def wait(self, timeout: float) -> list[str]:
        """The messages rung since the last call; waits ``timeout`` seconds for the first, then none."""
        ...

    def fileno(self) -> int:
        """What becomes readable at a ring, for an event loop; -1 when there is nothing."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Bell(Protocol):
    """Rings topics (short names) and hears them, in all processes that were given the same bell."""

    def ring(self, topic: str, message: str = "") -> None:
        """Wake all who listen to ``topic``; never raises."""
        ...

    def listen(self, topic: str) -> Listener:
        """Begin to hear ``topic``: listen, look, wait, look again."""
        ...

    def wait(self, topic: str, timeout: float) -> list[str]:
        """Listen and wait once; what is rung just before is missed."""
        ...


class Closing:
    """What every listener shares: it closes at the end of a ``with``."""

    def close(self) -> None:
        """Hear nothing more."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class PollingBell:
    """No bell: a wait ends after a quarter of a second, and one looks."""

    def ring(self, topic: str, message: str = "") -> None:
        pass

    def listen(self, topic: str) -> Listener:
        return _Polling()

    def wait(self, topic: str, timeout: float) -> list[str]:
        return _Polling().wait(timeout)


class _Polling(Closing):
    def wait(self, timeout: float) -> list[str]:
        time.sleep(max(0.0, min(timeout, LOOK)))
        return []

    def fileno(self) -> int:
        return -1


class SocketBell:
    """A bell for the processes of one host: each listener has a socket in a folder, a ring goes to all.

    The folder is for the service alone. Sockets of processes that were killed go at the next ring.
    """

    def __init__(self, folder: Path) -> None:
        """Raises RakkanError when the folder cannot be made."""
        self._folder = folder.absolute()
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise RakkanError(
                f"The folder {folder} cannot be used: {(error.strerror or str(error)).lower()}",
                "Check where it lies",
            ) from error

    def ring(self, topic: str, message: str = "") -> None:
        prefix, data = _prefix(topic), message.encode()[:_MOST_MESSAGE]
        with suppress(OSError), _Reach(self._folder) as reach:
            names = [name for name in os.listdir(self._folder) if name.startswith(prefix)]
            if not names:
                return
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                for name in names:
                    self._send(sender, reach.path(name), data)

    @staticmethod
    def _send(sender: socket.socket, path: str, data: bytes) -> None:
        try:
            sender.sendto(data, path)
        except ConnectionRefusedError:  # its process was killed
            with suppress(OSError):
                os.unlink(path)
        except OSError:
            pass  # its buffer is full: it has enough to wake up for

    def listen(self, topic: str) -> Listener:
        name = _prefix(topic) + secrets.token_hex(8)
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            with _Reach(self._folder) as reach:
                receiver.bind(reach.path(name))
        except OSError as error:
            receiver.close()
            raise RakkanError(
                f"Nothing can be heard in {self._folder}: {error.strerror or error}", "Check the folder"
            ) from error
        receiver.setblocking(False)
        return _SocketListener(receiver, self._folder / name)

    def wait(self, topic: str, timeout: float) -> list[str]:
        with self.listen(topic) as listener:
            return listener.wait(timeout)


class _SocketListener(Closing):
    def __init__(self, receiver: socket.socket, path: Path) -> None:
        self._receiver, self._path = receiver, path

    def wait(self, timeout: float) -> list[str]:
        select.select([self._receiver], [], [], max(0.0, timeout))
        heard: list[str] = []
        with suppress(BlockingIOError):
            while True:
                heard.append(self._receiver.recv(_MOST_MESSAGE).decode(errors="replace"))
        return heard

    def fileno(self) -> int:
        return self._receiver.fileno()

    def close(self) -> None:
        self._receiver.close()
        self._path.unlink(missing_ok=True)


class _Reach:
    """Names in a folder, short enough for a socket however deep the folder lies (Linux)."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._descriptor = str(folder), -1

    def __enter__(self) -> Self:
        if len(os.fsencode(self._folder)) > _MOST_PATH - 40:
            self._descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            self._folder = f"/proc/self/fd/{self._descriptor}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def path(self, name: str) -> str:
        return f"{self._folder}/{name}"


def _prefix(topic: str) -> str:
    return sha256(topic.encode()).hexdigest()[:12] + "-"
