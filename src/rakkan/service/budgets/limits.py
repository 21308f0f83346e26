"""Every limit of the budgets in one place, each with its reason; for a hub of 4,000 accounts and 100,000
pictures.

They were chosen from ``benchmarks/honest.json`` and are tried against it by ``benchmarks/scraping.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Holder = Literal["member", "moderator", "visitor", "visitors"]

GIB = 2**30


@dataclass(frozen=True)
class Row:
    """What one account, or all visitors together, may use. ``rate`` is cost a second, ``burst`` cost, and
    ``flights`` the requests that may be served at the same time; ``pairs`` and ``tail`` are distinct new
    pairs an hour, a day and a month, ``egress`` bytes likewise."""

    rate: float
    burst: float
    flights: int
    pairs: tuple[int, int, int]
    tail: tuple[int, int, int]
    egress: tuple[int, int, int]


@dataclass(frozen=True)
class Evidence:
    """When canaries and the long tail count as enumeration.

    ``single``: pairs of the long tail in a day that must accompany one canary, ``double`` in a month two and
    ``triple`` three; ``alone``: canaries that need no company. ``expected``: canaries an honest program meets
    in a month.
    """

    single: int = 140
    double: int = 300
    triple: int = 100
    alone: int = 5
    expected: float = 0.05


@dataclass(frozen=True)
class Delays:
    """Shedding: the standing delay, in seconds, from which a class is no longer served. ``interval`` is the
    time over which the least delay is taken (100 ms in RFC 8289)."""

    interval: float = 0.1
    classes: Mapping[str, float] = field(
        default_factory=lambda: {
            "anonymous": 0.02,
            "over budget": 0.02,
            "bulk": 0.03,
            "batch": 0.1,
            "draft": 0.5,
            "interactive": 2.0,
            "essential": 10.0,
        }
    )


#: What a request costs, in units of a plain page; drawing itself is the queue's affair.
COSTS: dict[str, float] = {
    "page": 1,
    "list": 2,
    "recipe": 1,
    "picture": 3,
    "draft": 1.5,
    "job": 4,
    "batch": 8,
    "bulk": 4,
}

ROWS: dict[Holder, Row] = {
    "member": Row(5.0, 150.0, 8, (300, 600, 4_000), (150, 200, 600), (2 * GIB, 4 * GIB, 40 * GIB)),
    "moderator": Row(10.0, 300.0, 12, (600, 1_800, 12_000), (300, 600, 3_000), (4 * GIB, 8 * GIB, 80 * GIB)),
    "visitor": Row(1.0, 40.0, 6, (20, 40, 400), (10, 20, 100), (GIB // 4, GIB // 2, 2 * GIB)),
    "visitors": Row(
        20.0, 400.0, 32, (500, 2_000, 20_000), (250, 1_000, 10_000), (10 * GIB, 40 * GIB, 400 * GIB)
    ),
}

#: Why each is what it is; a test holds this to the tables.
REASONS: dict[str, str] = {
    "rate": "A person asks for something each few seconds, a well-made program once a second. Five pages a "
    "second for as long as one likes is more than either needs.",
    "burst": "A gallery opens with forty thumbnails and a page or two; three of those at once must pass.",
    "flights": "A browser opens six connections to a host, however many tabs it has; two more for a "
    "program. Past a quarter of the burst only two: so nobody's burst fills the queue of the others.",
    "pairs": "The heaviest collector opens some hundreds on a day and a few thousands in a month. Above that "
    "a reply is put off, and nobody is accused.",
    "tail": "What nobody showed them and few people know: honest people fetch a handful a day by addresses "
    "they were given. Only who counts through the catalogue gets into the hundreds.",
    "egress": "Three times what the pairs of a day weigh, for one's own pictures come on top.",
    "visitors": "All visitors share one pool, because an address is no person and addresses rotate.",
    "moderator": "Few, named, and their work is in the audit log; the work is to look at much.",
    "canaries": "A program that is tried out on the plain catalogue meets a canary now and then, so one "
    "alone accuses nobody: with it must come a long tail that no short trial has. Three on a walk of some "
    "forty pairs were the usual false alarm while they needed no company; a fleet has the tail long before.",
    "cluster": "A linked cluster gets a tenth more for each further account, and twice as much at most: "
    "people who belong together rarely all collect, and twenty accounts of one person must not read twenty "
    "times as much. The long tail and canaries are not multiplied at all.",
    "decoys": "An open alarm refuses for three days; undecided after that, it only reduces replies.",
}

#: The most a cluster gets, times what one account does, and how much each further account adds.
MOST_FACTOR, FACTOR_STEP = 2.0, 0.1


@dataclass(frozen=True)
class Limits:
    """The table in force."""

    rows: Mapping[Holder, Row] = field(default_factory=lambda: dict(ROWS))
    evidence: Evidence = field(default_factory=Evidence)
    delays: Delays = field(default_factory=Delays)
    costs: Mapping[str, float] = field(default_factory=lambda: dict(COSTS))


LIMITS = Limits()


def factor(members: int) -> float:
    """How much more a cluster of so many accounts gets than one account: from 1 to ``MOST_FACTOR``."""
    return min(1.0 + FACTOR_STEP * (max(members, 1) - 1), MOST_FACTOR)
