"""Proportions with intervals, and their correction for an imperfect instrument."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from rakkan.errors import RakkanError

#: The 97.5 % point of the normal distribution, for intervals at 95 %.
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Proportion:
    """``hits`` of ``trials``, with the Wilson interval at 95 %."""

    hits: int
    trials: int

    @property
    def share(self) -> float:
        return self.hits / self.trials

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.hits, self.trials)


def wilson(hits: int, trials: int, z: float = Z95) -> tuple[float, float]:
    """The score interval of a binomial share (Wilson 1927, J. Am. Stat. Assoc. 22, p. 209).

    Raises RakkanError when there are no trials, or more hits than trials.
    """
    if trials <= 0 or not 0 <= hits <= trials:
        raise RakkanError(f"{hits} hits of {trials} trials is no proportion", "Count the trials again")
    share = hits / trials
    shrink = 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / shrink
    reach = z / shrink * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def corrected(apparent: float, sensitivity: float, specificity: float) -> float | None:
    """The true share behind an apparent one (Rogan & Gladen 1978, Am. J. Epidemiol. 107, p. 71).

    ``sensitivity`` is the instrument's rate of yes when the truth is yes, ``specificity`` its rate of
    no when it is no. None when the instrument cannot tell (their sum is 1 or less) or the apparent
    share lies below its false positives: not measurable.
    """
    power = sensitivity + specificity - 1
    if power <= 0 or apparent < 1 - specificity:
        return None
    return min(1.0, (apparent + specificity - 1) / power)
