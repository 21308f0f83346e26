"""A process that computes and has no keys: started, asked for one thing at a time, served, and ended.

It finds no secret in its environment and opens no vault: what it needs it asks of the process that started
it, which serves it or refuses. It ends with that process, whatever it is doing.
"""

from __future__ import annotations

import errno
import fcntl
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from rakkan.errors import RakkanError
from rakkan.studio.engines.checkpoint import channel
from rakkan.studio.engines.checkpoint.graphs import Graph, memory
from rakkan.studio.engines.faults import ADVICE, Cancelled, OutOfMemory

#: (what is asked for, its arguments, whether somebody wants to stop) -> a picklable value, bytes or a Graph,
#: which is closed once it is handed over. A RakkanError it raises is raised where it was asked for.
Serve = Callable[[str, Sequence[Any], Callable[[], bool]], Any]

#: Seconds between two looks at whether somebody wants to stop.
LOOK = 0.02
#: Seconds without a sign of progress after which a process counts as stuck: far above any step.
PATIENCE = 1800.0
#: Seconds in which a process told to stop must do so, or it is killed: above the longest step.
GRACE = 120.0

#: Exit status of a process whose memory did not suffice to hear the answer.
EXHAUSTED = errno.ENOMEM

#: What the process runs. OpenVINO's converter tells its makers of every use, through a package that it does
#: without where that is not to be had: here it is not.
_BOOT = (
    "import sys; sys.modules['openvino_telemetry'] = None; "
    "from rakkan.studio.engines.checkpoint.worker import main; main()"
)
#: What a process may know of its surroundings, by how the variables' names begin. Among all others there may
#: be passphrases, tokens and keys.
_HARMLESS = (
    *("PATH", "HOME", "USER", "LANG", "LC_", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV"),
    *("OMP_", "KMP_", "GOMP_", "MKL_", "OPENBLAS_", "TBB_", "ONEDNN_", "DNNL_", "OV_", "OPENVINO_"),
    *("CUDA_", "NVIDIA_", "HIP_", "ROCR_", "HSA_", "PYTORCH_", "TORCH_", "MALLOC_"),
)
_CANCELLED = "The drawing was cancelled"
_LONGEST_LAST_WORDS = 200
#: Seconds in which a process that says nothing sensible any more is expected to have ended.
_SECONDS_TO_END = 10.0


class Ended(Exception):
    """The process has ended without an answer."""


class Child:
    """One process. What ``do`` raises leaves it as it says; nothing restarts it."""

    def __init__(
        self,
        name: str,
        *,
        keep: Sequence[int] = (),
        memory_limit: int | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Start it. ``name`` is what errors call it; it holds the open files ``keep`` for as long as it
        lives; ``memory_limit`` bounds its address space in bytes; ``variables`` are added to its
        environment."""
        self.name = name
        self._process: subprocess.Popen[bytes] | None = None
        self._said = memory("said")
        fcntl.fcntl(self._said, fcntl.F_SETFL, os.O_APPEND)
        ours, theirs = socket.socketpair()
        read, self._life = os.pipe()
        self._pipe = Connection(ours.detach())
        given = [str(one) for one in (theirs.fileno(), read, memory_limit or 0)]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BOOT, *given],
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                env={**environment(), **(variables or {})},
                pass_fds=(theirs.fileno(), read, *keep),
            )
        except BaseException:
            self._close()
            raise
        finally:
            theirs.close()
            os.close(read)

    @property
    def process_id(self) -> int | None:
        """The process's id, None when it has ended."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def do(
        self,
        job: Any,
        serve: Serve,
        *,
        progress: Callable[[int, int], object] = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
        patience: float = PATIENCE,
        grace: float = GRACE,
    ) -> Any:
        """What ``job``, a picklable function of the process's ``Driver``, returns there: pixels, a ``Graph``
        or what JSON holds.

        ``progress`` and ``serve`` are called here, ``cancelled`` is asked fifty times a second. Raises what
        the job raises; Cancelled, after ``grace`` seconds at the latest; OutOfMemory, after which the process
        has ended; and RakkanError when it crashed or gave no sign for ``patience`` seconds.
        """
        os.ftruncate(self._said.fileno(), 0)
        try:
            self._send(("job", job))
            return self._result(serve, progress, cancelled, patience, grace)
        except Ended:
            fault = self._crash(job.what)
            self.end()
            raise fault from None
        except RakkanError as error:
            if isinstance(error, OutOfMemory):
                self.end()  # so that the next one starts with all of the memory
            raise
        except BaseException:
            self.end()  # nobody waits for its answer any more
            raise

    def end(self) -> None:
        """Kill the process, and give back what this side holds of it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._close()

    def _result(
        self,
        serve: Serve,
        progress: Callable[[int, int], object],
        cancelled: Callable[[], bool],
        patience: float,
        grace: float,
    ) -> Any:
        last, stopping = time.monotonic(), math.inf
        while True:
            if self._comes():
                kind, content = self._receive()
                if kind == "progress":
                    progress(*(int(one) for one in _two(content)))
                elif kind == "ask":
                    what, arguments = _two(content)
                    if stopping == math.inf:
                        self._serve(serve, str(what), arguments, cancelled)
                    else:
                        self._send(("refused", portable(Cancelled(_CANCELLED))))
                else:
                    return self._content(kind, content)
                last = time.monotonic()
            now = time.monotonic()
            if stopping == math.inf and cancelled():
                self._send(("cancel", None))
                stopping = now + grace
            if now > stopping:
                self.end()
                raise Cancelled(_CANCELLED)
            if now - last > patience:
                self.end()
                raise RakkanError(
                    f"{self.name} gave no sign for {patience:g} s and was ended",
                    "Draw a smaller picture, or with fewer programs beside it",
                )

    def _serve(
        self, serve: Serve, what: str, arguments: Sequence[Any], cancelled: Callable[[], bool]
    ) -> None:
        try:
            found = serve(what, arguments, cancelled)
        except RakkanError as error:
            self._send(("refused", portable(error)))
            return
        try:
            if isinstance(found, Graph):
                self._send(("graph", None))
                channel.send_graph(self._pipe, found)
            elif isinstance(found, bytes):
                self._send(("bytes", None))
                self._pipe.send_bytes(found)
            else:
                self._send(("value", found))
        except OSError as error:
            raise Ended from error
        finally:
            if isinstance(found, Graph):
                found.close()

    def _content(self, kind: str, content: Any) -> Any:
        if kind == "failed":
            raise received(content)
        try:
            if kind == "pixels":
                height, width, channels = content
                data = self._pipe.recv_bytes(height * width * channels)
                return np.frombuffer(data, np.uint8).reshape(height, width, channels)
            return channel.receive_graph(self._pipe) if kind == "graph" else content
        except (EOFError, OSError, ValueError, TypeError) as error:
            raise Ended from error

    def _comes(self) -> bool:
        try:
            return self._pipe.poll(LOOK)
        except (EOFError, OSError) as error:
            raise Ended from error

    def _receive(self) -> tuple[str, Any]:
        try:
            return channel.hear(self._pipe)
        except (EOFError, OSError) as error:
            raise Ended from error

    def _send(self, message: Any) -> None:
        try:
            self._pipe.send(message)
        except OSError as error:
            raise Ended from error

    def _crash(self, what: str) -> RakkanError:
        """What to say of a process that ended without an answer."""
        assert self._process is not None
        try:
            status = self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            return RakkanError(f"{self.name} answered what is no answer and was ended", "Draw again")
        if status == -signal.SIGKILL:
            return OutOfMemory(f"{self.name} was killed, most likely because the machine's memory ran out")
        if status == EXHAUSTED:
            return OutOfMemory(f"There is not enough memory for {what}")
        return RakkanError(
            f"{self.name} ended unexpectedly (status {status}{self._last_words()})",
            f"Try again; if it happens again: {ADVICE[0].lower()}{ADVICE[1:]}",
        )

    def _last_words(self) -> str:
        size = os.fstat(self._said.fileno()).st_size
        said = os.pread(self._said.fileno(), 4096, max(0, size - 4096)).decode(errors="replace").strip()
        line = said.splitlines()[-1][:_LONGEST_LAST_WORDS] if said else ""
        return f": {line}" if line else ""

    def _close(self) -> None:
        if self._life >= 0:
            os.close(self._life)
            self._life = -1
            self._pipe.close()
            self._said.close()

    def __del__(self) -> None:
        with suppress(AttributeError):  # half of it was made
            self.end()


def _two(content: Any) -> Sequence[Any]:
    if not isinstance(content, list) or len(content) != 2:
        raise Ended
    return content


def environment(known: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The surroundings of a process without keys: where programs and packages lie, how to compute, and
    nothing that could be a secret."""
    kept = {name: value for name, value in known.items() if name.startswith(_HARMLESS)}
    paths = [path for path in sys.path if path]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), "HF_HUB_OFFLINE": "1"}


def portable(error: RakkanError) -> tuple[str, str, str]:
    """An error as it is sent: its kind, if it is one of an engine's, and its words."""
    kind = next((one.__name__ for one in (Cancelled, OutOfMemory) if isinstance(error, one)), "")
    return kind, error.message, error.hint


def received(sent: Sequence[Any]) -> RakkanError:
    """The error that ``portable`` made ready."""
    kind, message, hint = (str(one) for one in sent)
    found = {one.__name__: one for one in (Cancelled, OutOfMemory)}.get(kind, RakkanError)
    return found(message, hint)
