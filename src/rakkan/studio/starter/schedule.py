"""Which noise levels the starter model visits, in training and in sampling.

Neighbouring cells of a latent are alike, so that much noise is needed before the large shapes are gone:
what a picture will be is decided close to pure noise. Levels are therefore spaced more densely there
(Esser et al. 2024, section 5.3.2, equation 23): a *position* runs evenly from 1 to 0, and the level is
SHIFT p / (1 + (SHIFT - 1) p).
"""

from __future__ import annotations

from typing import Any

from rakkan.errors import RakkanError

SHIFT = 2.0

#: Anything that can be multiplied and divided: a float, an array, a tensor.
Number = Any


def noise_level(position: Number) -> Number:
    """The noise level in 0..1 at a position in 0..1; both are 0 for a picture and 1 for pure noise."""
    return SHIFT * position / (1.0 + (SHIFT - 1.0) * position)


def position_of(level: Number) -> Number:
    """The inverse of `noise_level`."""
    return level / (SHIFT - (SHIFT - 1.0) * level)


def noise_levels(steps: int) -> list[float]:
    """Levels at ``steps`` + 1 equally spaced positions from 1 down to 0; RakkanError below one step."""
    if steps < 1:
        raise RakkanError(f"Cannot sample in {steps} steps", "Give at least 1")
    return [noise_level(1 - index / steps) for index in range(steps)] + [0.0]


def levels_from(strength: float, steps: int) -> list[float]:
    """Levels from the position ``strength`` (above 0 to 1) down to 0: there, then at those of ``steps`` equal
    steps that lie below, so that a model that learnt steps of one size takes all but the first of that size.
    """
    below = [level for level in noise_levels(steps) if position_of(level) < strength - 1e-6]
    return [noise_level(strength), *below]
