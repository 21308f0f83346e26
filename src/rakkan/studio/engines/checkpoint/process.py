"""One engine process for each device: it may be ended, run out of memory or crash, and drawing goes on.

The engine lives in a process without keys, which is asked for one picture at a time. When it is ended by the
kernel, does not answer or runs out of memory, the caller gets one error with advice, and the next picture is
drawn by another process. Pixels come back through the pipe; nothing is written anywhere.
"""

from __future__ import annotations

import fcntl
import platform
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.studio.engines.checkpoint.child import GRACE, PATIENCE, Child, Serve
from rakkan.studio.engines.checkpoint.served import Serving
from rakkan.studio.engines.checkpoint.worker import Draw, Load, Make
from rakkan.studio.engines.faults import Cancelled

Pixels = npt.NDArray[np.uint8]
Say = Callable[[str], None]

#: Seconds between two looks at whether a device is free.
LOOK = 0.1


@dataclass(frozen=True)
class Facts:
    """What recipes say of an engine, and how many pictures it draws at once."""

    name: str
    precision: str
    versions: Mapping[str, str]
    batch: int = 1


class EngineProcess:
    """The engine process of a device. Safe to share between threads, which take turns.

    It has one engine at a time: for one made of something else, another process takes its place. While the
    process lives the device is locked; it starts when it is first needed.
    """

    def __init__(
        self,
        device: str,
        locks: Path,
        *,
        memory: int | None = None,
        patience: float = PATIENCE,
        grace: float = GRACE,
    ) -> None:
        """``locks`` is a folder, one for all who use the device; ``memory`` bounds the process's address
        space in bytes; ``patience`` and ``grace`` are those of ``Child.do``."""
        self.device = device
        self._locks = locks
        self._memory, self._patience, self._grace = memory, patience, grace
        self._turn = threading.Lock()
        self._child: Child | None = None
        self._lock: IO[str] | None = None
        self._loaded: tuple[Make, Facts] | None = None

    @property
    def process_id(self) -> int | None:
        """The process's id, None while there is none."""
        return self._child.process_id if self._child is not None else None

    def load(
        self,
        make: Make,
        serve: Serve,
        *,
        cancelled: Callable[[], bool] = lambda: False,
        say: Say = lambda line: None,
    ) -> Facts:
        """Have the engine ready that ``make`` makes in the process, which asks ``serve`` for what it needs.

        ``make`` is equal to another that makes the same: a frozen record. While another process has the
        device this one says so, once, and waits. Raises as ``sample`` does.
        """
        with self._turn:
            return self._load(make, serve, cancelled, say)

    def sample(
        self,
        make: Make,
        serve: Serve,
        *,
        progress: Callable[[int, int], object] = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
        say: Say = lambda line: None,
        **options: Any,
    ) -> Pixels:
        """Draw one picture with these options, uint8 [height, width, 3], as the engine of ``load`` does; with
        ``count`` as many of seeds that follow each other, [count, height, width, 3].

        ``progress`` and ``serve`` are called here, not in the process; ``cancelled`` is asked fifty times a
        second. Raises what the engine raises, Cancelled, OutOfMemory, and RakkanError when the process
        crashed or did not answer; the next call works in any case.
        """
        with self._turn:
            self._load(make, serve, cancelled, say)
            pixels: Pixels = self._do(Draw(options), serve, progress, cancelled)
            return pixels

    def close(self) -> None:
        """End the process and let the device go, until it is needed again."""
        with self._turn:
            self._end()

    def _load(self, make: Make, serve: Serve, cancelled: Callable[[], bool], say: Say) -> Facts:
        if self.process_id is None or (self._loaded is not None and self._loaded[0] != make):
            self._end()
            self._lock = _locked(self.device, self._locks, cancelled, say)
            name = f"The engine on {self.device}"
            self._child = Child(name, keep=[self._lock.fileno()], memory_limit=self._memory)
        if self._loaded is None:
            self._loaded = make, Facts(**self._do(Load(make), serve, lambda done, total: None, cancelled))
        return self._loaded[1]

    def _do(
        self, job: Load | Draw, serve: Serve, progress: Callable[[int, int], object], cancelled: Any
    ) -> Any:
        assert self._child is not None
        try:
            return self._child.do(
                job,
                serve,
                progress=progress,
                cancelled=cancelled,
                patience=self._patience,
                grace=self._grace,
            )
        finally:
            if self._child.process_id is None:
                self._end()

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
        if self._lock is not None:
            self._lock.close()
        self._child = self._lock = self._loaded = None


class Apart:
    """An engine that draws in the process of its device: what ``studio.bring`` draws with."""

    def __init__(
        self, process: EngineProcess, make: Make, serving: Serving, say: Say = lambda line: None
    ) -> None:
        """``make`` and ``serving`` are ``EngineProcess.load``'s; ``say`` is told when another process has the
        device."""
        self._process, self._make, self._serving, self._say = process, make, serving, say
        self._facts: Facts | None = None

    @property
    def name(self) -> str:
        """Name in recipes."""
        return self._known().name

    @property
    def precision(self) -> str:
        """Arithmetic the networks run in."""
        return self._known().precision

    def versions(self) -> Mapping[str, str]:
        """Versions of what computes the pixels."""
        return self._known().versions

    def sample(self, prompt: str, negative: str = "", **options: Any) -> Pixels:
        """One picture, uint8 [height, width, 3]; options and errors as of ``EngineProcess.sample``."""
        try:
            return self._process.sample(
                self._make, self._serving, say=self._say, prompt=prompt, negative=negative, **options
            )
        finally:
            self._serving.close()

    @property
    def batch(self) -> int:
        """How many pictures it draws at once."""
        return self._known().batch

    def sample_batch(self, prompt: str, negative: str = "", *, count: int, **options: Any) -> Pixels:
        """So many pictures, uint8 [count, height, width, 3], of seeds that follow each other."""
        return self.sample(prompt, negative, count=count, **options)

    def _known(self) -> Facts:
        if self._facts is None:
            try:
                self._facts = self._process.load(self._make, self._serving, say=self._say)
            finally:
                self._serving.close()
        return self._facts


def _locked(device: str, locks: Path, cancelled: Callable[[], bool], say: Say) -> IO[str]:
    """The device's lock file, locked: at once, or when nobody else has it any more."""
    locks.mkdir(parents=True, exist_ok=True)
    # Hosts may share the folder, and each has a device of this name.
    name = re.sub(r"[^A-Za-z0-9.-]", "_", f"{platform.node()}-{device}")
    file = (locks / f"{name}.lock").open("a")
    try:
        if not _is_free(file):
            say(f"another process draws on {device}: waiting for it")
            while not _is_free(file):
                if cancelled():
                    raise Cancelled("The drawing was cancelled")
                time.sleep(LOOK)
    except OSError as error:
        file.close()
        raise RakkanError(
            f"{locks} cannot be locked: {(error.strerror or str(error)).lower()}",
            "Put the folder where files can be locked",
        ) from error
    except BaseException:
        file.close()
        raise
    return file


def _is_free(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
