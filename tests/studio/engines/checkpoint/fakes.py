"""Engines that do what is asked of them inside an engine process: draw, wait, hang, want memory, end."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.studio.engines.checkpoint.engine import CheckpointEngine
from rakkan.studio.engines.checkpoint.graphs import Graph, append, memory
from rakkan.studio.engines.faults import Cancelled

from . import small


class Fake:
    """Draws pictures of one value, step by step."""

    def __init__(self) -> None:
        self.drawn = 0

    def sample(
        self,
        *,
        progress: Callable[[int, int], object],
        cancelled: Callable[[], bool],
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


def small_engine(path: Path) -> CheckpointEngine:
    """The small checkpoint, whose graphs lie in a file of the test's."""
    graphs = pickle.loads(path.read_bytes())

    def source(part: str) -> Graph:
        description, weights = graphs[part]
        held = memory("weights")
        append(held, weights)
        return Graph(description, held)

    return CheckpointEngine(small.ARCHITECTURE, "0" * 64, source, precision="f32", threads=1)


def parent(folder: Path) -> None:
    """A process that starts an engine process, says its id and waits for a picture that never comes."""
    from rakkan.studio.engines.checkpoint.process import EngineProcess

    process = EngineProcess("CPU", Fake, folder)
    process.sample()
    print(process.process_id, flush=True)
    process.sample(what="hang")


def fail(*_: Any) -> Fake:
    """An engine that cannot be made."""
    raise RakkanError("The model was removed", "Add it again")


if __name__ == "__main__":
    import sys

    parent(Path(sys.argv[1]))
