"""The beta distribution's quantiles, without a library of statistics."""

from __future__ import annotations

import math


def beta_quantile(share: float, shape: float) -> float:
    """Below which number a symmetric beta distribution (both parameters ``shape`` > 0) has that share, 0 to
    1; to about 1e-14."""
    if share in (0.0, 1.0):
        return share
    if share > 0.5:
        return 1.0 - beta_quantile(1.0 - share, shape)
    low, high = 0.0, 0.5
    # The share grows with the number, and halving always arrives; ninety halvings exhaust a float.
    for _ in range(90):
        middle = (low + high) / 2
        if _share_below(middle, shape) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _share_below(number: float, shape: float) -> float:
    """The regularised incomplete beta function I(number; shape, shape) for number <= 0.5, by its power
    series (Abramowitz and Stegun 26.5.4): terms fall at least as fast as 2^-n."""
    if number <= 0:
        return 0.0
    term, total, index = 1.0, 1.0, 0
    while term > 1e-17 * total:
        term *= number * (2 * shape + index) / (shape + 1 + index)
        total += term
        index += 1
    log_beta = 2 * math.lgamma(shape) - math.lgamma(2 * shape)
    return total * math.exp(shape * (math.log(number) + math.log1p(-number)) - log_beta) / shape
