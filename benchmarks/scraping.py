"""``python -m benchmarks.scraping``: what the budgets do to fleets that scrape, and to honest people.

Seeded runs of the pure functions of ``rakkan.service.budgets`` on a virtual clock, in parts: ``naive`` (20
linked accounts at 20 times the capacity), ``missing`` (the one label that links them is unknown of 30 % of
the accounts), ``patient`` (human pace, follows the feed, meets no canary), ``months`` (honest hubs and kinds
of people), ``doubled`` (honest activity twice as high), ``canaries`` (arithmetic against simulation) and
``costs`` (what deciding costs). Each part is put into ``docs/measurements/scraping.json`` when it is done,
with its own seed, commit and counts, so that a stopped run goes on with ``--parts``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy
from benchmarks.bench import machine
from benchmarks.proportions import clopper_pearson
from benchmarks.scraping_attacks import ACCOUNTS, CATALOGUE, Outcome, Patient, attack, patient
from benchmarks.scraping_costs import costs
from benchmarks.scraping_people import HONEST, Tally, month

from rakkan.checkout import commit
from rakkan.service.budgets import canaries

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "scraping.json"
WANTED = {
    "stopped by 300 pairs": 0.95,
    "stopped by 700 pairs": 0.999,
    "share of the catalogue": 0.01,
    "honest success": 0.999,
    "false alarms per account-month": 0.001,
    "a rejection, of what serving costs": 0.02,
}
#: Draws of the order in which a catalogue is read, for the canaries.
ORDERS = 20_000


def share(hits: int, trials: int) -> dict[str, Any]:
    """A share with its exact 95 % interval."""
    rare = min(hits, trials - hits)
    low, high = clopper_pearson(rare, trials)
    if rare != hits:
        low, high = 1 - high, 1 - low
    return {
        "hits": hits,
        "n": trials,
        "share": round(hits / trials, 7),
        "interval": [round(low, 7), round(high, 7)],
    }


def spread(values: Iterable[float], digits: int = 2) -> dict[str, float]:
    """The least, the median, the 95th and 99.9th percentiles, and the most."""
    found = numpy.fromiter(values, float)
    names = {"least": 0.0, "median": 0.5, "95th": 0.95, "99.9th": 0.999, "most": 1.0}
    return {name: round(float(numpy.quantile(found, at)), digits) for name, at in names.items()}


def attacks(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The figures of one attacker."""
    runs = len(outcomes)
    asked, failed = sum(one.honest for one in outcomes), sum(one.honest - one.succeeded for one in outcomes)
    delays = numpy.concatenate([one.delays for one in outcomes])
    return {
        "runs": runs,
        "accounts": ACCOUNTS,
        "catalogue": CATALOGUE,
        "stopped in the end": share(sum(one.stopped for one in outcomes), runs),
        "stopped by 300 pairs": share(sum(one.stopped and one.pairs <= 300 for one in outcomes), runs),
        "stopped by 700 pairs": share(sum(one.stopped and one.pairs <= 700 for one in outcomes), runs),
        "under 1 % of the catalogue": share(sum(one.pairs < CATALOGUE / 100 for one in outcomes), runs),
        "pairs": spread(one.pairs for one in outcomes),
        "percent of the catalogue": spread((100 * one.pairs / CATALOGUE for one in outcomes), 3),
        "seconds until the last pair": spread(one.until for one in outcomes),
        "clusters": spread(one.groups for one in outcomes),
        "requests turned away": sum(one.rejected for one in outcomes),
        "honest success": share(asked - failed, asked),
        "honest alarms": sum(one.false_alarms for one in outcomes),
        "honest milliseconds": {
            name: round(1000 * float(numpy.quantile(delays, at)), 1)
            for name, at in {"median": 0.5, "99th": 0.99, "99.9th": 0.999}.items()
        },
    }


def patience(outcomes: Sequence[Patient]) -> dict[str, Any]:
    """The figures of the attacker that takes its time."""
    return {
        "runs": len(outcomes),
        "clusters": spread(one.groups for one in outcomes),
        "days to 1 %": spread(one.hundredth for one in outcomes),
        "days to 10 %": spread(one.tenth for one in outcomes),
        "pairs in 30 days": spread(one.month for one in outcomes),
    }


def people(tallies: Iterable[Tally]) -> dict[str, Any]:
    """The figures of honest months."""
    whole = Tally()
    for one in tallies:
        whole.add(one)
    causes = sorted({cause for found in whole.alarmed.values() for cause in found} - {"any"})
    accounts, asked = whole.accounts.total(), whole.pairs.total()
    return {
        "account-months": accounts,
        "pairs": asked,
        "false alarms": share(sum(found["any"] for found in whole.alarmed.values()), accounts),
        "by cause": {cause: sum(found[cause] for found in whole.alarmed.values()) for cause in causes},
        "pairs put off": share(whole.slowed.total(), asked),
        "pairs reduced or refused": share(whole.reduced.total(), asked),
        "of kinds": {
            kind: {
                "false alarms": share(whole.alarmed.get(kind, {}).get("any", 0), whole.accounts[kind]),
                "pairs put off": share(whole.slowed[kind], whole.pairs[kind]),
            }
            for kind in sorted(whole.accounts)
        },
        "accounts in clusters": whole.merged,
        "largest cluster": whole.largest,
    }


def canary_check(seed: int) -> dict[str, Any]:
    """Canaries of a real catalogue by keyed hash; how soon a reader in random order meets one."""
    random = numpy.random.default_rng(seed)
    secret = random.bytes(32)
    found = sum(canaries.is_canary(secret, f"picture{number}") for number in range(CATALOGUE))
    first = numpy.array([_first(random, found) for _ in range(ORDERS)])
    return {
        "canaries": found,
        "orders": ORDERS,
        "fetches for 95 %": canaries.fetches_until(0.95),
        "fetches for 99.9 %": canaries.fetches_until(0.999),
        "detected": {
            str(fetches): {
                "arithmetic": round(canaries.detection(fetches), 5),
                "without replacement": round(canaries.detection_exact(fetches, CATALOGUE, found), 5),
                "simulated": share(int((first <= fetches).sum()), ORDERS),
            }
            for fetches in (100, 299, 688)
        },
    }


def _first(random: numpy.random.Generator, found: int) -> int:
    """The place of the first canary in a random order of the catalogue, counted from 1."""
    return 1 + int(random.choice(CATALOGUE, found, replace=False, shuffle=False).min())


def _month(work: tuple[int, float, str, int]) -> Tally:
    return month(*work)


def _months(pool: Any, seed: int, scale: float, factor: float) -> dict[str, Any]:
    """Whole hubs, and beside them many of the kinds that are rare in a hub."""
    hubs, each = max(round((10 if factor == 1 else 3) * scale), 1), max(round(4000 * scale), 40)
    report = {
        "factor": factor,
        "hub": people(pool.imap(_month, [(seed + n, factor, "", 0) for n in range(hubs)])),
    }
    # Programs are those whose alarms are not all but never: of them, five times as many.
    for kind, batches in (("collecting", 8), ("moderating", 8), ("programs", 40)):
        if factor == 1:
            work = [(seed + 1000 + n, factor, kind, each // 8) for n in range(batches)]
            report[kind] = people(pool.imap(_month, work))
    return report


def parts(pool: Any, seed: int, scale: float) -> dict[str, Callable[[], dict[str, Any]]]:
    """What can be measured, by name; ``scale`` 1 for what is published."""

    def runs(count: int) -> range:
        return range(seed, seed + max(round(count * scale), 2))

    def fleet(count: int, missing: float, factor: float = 1.0) -> dict[str, Any]:
        return attacks(pool.map(partial(attack, missing=missing, factor=factor), runs(count), 20))

    def slow(missing: float, accounts: int = ACCOUNTS) -> dict[str, Any]:
        return patience(pool.map(partial(patient, missing=missing, accounts=accounts), runs(150)))

    return {
        "canaries": lambda: canary_check(seed),
        "naive": lambda: fleet(3000, 0.0),
        "months": lambda: _months(pool, seed, scale, 1.0),
        "missing": lambda: fleet(3000, 0.3),
        "doubled": lambda: {"naive": fleet(1000, 0.0, 2.0), "months": _months(pool, seed, scale, 2.0)},
        "patient": lambda: {
            "linked": slow(0.0),
            "30 % of links missing": slow(0.3),
            "one account": slow(0.0, 1),
        },
        "costs": costs,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=REPORT, help="the file the figures go to")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="of the runs that are published")
    parser.add_argument("--parts", nargs="*", default=[], help="only these")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    given = parser.parse_args(arguments)
    report: dict[str, Any] = json.loads(given.json.read_text()) if given.json.exists() else {}
    report |= {
        "command": "python -m benchmarks.scraping",
        "seed": given.seed,
        "interval": "95 %, Clopper-Pearson",
        "honest": HONEST.name,
        "wanted": WANTED,
        **machine(),
    }
    with get_context("fork").Pool(given.processes) as pool:
        for name, work in parts(pool, given.seed, given.scale).items():
            if given.parts and name not in given.parts:
                continue
            version, started = commit(ROOT), time.monotonic()
            report[name] = {
                **work(),
                "seconds": round(time.monotonic() - started),
                "seed": given.seed,
                "scale": given.scale,
                "commit": version,
                "date": datetime.now(UTC).date().isoformat(),
            }
            report["n"] = sum(report.get(one, {}).get("runs", 0) for one in ("naive", "missing"))
            report["commit"] = version
            given.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
            print(json.dumps({name: report[name]}, indent=1, ensure_ascii=False), file=sys.stderr)


if __name__ == "__main__":
    main()
