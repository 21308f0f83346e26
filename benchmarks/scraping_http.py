"""``python -m benchmarks.scraping_http FOLDER``: fleets and people, over HTTP, against the real server.

The hub is that of ``benchmarks.hub_http``. All requests come through a proxy on this machine that keeps
connections open and tells their addresses, which a fleet changes with each request. Generator and server have
a core each. First the server's capacity is measured, by honest requests without a pause; each run has a
server of its own with budgets that have counted nothing, an idle phase with honest people alone, and then a
fleet of twenty accounts joins:

- ``naive``: all are linked by what they are paid by. They go through the plain catalogue in random order,
  recipe by recipe, 20 times as often as the server can answer, and ask again for what they were not given.
- ``missing``: the same, but the one label that links them is unknown of each with 30 %.
- ``patient``: at human pace they open what the feed shows them (``benchmarks.patient_fleet``).

An account that is linked to none gets a pair each 0.6 seconds once a burst is used up, so ``missing`` runs go
on for a minute. People read for hours: for ``patient`` the server's clock runs faster, by which budgets and
rates count; delays are in real seconds. All in all it takes about 26 minutes. A run that is done is kept in
``FOLDER/runs`` and not repeated, as long as commit and settings are the same.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy
from benchmarks.bench import machine
from benchmarks.open_loop import Answers, Crowd, Place
from benchmarks.patient_fleet import PatientFleet, Reading
from benchmarks.proportions import clopper_pearson

from benchmarks import hub_http
from rakkan.checkout import commit

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "scraping-http.json"
HONEST = json.loads((ROOT / "benchmarks" / "honest.json").read_text())["attacked"]
#: Connections that the proxy keeps: for honest people, for the fleet, and while capacity is measured.
HONEST_OPEN, FLEET_OPEN, CAPACITY_OPEN = 64, 256, 16
#: The longest wait, in seconds, that still counts as success.
PATIENCE = 2.0
OVERLOAD = 20.0


@dataclass(frozen=True)
class Attack:
    """``runs`` of so many ``seconds``; ``clock``: how many seconds the server's clock goes in one;
    ``missing``: the probability that an account's link is unknown."""

    runs: int
    seconds: float
    clock: float = 1.0
    missing: float = 0.0
    is_patient: bool = False


ATTACKS = {
    "naive": Attack(20, 18.0),
    "missing": Attack(10, 65.0, missing=0.3),
    "patient": Attack(10, 17.0, clock=20.0, is_patient=True),
}


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
    server: hub_http.Server, keys: Sequence[str], places: Sequence[Place], seconds: float
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


@dataclass(frozen=True)
class Plan:
    """What a run needs to know of the hub: keys of people and of the fleet, what people ask for, and the
    catalogue with its canaries."""

    people: list[str]
    fleet: dict[str, str]
    places: list[Place]
    catalogue: list[str]
    canaries: set[str]


def planned(folder: Path) -> Plan:
    """The hub in ``folder``, filled if it is not there."""
    told = hub_http.prepare(folder)
    fleet = {name: told["keys"][name] for name in told["fleet"]}
    people = [key for name, key in told["keys"].items() if name not in fleet]
    catalogue = told["published"] + told["canaries"]
    return Plan(people, fleet, honest_places(folder), catalogue, set(told["canaries"]))


async def run(
    server: hub_http.Server, plan: Plan, attack: Attack, rate: float, idle_seconds: float, seed: int
) -> dict[str, Any]:
    """One run: honest people alone, then with the fleet, at ``rate`` requests a second where it does not
    read like people."""
    people, per_second = plan.people[: HONEST["users"]], HONEST["users"] / HONEST["gap_seconds"]
    honest = Crowd(server.port, people, plan.places, per_second, HONEST_OPEN)
    places = [Place(f"/api/v1/pictures/{one}/recipe", one) for one in plan.catalogue]
    keys = list(plan.fleet.values())
    fleet: Crowd | PatientFleet = (
        PatientFleet(server.port, keys, attack.clock)
        if attack.is_patient
        else Crowd(server.port, keys, places, rate, FLEET_OPEN, True)
    )
    await honest.live(2.0, seed + 3)  # what is compiled at its first use is so
    idle = await honest.live(idle_seconds, seed)
    load, before, own = os.getloadavg()[0], server.seconds(), time.process_time()
    start = time.perf_counter()
    busy, found = await asyncio.gather(
        honest.live(attack.seconds, seed + 1), fleet.live(attack.seconds, seed + 2)
    )
    lasted = time.perf_counter() - start
    first = 0.0 if isinstance(found, Reading) else start
    last = max(found.pairs.values(), default=first) - first
    return {
        "pairs": len(found.pairs),
        "share of the catalogue": len(found.pairs) / len(plan.catalogue),
        "canaries given": len(plan.canaries & found.pairs.keys()),
        "seconds until the last new pair": round(last * attack.clock, 2),
        "fleet requests a second": round(found.statuses.total() / attack.seconds, 1),
        "server processor share": round((server.seconds() - before) / lasted, 3),
        "generator processor share": round((time.process_time() - own) / lasted, 3),
        "server mib": round(server.mebibytes()[0], 1),
        "load": round(load, 2),
        "idle": figures_of(idle),
        "honest": figures_of(busy),
        "fleet": reading_of(found, attack) if isinstance(found, Reading) else figures_of(found, False),
    }


def figures_of(answers: Answers, whole: bool = True) -> dict[str, Any]:
    """A crowd's answers in figures; ``whole`` with the milliseconds of each, for quantiles over all runs."""
    found: dict[str, Any] = {
        "requests": answers.statuses.total(),
        "statuses": {name: count for name, count in answers.statuses.items() if count},
        "succeeded": sum(delay <= PATIENCE for delay in answers.delays),
        "bytes": answers.size,
        "generator ms late": quantiles(answers.late) if answers.late else {},
    }
    for name, values in (("ms", answers.delays), ("ms turned away", answers.rejections)):
        if values:
            found[name] = quantiles(values)
    if whole:
        found["each ms"] = [round(1000 * delay, 1) for delay in answers.delays]
        found["odd"] = [
            {"path": path, "was": was, "due": round(due, 2), "sent": round(sent, 3), "took": round(took, 3)}
            for path, was, due, sent, took in answers.odd
        ]
    return found


def reading_of(found: Reading, attack: Attack) -> dict[str, Any]:
    """What a patient fleet met; seconds are the server's."""
    return {
        "requests": found.statuses.total(),
        "statuses": dict(found.statuses),
        "bytes": found.size,
        "pages of the feed": found.pages,
        "seconds until told to wait": round(found.told[0] * attack.clock) if found.told[0] >= 0 else None,
        "told to wait": found.told[1],
    }


def quantiles(delays: Sequence[float], unit: float = 1000.0) -> dict[str, float]:
    """Milliseconds of seconds."""
    marks = (("median", 0.5), ("99th", 0.99), ("most", 1.0))
    return {mark: round(unit * float(numpy.quantile(delays, at)), 1) for mark, at in marks}


def summary(runs: Sequence[Mapping[str, Any]], served_ms: float) -> dict[str, Any]:
    """The runs of an attacker together: success with its exact interval, pairs, delays against idle ones, and
    what a rejection takes of the server's processor, served requests at ``served_ms`` taken off."""
    asked = sum(one["honest"]["requests"] for one in runs)
    failed = asked - sum(one["honest"]["succeeded"] for one in runs)
    low, high = clopper_pearson(failed, asked)
    pairs = [one["pairs"] for one in runs]
    turned = sum(one["fleet"]["requests"] - one["fleet"]["statuses"].get("200", 0) for one in runs)
    served = sum(one[crowd]["statuses"].get("200", 0) for one in runs for crowd in ("honest", "fleet"))
    used = sum(one["server processor share"] * one["seconds"] for one in runs)

    def mean(name: str) -> float:
        return round(float(numpy.mean([one[name] for one in runs])), 3)

    def spread(values: Sequence[float]) -> dict[str, float]:
        return {"least": min(values), "median": float(numpy.median(values)), "most": max(values)}

    def pooled(crowd: str) -> dict[str, float]:
        return quantiles([delay for one in runs for delay in one[crowd]["each ms"]], 1.0)

    told = {
        "n": len(runs),
        "honest requests": asked,
        "honest success": round(1 - failed / asked, 6),
        "honest success interval": [round(1 - high, 6), round(1 - low, 6)],
        "idle requests": sum(one["idle"]["requests"] for one in runs),
        "idle ms": pooled("idle"),
        "attacked ms": pooled("honest"),
        "generator ms late": max(one["honest"]["generator ms late"]["99th"] for one in runs),
        "generator processor share": mean("generator processor share"),
        "pairs": spread(pairs),
        "stopped by 300": sum(one <= 300 for one in pairs),
        "stopped by 700": sum(one <= 700 for one in pairs),
        "canaries given": sum(one["canaries given"] for one in runs),
        "runs with an alarm": sum(bool(one["alarms"]) for one in runs),
        "clusters": spread([one["clusters"] for one in runs]),
        "seconds until the last new pair": spread([one["seconds until the last new pair"] for one in runs]),
        "most of the catalogue": max(one["share of the catalogue"] for one in runs),
        "fleet requests a second": mean("fleet requests a second"),
        "server processor share": mean("server processor share"),
    }
    if turned > served:
        took = max(0.0, 1000 * used - served * served_ms) / turned
        told["ms of a rejection"] = round(took, 4)
        told["a rejection, of what serving takes"] = round(took / served_ms, 5)
    return told


def link(folder: Path, plan: Plan, attack: Attack, seed: int) -> int:
    """Link the fleet as this run has it; how many clusters it falls into."""
    draw = random.Random(seed)
    known = [name for name in plan.fleet if draw.random() >= attack.missing]
    hub_http.empty(folder, known)
    return len(plan.fleet) - max(len(known) - 1, 0)


class Kept:
    """What is done, in ``FOLDER/runs``: a file each, taken again when commit and settings are the same."""

    def __init__(self, folder: Path, version: str) -> None:
        self._folder, self._version = folder / "runs", version
        self._folder.mkdir(exist_ok=True)

    def done(
        self, name: str, settings: Mapping[str, Any], work: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """What ``work`` has found under these settings, now or before."""
        file, wanted = self._folder / f"{name}.json", {**settings, "commit": self._version}
        if file.exists():
            held: dict[str, Any] = json.loads(file.read_text())
            if held["settings"] == wanted:
                print(f"{name}: done before", flush=True)
                found: dict[str, Any] = held["found"]
                return found
        made = work()
        file.write_text(json.dumps({"settings": wanted, "found": made}))
        return made


def attacked(folder: Path, given: argparse.Namespace, save: Callable[[dict[str, Any]], None]) -> None:
    """Capacity, then the runs of each attacker; ``save`` is given all that is done after each run."""
    plan, kept = planned(folder), Kept(folder, commit(ROOT))

    def measure() -> dict[str, Any]:
        hub_http.empty(folder, list(plan.fleet))
        with hub_http.serving(folder, given.port, 0) as server:
            return asyncio.run(capacity(server, plan.people, plan.places, given.capacity_seconds))

    most = kept.done("capacity", {"seconds": given.capacity_seconds}, measure)
    print(f"capacity {most}", flush=True)
    rate = round(OVERLOAD * most["a second"], 1)
    found: dict[str, Any] = {"capacity": most, "offered": rate, "attackers": {}}
    for name in given.attackers:
        usual, runs = ATTACKS[name], []
        count, seconds = given.runs or usual.runs, given.seconds or usual.seconds
        attack = replace(usual, runs=count, seconds=seconds)
        for number in range(count):
            settings = {"seed": given.seed + 10 * number, "seconds": seconds, "clock": attack.clock}
            settings |= {"rate": rate, "idle": given.idle_seconds}
            done = kept.done(
                f"{name}-{number + 1}", settings, partial(one_run, plan, attack, given, settings)
            )
            runs.append(done)
            brief = {key: done[key] for key in ("pairs", "alarms", "server processor share")}
            brief |= {crowd: done[crowd].get("statuses") for crowd in ("idle", "honest", "fleet")}
            brief |= {"ms": done["honest"].get("ms"), "idle ms": done["idle"].get("ms")}
            print(f"{name} {number + 1} of {count}: {json.dumps(brief)}", flush=True)
            told = {"clock": attack.clock, "seconds": seconds, **summary(runs, most["processor ms"])}
            found["attackers"][name] = {**told, "runs": [without_each(one) for one in runs]}
            save(found)


def one_run(
    plan: Plan, attack: Attack, given: argparse.Namespace, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """A run with a server of its own."""
    groups = link(given.folder, plan, attack, settings["seed"])
    with hub_http.serving(given.folder, given.port, 0, attack.clock) as server:
        work = run(server, plan, attack, settings["rate"], given.idle_seconds, settings["seed"])
        figures = asyncio.run(work)
    more = {"seconds": attack.seconds, "clusters": groups, "alarms": hub_http.alarms(given.folder)}
    return {**figures, **more}


def without_each(one: Mapping[str, Any]) -> dict[str, Any]:
    """A run as it is published: without the milliseconds of each request."""
    return {
        name: {key: part for key, part in value.items() if key != "each ms"}
        if isinstance(value, dict)
        else value
        for name, value in one.items()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Attack a filled hub over HTTP; measure what people notice.")
    parser.add_argument("folder", type=Path, help="of the instance; it is made when it is not there")
    parser.add_argument("--attackers", nargs="+", choices=list(ATTACKS), default=list(ATTACKS))
    parser.add_argument("--runs", type=int, default=0, help="of each attacker; 0 for as many as usual")
    parser.add_argument("--seconds", type=float, default=0.0, help="of a run; 0 for as many as usual")
    parser.add_argument("--idle-seconds", type=float, default=4.0)
    parser.add_argument("--capacity-seconds", type=float, default=10.0)
    parser.add_argument("--port", type=int, default=8498)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=REPORT)
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    hub_http.prepare(given.folder)
    os.sched_setaffinity(0, {1})
    head = {
        "command": "python -m benchmarks.scraping_http FOLDER",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(ROOT),
        "seed": given.seed,
        "interval": "95 %, Clopper-Pearson",
        **machine(),
        "load before": os.getloadavg(),
        "overload": OVERLOAD,
    }

    def save(found: Mapping[str, Any]) -> None:
        runs = sum(one["n"] for one in found["attackers"].values())
        report = {**head, "n": runs, **found, "load after": os.getloadavg()}
        given.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    attacked(given.folder, given, save)


if __name__ == "__main__":
    import uvloop

    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    main()
