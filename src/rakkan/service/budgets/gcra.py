"""Rates: the generic cell rate algorithm, by cost instead of by request.

Virtual scheduling as in ITU-T Recommendation I.371 (03/2004), annex A. Its increment T is here the cost of a
request over the rate, its tolerance τ the burst over the rate; all that is remembered is the theoretical
arrival time (TAT) of what comes next.
"""

from __future__ import annotations

from typing import NamedTuple


class Verdict(NamedTuple):
    """Whether a request conforms; ``arrival`` is the TAT after it (unchanged when it does not conform), and
    ``wait`` the seconds after which the same request would conform (0 when it does now)."""

    conforms: bool
    arrival: float
    wait: float


def judged(arrival: float, now: float, cost: float, rate: float, burst: float) -> Verdict:
    """Judge a request of ``cost`` at ``now`` (seconds), given the TAT before it.

    ``rate`` is cost a second, ``burst`` the cost that may come at once after a rest; a request that costs
    more than the burst conforms only after a rest, so that none is refused for ever. A clock that goes
    backwards gives nothing away: the TAT never falls.
    """
    ahead = max(arrival - now, 0.0)
    tolerance = max(burst - cost, 0.0) / rate
    # A hair for binary fractions, a billionth of the tolerance's own second.
    if ahead > tolerance + 1e-9:
        return Verdict(False, arrival, ahead - tolerance)
    return Verdict(True, max(arrival, now) + cost / rate, 0.0)
