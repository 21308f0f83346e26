"""The one decision: from what an account and its cluster have used, the request, the load and the time.

Pure: the same facts give the same decision, and what follows from it (``after``) is another record. In this
order: a standing alarm, the load, rates, bytes, the evidence of enumeration, and the budgets of pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from rakkan.service.budgets import gcra, pairs, shedding, windows
from rakkan.service.budgets.limits import LIMITS, Holder, Limits, Row, factor
from rakkan.service.budgets.pairs import Fetch, Usage
from rakkan.service.budgets.shedding import Class

#: ``serve``; ``decoy``: an honest but reduced reply (the thumbnail, no recipe, and it says so); ``slow``:
#: later, nobody is accused; ``refuse``: not until the alarm is lifted.
Answer = Literal["serve", "decoy", "slow", "refuse"]
#: What a standing alarm does to a cluster: nothing, reduced replies, or refusal.
Restriction = Literal["", "reduced", "refused"]
#: What an alarm can be raised for.
Cause = Literal["", "canaries", "long tail"]

Subject = Literal["account", "cluster", "service"]


class Reason(NamedTuple):
    """A fact: what was ``measured`` of whom, and the limit it reached. Whole numbers; ``fact`` is a word of
    ``docs/scraping.md``."""

    fact: str
    subject: Subject
    measured: int
    limit: int


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. ``cost`` in units of a plain page; ``fetch`` when it is for a pair that counts."""

    klass: Class = "interactive"
    cost: float = 1.0
    fetch: Fetch | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Who asks: the usages of the account and of its cluster, its row of limits and the cluster's, and what
    a standing alarm has put on the cluster; ``flying`` requests of the cluster are being served. Of an
    account that is linked to none, ``cluster`` is ``account``, the same object."""

    account: Usage = pairs.UNUSED
    cluster: Usage = pairs.UNUSED
    holder: Holder = "member"
    group: Holder = "member"
    restriction: Restriction = ""
    flying: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do; ``retry_after`` in seconds when waiting helps, None when it does not. ``alarm`` is the
    cause of an alarm to be raised, ``sure`` whether it goes with refusal."""

    answer: Answer
    reasons: tuple[Reason, ...] = ()
    retry_after: float | None = None
    alarm: Cause = ""
    sure: bool = False


SERVE = Decision("serve")


def decide(
    standing: Standing, request: Request, pressure: float, now: float, limits: Limits = LIMITS
) -> Decision:
    """What to do with a request at ``now`` (seconds) under a standing delay ``pressure`` (seconds).

    Never less lenient for a lower pressure, or for less that was used.
    """
    found = _restricted(standing, request, now, limits)
    if found is not None:
        return found
    klass = _class(standing, request, now, limits)
    found = shed(klass, pressure, limits)
    if found is not None:
        return found
    own, group = limits.rows[standing.holder], limits.rows[standing.group]
    # Drafts of one page supersede each other in the queue, so that few are under way whoever types.
    found = None if klass == "draft" else _flights(standing, now, group)
    found = found or _rates(standing, request, now, own, group)
    found = found or _egress(standing, now, own, group)
    if found is None and request.fetch is not None and request.fetch.new:
        found = _enumerates(standing, now, own, group, limits) or _reads(standing, now, own, group)
    return found or SERVE


def shed(klass: Class, pressure: float, limits: Limits = LIMITS) -> Decision | None:
    """The refusal of a class that is not served at a standing delay in seconds; None for one that is."""
    if shedding.admits(klass, pressure, limits.delays):
        return None
    reason = Reason("load", "service", round(pressure * 1000), round(limits.delays.classes[klass] * 1000))
    return Decision("slow", (reason,), shedding.retry_after(klass, pressure))


def after(standing: Standing, request: Request, decision: Decision, now: float, limits: Limits) -> Standing:
    """The standing once the decision has been carried out: the rate is charged and the pair counted when it
    was served (a reduced reply costs its rate too)."""
    if decision.answer not in ("serve", "decoy"):
        return standing
    own, group = limits.rows[standing.holder], limits.rows[standing.group]
    times = factor(standing.cluster.members)
    account, cluster = standing.account, standing.cluster
    alone = cluster is account
    account = pairs.timed(account, max(account.arrival, now) + request.cost / own.rate)
    cluster = (
        account
        if alone
        else pairs.timed(cluster, max(cluster.arrival, now) + request.cost / (group.rate * times))
    )
    fetch = request.fetch
    if fetch is not None and decision.answer == "serve":
        account = pairs.served(account, fetch.new, fetch.tail, now)
        cluster = account if alone else pairs.served(cluster, fetch.new_to_cluster, fetch.tail, now)
    return Standing(account, cluster, standing.holder, standing.group, standing.restriction, standing.flying)


def met(standing: Standing, now: float) -> Standing:
    """The standing once a canary that is new to the cluster has been asked for: that counts before it is
    decided, and whatever is decided."""
    account = pairs.hit(standing.account, now)
    cluster = account if standing.cluster is standing.account else pairs.hit(standing.cluster, now)
    return Standing(account, cluster, standing.holder, standing.group, standing.restriction, standing.flying)


def _restricted(standing: Standing, request: Request, now: float, limits: Limits) -> Decision | None:
    """What a standing alarm does. The essential stays: whoever is restricted can sign in, appeal and fetch
    what is their own."""
    if not standing.restriction or request.klass == "essential":
        return None
    canaries = round(windows.total(standing.cluster.canaries, now, windows.MONTH))
    reason = Reason("alarm", "cluster", canaries, limits.evidence.alone)
    if standing.restriction == "refused":
        return Decision("refuse", (reason,))
    if request.fetch is not None and request.fetch.new:
        return Decision("decoy", (reason,))
    return None


def _class(standing: Standing, request: Request, now: float, limits: Limits) -> Class:
    """The class in which a request is shed: that of its kind, unless its cluster has used up a budget."""
    if request.klass in ("essential", "anonymous"):
        return request.klass
    row, times = limits.rows[standing.group], factor(standing.cluster.members)
    if standing.restriction or _bursting(standing, now, row):
        return "over budget"
    spent = windows.total(standing.cluster.pairs.day, now, windows.DAY)
    return "over budget" if spent >= row.pairs[1] * times else request.klass


def _bursting(standing: Standing, now: float, group: Row) -> bool:
    """Whether the cluster has used up more than a quarter of its burst."""
    return (standing.cluster.arrival - now) * group.rate > group.burst / 4


def _flights(standing: Standing, now: float, group: Row) -> Decision | None:
    most = 2 if _bursting(standing, now, group) else group.flights * factor(standing.cluster.members)
    if standing.flying < most:
        return None
    return Decision("slow", (Reason("at once", "cluster", standing.flying, int(most)),), 1.0)


def _rates(standing: Standing, request: Request, now: float, own: Row, group: Row) -> Decision | None:
    times = factor(standing.cluster.members)
    rows: tuple[tuple[Subject, Usage, Row, float], ...] = (
        ("account", standing.account, own, 1.0),
        ("cluster", standing.cluster, group, times),
    )
    for subject, usage, row, more in rows[: 1 if standing.cluster is standing.account else 2]:
        verdict = gcra.judged(usage.arrival, now, request.cost, row.rate * more, row.burst * more)
        if not verdict.conforms:
            backlog = round((usage.arrival - now) * row.rate * more)
            reason = Reason("rate", subject, backlog, round(row.burst * more))
            return Decision("slow", (reason,), verdict.wait)
    return None


def _egress(standing: Standing, now: float, own: Row, group: Row) -> Decision | None:
    found = _over("egress", "account", standing.account.egress, own.egress, 1.0, now)
    if found is not None or standing.cluster is standing.account:
        return found
    times = factor(standing.cluster.members)
    return _over("egress", "cluster", standing.cluster.egress, group.egress, times, now)


def _reads(standing: Standing, now: float, own: Row, group: Row) -> Decision | None:
    """The budgets of pairs: above them later, without an accusation, however large the cluster."""
    found = _over("pairs", "account", standing.account.pairs, own.pairs, 1.0, now)
    if found is not None or standing.cluster is standing.account:
        return found
    times = factor(standing.cluster.members)
    return _over("pairs", "cluster", standing.cluster.pairs, group.pairs, times, now)


def _over(
    fact: str, subject: Subject, used: windows.Windows, limits: tuple[int, int, int], more: float, now: float
) -> Decision | None:
    longest, reasons = 0.0, []
    for name, counter, span, limit in zip(("hour", "day", "month"), used, windows.SPANS, limits, strict=True):
        if counter.current + counter.previous < limit * more:
            continue  # both blocks whole are more than any window of them
        measured = windows.total(counter, now, span)
        if measured >= limit * more:
            longest = max(longest, windows.wait(counter, now, span, limit * more))
            reasons.append(Reason(f"{fact} in {name}", subject, round(measured), round(limit * more)))
    return Decision("slow", tuple(reasons), longest) if reasons else None


def _enumerates(standing: Standing, now: float, own: Row, group: Row, limits: Limits) -> Decision | None:
    """Canaries with a long tail are refused; a long tail alone is not sure, and gets reduced replies.

    Of visitors only the account counts here: their pool is a crowd.
    """
    one = standing.group == "visitors" or standing.cluster is standing.account
    usages: tuple[tuple[Subject, Usage, Row], ...] = (
        ("account", standing.account, own),
        *((("cluster", standing.cluster, group),) if not one else ()),
    )
    for subject, usage, row in usages:
        if usage.canaries.current or usage.canaries.previous:
            found = _canaries(subject, usage, now, row, limits)
            if found is not None:
                return found
    for subject, usage, row in usages:
        over = _over("long tail", subject, usage.tail, row.tail, 1.0, now)
        if over is not None:
            return Decision("decoy", over.reasons, over.retry_after, "long tail")
    return None


def _canaries(subject: Subject, usage: Usage, now: float, row: Row, limits: Limits) -> Decision | None:
    evidence = limits.evidence
    hits = windows.total(usage.canaries, now, windows.MONTH)
    day = windows.total(usage.tail.day, now, windows.DAY)
    month = windows.total(usage.tail.month, now, windows.MONTH)
    scale = row.tail[1] / limits.rows["member"].tail[1]
    # A hit fades over the month that follows it: half of one still counts as one.
    if not (
        hits >= evidence.alone - 0.5
        or (hits >= 2.5 and month >= evidence.triple * scale)
        or (hits >= 1.5 and month >= evidence.double * scale)
        or (hits >= 0.5 and day >= evidence.single * scale)
    ):
        return None
    reasons = (
        Reason("canaries in month", subject, round(hits), 1),
        Reason("long tail in day", subject, round(day), round(evidence.single * scale)),
        Reason("long tail in month", subject, round(month), round(evidence.double * scale)),
    )
    return Decision("refuse", reasons, None, "canaries", True)
