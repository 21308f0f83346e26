"""What the worker processes of ``test_process.py`` do: jobs that take for ever, or as long as they say."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from rakkan.service.jobs.bell import SocketBell
from rakkan.service.jobs.process import Supervisor, command
from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.records import Leased
from rakkan.service.jobs.worker import IsCancelled, Performer, Progress, single
from rakkan.store.database import connect, url_of

from .making import KEY


def wire(device: str) -> tuple[Queue, Mapping[str, Performer]]:
    folder = Path(os.environ["JOBS_FOLDER"])
    bell = SocketBell(folder / "run")
    return Queue(connect(url_of(folder / "jobs.db")), time.time, KEY, bell, pause=0.01), {
        "create": Performer(single(perform))
    }


def perform(lease: Leased, progress: Progress, is_cancelled: IsCancelled) -> bytes:
    seconds = lease.payload.split()  # for each attempt, the last for all that follow
    until = time.monotonic() + float(seconds[min(lease.attempts, len(seconds)) - 1])
    while time.monotonic() < until:
        progress(1, 2)
        time.sleep(0.01)
    return str(os.getpid()).encode()


def serve() -> None:
    """A server with one worker; says the worker's number."""
    queue, _ = wire("test")
    supervisor = Supervisor(queue, ["test"], command("tests.service.jobs.wiring:wire"), backoff=0.05)
    supervisor.start()
    while not supervisor.processes():
        time.sleep(0.01)
    print(supervisor.processes()["test"], flush=True)
    time.sleep(600)


if __name__ == "__main__":
    sys.exit(serve())
