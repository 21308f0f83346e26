"""``python -m benchmarks.scraping_http FOLDER``: a fleet and people, over HTTP, against the real server.

The hub is that of ``benchmarks.hub_http``. Arrivals are open-loop: moments are drawn as time goes on
(Poisson), nobody waits for an answer before the next request is due, and delays count from the moment a
request was due, so that queueing shows. All come through a proxy on this machine that keeps connections open
and tells their addresses, which the fleet changes with each request. Generator and server have a core each.
First the server's capacity is measured, by honest requests without a pause; each run has an idle phase with
honest people alone, then the fleet joins. It goes through the plain catalogue in random order, recipe by
recipe, and asks again for what it was not given.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy
from benchmarks.bench import machine
from benchmarks.hub_http import Server
from benchmarks.proportions import clopper_pearson

from benchmarks import hub_http
from rakkan.checkout import commit

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "scraping-http.json"
HONEST = json.loads((ROOT / "benchmarks" / "honest.json").read_text())["attacked"]
#: Connections that the proxy keeps: for honest people, for the fleet, and while capacity is measured.
HONEST_OPEN, FLEET_OPEN, CAPACITY_OPEN = 64, 256, 16
#: Seconds until an answer is given up, and the longest wait that still counts as success.
GIVEN_UP, PATIENCE = 10.0, 2.0
OVERLOAD = 20.0
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """Something to ask for; ``pair`` names the pair it gives, "" when it gives none."""

    path: str
    pair: str = ""
    weight: float = 1.0


@dataclass
class Answers:
    """What became of a crowd's requests; ``delays`` in seconds since they were due, of those answered 200."""

    statuses: Counter[str] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)
    rejections: list[float] = field(default_factory=list)
    pairs: dict[str, float] = field(default_factory=dict)
    size: int = 0


class Connection(asyncio.Protocol):
    """A connection that is kept: one request at a time; whoever asked is told the status and the bytes."""

    def __init__(self, free: Callable[[Connection], None], lost: Callable[[Connection], None]) -> None:
        self._free, self._lost = free, lost
        self._held, self._end = bytearray(), -1
        self._answered: Callable[[int, int], None] | None = None
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._free(self)

    def ask(self, request: bytes, answered: Callable[[int, int], None]) -> None:
        self._answered = answered
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._held += data
        if self._end < 0:
            head = self._held.find(b"\r\n\r\n")
            if head < 0:
                return
            length = _LENGTH.search(self._held, 0, head + 2)
            self._end = head + 4 + (int(length[1]) if length else 0)
        if len(self._held) >= self._end:
            status, size = int(self._held[9:12]), self._end
            self._held, self._end = bytearray(), -1
            self._tell(status, size)
            self._free(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._lost(self)
        self._tell(0, 0)

    def _tell(self, status: int, size: int) -> None:
        answered, self._answered = self._answered, None
        if answered is not None:
            answered(status, size)


class Crowd:
    """Accounts, by their keys, that ask for what is at ``places``, ``rate`` times a second in all, 0 for
    without a pause, over ``most`` connections. A fleet ``goes_through`` its places and changes its address
    with each request; people draw from theirs by weight."""

    def __init__(
        self,
        port: int,
        keys: Sequence[str],
        places: Sequence[Place],
        rate: float,
        most: int,
        goes_through: bool = False,
    ) -> None:
        self._places, self._rate, self._most = places, rate, most
        self._weights = [one.weight for one in places]
        self._keys = [f"Authorization: Bearer {key}\r\n" for key in keys]
        self._port, self._open, self._goes_through = port, 0, goes_through
        self._idle: deque[Connection] = deque()
        self._waiting: deque[float] = deque()
        self._flying: dict[Connection, float] = {}
        self._left: deque[Place] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._random, self._ended, self._answers = random.Random(0), False, Answers()

    async def live(self, seconds: float, seed: int) -> Answers:
        """Ask for so many seconds, and wait for the last answers."""
        self._loop, self._answers, self._ended = asyncio.get_running_loop(), Answers(), False
        self._random, start = random.Random(seed), self._loop.time()
        due = start + self._gap()
        while (now := self._loop.time()) < start + seconds:
            while self._rate and due <= now:
                self._waiting.append(due)
                due += self._gap()
            if not self._rate and not self._waiting and not self._flying:
                self._waiting.extend([now] * self._most)
            self._send(now)
            await asyncio.sleep(0.001)
        self._ended = True
        if not self._rate:
            self._waiting.clear()
        while (self._waiting or self._flying) and self._loop.time() < start + seconds + GIVEN_UP:
            self._send(self._loop.time())
            await asyncio.sleep(0.005)
        self._answers.statuses["gave up"] += len(self._waiting) + len(self._flying)
        answers, self._answers = self._answers, Answers()
        for one in (*self._idle, *self._flying):
            one.transport.abort()
        self._waiting.clear()
        await asyncio.sleep(0.05)
        return answers

    def _gap(self) -> float:
        return self._random.expovariate(self._rate) if self._rate else 0.0

    def _send(self, now: float) -> None:
        while self._waiting and now - self._waiting[0] > GIVEN_UP:
            self._waiting.popleft()
            self._answers.statuses["gave up"] += 1
        for one, since in list(self._flying.items()):
            if now - since > GIVEN_UP:
                one.transport.abort()
        while self._waiting and self._idle:
            self._one(self._idle.pop(), self._waiting.popleft())
        for _ in range(min(len(self._waiting), self._most - self._open)):
            self._open += 1
            task = self._loop.create_task(self._connect())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self) -> None:
        try:
            await self._loop.create_connection(
                lambda: Connection(self._freed, self._gone), "127.0.0.1", self._port
            )
        except OSError:
            self._open -= 1

    def _freed(self, one: Connection) -> None:
        self._flying.pop(one, None)
        if self._waiting:
            self._one(one, self._waiting.popleft())
        elif not self._rate and not self._ended:
            self._one(one, self._loop.time())
        else:
            self._idle.append(one)

    def _gone(self, one: Connection) -> None:
        self._open -= 1
        self._flying.pop(one, None)
        if one in self._idle:
            self._idle.remove(one)

    def _one(self, one: Connection, due: float) -> None:
        place, who = self._next(), self._random.randrange(len(self._keys))
        address = self._random.getrandbits(24) if self._goes_through else who
        request = (
            f"GET {place.path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n{self._keys[who]}"
            f"X-Forwarded-For: 10.{address >> 16}.{address >> 8 & 255}.{address & 255}\r\n\r\n"
        )
        self._flying[one] = self._loop.time()
        one.ask(request.encode(), lambda status, size: self._note(place, due, status, size))

    def _note(self, place: Place, due: float, status: int, size: int) -> None:
        now, answers = self._loop.time(), self._answers
        answers.statuses[str(status) if status else "no answer"] += 1
        answers.size += size
        if status == 200:
            answers.delays.append(now - due)
            if place.pair:
                answers.pairs.setdefault(place.pair, now)
            return
        answers.rejections.append(now - due)
        if self._goes_through:
            self._left.appendleft(place)

    def _next(self) -> Place:
        if not self._goes_through:
            return self._random.choices(self._places, self._weights)[0]
        if not self._left:
            self._left.extend(self._random.sample(self._places, len(self._places)))
        return self._left.popleft()


def honest_places(folder: Path) -> list[Place]:
    """What people at work ask for, as ``honest.json`` has it: pages, lists, pictures that those showed."""
    kinds = HONEST["kinds"]
    newest = hub_http.opened(folder, 48)
    files = [name for name, is_whole in newest if is_whole]
    return [
        Place("/gallery", weight=kinds["page"] + kinds["draft"]),
        Place("/api/v1/pictures?limit=48", weight=kinds["list"]),
        *(Place(f"/pictures/{one}/file", one, kinds["picture"] / len(files)) for one in files),
        *(Place(f"/api/v1/pictures/{one}/recipe", one, kinds["recipe"] / len(newest)) for one, _ in newest),
    ]


async def capacity(
    server: Server, keys: Sequence[str], places: Sequence[Place], seconds: float
) -> dict[str, float]:
    """Honest requests served a second when there is no pause between them."""
    crowd = Crowd(server.port, keys, places, 0.0, CAPACITY_OPEN)
    await crowd.live(2.0, 1)
    before = server.seconds()
    answers = await crowd.live(seconds, 2)
    served = answers.statuses["200"]
    return {
        "a second": round(served / seconds, 1),
        "processor ms": round(1000 * (server.seconds() - before) / max(1, served), 3),
        "not served": answers.statuses.total() - served,
    }


async def run(
    server: Server, folder: Path, rate: float, seconds: float, idle_seconds: float, seed: int
) -> tuple[dict[str, Any], Answers, Answers]:
    """One run: honest people alone, then with the fleet at ``rate`` requests a second."""
    told = hub_http.prepare(folder)
    people = [key for name, key in told["keys"].items() if name not in told["fleet"]][: HONEST["users"]]
    fleet_keys = [told["keys"][name] for name in told["fleet"]]
    catalogue = told["published"] + told["canaries"]
    honest_rate = HONEST["users"] / HONEST["gap_seconds"]
    honest = Crowd(server.port, people, honest_places(folder), honest_rate, HONEST_OPEN)
    places = [Place(f"/api/v1/pictures/{one}/recipe", one) for one in catalogue]
    fleet = Crowd(server.port, fleet_keys, places, rate, FLEET_OPEN, True)
    await honest.live(3.0, seed + 3)  # what is compiled at its first use is so
    idle = await honest.live(idle_seconds, seed)
    load, before, start = os.getloadavg()[0], server.seconds(), asyncio.get_running_loop().time()
    busy, attack = await asyncio.gather(honest.live(seconds, seed + 1), fleet.live(seconds, seed + 2))
    used, lasted = server.seconds() - before, asyncio.get_running_loop().time() - start
    last = max(attack.pairs.values(), default=start) - start
    figures = {
        "pairs": len(attack.pairs),
        "share of the catalogue": len(attack.pairs) / len(catalogue),
        "canaries given": len(set(told["canaries"]) & attack.pairs.keys()),
        "seconds until the last new pair": round(last, 2),
        "fleet requests a second": round(attack.statuses.total() / seconds, 1),
        "server processor share": round(used / lasted, 3),
        "server mib": round(server.mebibytes()[0], 1),
        "load": round(load, 2),
        "idle": figures_of(idle),
        "honest": figures_of(busy),
        "fleet": figures_of(attack),
    }
    return figures, idle, busy


def figures_of(answers: Answers) -> dict[str, Any]:
    """A crowd's answers in figures."""
    good = sum(delay <= PATIENCE for delay in answers.delays)
    statuses = {name: count for name, count in answers.statuses.items() if count}
    found: dict[str, Any] = {
        "requests": answers.statuses.total(),
        "statuses": statuses,
        "succeeded": good,
        "bytes": answers.size,
    }
    for name, values in (("ms", answers.delays), ("ms turned away", answers.rejections)):
        if values:
            found[name] = quantiles(values)
    return found


def quantiles(delays: Sequence[float]) -> dict[str, float]:
    """Milliseconds of seconds."""
    marks = (("median", 0.5), ("99th", 0.99), ("most", 1.0))
    return {mark: round(1000 * float(numpy.quantile(delays, at)), 1) for mark, at in marks}


def summary(
    runs: Sequence[Mapping[str, Any]], idle: Sequence[Answers], busy: Sequence[Answers]
) -> dict[str, Any]:
    """The runs together: success with its exact interval, pairs, and delays against idle ones."""
    asked = sum(one["honest"]["requests"] for one in runs)
    failed = asked - sum(one["honest"]["succeeded"] for one in runs)
    low, high = clopper_pearson(failed, asked)
    pairs = sorted(one["pairs"] for one in runs)

    def mean(name: str) -> float:
        return round(float(numpy.mean([one[name] for one in runs])), 3)

    return {
        "honest requests": asked,
        "honest success": round(1 - failed / asked, 6),
        "honest success interval": [round(1 - high, 6), round(1 - low, 6)],
        "idle ms": quantiles([delay for one in idle for delay in one.delays]),
        "attacked ms": quantiles([delay for one in busy for delay in one.delays]),
        "pairs": {"median": float(numpy.median(pairs)), "most": pairs[-1], "least": pairs[0]},
        "stopped by 300": sum(one <= 300 for one in pairs),
        "most of the catalogue": max(one["share of the catalogue"] for one in runs),
        "fleet requests a second": mean("fleet requests a second"),
        "server processor share": mean("server processor share"),
    }


def attacked(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Capacity, then the runs, each with a server of its own and budgets that have counted nothing."""
    told = hub_http.prepare(folder)
    keys = [key for name, key in told["keys"].items() if name not in told["fleet"]]
    with hub_http.serving(folder, given.port, 0) as server:
        most = asyncio.run(capacity(server, keys, honest_places(folder), given.capacity_seconds))
    print(f"capacity {most}", flush=True)
    rate = OVERLOAD * most["a second"]
    runs, idles, busies = [], [], []
    for number in range(given.runs):
        hub_http.empty(folder)
        with hub_http.serving(folder, given.port, 0) as server:
            figures, idle, busy = asyncio.run(
                run(server, folder, rate, given.seconds, given.idle_seconds, given.seed + 10 * number)
            )
        figures["alarms"] = hub_http.alarms(folder)
        runs.append(figures)
        idles.append(idle)
        busies.append(busy)
        print(f"run {number + 1}: {json.dumps(figures)}", flush=True)
    return {"capacity": most, "offered": rate, **summary(runs, idles, busies), "runs": runs}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Attack a filled hub over HTTP; measure what people notice.")
    parser.add_argument("folder", type=Path, help="of the instance; it is made when it is not there")
    parser.add_argument("--port", type=int, default=8498)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--idle-seconds", type=float, default=10.0)
    parser.add_argument("--capacity-seconds", type=float, default=10.0)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=REPORT)
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    hub_http.prepare(given.folder)
    os.sched_setaffinity(0, {1})
    load = os.getloadavg()
    report = {
        "command": "python -m benchmarks.scraping_http FOLDER",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(ROOT),
        "seed": given.seed,
        "n": given.runs,
        "interval": "95 %, Clopper-Pearson",
        **machine(),
        "load before": load,
        "seconds": given.seconds,
        "overload": OVERLOAD,
        **attacked(given.folder, given),
        "load after": os.getloadavg(),
    }
    given.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps({name: value for name, value in report.items() if name != "runs"}, indent=1))


if __name__ == "__main__":
    import uvloop

    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    main()
