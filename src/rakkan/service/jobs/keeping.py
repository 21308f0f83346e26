"""Keeping leases while a worker draws: a thread that renews them, hears of cancellations, and gives up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from rakkan.errors import RakkanError
from rakkan.service.jobs.bell import STOP
from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.records import Leased, LostLease

#: Progress that is written down per second, at most.
RATE = 5.0
#: A lease is renewed this often in its length.
_BEATS = 6
#: Seconds between two words of a worker's to the list of workers.
_SEEN = 30.0


class Stopped(BaseException):
    """The job is to stop: it was cancelled, or is another's by now, or the worker ends.

    No ``Exception``, so that code which catches those lets it pass.
    """


class Keeper:
    """The leases of one worker, kept by a thread for the time of a ``with``. See ``worker.work``."""

    def __init__(
        self,
        queue: Queue,
        worker: str,
        stop: threading.Event,
        grace: float,
        patience: float,
        abort: Callable[[], None],
    ) -> None:
        self._queue, self._worker, self._stop = queue, worker, stop
        self._grace, self._patience, self._abort = grace, patience, abort
        self._lock = threading.Lock()
        self._kept: dict[str, Leased] = {}
        self._stopping: set[str] = set()
        self._moved = time.monotonic()
        self._written = 0.0
        self._stopped_at: float | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._queue.bell.ring(STOP)
        self._thread.join()

    def keep(self, leased: Sequence[Leased]) -> None:
        """Keep these leases from now on, and no others."""
        with self._lock:
            self._kept = {lease.identifier: lease for lease in leased}
            self._stopping.clear()
            self._moved = time.monotonic()

    def release(self, lease: Leased) -> None:
        """Keep this one no longer: it has been delivered."""
        with self._lock:
            self._kept.pop(lease.identifier, None)
            self._moved = time.monotonic()

    def to_stop(self, leased: Sequence[Leased]) -> bool:
        """Whether nobody wants any of these jobs any more, or the worker's grace is over."""
        if self._out_of_grace(1):
            return True
        with self._lock:
            return all(lease.identifier in self._stopping for lease in leased)

    def check(self, leased: Sequence[Leased]) -> None:
        """Raise Stopped when these jobs are to stop."""
        self._moved = time.monotonic()
        if self.to_stop(leased):
            raise Stopped

    def progress(self, leased: Sequence[Leased], done: int, total: int) -> None:
        """Write down how far the jobs are, not too often. Raises Stopped when they are to stop."""
        self.check(leased)
        now = time.monotonic()
        if now - self._written < 1 / RATE:
            return
        self._written = now
        for lease in leased:
            self._renew(lease, done, total)
        self.check(leased)

    def _renew(self, lease: Leased, done: int | None = None, total: int | None = None) -> None:
        try:
            stopping = self._queue.renew(lease, done, total)
        except LostLease:
            stopping = True
        except RakkanError:
            return  # the database is away: the lease holds for some beats more
        if stopping:
            self._mark(lease)

    def _mark(self, lease: Leased) -> None:
        with self._lock:
            if lease.identifier in self._kept:
                self._stopping.add(lease.identifier)

    def _current(self) -> list[Leased]:
        with self._lock:
            return [lease for name, lease in self._kept.items() if name not in self._stopping]

    def _out_of_grace(self, times: float) -> bool:
        if self._stopped_at is None and self._stop.is_set():
            self._stopped_at = time.monotonic()
        return self._stopped_at is not None and time.monotonic() - self._stopped_at >= times * self._grace

    def _run(self) -> None:
        beat = self._queue.lease_seconds / _BEATS
        renewed = seen = time.monotonic()
        with self._queue.bell.listen(STOP) as listener:
            while not self._ended.is_set():
                listener.wait(min(beat, 1.0, self._grace / 4 if self._stop.is_set() else 1.0))
                now = time.monotonic()
                for lease in self._current():
                    if now - renewed >= beat:
                        self._renew(lease)
                    else:
                        self._look(lease)
                renewed = now if now - renewed >= beat else renewed
                if now - seen >= _SEEN:
                    seen = now
                    with suppress(RakkanError):
                        self._queue.see(self._worker)
                self._give_up(now)

    def _look(self, lease: Leased) -> None:
        with suppress(RakkanError):
            if self._queue.stopping(lease):
                self._mark(lease)

    def _give_up(self, now: float) -> None:
        """Let go of what shows no sign of life: given back when the worker is to end, else it is a crash."""
        with self._lock:
            kept, still = list(self._kept.values()), now - self._moved
        if not kept or self._ended.is_set():
            return
        if self._out_of_grace(2):
            for lease in kept:
                with suppress(RakkanError):
                    self._queue.give_back(lease)
        elif still > self._patience:
            for lease in kept:
                with suppress(RakkanError):
                    self._queue.crashed(lease, "The job showed no progress for too long")
        else:
            return
        self._abort()
