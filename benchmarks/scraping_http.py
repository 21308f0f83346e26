"""``python -m benchmarks.scraping_http --base URL --plan FILE``: a fleet and honest people over HTTP.

Arrivals are open-loop: moments are drawn beforehand (Poisson), nobody waits for an answer before the next
request is due, and delays count from the moment a request was due, so that queueing shows. Each run has an
idle phase with honest people alone, then the fleet joins. Addresses rotate over 127.0.0.0/8. The generator
pins itself to a core; the server is to be started on another one (``taskset -c 0``).

The plan is JSON: for ``honest`` and ``fleet`` each ``credentials`` (a list of headers, one object an account)
and ``paths``, a list of objects with ``path`` and optionally ``pair`` (the identifier of a pair when the path
gives one, from which distinct pairs are counted) and ``weight``. The fleet goes through its paths in random
order and repeats one that was turned away; honest people draw from theirs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy
from benchmarks.bench import machine
from benchmarks.proportions import clopper_pearson

from rakkan.checkout import commit

ROOT = Path(__file__).resolve().parent.parent
#: Connections that are open at once; what is due beyond them counts as failed and is not sent.
MOST_OPEN = 2_000
#: Seconds until an answer is given up, and the longest wait that still counts as success.
GIVEN_UP, PATIENCE = 10.0, 2.0


@dataclass(frozen=True)
class Place:
    """Something to ask for; ``pair`` names the pair it gives, "" when it gives none."""

    path: str
    pair: str = ""
    weight: float = 1.0


@dataclass(frozen=True)
class Crowd:
    """Who asks (headers of each account) and for what; ``rate`` requests a second of all together."""

    credentials: tuple[Mapping[str, str], ...]
    paths: tuple[Place, ...]
    rate: float
    goes_through: bool = False


@dataclass
class Answers:
    """What became of a crowd's requests; ``delays`` in seconds since they were due, of those answered 200."""

    statuses: Counter[str] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)
    rejections: list[float] = field(default_factory=list)
    pairs: dict[str, float] = field(default_factory=dict)
    size: int = 0


@dataclass
class Wanted:
    """What a crowd asks for next."""

    crowd: Crowd
    draw: random.Random
    left: deque[Place] = field(default_factory=deque)

    def next(self) -> Place:
        """The next of its paths, in random order without repetition, or drawn by weight."""
        if not self.crowd.goes_through:
            weights = [one.weight for one in self.crowd.paths]
            return self.draw.choices(self.crowd.paths, weights)[0]
        if not self.left:
            self.left.extend(self.draw.sample(self.crowd.paths, len(self.crowd.paths)))
        return self.left.popleft()

    def turned_away(self, path: Place) -> None:
        """Ask for it again, at once."""
        if self.crowd.goes_through:
            self.left.appendleft(path)


class Client:
    """Sends requests over connections of their own addresses, and keeps none open: addresses rotate."""

    def __init__(self, base: str, seed: int) -> None:
        parts = urlsplit(base)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._random = random.Random(seed)
        self.open = 0

    async def get(self, path: str, headers: Mapping[str, str], rotate: bool) -> tuple[int, int]:
        """The status and the bytes of the body. Raises OSError and TimeoutError."""
        source = None
        if rotate and self._host.startswith("127."):
            source = (f"127.{self._random.randrange(1, 255)}.{self._random.randrange(256)}.1", 0)
        self.open += 1
        try:
            async with asyncio.timeout(GIVEN_UP):
                return await self._exchange(path, headers, source)
        finally:
            self.open -= 1

    async def _exchange(
        self, path: str, headers: Mapping[str, str], source: tuple[str, int] | None
    ) -> tuple[int, int]:
        reader, writer = await asyncio.open_connection(self._host, self._port, local_addr=source)
        try:
            lines = [f"GET {path} HTTP/1.1", f"Host: {self._host}:{self._port}", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            head, _, rest = (await reader.read(-1)).partition(b"\r\n\r\n")
            status = head[9:12]
            if not head.startswith(b"HTTP/1.") or not status.isdigit():
                raise OSError("the server did not answer in HTTP/1.1")
            return int(status), len(rest)
        finally:
            writer.close()


async def crowd_out(
    client: Client, crowd: Crowd, seconds: float, seed: int, answers: Answers, rotate: bool
) -> None:
    """Send a crowd's requests when they are due, for so many seconds, and wait for the last answers."""
    draw = random.Random(seed)
    wanted, tasks = Wanted(crowd, draw), set()
    start = time.perf_counter()
    due = draw.expovariate(crowd.rate)
    while due < seconds:
        ahead = start + due - time.perf_counter()
        if ahead > 0:
            await asyncio.sleep(ahead)
        elif len(tasks) % 50 == 0:
            await asyncio.sleep(0)
        if client.open >= MOST_OPEN:
            answers.statuses["not sent"] += 1
        else:
            account = draw.choice(crowd.credentials)
            task = asyncio.create_task(_one(client, wanted, account, start, due, answers, rotate))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        due += draw.expovariate(crowd.rate)
    await asyncio.gather(*tasks)


async def _one(
    client: Client,
    wanted: Wanted,
    account: Mapping[str, str],
    start: float,
    due: float,
    answers: Answers,
    rotate: bool,
) -> None:
    path = wanted.next()
    try:
        status, size = await client.get(path.path, account, rotate)
    except (OSError, TimeoutError) as error:
        answers.statuses["gave up" if isinstance(error, TimeoutError) else "no connection"] += 1
        wanted.turned_away(path)
        return
    answered = time.perf_counter() - start
    answers.statuses[str(status)] += 1
    answers.size += size
    if status == 200:
        answers.delays.append(answered - due)
        if path.pair:
            answers.pairs.setdefault(path.pair, answered)
    else:
        answers.rejections.append(answered - due)
        wanted.turned_away(path)


async def run(
    base: str, honest: Crowd, fleet: Crowd, seconds: float, idle_seconds: float, seed: int
) -> dict[str, Any]:
    """One run: honest people alone, then with the fleet."""
    client, idle, busy, attack = Client(base, seed), Answers(), Answers(), Answers()
    await crowd_out(client, honest, idle_seconds, seed, idle, False)
    await asyncio.gather(
        crowd_out(client, honest, seconds, seed + 1, busy, False),
        crowd_out(client, fleet, seconds, seed + 2, attack, True),
    )
    return {"idle": told(idle), "honest": told(busy), "fleet": told(attack)}


def told(answers: Answers) -> dict[str, Any]:
    """A crowd's answers in figures."""
    asked = answers.statuses.total()
    good = sum(delay <= PATIENCE for delay in answers.delays)
    found: dict[str, Any] = {
        "requests": asked,
        "statuses": dict(answers.statuses),
        "succeeded": good,
        "pairs": len(answers.pairs),
        "seconds until the last new pair": round(max(answers.pairs.values(), default=0.0), 2),
        "bytes": answers.size,
    }
    for name, values in (("milliseconds", answers.delays), ("milliseconds turned away", answers.rejections)):
        if values:
            found[name] = {
                mark: round(1000 * float(numpy.quantile(values, at)), 1)
                for mark, at in (("median", 0.5), ("99th", 0.99), ("most", 1.0))
            }
    return found


def summary(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The runs together: success with its exact interval, pairs, and delays against idle ones."""
    asked = sum(one["honest"]["requests"] for one in runs)
    failed = asked - sum(one["honest"]["succeeded"] for one in runs)
    low, high = clopper_pearson(failed, asked)
    ratios = [
        one["honest"]["milliseconds"]["99th"] / one["idle"]["milliseconds"]["99th"]
        for one in runs
        if "milliseconds" in one["honest"] and "milliseconds" in one["idle"]
    ]
    return {
        "honest success": round(1 - failed / asked, 6),
        "honest success interval": [round(1 - high, 6), round(1 - low, 6)],
        "honest 99th, of idle": [round(ratio, 3) for ratio in ratios],
        "pairs": [one["fleet"]["pairs"] for one in runs],
    }


def plan(path: Path, honest_rate: float, fleet_rate: float) -> tuple[Crowd, Crowd]:
    """The two crowds of a plan."""
    found = json.loads(path.read_text())
    crowds = [
        Crowd(
            tuple(found[name]["credentials"]),
            tuple(Place(**one) for one in found[name]["paths"]),
            rate,
            name == "fleet",
        )
        for name, rate in (("honest", honest_rate), ("fleet", fleet_rate))
    ]
    return crowds[0], crowds[1]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, help="the server, such as http://127.0.0.1:8000")
    parser.add_argument("--plan", type=Path, required=True, help="who asks for what (JSON)")
    parser.add_argument("--capacity", type=float, required=True, help="requests a second it serves at most")
    parser.add_argument("--overload", type=float, default=20.0, help="times the capacity")
    parser.add_argument("--honest-rate", type=float, default=6.25, help="fifty people, one each 8 seconds")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--idle-seconds", type=float, default=20.0)
    parser.add_argument("--runs", type=int, default=1, help="the server is to be emptied between runs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--core", type=int, help="pin the generator to this core")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    given = parser.parse_args(arguments)
    if given.core is not None:
        os.sched_setaffinity(0, {given.core})
    honest, fleet = plan(given.plan, given.honest_rate, given.capacity * given.overload)
    runs = [
        asyncio.run(
            run(given.base, honest, fleet, given.seconds, given.idle_seconds, given.seed + 10 * number)
        )
        for number in range(given.runs)
    ]
    report = {
        "command": " ".join(["python -m benchmarks.scraping_http", *sys.argv[1:]]),
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(ROOT),
        "seed": given.seed,
        "n": len(runs),
        "interval": "95 %, Clopper-Pearson",
        **machine(),
        "capacity": given.capacity,
        "overload": given.overload,
        **summary(runs),
        "runs": runs,
    }
    if given.json:
        given.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps(summary(runs), indent=1))


if __name__ == "__main__":
    main()
