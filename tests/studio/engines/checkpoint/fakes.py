"""Engines and jobs that do what is asked of them in a process of their own: draw, wait, hang, want memory."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.studio.engines.checkpoint.graphs import Graph, append, memory
from rakkan.studio.engines.checkpoint.worker import Driver
from rakkan.studio.engines.faults import Cancelled


class Fake:
    """Draws pictures of one value, step by step."""

    name = "fake"
    precision = "f32"

    def __init__(self, driver: Driver) -> None:
        self.drawn = 0

    def versions(self) -> Mapping[str, str]:
        return {"fake": str(os.getpid())}

    def sample(
        self,
        *,
        progress: Callable[[int, int], object],
        cancelled: Callable[[], bool],
        prompt: str = "",
        negative: str = "",
        what: str = "draw",
        value: int = 7,
        steps: int = 3,
        seconds: float = 0.0,
    ) -> npt.NDArray[np.uint8]:
        if what == "refuse":
            raise RakkanError("There is no such sampler", "Choose another")
        if what == "end":
            os._exit(3)
        if what == "hang":
            time.sleep(1000)
        if what == "hold on":
            ctypes.PyDLL(None).sleep(1000)  # and no other thread of this process runs
        if what == "memory":
            np.ones(2**40, np.uint8)
        if what == "openvino":
            raise RuntimeError("Exception from src/inference: std::bad_alloc")
        if what == "bug":
            raise RuntimeError("shapes do not match")
        for step in range(steps):
            if cancelled():
                raise Cancelled("The drawing was cancelled")
            time.sleep(seconds)
            progress(step + 1, steps)
        self.drawn += 1
        return np.full((4, 6, 3), value + self.drawn - 1, np.uint8)


class Other(Fake):
    """Another engine."""

    name = "other"


def fail(driver: Driver) -> Fake:
    """An engine that cannot be made."""
    raise RakkanError("The model was removed", "Add it again")


@dataclass(frozen=True)
class Job:
    """Asks for things, one after another, ``seconds`` after it began."""

    asks: tuple[tuple[str, ...], ...] = ()
    seconds: float = 0.0
    then: str = ""
    what = "this job"

    def __call__(self, driver: Driver) -> Any:
        time.sleep(self.seconds)
        answers = [self._plain(driver.ask(*one)) for one in self.asks]
        if self.then == "cancelled":
            end = time.monotonic() + 20
            while time.monotonic() < end:
                if driver.cancelled():
                    raise Cancelled("seen")
                time.sleep(0.01)
        if self.then == "graph":
            return graph(b"made there")
        if self.then == "surroundings":
            found = {"known": dict(os.environ), "given": _read("environ"), "command": _read("cmdline")}
            return {**found, "tells": sys.modules.get("openvino_telemetry") is not None}
        if self.then == "lie":
            driver._pipe.send_bytes(b"\x80\x05no JSON")
            time.sleep(1000)
        return answers

    @staticmethod
    def _plain(answer: Any) -> Any:
        if isinstance(answer, Graph):
            with answer.weights:
                answer.weights.seek(0)
                return [answer.description.decode(), answer.weights.read().decode()]
        return answer.decode() if isinstance(answer, bytes) else answer


def _read(what: str) -> str:
    return Path(f"/proc/self/{what}").read_text()


def graph(content: bytes) -> Graph:
    """Something like a network, in memory."""
    weights = memory("weights")
    append(weights, content)
    return Graph(b"<net/>", weights)


def nothing(what: str, arguments: Any, cancelled: Any) -> Any:
    """Serves nothing."""
    raise AssertionError(what)


def parent(folder: Path) -> None:
    """A process that starts an engine process, says its id and waits for a picture that never comes."""
    from rakkan.studio.engines.checkpoint.process import EngineProcess

    process = EngineProcess("CPU", folder)
    process.sample(Fake, nothing)
    print(process.process_id, flush=True)
    process.sample(Fake, nothing, what="hold on")


if __name__ == "__main__":
    from tests.studio.engines.checkpoint import fakes

    fakes.parent(Path(sys.argv[1]))
