"""``python -m benchmarks.drafts``: how long somebody waits for a draft, asked for over HTTP as browsers do.

A server and its worker in processes of their own, on a new instance; one person. *Sequential*: the next
draft is asked for when the one before is there. *Typing*: a new draft every 120 ms, which takes the place of
the one before; counted from the last key of a burst to its draft. Processor time is that of both processes
for a sequential draft. The budget of drafts is lifted, since nobody draws so many at a stretch. Runs are
short and several: the median of all, and the run with the lowest median, named as such, since other work on
the machine only adds. Writes ``docs/measurements/drafts.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from benchmarks.bench import machine

from rakkan.checkout import commit

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "drafts.json"
KEY = 0.12
PROMPT = "1girl, silver twin tails, red hoodie, smile, night sky"
SERVER = (
    "import sys; from rakkan.service.budgets import decide, limits; limits.COSTS['draft'] = 0.001; "
    "decide._flights = lambda *given: None; "
    "from rakkan.cli.main import app; app(sys.argv[1:])"
)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def served(home: Path) -> Iterator[tuple[str, str, int]]:
    """A server with one worker: its origin, the token of its owner, its process."""
    port = free_port()
    environment = {**os.environ, "RAKKAN_HOME": str(home / "home"), "RAKKAN_KEY": str(home / "key")}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, "serve", "--port", str(port)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        link = next(found for line in process.stdout if (found := re.search(r"token=(\S+)", line)))
        yield f"http://localhost:{port}", link[1], process.pid
    finally:
        process.terminate()
        process.wait(30)


def entered(origin: str, token: str) -> dict[str, str]:
    """Come in as the owner: the headers that a page of the studio sends with its forms."""
    with httpx.Client(base_url=origin, timeout=60) as client:
        page = client.get(f"/welcome?token={token}", headers={"accept": "text/html"})
        headers = {"origin": origin, "cookie": page.headers["set-cookie"].partition(";")[0]}
        form = {"token": token, "handle": "sumi", "csrf": csrf(page.text)}
        came = client.post("/welcome", data=form, headers=headers)
        headers["cookie"] = came.headers["set-cookie"].partition(";")[0]
        page = client.get("/create", headers={**headers, "accept": "text/html"})
        return {**headers, "x-csrf-token": csrf(page.text), "accept": "image/webp, application/json"}


def csrf(page: str) -> str:
    found = re.search(r'name="csrf(?:-token)?"\s+(?:value|content)="([^"]+)"', page)
    if found is None:
        raise SystemExit("the page has no form token")
    return found[1]


def must(answer: httpx.Response) -> None:
    if answer.status_code != 200:
        raise SystemExit(f"no draft: {answer.status_code} {answer.text[:300]}")


def ticks(server: int) -> float:
    """Seconds of processor time of a process and its children so far."""
    total = 0.0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(folder.name) == server or int(fields[1]) == server:
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def ready(client: httpx.Client, headers: dict[str, str]) -> None:
    """Wait until the worker has come up: a word that no draft can be made of is refused by it, or before."""
    for _ in range(10):
        if (
            client.post("/studio/draft", data={"prompt": "qqq", "slot": "b"}, headers=headers).status_code
            != 503
        ):
            return
    raise SystemExit("no worker came up")


def sequential(client: httpx.Client, headers: dict[str, str], n: int) -> list[float]:
    """Milliseconds of each of ``n`` drafts."""
    times = []
    for number in range(n):
        form = {"prompt": PROMPT, "seed": str(number), "slot": "bench"}
        started = time.perf_counter()
        answer = client.post("/studio/draft", data=form, headers=headers)
        times.append(1000 * (time.perf_counter() - started))
        must(answer)
    return times


async def burst(origin: str, headers: dict[str, str], keys: int) -> tuple[float, int]:
    """Type ``keys`` letters: milliseconds from the last to its draft, and how many drafts were shown."""
    async with httpx.AsyncClient(base_url=origin, timeout=60) as client:
        # As long a beginning that there is something to draw from the first key on.
        words = ("1girl, silver hair, " + PROMPT)[: 20 + keys]
        slot, begun, pressed, asked = secrets.token_hex(4), time.perf_counter(), 0.0, []
        for key in range(keys):
            await asyncio.sleep(max(0.0, begun + key * KEY - time.perf_counter()))
            pressed = time.perf_counter()
            form = {"prompt": words[: 20 + key], "seed": "7", "slot": slot}
            asked.append(asyncio.create_task(client.post("/studio/draft", data=form, headers=headers)))
        last = await asked[-1]
        waited = 1000 * (time.perf_counter() - pressed)
        must(last)
        answers = [one.status_code for one in await asyncio.gather(*asked)]
        assert set(answers) <= {200, 409, 429}, answers  # 429: more than eight requests at once
        return waited, answers.count(200)


def centile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)


def told(runs: Sequence[Sequence[float]]) -> dict[str, Any]:
    every = [one for run in runs for one in run]
    best = min(runs, key=statistics.median)
    return {
        "n": len(every),
        "p50": centile(every, 0.5),
        "p95": centile(every, 0.95),
        "best run of those": {"n": len(best), "p50": centile(best, 0.5), "p95": centile(best, 0.95)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=6)
    parser.add_argument("--n", type=int, default=20, help="drafts in a run")
    parser.add_argument("--keys", type=int, default=8, help="keys in a burst of typing")
    asked = parser.parse_args()
    load = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (origin, token, server):
        headers = entered(origin, token)
        with httpx.Client(base_url=origin, timeout=60) as client:
            ready(client, headers)
            first = sequential(client, headers, 1)[0]
            waits, typed, shown, spent = [], [], [], []
            for _ in range(asked.runs):
                before = ticks(server)
                waits.append(sequential(client, headers, asked.n))
                spent.append(1000 * (ticks(server) - before) / asked.n)
                found = [asyncio.run(burst(origin, headers, asked.keys)) for _ in range(asked.n // 4)]
                typed.append([one for one, _ in found])
                shown += [one for _, one in found]
                load.append(os.getloadavg()[0])
    report = {
        "seed": 0,  # of each picture: its number
        "command": f"python -m benchmarks.drafts --runs {asked.runs} --n {asked.n} --keys {asked.keys}",
        **machine(),
        "commit": commit(ROOT),
        "load of the machine, a minute": {"least": round(min(load), 2), "most": round(max(load), 2)},
        "niceness": os.nice(0),
        "runs": asked.runs,
        "first draft of the worker, ms": round(first, 1),
        "sequential, ms": told(waits),
        "processor time, ms a draft": {"median": round(statistics.median(spent), 1)},
        "typing, ms from the last key": told(typed),
        "typing, drafts shown of a burst": {"keys": asked.keys, "median": statistics.median(shown)},
    }
    REPORT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
