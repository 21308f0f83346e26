"""Worker processes: one for each device, started anew when it dies, and gone when the server is.

``python -m rakkan.service.jobs.process MODULE:FUNCTION DEVICE WORKER`` is one. The function gets the device
and gives the queue and the performers; the worker's end of a pipe is its standard input. When the server
ends, however it does, the pipe closes and (Linux) the kernel sends SIGTERM: the worker gives back what it
was doing, which is no crash, and ends.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO

from rakkan.errors import RakkanError
from rakkan.service import logs, observing, signals
from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.worker import Performer, work
from rakkan.service.schema import new_identifier

Wiring = Callable[[str], tuple[Queue, Mapping[str, Performer]]]
#: The command line of a worker process, from its device and its identifier.
Command = Callable[[str, str], Sequence[str]]

_PR_SET_PDEATHSIG = 1
#: Seconds until a worker that died is started anew: doubled each time, up to the second, until one has
#: lived for the third.
BACKOFF, MOST_BACKOFF, HEALTHY = 0.5, 30.0, 60.0
#: Seconds that workers have to end by themselves.
GRACE = 10.0


def command(wiring: str) -> Command:
    """The usual command line; ``wiring`` is ``module:function``."""
    return lambda device, worker: [sys.executable, "-m", __name__, wiring, device, worker]


class Supervisor:
    """Keeps one worker process for each device, for as long as it runs itself."""

    def __init__(
        self,
        queue: Queue,
        devices: Sequence[str],
        command: Command,
        *,
        environment: Mapping[str, str] | None = None,
        backoff: float = BACKOFF,
    ) -> None:
        self._queue, self._devices, self._command = queue, devices, command
        self._environment, self._backoff = environment, backoff
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._threads = [threading.Thread(target=self._supervise, args=[one]) for one in devices]

    def start(self) -> None:
        """Start the workers, and return."""
        for thread in self._threads:
            thread.daemon = True
            thread.start()

    def processes(self) -> dict[str, int]:
        """The number of each device's process, as far as it is there."""
        with self._lock:
            return {device: process.pid for device, process in self._running.items()}

    def stop(self, grace: float = GRACE) -> None:
        """Let the workers give back what they do, and end; those that do not within ``grace`` are killed."""
        self._ending.set()
        until = time.monotonic() + grace
        with self._lock:
            running = list(self._running.values())
        for process in running:
            _hang_up(process)
        for process in running:
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
        for thread in self._threads:
            thread.join()

    def _supervise(self, device: str) -> None:
        """Start the device's worker again and again. The thread lives as long as the server: the kernel's
        signal to the worker comes when the thread ends that started it."""
        backoff = self._backoff
        while not self._ending.is_set():
            worker, begun = new_identifier(), time.monotonic()
            process = self._start(device, worker)
            if process is not None:
                process.wait()
                with self._lock:
                    del self._running[device]
                _hang_up(process)
                self._bury(worker)
            backoff = self._backoff if time.monotonic() - begun >= HEALTHY else backoff
            self._ending.wait(backoff)
            backoff = min(2 * backoff, MOST_BACKOFF)

    def _start(self, device: str, worker: str) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._ending.is_set():
                return None
            try:
                process = subprocess.Popen(
                    list(self._command(device, worker)), stdin=subprocess.PIPE, env=self._environment
                )
            except OSError:
                return None  # no memory for a process, say: tried again after the pause
            self._running[device] = process
            return process

    def _bury(self, worker: str) -> None:
        """Take back what the dead worker had at once, instead of waiting until its leases run out."""
        try:
            self._queue.bury(worker)
        except RakkanError:
            pass  # the database is away: the leases run out by themselves


def _hang_up(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None and not process.stdin.closed:
        try:
            process.stdin.close()
        except OSError:
            pass  # nothing was written to it


def main(arguments: Sequence[str]) -> int:
    """Be a worker process."""
    # Before numpy comes in: its small products gain nothing from threads, which are in the engine's way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    wiring, device, worker = arguments
    stop = threading.Event()
    signals.heard((signal.SIGTERM,), stop.set)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the server too, which hangs up
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    threading.Thread(target=_watch, args=[sys.stdin.buffer, stop], daemon=True).start()
    logs.set_up()
    module, _, function = wiring.partition(":")
    wire: Wiring = getattr(importlib.import_module(module), function)
    try:
        queue, performers = wire(device)
        queue.enlist(worker, device)
        for performer in performers.values():
            if not stop.is_set():
                _prepare(performer)
        work(queue, performers, worker, stop)
    except Exception as error:  # by its kind and place alone: what it says may quote what somebody wrote
        observing.fault(f"worker {worker}", error)
        return 1
    return 0


def _prepare(performer: Performer) -> None:
    """Whatever is wrong will be said of the jobs that need it: others may be done all the same."""
    with suppress(Exception):
        performer.prepare()


def _watch(pipe: IO[bytes], stop: threading.Event) -> None:
    """The server writes nothing: what is read is the end."""
    pipe.read()
    stop.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
