"""Drawing on all cores: a pool of processes that a plain function is spread over."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Items handed to a process at a time: enough to hide the handing over.
_CHUNK = 8


def cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Spread:
    """Calls a function of a module, in ``workers`` processes, on each of many things, in order."""

    def __init__(self, pool: ProcessPoolExecutor, workers: int) -> None:
        self.workers = workers
        self._pool = pool

    def __call__(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        return self._pool.map(work, items, chunksize=_CHUNK)


@contextmanager
def spread_over(workers: int) -> Iterator[Spread]:
    """A pool of processes; those not yet done are stopped when the block ends early."""
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_ignore_interrupts)
    try:
        yield Spread(pool, workers)
    finally:
        pool.shutdown(cancel_futures=True)


def _ignore_interrupts() -> None:
    """Ctrl-C reaches every process of the terminal; only the first is to answer it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
