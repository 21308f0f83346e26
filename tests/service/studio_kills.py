"""Workers of the whole studio are killed, and jobs cancelled, at random moments: each job of ``n`` pictures
delivers all of them, once, or none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from sqlalchemy import select
from tests.service import studio_nursery
from tests.service.hosts import ROOT, until
from tests.service.surviving import being

from rakkan import assemble
from rakkan.formats.inspect import is_picture
from rakkan.service import wiring
from rakkan.service.access.actors import Actor
from rakkan.service.accounts import Visit
from rakkan.service.core import Service
from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.records import Job
from rakkan.service.jobs.tables import jobs
from rakkan.service.making.tables import deliveries
from rakkan.service.making.transit import PICTURE, Transit
from rakkan.service.pictures.tables import pictures
from rakkan.service.settings import Settings
from rakkan.service.submitting import submit
from rakkan.service.wishes import Create


@dataclass
class Nursery:
    """A process that bears workers; ``alive`` are theirs that were not killed from here."""

    folder: Path
    told: dict[str, str]
    seed: int
    alive: list[int] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def __enter__(self) -> Nursery:
        self.home = subprocess.Popen(
            [sys.executable, studio_nursery.__file__, str(self.log), str(self.seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**self.told, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        )
        return self

    def born(self, told: str = "") -> int:
        """A worker, which may be told where to be killed."""
        assert self.home.stdin is not None and self.home.stdout is not None
        self.home.stdin.write(f"{told}\n".encode())
        self.home.stdin.flush()
        self.alive.append(int(self.home.stdout.readline()))
        return self.alive[-1]

    def kill(self, one: int, number: int = signal.SIGKILL) -> None:
        self.alive.remove(one)
        try:
            os.kill(one, number)
        except ProcessLookupError:
            pass  # it was killed where it was told to be

    def __exit__(self, *_: object) -> None:
        for one in list(self.alive):
            self.kill(one)
        assert self.home.stdin is not None and self.home.stdout is not None
        self.home.stdin.close()
        self.home.stdout.close()
        self.home.wait(30)


@dataclass
class Wishes:
    """Somebody who asks for pictures and takes some of it back."""

    service: Service
    queue: Queue
    actor: Actor
    accepted: dict[str, int] = field(default_factory=dict)

    def ask(self, seed: int, count: int = 1, batch: bool = True) -> str:
        wish = Create(prompt="1girl, smile", seed=seed, count=count, size="512x512")
        priority = "batch" if batch else "interactive"
        name = submit(self.service, self.actor, "create", wish, priority=priority)
        self.accepted[name] = count
        return name

    def cancel(self, name: str) -> None:
        """Give a job up. From when it says that it is cancelled there is nothing of it."""
        if self.queue.cancel(self.actor.account, name) == "cancelled":
            assert self.shown().get(name) is None

    def job(self, name: str) -> Job:
        return self.queue.get(self.actor.account, name)

    def shown(self) -> dict[str, list[str]]:
        """The pictures of each job that is done, and no others are there: as it is at one moment."""
        with self.queue.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                if connection.dialect.name == "sqlite":
                    connection.exec_driver_sql("BEGIN")  # the driver begins before writing alone
                kept = connection.scalars(select(pictures.c.identifier)).all()
                rows = connection.execute(select(jobs)).all()
        found = [self.queue.seals.job(row) for row in rows]
        told = {one.identifier: json.loads(one.result)["pictures"] for one in found if one.result is not None}
        assert all(one.state == "done" for one in found if one.result is not None)
        counted = Counter(name for names in told.values() for name in names)
        assert Counter(kept) == counted, f"jobs tell of {counted}, and there is {kept}"
        assert all(len(names) == self.accepted.get(job, len(names)) for job, names in told.items())
        return told


@contextmanager
def asking(told: dict[str, str]) -> Iterator[Wishes]:
    """Somebody at an instance, which this process is meanwhile."""
    with being(told):
        service = wiring.service(Settings(("http://localhost:1",), ()))
        issued = service.accounts.claim(service.accounts.owner_token(), Visit(), "owner-of-it")
        actor = Actor(issued.account, "member", scopes=frozenset({"create", "read"}), way="session")
        yield Wishes(service, studio_nursery.quick(service.queue), actor)
        service.engine.dispose()


def over(wishes: Wishes, seconds: float = 120) -> None:
    """Wait until nothing waits or runs."""

    def nothing_left() -> bool:
        wishes.queue.reap()
        counts = wishes.queue.counts()
        return not any(counts.waiting.values()) and not any(counts.running.values())

    until(nothing_left, "all jobs are over", seconds)


def checked(wishes: Wishes, log: Path) -> Counter[str]:
    """How the jobs ended, once they have: each delivered once, or nothing of it is left anywhere."""
    said = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    delivered = Counter(name for name, _ in said)
    assert not delivered or max(delivered.values()) == 1, f"delivered twice: {delivered.most_common(3)}"
    told = wishes.shown()
    states: Counter[str] = Counter()
    for name in wishes.accepted:
        job = wishes.job(name)  # raises NotFound for one that is lost
        states[job.state] += 1
        assert job.state in ("done", "cancelled", "quarantined"), job
        assert (job.state == "done") == (name in told)
        assert job.state == "done" or name not in delivered
        assert job.state != "quarantined" or job.crashes == 2
    later = Transit(wishes.service.engine, lambda: time.time() + PICTURE + 60, wishes.service.vault)
    while later.sweep():
        pass
    with wishes.service.engine.connect() as connection:
        rows = connection.execute(select(pictures.c.file, pictures.c.thumbnail)).all()
        assert connection.execute(select(deliveries)).all() == []
    expected = {digest for row in rows for digest in row}
    account, vault = wishes.actor.account, assemble.vault()
    for blob in list(vault.list(account)):
        assert blob.digest in expected or not is_picture(vault.read(account, blob.digest)), "nobody's picture"
    for digest in expected:
        vault.verify(account, digest)
    return states


def studio_is_killed(
    random: Random, folder: Path, told: dict[str, str], kills: int, workers: int = 2
) -> Counter[str]:
    """Ask for pictures, take some of it back and kill workers, then let all be done; how the jobs ended.
    Raises AssertionError when a promise is broken."""
    with asking(told) as wishes, Nursery(folder, told, random.getrandbits(32)) as nursery:
        for _ in range(workers):
            nursery.born()
        seed = 0
        for _ in range(kills):
            for _ in range(random.randrange(1, 4)):
                seed += 1
                batch = random.random() < 0.6
                wishes.ask(seed, 1 if batch and random.random() < 0.8 else random.randint(2, 3), batch)
            for _ in range(random.randrange(1, 8)):
                time.sleep(random.random() * 0.5)
                wishes.shown()
                if random.random() < 0.3:
                    wishes.cancel(random.choice(list(wishes.accepted)[-6:]))
            nursery.kill(random.choice(nursery.alive), random.choice([signal.SIGKILL] * 4 + [signal.SIGTERM]))
            nursery.born()
        over(wishes)
        return checked(wishes, nursery.log)
