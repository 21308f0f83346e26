"""Workers to be killed: ``python nursery.py URL FOLDER LOG SEED`` forks one for each line that it reads.

A fork of a process that has everything loaded is ready at once. Each worker does jobs that take some
hundredths of a second, and writes into LOG what it delivers: the line stands there only after ``finish``
has said that it was this worker that delivered.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from sqlalchemy import Connection
from tests.service.jobs.making import KEY

from rakkan.errors import RakkanError
from rakkan.service.jobs.bell import Bell, SocketBell
from rakkan.service.jobs.postgres_bell import PostgresBell
from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.records import Leased
from rakkan.service.jobs.worker import IsCancelled, Performer, Progress, work
from rakkan.service.schema import new_identifier
from rakkan.store.database import connect

#: Seconds that a lease lasts, and that a job rests which ended its worker: of whoever takes part.
LEASE, PAUSE = 2.0, 0.01


class Logged(Queue):
    """A queue that writes down what it has delivered."""

    def finish(
        self, lease: Leased, result: bytes, also: Callable[[Connection], None] = lambda connection: None
    ) -> None:
        super().finish(lease, result, also)
        # One write of one short line: it is there whole, or it is not.
        descriptor = os.open(os.environ["LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{lease.identifier} {lease.token}\n".encode())
        os.close(descriptor)


def bell_of(url: str, folder: str) -> Bell:
    return SocketBell(Path(folder)) if url.startswith("sqlite") else PostgresBell(url)


def perform_with(random: Random, longest: float) -> Performer:
    def perform(
        leased: Sequence[Leased], progress: Progress, is_cancelled: IsCancelled
    ) -> Sequence[bytes | RakkanError]:
        for step in range(4):
            progress(step, 4)
            time.sleep(random.random() * longest / 4)
        return [f"{lease.identifier} {lease.token}".encode() for lease in leased]

    return Performer(perform, count=2)


def be_worker(url: str, folder: str, seed: int) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    queue = Logged(connect(url), time.time, KEY, bell_of(url, folder), lease_seconds=LEASE, pause=PAUSE)
    work(queue, {"create": perform_with(Random(seed), 0.04)}, new_identifier(), stop, grace=1.0)


def main() -> None:
    url, folder, os.environ["LOG"], seed = sys.argv[1:]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    for number, _ in enumerate(sys.stdin):
        child = os.fork()
        if child == 0:
            be_worker(url, folder, int(seed) + number)
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
