"""Workers are killed at random moments, one after the other: no job is lost and none is delivered twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

from rakkan.service.jobs.queue import Queue

from . import nursery
from .making import KEY, engine_at, request

ROOT = Path(__file__).resolve().parents[3]


def workers_are_killed(
    random: Random, folder: Path, url: str, kills: int, workers: int = 2, servers: int = 1
) -> Counter[str]:
    """Submit jobs, as so many servers do, while ``kills`` workers of ``workers`` at a time are killed, then
    let one finish; how many jobs ended in which state. Raises AssertionError when a promise is broken."""
    queues = [
        Queue(
            engine_at(url),
            time.time,
            KEY,
            nursery.bell_of(url, str(folder)),
            lease_seconds=nursery.LEASE,
            pause=nursery.PAUSE,
        )
        for _ in range(servers)
    ]
    queue = queues[0]
    log = folder / "log"
    command = [sys.executable, nursery.__file__, url, str(folder), str(log), str(random.getrandbits(32))]
    home = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
    )
    assert home.stdin is not None and home.stdout is not None

    def born() -> int:
        home.stdin.write(b"\n")
        home.stdin.flush()
        return int(home.stdout.readline())

    accepted: list[str] = []
    alive = [born() for _ in range(workers)]
    try:
        for _ in range(kills):
            for _ in range(random.randrange(4)):
                wanted = request(random.choice("abc"), compatibility="x")
                accepted.append(random.choice(queues).submit(wanted))
            time.sleep(random.random() * 0.12)
            victim = alive.pop(random.randrange(len(alive)))
            os.kill(victim, random.choice([signal.SIGKILL] * 4 + [signal.SIGTERM]))
            alive.append(born())
        deadline = time.monotonic() + 120
        # Both of one look: between two a job may go from running back to waiting.
        while any((*(counts := queue.counts()).waiting.values(), *counts.running.values())):
            assert time.monotonic() < deadline, f"jobs are stuck: {counts}"
            time.sleep(0.05)
    finally:
        for one in alive:
            os.kill(one, signal.SIGKILL)
        home.stdin.close()
        home.stdout.close()
        home.wait(30)
    states = checked(queue, accepted, log)
    for one in queues:
        one.engine.dispose()
    return states


def checked(queue: Queue, accepted: list[str], log: Path) -> Counter[str]:
    """How the jobs ended: each was delivered once, or ended two workers and was put aside."""
    said = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    delivered = Counter(identifier for identifier, _ in said)
    assert not delivered or max(delivered.values()) == 1, f"delivered twice: {delivered.most_common(3)}"
    tokens = dict(said)
    states: Counter[str] = Counter()
    kept = {job.identifier: job for account in "abc" for job in queue.page(account, limit=200)}
    for identifier in accepted:
        job = kept.get(identifier)
        assert job is not None, f"job {identifier} is lost"
        states[job.state] += 1
        if job.state == "done":
            result = (queue.get(job.account, identifier).result or b"").decode().split()
            assert result[0] == identifier
            assert tokens.get(identifier, result[1]) == result[1], "another's result was kept"
        else:
            assert (job.state, job.crashes) == ("quarantined", 2), job
            assert identifier not in delivered
    return states
