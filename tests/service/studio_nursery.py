"""Workers of the whole studio to be killed: ``python studio_nursery.py LOG SEED`` forks one for each line
that it reads: where it is to be killed, ``SPOT NUMBER`` (see ``kill_at``), or an empty one.

They draw with the fake engine, a little slowly, so that a kill finds them at it. Each writes into LOG what it
delivers, after ``finish`` has said that it was this worker that delivered.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from random import Random
from typing import Any

from sqlalchemy import Connection

import rakkan.api.creating
import rakkan.studio.bring
import rakkan.studio.create
import rakkan.studio.references
import rakkan.studio.starter.guiding
import rakkan.trust.provenance  # noqa: F401 — what every worker would load by itself
from rakkan import assemble
from rakkan.service import wiring
from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.records import Leased
from rakkan.service.jobs.worker import work
from rakkan.service.making.transit import Transit
from rakkan.service.schema import new_identifier
from rakkan.studio.create import Upscaler
from rakkan.studio.engines.fake_engine import FakeEngine

LEASE = 6.0


class Logged(Queue):
    """A queue that writes down what it has delivered."""

    def finish(
        self, lease: Leased, result: bytes, also: Callable[[Connection], None] = lambda connection: None
    ) -> None:
        super().finish(lease, result, also)
        descriptor = os.open(os.environ["LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{lease.identifier} {lease.token}\n".encode())
        os.close(descriptor)


def quick(queue: Queue, kind: type[Queue] = Queue) -> Queue:
    """The same queue with leases that run out soon."""
    return kind(queue.engine, queue.clock, queue.key, queue.bell, LEASE, 0.01)


def slowly(random: Random, longest: float) -> None:
    """Have the fake engine take its time for each step, up to ``longest`` seconds."""
    plain: Callable[..., Any] = FakeEngine.sample
    together: Callable[..., Any] = FakeEngine.sample_together

    def slow(draw: Callable[..., Any]) -> Callable[..., Any]:
        def drawn(*given: Any, progress: Any = lambda done, total: None, **named: Any) -> Any:
            def step(done: int, total: int) -> None:
                time.sleep(random.random() * longest)
                progress(done, total)

            return draw(*given, progress=step, **named)

        return drawn

    FakeEngine.sample = slow(plain)  # type: ignore[method-assign]
    FakeEngine.sample_together = slow(together)  # type: ignore[method-assign]
    enlarger = Upscaler("repeat", "ab" * 32, lambda pixels: pixels.repeat(2, 0).repeat(2, 1))
    assemble.upscaler = lambda: enlarger


def kill_at(spot: str, number: int) -> None:
    """Be killed when ``spot`` is reached for the ``number``-th time: ``pass`` (a step of one that draws
    several), ``alone`` (a step of a picture drawn alone whose seed is odd), ``put`` (before files are kept),
    ``kept`` (after), ``finish`` (before a result is delivered), ``finished`` (after)."""
    left = number

    def reached() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(owner: Any, name: str, before: bool) -> None:
        plain = getattr(owner, name)

        def counted(*given: Any, **named: Any) -> Any:
            if before:
                reached()
            done = plain(*given, **named)
            if not before:
                reached()
            return done

        setattr(owner, name, counted)

    def at_steps(name: str, counts: Callable[[dict[str, Any]], bool]) -> None:
        plain = getattr(FakeEngine, name)

        def counted(*given: Any, progress: Any = lambda done, total: None, **named: Any) -> Any:
            def step(done: int, total: int) -> None:
                if counts(named):
                    reached()
                progress(done, total)

            return plain(*given, progress=step, **named)

        setattr(FakeEngine, name, counted)

    if spot == "pass":
        at_steps("sample_together", lambda named: True)
    elif spot == "alone":
        at_steps("sample", lambda named: named["seed"] % 2 == 1)
    elif spot in ("put", "kept"):
        around(Transit, "put", spot == "put")
    elif spot in ("finish", "finished"):
        around(Logged, "finish", spot == "finish")


def be_worker(told: str, seed: int) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    slowly(Random(seed), float(os.environ.get("SLOWNESS", "0.05")))
    queue, performers = wiring.worker("test")
    if told:
        spot, number = told.split()
        kill_at(spot, int(number))
    work(quick(queue, Logged), performers, new_identifier(), stop, grace=1.0)


def main() -> None:
    os.environ["LOG"], seed = sys.argv[1:]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    for number, line in enumerate(sys.stdin):
        child = os.fork()
        if child == 0:
            try:
                be_worker(line.strip(), int(seed) + number)
            except BaseException as fault:
                print(repr(fault), file=sys.stderr, flush=True)
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
