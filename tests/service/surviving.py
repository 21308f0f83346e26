"""What holds once a service that was killed again and again has done its work: every job once, and nothing
left lying about."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sqlalchemy import select
from tests.service.hosts import PATIENCE, Client, Host, until

from rakkan import assemble
from rakkan.formats.inspect import is_picture
from rakkan.service import uploading, wiring
from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.tables import jobs
from rakkan.service.making import spool
from rakkan.service.making.tables import deliveries
from rakkan.service.making.transit import PICTURE, Transit
from rakkan.service.pictures.tables import pictures
from rakkan.trust.examination import examine
from rakkan.trust.verification import VALID


@dataclass
class Figures:
    """What was done: jobs accepted, processes killed, requests repeated, jobs taken up out of quarantine,
    pictures made, and files that the sweep found."""

    jobs: int = 0
    servers: int = 0
    workers: int = 0
    repeated: int = 0
    quarantined: int = 0
    pictures: int = 0
    swept: int = 0


@contextmanager
def being(told: dict[str, str]) -> Iterator[None]:
    """Be this instance in this process."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(told)
    assemble.forget()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        assemble.forget()


def go_on(told: dict[str, str], accepted: set[str], seconds: float = 300) -> int:
    """Wait until all jobs are over, taking up again those that were put aside because their workers were
    killed; how many those were."""
    retried = 0
    with being(told):
        queue = wiring.parts().queue

        def over() -> bool:
            nonlocal retried
            states = _states(queue, accepted)
            for name, state in states.items():
                assert state not in ("failed", "cancelled", "superseded"), f"a job {state}"
                if state == "quarantined":
                    queue.retry(name)
                    retried += 1
            return all(state == "done" for state in states.values())

        until(over, "all jobs are done", max(seconds, PATIENCE))
    return retried


def check(told: dict[str, str], accepted: set[str], figures: Figures) -> None:
    """Raise AssertionError unless each job of ``accepted`` was done once, with its picture, and nothing of
    what was cut off outlives a sweep. No server may run any more."""
    with being(told):
        made = wiring.parts()
        engine = made.engine
        with engine.connect() as connection:
            rows = connection.execute(select(jobs.c.identifier, jobs.c.account, jobs.c.kind)).all()
            kept = connection.execute(select(pictures)).all()
        assert {row.identifier for row in rows} == accepted, "a job was lost, or accepted twice"
        told_of: list[str] = []
        for row in rows:
            found = made.queue.get(row.account, row.identifier)
            assert found.state == "done" and found.result is not None, found
            names = json.loads(found.result)["pictures"]
            assert len(names) == 1, names
            told_of += names
        counted = Counter(told_of)
        assert set(counted.values()) <= {1}, counted.most_common(3)
        assert {row.identifier for row in kept} == set(told_of), "the catalogue has other pictures than jobs"
        figures.jobs, figures.pictures = len(rows), len(kept)
        vault = assemble.vault()
        for row in kept:
            data = vault.read(row.account, row.file)
            with uploading.held(io.BytesIO(data)) as place:
                assert examine(place, assemble.trusted_roots()).state == VALID
            vault.verify(row.account, row.thumbnail)
        later = Transit(engine, lambda: time.time() + PICTURE + 60, vault)
        while swept := later.sweep():
            figures.swept += swept
        shown = {name for row in kept for name in (row.file, row.thumbnail)}
        for account in {row.account for row in rows}:
            for blob in list(vault.list(account)):
                if blob.digest not in shown:
                    assert not is_picture(vault.read(account, blob.digest)), "a picture is nobody's"
        with engine.connect() as connection:
            assert connection.execute(select(deliveries)).all() == []
        place = Path(told["RAKKAN_HOME"]) / "spool"
        spool.sweep(place)
        assert list(place.rglob("*")) == []
        engine.dispose()


def disturb(random: Random, servers: list[Host], others: list[Host], figures: Figures) -> None:
    """Kill a server, a worker of any host, or a whole working host, and start again what does not itself."""
    choice = random.random()
    if choice < 0.4 or (not others and choice < 0.5):
        victim = random.choice(servers)
        victim.kill()
        figures.servers += 1
        victim.start()
    elif choice < 0.85 or not others:
        victims = [host for host in (*servers, *others) if host.workers()]
        if victims and random.choice(victims).kill_worker():
            figures.workers += 1
    else:
        victim = random.choice(others)
        victim.kill()
        figures.workers += 1
        victim.start()


def survive(
    random: Random,
    told: dict[str, str],
    servers: list[Host],
    others: list[Host],
    kills: int,
    seconds: float = 600,
) -> Figures:
    """Submit jobs while processes are killed until ``kills`` were, or the time is up; then let all be done
    and check it. All hosts are running when this begins, and none when it ends."""
    figures = Figures()
    client = Client([host.origin for host in servers])
    client.enter(servers[0].token, servers[0].origin)
    accepted: set[str] = set()
    faults: list[BaseException] = []
    enough = threading.Event()
    seed = random.getrandbits(32)

    def ask() -> None:
        """Press the button again and again, whoever is alive."""
        own, number = Random(seed), 0
        try:
            while not enough.is_set():
                number += 1
                fields = {"prompt": "1girl, smile", "seed": str(number)}
                accepted.add(client.submit(f"wish {number}", fields))
                enough.wait(own.random() * 3)
        except BaseException as fault:
            faults.append(fault)

    asking = threading.Thread(target=ask)
    asking.start()
    deadline = time.monotonic() + seconds
    try:
        while figures.servers + figures.workers < kills and time.monotonic() < deadline:
            time.sleep(random.random() * 2)
            disturb(random, servers, others, figures)
    finally:
        enough.set()
        asking.join()
    assert faults == [], faults
    figures.repeated = client.repeated
    figures.quarantined = go_on(told, accepted)
    for job in random.sample(sorted(accepted), min(3, len(accepted))):
        assert client.follow(job, random.choice(servers).origin)["event"] == "done"
    for host in (*servers, *others):
        assert host.end() == 0, host.logged[-2000:]
    check(told, accepted, figures)
    return figures


def _states(queue: Queue, accepted: set[str]) -> dict[str, str]:
    with queue.engine.connect() as connection:
        rows = connection.execute(select(jobs.c.identifier, jobs.c.state)).all()
    return {row.identifier: row.state for row in rows if row.identifier in accepted}
