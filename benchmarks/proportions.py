"""Exact binomial intervals."""

from __future__ import annotations

import math


def clopper_pearson(hits: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval of a binomial share (Clopper & Pearson 1934, Biometrika 26, p. 404).

    Raises ValueError when there are no trials or more hits than trials.
    """
    if trials <= 0 or not 0 <= hits <= trials:
        raise ValueError(f"{hits} of {trials} is no share: no proportion has fewer trials than hits, or none")
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else _root(lambda share: 1 - _at_most(hits - 1, trials, share) - tail)
    high = 1.0 if hits == trials else _root(lambda share: tail - _at_most(hits, trials, share))
    return low, high


def _at_most(hits: int, trials: int, share: float) -> float:
    """The probability of ``hits`` or fewer."""
    if share in (0.0, 1.0):
        return float(share == 0.0 or hits >= trials)
    one, other = math.log(share), math.log1p(-share)
    total = math.lgamma(trials + 1)
    terms = (
        total - math.lgamma(k + 1) - math.lgamma(trials - k + 1) + k * one + (trials - k) * other
        for k in range(hits + 1)
    )
    return min(1.0, math.fsum(math.exp(term) for term in terms))


def _root(rising) -> float:  # type: ignore[no-untyped-def]
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
