"""The beta distribution's quantiles, without a library of statistics."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

#: By then intervals of halving are shorter than 1e-18.
HALVINGS = 60


def beta_quantiles(shares: Numbers, shape: float) -> Numbers:
    """Below which numbers a symmetric beta distribution (both parameters ``shape`` > 0) has those shares,
    each from 0 to 1; to about 1e-14."""
    tails = np.minimum(shares, 1.0 - shares)
    low, high = np.zeros_like(tails), np.full_like(tails, 0.5)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        is_below = _shares_below(middle, shape) < tails
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    found = np.where(tails > 0, (low + high) / 2, 0.0)
    return np.where(shares > 0.5, 1.0 - found, found)


def _shares_below(numbers: Numbers, shape: float) -> Numbers:
    """The regularised incomplete beta function I(number; shape, shape) for 0 < number <= 0.5, by its power
    series (Abramowitz and Stegun 26.5.4): terms fall about as fast as 2^-n."""
    term, total, index = np.ones_like(numbers), np.ones_like(numbers), 0
    while (term > 1e-17 * total).any():
        term = term * numbers * ((2 * shape + index) / (shape + 1 + index))
        total = total + term
        index += 1
    log_beta = 2 * math.lgamma(shape) - math.lgamma(2 * shape)
    powers: Numbers = np.exp(shape * (np.log(numbers) + np.log1p(-numbers)) - log_beta)
    return total * powers / shape
