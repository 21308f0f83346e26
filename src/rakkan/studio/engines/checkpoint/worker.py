"""The inside of a process without keys: does one job at a time, ends with the process that started it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import select
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.studio.engines.checkpoint import channel
from rakkan.studio.engines.checkpoint.child import EXHAUSTED, portable, received
from rakkan.studio.engines.checkpoint.graphs import Graph
from rakkan.studio.engines.checkpoint.served import ServedTensors
from rakkan.studio.engines.faults import Cancelled, memory_watched

Pixels = npt.NDArray[np.uint8]
#: How much sooner than others the kernel is to end this process when memory runs out (of 1,000).
EXPENDABLE = 500


class Drawing(Protocol):
    """An engine as its process knows it."""

    @property
    def name(self) -> str:
        """Name in recipes."""
        ...

    @property
    def precision(self) -> str:
        """Arithmetic the networks run in."""
        ...

    def versions(self) -> Mapping[str, str]:
        """Versions of what computes the pixels."""
        ...

    @property
    def sample(self) -> Callable[..., Pixels]:
        """Draws one picture; told of ``progress`` and ``cancelled`` besides what was asked for."""
        ...


#: What an engine is made of: a frozen record that can be pickled, or a function of a module.
Make = Callable[["Driver"], Drawing]


class Driver:
    """The process that drives this one, as this one knows it."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._is_cancelled = False
        #: What ``Load`` made, for ``Draw``.
        self.engine: Drawing | None = None

    def begin(self) -> None:
        """Take up a job: what cancelled an earlier one counts no more."""
        self._is_cancelled = False

    def progress(self, done: int, total: int) -> None:
        """Say how far the job is."""
        channel.say(self._pipe, "progress", (done, total))

    def cancelled(self) -> bool:
        """Whether somebody wants the job to stop."""
        while not self._is_cancelled and self._pipe.poll():
            self._is_cancelled = self._pipe.recv()[0] == "cancel"
        return self._is_cancelled

    def ask(self, what: str, *arguments: Any) -> Any:
        """What the driver serves. Raises its refusal; and Cancelled, when that comes before the answer or
        with it."""
        channel.say(self._pipe, "ask", (what, arguments))
        try:
            kind, content = self._answer()
        except MemoryError:
            os._exit(EXHAUSTED)  # what is left of the answer would be taken for something else
        if self.cancelled():
            if kind == "graph":
                content.close()
            raise Cancelled("The drawing was cancelled")
        if kind == "refused":
            raise received(content)
        return content

    def tensors(self, digest: str) -> ServedTensors:
        """The tensors of a file that the driver has, by the file's digest."""
        return ServedTensors(self.ask, digest)

    def _answer(self) -> tuple[str, Any]:
        kind, content = self._pipe.recv()
        while kind == "cancel":
            self._is_cancelled = True
            kind, content = self._pipe.recv()
        if kind == "graph":
            content = channel.receive_graph(self._pipe)
        elif kind == "bytes":
            content = self._pipe.recv_bytes()
        return kind, content


@dataclass(frozen=True)
class Load:
    """Make the engine; say what stands in recipes of it."""

    make: Make
    what = "this model"

    def __call__(self, driver: Driver) -> dict[str, Any]:
        """``name``, ``precision``, ``versions``, and how many pictures it draws at once."""
        driver.engine = None  # two of them may not fit
        driver.engine = engine = self.make(driver)
        return {
            "name": engine.name,
            "precision": engine.precision,
            "versions": dict(engine.versions()),
            "batch": getattr(engine, "batch", 1),
        }


@dataclass(frozen=True)
class Draw:
    """Draw one picture with the engine that was loaded, or with ``count`` among the options as many at
    once."""

    options: Mapping[str, Any]
    what = "this picture"

    def __call__(self, driver: Driver) -> Pixels:
        """The picture, uint8 [height, width, 3], or [count, height, width, 3]."""
        assert driver.engine is not None
        # Engines that draw one at a time have no other way, and are not asked for it.
        draw = getattr(driver.engine, "sample_batch" if "count" in self.options else "sample")
        pixels: Pixels = draw(**self.options, progress=driver.progress, cancelled=driver.cancelled)
        return pixels


def main() -> None:
    """What the process runs: does jobs until nobody is there who could ask for one."""
    pipe, life, limit = (int(one) for one in sys.argv[1:4])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with(life)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write(str(EXPENDABLE))
    if limit:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        run(Connection(pipe))


def run(pipe: Connection) -> None:
    """Do the jobs that come through ``pipe``: ``job`` and what it is, ``cancel`` while one is done.

    Goes out, by ``channel.say``: ``progress`` (done, total); ``ask`` (what, arguments), which is answered;
    and at last ``pixels`` (shape) and their bytes, ``graph`` and its content, ``value``, or ``failed``.
    """
    driver = Driver(pipe)
    while True:
        kind, job = pipe.recv()
        if kind == "cancel":
            continue  # too late: what it would cancel has ended
        driver.begin()
        try:
            with memory_watched(job.what):
                result = job(driver)
        except RakkanError as error:
            channel.say(pipe, "failed", portable(error))
        else:
            _send(pipe, result)
            del result
        del job


def _send(pipe: Connection, result: Any) -> None:
    if isinstance(result, Graph):
        channel.say(pipe, "graph", None)
        channel.send_graph(pipe, result)
        result.close()
    elif isinstance(result, np.ndarray):
        channel.say(pipe, "pixels", result.shape)
        pipe.send_bytes(np.ascontiguousarray(result).tobytes())
    else:
        channel.say(pipe, "value", result)


def _end_with(life: int) -> None:
    """Let the kernel end this process, whatever it does, when the other end of ``life`` is closed: SIGIO,
    which nobody catches, comes even to who never returns to Python."""
    fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([life], [], [], 0)[0]:
        os._exit(0)
