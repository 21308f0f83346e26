"""The parent's side of one sandbox child: starts it, talks to it under a deadline, and kills it for good."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError
from rakkan.formats.sandbox_child import FRAME

if TYPE_CHECKING:
    from rakkan.formats.sandbox import Limits

#: How long a child may take to import what it needs, in seconds; a busy machine may take a while.
_SECONDS_TO_START = 60.0
_BOOT = (
    "import json, sys; given = json.loads(sys.argv[1]); sys.path += given['paths']; "
    "from rakkan.formats.sandbox_child import main; main(given)"
)
_PIPE_BYTES = 1024 * 1024
_LONGEST_LINE = 400
_AGAIN = "Give another file, or try again"


class Died(RakkanError):
    """The child ended, or ran out of memory; a fresh one may do better."""


class Worker:
    """One child. ``calls`` counts its requests, ``held`` names its locks; ``broken`` when it must go."""

    def __init__(self, limits: Limits, modules: Sequence[str], paths: Sequence[str]) -> None:
        given = {
            "paths": [*paths, *_import_paths()],
            "modules": list(modules),
            "memory": limits.memory,
            "processor_seconds": limits.processor_seconds,
            "parent": os.getpid(),
        }
        try:
            # Isolated and without site: no start-up file or variable of the user's has a say.
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-X", "utf8", "-c", _BOOT, json.dumps(given)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                cwd="/",
                env=_environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise RakkanError(
                f"The reader of files did not start: {error.strerror}", "Free memory and processes"
            ) from error
        assert self._process.stdin is not None and self._process.stdout is not None
        self._requests, self._replies = self._process.stdin, self._process.stdout
        self._limits = limits
        self.calls = 0
        self.broken = False
        for pipe in (self._requests, self._replies):
            os.set_blocking(pipe.fileno(), False)
            _widen(pipe.fileno())
        try:
            held, _ = self._exchange([], time.monotonic() + _SECONDS_TO_START)
        except BaseException as error:
            self.end()
            if not isinstance(error, RakkanError):
                raise
            raise RakkanError(
                "The reader of files did not start", "Check that Rakkan and Pillow are installed"
            ) from error
        self.held = tuple(str(name) for name in held)

    def call(self, name: str, data: bytes, seconds: float) -> tuple[Any, bytes]:
        """One request and its reply. Raises RakkanError; ``broken`` then says whether the child must go."""
        self.calls += 1
        self.broken = True  # until the whole reply is here
        label = name.encode("ascii")
        request = [memoryview(FRAME.pack(len(label), len(data)) + label), memoryview(data)]
        answer = self._exchange(request, time.monotonic() + seconds)
        self.broken = False
        return answer

    def alive(self) -> bool:
        return self._ended() is None

    def end(self) -> None:
        """Kill the child's process group, reap it, close its pipes."""
        self.broken = True
        # The child is not reaped before this, so the number of its group cannot be another's yet.
        if self._process.returncode is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
            self._process.wait()
        self._close()

    def forget(self) -> None:
        """In a forked process: close the copies of the pipes and leave the child to its parent."""
        self.broken = True
        self._process.returncode = 0
        self._close()

    def _close(self) -> None:
        for pipe in (self._requests, self._replies):
            pipe.close()

    def _exchange(self, request: list[memoryview], deadline: float) -> tuple[Any, bytes]:
        incoming = _Reply(self._limits)
        poller = select.poll()
        poller.register(self._replies, select.POLLIN)
        if request:
            poller.register(self._requests, select.POLLOUT)
        while not incoming.whole():
            left = deadline - time.monotonic()
            if left <= 0:
                raise RakkanError(
                    f"The file was given up: reading it took longer than {self._limits.seconds:g} s",
                    "Give a smaller or simpler file",
                )
            for descriptor, _ in poller.poll(left * 1000 + 1):
                if descriptor == self._replies.fileno():
                    self._read(incoming)
                elif not self._write(request):
                    poller.unregister(self._requests)
        said, payload = incoming.parts()
        # A reply that came before the request was read, or goes on after its end, was no answer to it.
        if request or select.select([self._replies], [], [], 0)[0]:
            self._lied("it speaks out of turn")
        return self._judge(said), payload

    def _write(self, request: list[memoryview]) -> bool:
        """Send some of the request; whether any is left."""
        while request:
            try:
                sent = os.write(self._requests.fileno(), request[0])
            except BlockingIOError:
                return True
            except BrokenPipeError:
                request.clear()  # it died; its pipe of replies tells how
                return False
            request[0] = request[0][sent:]
            if not request[0]:
                request.pop(0)
        return False

    def _read(self, incoming: _Reply) -> None:
        try:
            got = os.readv(self._replies.fileno(), [incoming.room()])
        except BlockingIOError:
            return
        if got == 0:
            raise self._death()
        incoming.filled(got)

    def _ended(self) -> int | None:
        """The status the child ended with (a signal as a negative number), or None; leaves it unreaped."""
        try:
            found = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return 0
        if found is None:
            return None
        return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status

    def _death(self) -> RakkanError:
        status = self._ended()
        for _ in range(100):
            if status is not None:
                break
            time.sleep(0.01)
            status = self._ended()
        if status == -signal.SIGXCPU:
            return Died("The file was given up: reading it takes too much computing", _AGAIN)
        how = "hung up" if status is None else f"ended early (status {status})"
        return Died(f"The file was given up: its reader {how}", _AGAIN)

    def _judge(self, said: Any) -> Any:
        if isinstance(said, dict) and len(said) == 1:
            if "answer" in said:
                return said["answer"]
            error = said.get("error")
            if isinstance(error, list) and len(error) == 2 and all(isinstance(text, str) for text in error):
                self.broken = False
                raise RakkanError(_one_line(error[0]), _one_line(error[1]))
            if said.get("failed") == "MemoryError":
                raise Died(
                    "The file was given up: reading it takes more than "
                    f"{self._limits.memory // 1024 // 1024} MiB of memory",
                    "Give a smaller or simpler file",
                )
            if isinstance(said.get("failed"), str):
                raise RakkanError(
                    f"The file was given up: its reader failed ({_one_line(said['failed'])})", _AGAIN
                )
        return self._lied("it is of no known form")

    def _lied(self, reason: str) -> Any:
        raise RakkanError(f"The file was given up: its reader's answer is damaged: {reason}", _AGAIN)


class _Reply:
    """A reply as it comes in, its lengths checked before anything is made to hold it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._parts = [bytearray(FRAME.size)]
        self._filled = 0

    def room(self) -> memoryview:
        return memoryview(self._parts[-1])[self._filled :]

    def filled(self, count: int) -> None:
        self._filled += count
        while self._filled == len(self._parts[-1]) and len(self._parts) < 3:
            lengths = FRAME.unpack(self._parts[0])
            if lengths[0] > self._limits.answer or lengths[1] > self._limits.payload:
                raise RakkanError("The file was given up: its reader's answer is too long", _AGAIN)
            self._parts.append(bytearray(lengths[len(self._parts) - 1]))
            self._filled = 0

    def whole(self) -> bool:
        return len(self._parts) == 3 and self._filled == len(self._parts[2])

    def parts(self) -> tuple[Any, bytes]:
        try:
            said = json.loads(self._parts[1].decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise RakkanError(
                "The file was given up: its reader's answer is damaged: it is not JSON", _AGAIN
            ) from error
        return said, bytes(self._parts[2])


def _import_paths() -> list[str]:
    """The folders that what a reader needs is imported from, whatever way it is installed."""
    folders: list[str] = []
    for name in ("rakkan", "PIL", "c2pa", "cryptography", "cffi"):
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            folder = os.path.dirname(os.path.dirname(os.path.abspath(spec.origin)))
            if folder not in folders:
                folders.append(folder)
    return folders


def _environment() -> dict[str, str]:
    # Where a Python finds its own shared libraries; everything else stays with the parent.
    return {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}


def _widen(descriptor: int) -> None:
    """A larger pipe means fewer wake-ups; the kernel may say no."""
    import fcntl

    try:
        fcntl.fcntl(descriptor, getattr(fcntl, "F_SETPIPE_SZ", 1031), _PIPE_BYTES)
    except OSError:
        pass


def _one_line(text: str) -> str:
    plain = "".join(character if character.isprintable() else " " for character in text[:_LONGEST_LINE])
    return " ".join(plain.split())
