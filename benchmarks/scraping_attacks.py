"""A fleet of linked paid accounts against fifty honest people, on a virtual clock and one virtual server.

The server works requests off in order, ``CAPACITY`` units of cost a second; a rejection takes a fiftieth of
what serving takes, which is the most it may. Arrivals are open-loop: nobody waits for an answer before the
next request comes. While a whole group of accounts is refused from memory until a known time, its arrivals
are drawn as one Poisson count, which changes nothing: none of them can be answered otherwise.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from typing import Any

import numpy
from benchmarks.scraping_people import CANARIES, START, honest

from rakkan.service.budgets import clusters, pairs, shedding
from rakkan.service.budgets.clusters import Link
from rakkan.service.budgets.decide import Decision, Request, Standing, after, decide, met
from rakkan.service.budgets.limits import COSTS, LIMITS
from rakkan.service.budgets.pairs import Fetch
from rakkan.service.budgets.shedding import Class
from rakkan.service.budgets.windows import DAY

#: Units of cost the server works off in a second: a hundred pictures.
CAPACITY = 300.0
REJECTION = 1 / 50
OVERLOAD = 20.0
ACCOUNTS, CATALOGUE = 20, 100_000
#: The share of the catalogue that many people know.
POPULAR = 0.01
#: Seconds of the attack, and the longest wait that still counts as success.
LENGTH, PATIENCE = 180.0, 2.0
#: Seconds between two pairs of one account that goes at human pace, and its hours a day.
PACE, HOURS = 10.0, 8


@dataclass(frozen=True)
class Outcome:
    """``pairs``: distinct pairs the fleet got; ``until``: when it got the last one, in seconds; ``stopped``
    whether every group was refused or reduced at the end; ``groups``: clusters it fell into; ``rejected``:
    requests turned away; ``honest``, ``succeeded``: requests of honest people; ``delays`` their seconds."""

    pairs: int
    until: float
    stopped: bool
    groups: int
    rejected: int
    honest: int
    succeeded: int
    delays: Any
    false_alarms: int


class Server:
    """One queue: ``backlog`` in units of cost, worked off at ``CAPACITY`` less what rejections take."""

    def __init__(self) -> None:
        self.backlog, self.at, self.drain = 0.0, START, 0.0
        self.pressure = shedding.CALM

    def advance(self, now: float) -> float:
        """Work until ``now``; the seconds whatever comes now has to wait."""
        rate = max(CAPACITY - self.drain, CAPACITY / 100)
        self.backlog = max(self.backlog - rate * (now - self.at), 0.0)
        self.at = now
        delay = self.backlog / rate
        self.pressure = shedding.observed(self.pressure, delay, now)
        return delay

    def take(self, cost: float, decision: Decision) -> None:
        """Put a request into the queue: whole when it is served, a fiftieth when it is not."""
        self.backlog += cost if decision.answer in ("serve", "decoy") else cost * REJECTION


class Group:
    """Accounts of the fleet that are linked to each other, as the budgets see them."""

    def __init__(self, names: tuple[str, ...], rate: float) -> None:
        self.rate = rate
        self.accounts = dict.fromkeys(names, pairs.UNUSED)
        self.names = names
        self.cluster = replace(pairs.UNUSED, members=len(names))
        self.flights: list[float] = []
        self.restriction: Any = ""
        self.got = 0
        self.last = 0.0
        self.reduced = False
        self.wanted: Fetch | None = None

    def next_pair(self, random: numpy.random.Generator) -> Fetch:
        """The pair it wants: the same one until it has got an answer. A canary is new to it only once."""
        if self.wanted is not None:
            return self.wanted._replace(canary=False)
        self.wanted = Fetch(True, True, bool(random.random() >= POPULAR), bool(random.random() < CANARIES))
        return self.wanted

    def ask(
        self, who: str, fetch: Fetch, cost: float, server: Server, now: float
    ) -> tuple[Decision, Standing]:
        """One request of one of them."""
        while self.flights and self.flights[0] <= now:
            heapq.heappop(self.flights)
        own = self.accounts[who]
        whole = own if len(self.names) == 1 else self.cluster
        standing = Standing(own, whole, "member", "member", self.restriction, len(self.flights))
        request = Request("interactive", cost, fetch)
        if fetch.canary:
            standing = met(standing, now)
        decision = decide(standing, request, server.pressure.standing, now)
        standing = after(standing, request, decision, now, LIMITS)
        self.accounts[who], self.cluster = standing.account, standing.cluster
        if decision.answer == "serve":
            self.got += 1
            self.last = now - START
        self.reduced = decision.answer == "decoy" or (self.reduced and decision.answer != "serve")
        if decision.sure:
            self.restriction = "refused"
        return decision, standing


def fleet(random: numpy.random.Generator, missing: float) -> list[tuple[str, ...]]:
    """How the fleet falls into clusters, when the one label that links it is missing of some accounts.

    Addresses rotate, so no network links anybody; one payment label is all that is known of them.
    """
    names = [f"fleet{number:02}" for number in range(ACCOUNTS)]
    links = [Link(name, "payment", "label") for name in names if random.random() >= missing]
    found = [cluster.accounts for cluster in clusters.clustered(links)]
    return found + [(name,) for name in names if not any(name in group for group in found)]


def attack(seed: int, missing: float = 0.0, factor: float = 1.0) -> Outcome:
    """A run of a fleet that fetches the catalogue in no particular order as fast as it can, and asks for each
    pair until it is answered."""
    random = numpy.random.default_rng((seed, int(missing * 100), int(factor * 100)))
    cost = COSTS["picture"]
    total_rate = OVERLOAD * CAPACITY / cost
    groups = [Group(names, total_rate * len(names) / ACCOUNTS) for names in fleet(random, missing)]
    server, people = Server(), People(random, factor)
    events: list[tuple[float, int]] = [
        (START + random.exponential(1 / group.rate), number) for number, group in enumerate(groups)
    ]
    events.append((people.next_time, -1))
    heapq.heapify(events)
    waiting = [0.0] * len(groups)
    rejected, end = 0, START + LENGTH
    while events[0][0] < end:
        now, number = heapq.heappop(events)
        if number < 0:
            people.ask(server, now)
            heapq.heappush(events, (people.next_time, -1))
            continue
        group = groups[number]
        server.drain -= waiting[number]
        waiting[number] = 0.0
        delay = server.advance(now)
        who = group.names[int(random.random() * len(group.names))]
        decision, _ = group.ask(who, group.next_pair(random), cost, server, now)
        server.take(cost, decision)
        if decision.answer in ("serve", "decoy"):
            heapq.heappush(group.flights, now + delay + cost / CAPACITY)
            group.wanted = None
        else:
            rejected += 1
        until = _refused_until(group, decision, now, end)
        if until > now:
            waiting[number] = group.rate * cost * REJECTION
            server.drain += waiting[number]
            rejected += int(random.poisson(group.rate * (until - now)))
        heapq.heappush(events, (max(until, now) + random.exponential(1 / group.rate), number))
    return Outcome(
        sum(group.got for group in groups),
        max(group.last for group in groups),
        all(group.restriction == "refused" or group.reduced for group in groups),
        len(groups),
        rejected,
        people.asked,
        people.succeeded,
        numpy.array(people.delays),
        people.alarms,
    )


def _refused_until(group: Group, decision: Decision, now: float, end: float) -> float:
    """Until when all of a group is answered from memory."""
    if group.restriction == "refused":
        return end
    if decision.answer != "slow" or decision.retry_after is None:
        return now
    whole = len(group.names) == 1 or decision.reasons[0].subject == "cluster"
    if not whole or decision.reasons[0].fact in ("at once", "load"):
        return now
    return min(now + decision.retry_after, end)


class People:
    """Fifty honest people at work during the attack."""

    def __init__(self, random: numpy.random.Generator, factor: float) -> None:
        spec = honest(factor)["attacked"]
        self._random, self._spec = random, spec
        self._rate = spec["users"] / spec["gap_seconds"]
        self._kinds = list(spec["kinds"])
        self._edges = numpy.cumsum(list(spec["kinds"].values())).tolist()
        self._usages = [pairs.UNUSED] * spec["users"]
        self.asked = self.succeeded = self.alarms = 0
        self.delays: list[float] = []
        self.next_time = START + random.exponential(1 / self._rate)

    def ask(self, server: Server, now: float) -> None:
        """The request that comes at ``now``, and when the next one does."""
        random = self._random
        self.next_time = now + random.exponential(1 / self._rate)
        delay = server.advance(now)
        who = int(random.random() * len(self._usages))
        draw = random.random()
        kind = self._kinds[sum(edge <= draw for edge in self._edges[:-1])]
        fetch = None
        if kind in ("picture", "recipe"):
            unshown = random.random() < self._spec["unshown"]
            fetch = Fetch(True, True, bool(unshown and random.random() >= self._spec["popular"]), False)
        klass: Class = "draft" if kind == "draft" else "interactive"
        request = Request(klass, COSTS[kind], fetch)
        standing = Standing(self._usages[who], self._usages[who])
        decision = decide(standing, request, server.pressure.standing, now)
        self._usages[who] = after(standing, request, decision, now, LIMITS).account
        server.take(request.cost, decision)
        waited = delay + request.cost / CAPACITY
        self.asked += 1
        self.alarms += bool(decision.alarm)
        if decision.answer == "serve":
            self.delays.append(waited)
            self.succeeded += waited <= PATIENCE


@dataclass(frozen=True)
class Patient:
    """Days until a patient fleet has got a hundredth and a tenth of the catalogue, and into how many
    clusters it fell; pairs it had after 30 days."""

    hundredth: float
    tenth: float
    groups: int
    month: int


def patient(seed: int, missing: float = 0.0, accounts: int = ACCOUNTS) -> Patient:
    """One run of a fleet at human pace: it opens only what the feed shows it, so it meets no canary and has
    no long tail, and comes again when it is told to. It goes on until it has a tenth of the catalogue."""
    random = numpy.random.default_rng((seed, int(missing * 100), accounts, 7))
    groups = (
        [Group(names, 0.0) for names in fleet(random, missing)] if accounts > 1 else [Group(("one",), 0.0)]
    )
    server, got = Server(), []
    for group in groups:
        got.append(_patiently(group, server, random, CATALOGUE // 10))
    moments = numpy.sort(numpy.concatenate(got))
    wanted = [float((moments[CATALOGUE // part - 1] - START) / DAY) for part in (100, 10)]
    return Patient(*wanted, len(groups), int(numpy.searchsorted(moments, START + 30 * DAY)))


def _patiently(group: Group, server: Server, random: numpy.random.Generator, most: int) -> Any:
    """When one group got its pairs: each of its accounts is awake for the same eight hours a day."""
    now, got = START + float(random.uniform(0, PACE)), []
    step = PACE / len(group.names)
    cost, fetch = COSTS["picture"], Fetch(True, True, False, False)
    while len(got) < most:
        day, past = divmod(now, DAY)
        if past > HOURS * 3600:
            now = (day + 1) * DAY
        who = group.names[len(got) % len(group.names)]
        decision, _ = group.ask(who, fetch, cost, server, now)
        if decision.answer == "serve":
            got.append(now)
            now += float(random.exponential(step))
        else:
            now += (decision.retry_after or DAY) + float(random.exponential(step))
    return numpy.array(got)
