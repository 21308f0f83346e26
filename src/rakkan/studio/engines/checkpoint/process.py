"""One engine process for each device: it may be ended, run out of memory or crash, and drawing goes on.

The engine lives in a process of its own, which is asked for one picture at a time. When it is ended by the
kernel, does not answer or runs out of memory, the caller gets one error with advice, and another process
takes its place. Pixels come back through the pipe; nothing is written anywhere.
"""

from __future__ import annotations

import fcntl
import math
import multiprocessing
import re
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.studio.engines.checkpoint.worker import Drawing, run
from rakkan.studio.engines.faults import ADVICE, Cancelled, OutOfMemory

Pixels = npt.NDArray[np.uint8]

#: Seconds between two looks at whether somebody wants to stop.
LOOK = 0.02
#: Seconds without a sign of progress after which a process counts as stuck: far above any step.
PATIENCE = 1800.0
#: Seconds in which a process told to stop must do so, or it is killed: above the longest step.
GRACE = 120.0


class EngineProcess:
    """An engine in a process of its own. Safe to share between threads, which take turns."""

    def __init__(
        self,
        device: str,
        make: Callable[[], Drawing],
        locks: Path,
        *,
        memory: int | None = None,
        patience: float = PATIENCE,
        grace: float = GRACE,
    ) -> None:
        """Take the device, and start the process.

        ``make`` builds the engine inside the process when the first picture is asked for: a function of a
        module, or a ``functools.partial`` of one. ``locks`` is a folder, one for all who use the device.
        ``memory`` bounds the process's address space in bytes. Raises RakkanError when another process
        already draws on the device.
        """
        self.device = device
        self._make, self._memory, self._patience, self._grace = make, memory, patience, grace
        self._turn = threading.Lock()
        self._number = 0
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._lock: IO[str] | None = _locked(device, locks)
        self._start()

    @property
    def process_id(self) -> int | None:
        """The process's id, None while there is none."""
        return self._process.pid if self._process is not None and self._process.is_alive() else None

    def sample(
        self,
        *,
        progress: Callable[[int, int], object] = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
        **options: Any,
    ) -> Pixels:
        """Draw one picture with these options, as the engine does.

        ``progress`` is called here, not in the process; ``cancelled`` is asked fifty times a second. Raises
        what the engine raises, Cancelled, OutOfMemory, and RakkanError when the process crashed or did not
        answer; the next call works in any case.
        """
        with self._turn:
            if self._lock is None:
                raise RakkanError("This engine was closed", "Start another one")
            if self._process is None or not self._process.is_alive():
                self._end()
                self._start()
            self._number += 1
            try:
                return self._answer(options, progress, cancelled)
            except (RakkanError, BrokenPipeError, EOFError, OSError) as error:
                if isinstance(error, RakkanError) and self._process is not None:
                    if isinstance(error, OutOfMemory):
                        self._process.join(self._grace)
                    if self._process.is_alive():
                        raise
                fault = error if isinstance(error, RakkanError) else self._crash()
                self._end()
                self._start()
                raise fault from None
            except BaseException:
                self._end()  # nobody waits for its answer any more
                raise

    def close(self) -> None:
        """End the process and let the device go."""
        with self._turn:
            self._end()
            if self._lock is not None:
                self._lock.close()
                self._lock = None

    def _answer(
        self, options: dict[str, Any], progress: Callable[[int, int], object], cancelled: Callable[[], bool]
    ) -> Pixels:
        pipe, process = self._pipe, self._process
        assert pipe is not None and process is not None
        pipe.send((self._number, options))
        last, stopping = time.monotonic(), math.inf
        while True:
            ready = wait([pipe, process.sentinel], LOOK)
            now = time.monotonic()
            if pipe in ready:
                number, kind, content = pipe.recv()
                last = now
                if number == self._number and kind == "progress":
                    progress(*content)
                elif number == self._number and kind == "drawn":
                    return np.frombuffer(pipe.recv_bytes(), np.uint8).reshape(content)
                elif number == self._number:
                    raise content
            elif ready:
                raise EOFError
            if stopping == math.inf and cancelled():
                pipe.send((self._number, None))
                stopping = now + self._grace
            if now > stopping:
                self._kill()
                raise Cancelled("The drawing was cancelled")
            if now - last > self._patience:
                self._kill()
                raise RakkanError(
                    f"The engine on {self.device} gave no sign for {self._patience:g} s and was ended",
                    "Draw a smaller picture, or with fewer programs beside it",
                )

    def _crash(self) -> RakkanError:
        """What to say of a process that ended without an answer."""
        assert self._process is not None
        self._process.join(self._grace)
        status = self._process.exitcode
        if status == -signal.SIGKILL:
            return OutOfMemory(
                f"The engine on {self.device} was killed, most likely because the machine's memory ran out"
            )
        return RakkanError(
            f"The engine on {self.device} ended unexpectedly (status {status})",
            f"Draw again; if it happens again: {ADVICE[0].lower()}{ADVICE[1:]}",
        )

    def _start(self) -> None:
        assert self._lock is not None
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        arguments = (other, _Shared(self._lock.fileno()), self._make, self._memory)
        process = context.Process(target=run, args=arguments, name=f"rakkan {self.device}", daemon=True)
        process.start()
        other.close()
        self._process = process

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def _end(self) -> None:
        self._kill()
        if self._pipe is not None:
            with suppress(OSError):
                self._pipe.close()
        self._process = self._pipe = None


class _Shared:
    """An open file that a process being started is given too."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _unchanged, (DupFd(self._number),)


def _unchanged(given: Any) -> Any:
    return given


def _locked(device: str, locks: Path) -> IO[str]:
    """The device's lock file, locked."""
    locks.mkdir(parents=True, exist_ok=True)
    path = locks / (re.sub(r"[^A-Za-z0-9.-]", "_", device) + ".lock")
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise RakkanError(
            f"Another process draws on {device} already",
            "Wait until it has ended, or send your drawing to it",
        ) from error
    return file
