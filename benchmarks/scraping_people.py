"""Honest people, drawn from ``benchmarks/honest.json``: months of a whole hub, through the real decisions.

Every pair somebody opens is put to ``decide``; what is slowed is not opened, and an alarm of any cause counts
against every account of the cluster it is raised for.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy

from rakkan.service.budgets import clusters, pairs
from rakkan.service.budgets.clusters import Link
from rakkan.service.budgets.decide import Request, Standing, after, decide, met
from rakkan.service.budgets.limits import COSTS, LIMITS, Holder
from rakkan.service.budgets.pairs import Fetch
from rakkan.service.budgets.windows import DAY

HONEST = Path(__file__).resolve().parent / "honest.json"
#: Where the clock of every simulation starts, so that windows have blocks before them.
START = 1000 * 30 * DAY
CANARIES = 0.01


@dataclass
class Tally:
    """Counts over account-months, by kind of person and cause of alarm."""

    accounts: Counter[str] = field(default_factory=Counter)
    alarmed: dict[str, Counter[str]] = field(default_factory=dict)
    pairs: Counter[str] = field(default_factory=Counter)
    slowed: Counter[str] = field(default_factory=Counter)
    reduced: Counter[str] = field(default_factory=Counter)
    merged: int = 0
    largest: int = 0

    def add(self, other: Tally) -> None:
        """Take in the counts of another run."""
        self.accounts += other.accounts
        self.pairs += other.pairs
        self.slowed += other.slowed
        self.reduced += other.reduced
        for kind, causes in other.alarmed.items():
            self.alarmed.setdefault(kind, Counter()).update(causes)
        self.merged += other.merged
        self.largest = max(self.largest, other.largest)


def honest(factor: float = 1.0) -> dict[str, Any]:
    """The distributions, with everything people do multiplied by ``factor``."""
    found: dict[str, Any] = json.loads(HONEST.read_text())
    for person in found["people"].values():
        for name in ("pairs_median", "most", "walk_median"):
            person[name] *= factor
        person["pace"] /= factor
    found["attacked"]["gap_seconds"] /= factor
    return found


def days(person: Mapping[str, Any], random: numpy.random.Generator, length: int) -> Any:
    """Times, tail and canary flags of all pairs one person asks for in a month, as three arrays."""
    median = person["pairs_median"] * numpy.exp(random.normal(0, person["between"]))
    times, tails, hits = [], [], []
    for day in numpy.flatnonzero(random.random(length) < person["active"]):
        count = min(
            int(random.poisson(median * numpy.exp(random.normal(0, person["within"])))), person["most"]
        )
        walk = 0
        if random.random() < person["walks"]:
            walk = int(numpy.ceil(person["walk_median"] * numpy.exp(random.normal(0, 0.6))))
        total = int(count) + walk
        gaps = numpy.maximum(person["pace"] * numpy.exp(random.normal(0, 0.8, total)), 0.5)
        room = person["hours"] * 3600 - gaps.sum()
        pauses = numpy.sort(random.random(total)) * max(room, 0.0)
        begins = START + day * DAY + random.uniform(0, 24 - person["hours"]) * 3600
        times.append(begins + numpy.cumsum(gaps) + pauses)
        walking = numpy.arange(total) >= count
        unshown = walking | (random.random(total) < person["unshown"])
        popular = random.random(total) < numpy.where(walking, CANARIES, person["popular"])
        tails.append(unshown & ~popular)
        hits.append(walking & (random.random(total) < CANARIES))
    if not times:
        return numpy.zeros(0), numpy.zeros(0, bool), numpy.zeros(0, bool)
    return numpy.concatenate(times), numpy.concatenate(tails), numpy.concatenate(hits)


def linked(spec: Mapping[str, Any], random: numpy.random.Generator, accounts: Sequence[str]) -> list[Link]:
    """The links of an honest hub."""
    found, values = [], 0

    def share(kind: clusters.Kind, some: Sequence[str]) -> None:
        nonlocal values
        values += 1
        found.extend(Link(account, kind, f"{kind}{values}") for account in some)

    kinds: tuple[tuple[str, clusters.Kind], ...] = (
        ("organisations", "organisation"),
        ("payments", "payment"),
        ("devices", "device"),
        ("networks", "network"),
    )
    for name, kind in kinds:
        shuffled = list(random.permutation(accounts))
        waiting = int(spec[name]["share"] * len(accounts))
        while waiting > 0:
            size = int(random.choice(spec[name]["sizes"]))
            some, shuffled = shuffled[:size], shuffled[size:]
            share(kind, some)
            waiting -= size
    students = list(random.permutation(accounts)[: spec["university"]["accounts"]])
    share("network", students)
    for start in range(0, len(students), 40):
        share("device", students[start : start + 40])
    mobile = list(random.permutation(accounts)[: spec["carrier"]["accounts"]])
    for number in range(spec["carrier"]["networks"]):
        share("network", mobile[number :: spec["carrier"]["networks"]])
    return found


def month(seed: int, factor: float = 1.0, only: str = "", people: int = 0) -> Tally:
    """A month of a whole hub; with ``only``, of so many ``people`` of one kind who are linked to nobody."""
    random = numpy.random.default_rng((seed, int(factor * 100), len(only)))
    spec = honest(factor)
    count = people or spec["hub"]["accounts"]
    names = [f"account{number:05}" for number in range(count)]
    kinds = [only] * count if only else _kinds(spec, random, count)
    kind_of = dict(zip(names, kinds, strict=True))
    links = [] if only else linked(spec["links"], random, names)
    groups = [cluster.accounts for cluster in clusters.clustered(links)]
    alone = set(names).difference(*groups) if groups else set(names)
    groups += [(name,) for name in sorted(alone)]
    tally = Tally()
    tally.accounts.update(kinds)
    for group in groups:
        tally.merged += len(group) if len(group) > 1 else 0
        tally.largest = max(tally.largest, len(group))
        _live(tally, group, kind_of, spec, random)
    return tally


def _kinds(spec: Mapping[str, Any], random: numpy.random.Generator, count: int) -> list[str]:
    exact = [kind for kind, person in spec["people"].items() for _ in range(round(person["share"] * count))]
    return [str(kind) for kind in random.permutation(exact)]


def _live(
    tally: Tally,
    group: Sequence[str],
    kind_of: Mapping[str, str],
    spec: Mapping[str, Any],
    random: numpy.random.Generator,
) -> None:
    drawn = [days(spec["people"][kind_of[name]], random, spec["hub"]["days"]) for name in group]
    owner = numpy.concatenate([numpy.full(len(times), number) for number, (times, _, _) in enumerate(drawn)])
    times, tails, hits = (numpy.concatenate([one[part] for one in drawn]) for part in range(3))
    order = numpy.argsort(times, kind="stable")
    holders: list[Holder] = ["moderator" if kind_of[name] == "moderating" else "member" for name in group]
    group_row: Holder = "moderator" if "moderator" in holders else "member"
    accounts = [pairs.UNUSED] * len(group)
    cluster = replace(pairs.UNUSED, members=len(group))
    causes: set[str] = set()
    cost = COSTS["picture"]
    events = zip(
        owner[order].tolist(), times[order].tolist(), tails[order].tolist(), hits[order].tolist(), strict=True
    )
    for who, now, tail, canary in events:
        kind = kind_of[group[who]]
        own = accounts[who]
        whole = own if len(group) == 1 else cluster
        standing = Standing(own, whole, holders[who], group_row)
        if canary:
            standing = met(standing, now)
        request = Request("interactive", cost, Fetch(True, True, tail, canary))
        decision = decide(standing, request, 0.0, now)
        standing = after(standing, request, decision, now, LIMITS)
        accounts[who], cluster = standing.account, standing.cluster
        tally.pairs[kind] += 1
        tally.slowed[kind] += decision.answer == "slow"
        tally.reduced[kind] += decision.answer in ("decoy", "refuse")
        if decision.alarm:
            causes.add(decision.alarm)
    for name in group if causes else ():
        tally.alarmed.setdefault(kind_of[name], Counter()).update({"any", *causes})
