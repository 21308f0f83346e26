"""Which accounts are linked to each other, by what, and how surely.

Evidence is a value that accounts share: an organisation, a payment label, a device, a network. Each kind
has a weight, the probability that two accounts which share such a value, and hardly anyone else does, belong
together. The weights are judgements and not frequencies. A value that many share says little: up to
``ordinary`` accounts it keeps its weight, then the weight falls as 1 / (accounts - 1), so a university's one
address merges nobody. Several values add up as independent witnesses (noisy or). Accounts whose confidence
reaches ``MERGING`` are in one cluster. A link says "linked to", never on whose behalf.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

Kind = Literal["organisation", "payment", "device", "network"]


@dataclass(frozen=True)
class Strength:
    """``weight``: see the module; ``ordinary``: how many may share such a value without it losing weight."""

    weight: float
    ordinary: int
    reason: str


STRENGTHS: Mapping[Kind, Strength] = {
    "organisation": Strength(0.9, 50, "declared by the accounts themselves; a large one is a crowd"),
    "payment": Strength(0.95, 50, "one purse; resellers of vouchers serve hundreds"),
    "device": Strength(0.75, 6, "one browser's own label; families and pools of computers share it"),
    "network": Strength(0.3, 4, "an address, of a home at best; carriers and campuses share it"),
}

#: The confidence from which two accounts are counted together.
MERGING = 0.6
#: Evidence weaker than this is not looked at: no number of such values reaches ``MERGING`` in practice.
LEAST = 0.02


@dataclass(frozen=True, order=True)
class Link:
    """That an account showed a value (a keyed digest, never the value) of a kind."""

    account: str
    kind: Kind
    value: str


@dataclass(frozen=True)
class Tie:
    """Two accounts, how surely they belong together (0 to 1), and the kinds of evidence, strongest first."""

    one: str
    other: str
    confidence: float
    kinds: tuple[Kind, ...]


@dataclass(frozen=True)
class Cluster:
    """Accounts that are counted together, in order; the ``ties`` that join them (one fewer than accounts).
    ``confidence`` is that of the weakest tie, 1 for an account alone."""

    accounts: tuple[str, ...]
    ties: tuple[Tie, ...] = ()

    @property
    def name(self) -> str:
        """The first of its accounts, which names it as long as it has the same first account."""
        return self.accounts[0]

    @property
    def confidence(self) -> float:
        """How surely all of them belong together, as far as the weakest tie says."""
        return min((tie.confidence for tie in self.ties), default=1.0)


def weight(kind: Kind, sharing: int) -> float:
    """What a value of a kind says about two accounts when so many share it; 0 when fewer than two do."""
    strength = STRENGTHS[kind]
    if sharing < 2:
        return 0.0
    return strength.weight * min(1.0, (strength.ordinary - 1) / (sharing - 1))


def ties(links: Iterable[Link]) -> list[Tie]:
    """The pairs of accounts that share something that says something, surest first."""
    sharing: dict[tuple[Kind, str], set[str]] = defaultdict(set)
    for link in links:
        sharing[link.kind, link.value].add(link.account)
    doubts: dict[tuple[str, str], list[tuple[float, Kind]]] = defaultdict(list)
    for (kind, _), accounts in sharing.items():
        says = weight(kind, len(accounts))
        if says >= LEAST:
            for pair in combinations(sorted(accounts), 2):
                doubts[pair].append((says, kind))
    found = [
        Tie(
            one,
            other,
            1.0 - math.prod(1.0 - says for says, _ in evidence),
            tuple(dict.fromkeys(kind for _, kind in sorted(evidence, reverse=True))),
        )
        for (one, other), evidence in doubts.items()
    ]
    return sorted(found, key=lambda tie: (-tie.confidence, tie.one, tie.other))


def clustered(links: Iterable[Link], kept: Iterable[tuple[str, str]] = ()) -> list[Cluster]:
    """The clusters of all accounts that have a link, in order of their names.

    The surest ties are taken first (Kruskal's maximum spanning forest, by union-find), so that a cluster's
    weakest tie is as strong as it can be. ``kept`` are pairs that were joined before: they stay joined, so
    that nobody loosens a link by sharing its value more widely.
    """
    known = list(links)
    remembered = {(min(pair), max(pair)) for pair in kept}
    parent: dict[str, str] = {link.account: link.account for link in known}
    for pair in remembered:
        parent |= {account: account for account in pair if account not in parent}
    used: list[Tie] = []
    for tie in _worth(known, remembered):
        one, other = _root(parent, tie.one), _root(parent, tie.other)
        if one != other:
            parent[max(one, other)] = min(one, other)
            used.append(tie)
    members: dict[str, list[str]] = defaultdict(list)
    joined: dict[str, list[Tie]] = defaultdict(list)
    for account in sorted(parent):
        members[_root(parent, account)].append(account)
    for tie in used:
        joined[_root(parent, tie.one)].append(tie)
    return [Cluster(tuple(some), tuple(joined[root])) for root, some in sorted(members.items())]


def _worth(links: list[Link], remembered: set[tuple[str, str]]) -> list[Tie]:
    """The ties that join: those sure enough, and those that were once (at ``MERGING``, if weaker by now)."""
    found = []
    missing = set(remembered)
    for tie in ties(links):
        pair = (tie.one, tie.other)
        missing.discard(pair)
        if tie.confidence >= MERGING:
            found.append(tie)
        elif pair in remembered:
            found.append(Tie(tie.one, tie.other, MERGING, tie.kinds))
    found += [Tie(one, other, MERGING, ()) for one, other in sorted(missing)]
    return sorted(found, key=lambda tie: (-tie.confidence, tie.one, tie.other))


def _root(parent: dict[str, str], account: str) -> str:
    while parent[account] != account:
        parent[account] = parent[parent[account]]
        account = parent[account]
    return account
