"""The inside of an engine process: takes requests one at a time, ends with the process that started it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.studio.engines.faults import Cancelled, OutOfMemory, memory_watched

#: How much sooner than others the kernel is to end this process when memory runs out (of 1,000).
EXPENDABLE = 500


class Drawing(Protocol):
    """An engine as its process knows it."""

    def sample(self, **options: Any) -> npt.NDArray[np.uint8]:
        """Draw one picture; told of ``progress`` and ``cancelled`` besides what was asked for."""
        ...


def run(pipe: Connection, lock: Any, make: Callable[[], Drawing], memory: int | None) -> None:
    """Answer requests from ``pipe`` until it is closed.

    Comes in: (number, options), or (number, None) to cancel that request. Goes out, each with the number:
    ``progress`` (done, total); ``drawn`` (shape), followed by the pixels' bytes; ``failed`` (error). After an
    exhausted memory the process ends, so that the next one starts with all of it.
    """
    held = lock.detach()  # the device stays taken for as long as either process is there
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write(str(EXPENDABLE))
    if memory is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    engine: Drawing | None = None
    while True:
        try:
            number, options = pipe.recv()
        except (EOFError, OSError):
            break
        if options is None:
            continue  # too late: what it would cancel has ended
        try:
            with memory_watched("this picture"):
                engine = engine or make()
                pixels = np.ascontiguousarray(engine.sample(**options, **_callbacks(pipe, number)))
            pipe.send((number, "drawn", pixels.shape))
            pipe.send_bytes(pixels.tobytes())
        except RakkanError as error:
            pipe.send((number, "failed", _portable(error)))
            if isinstance(error, OutOfMemory):
                break
        except (BrokenPipeError, EOFError):
            break
    os.close(held)


def _callbacks(pipe: Connection, number: int) -> dict[str, Callable[..., Any]]:
    def progress(done: int, total: int) -> None:
        pipe.send((number, "progress", (done, total)))

    def cancelled() -> bool:
        # Nothing else comes while a picture is drawn.
        return pipe.poll() and pipe.recv() == (number, None)

    return {"progress": progress, "cancelled": cancelled}


def _portable(error: RakkanError) -> RakkanError:
    """The error without what cannot be sent: its kind, if it is one of an engine's, and its words."""
    for kind in (Cancelled, OutOfMemory):
        if isinstance(error, kind):
            return kind(error.message, error.hint)
    return RakkanError(error.message, error.hint)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(0)
