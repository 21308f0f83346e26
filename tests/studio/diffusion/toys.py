"""Data whose perfect denoiser is known: what samplers are tried on, with numpy arrays or torch tensors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

SPREAD = 0.3  # of each Gaussian of the mixture
PLACES = (-1.0, 1.5)
SHARES = (0.35, 0.65)


def mixture(x: Any, sigma: float) -> Any:
    """E[x0 | x] for each element by itself drawn from two Gaussians, by Bayes' rule."""
    tanh = np.tanh if isinstance(x, np.ndarray) else type(x).tanh
    variance = SPREAD**2 + sigma**2
    shrink = SPREAD**2 / variance
    low, high = (place + (x - place) * shrink for place in PLACES)
    odds = ((x - PLACES[0]) ** 2 - (x - PLACES[1]) ** 2) / (2 * variance) + math.log(SHARES[1] / SHARES[0])
    of_high = (1 + tanh(odds / 2)) / 2
    return low + (high - low) * of_high


def gaussian(mean: float, spread: float) -> Callable[[Any, float], Any]:
    """E[x0 | x] for Gaussian data of that mean and standard deviation."""

    def denoise(x: Any, sigma: float) -> Any:
        return mean + (x - mean) * (spread**2 / (spread**2 + sigma**2))

    return denoise


def gaussian_flow(x: Any, sigma: float, following: float, mean: float, spread: float) -> Any:
    """Where dx/dsigma = (x - x0) / sigma leads exactly: distances from the mean keep their rank."""
    return mean + (x - mean) * math.sqrt((spread**2 + following**2) / (spread**2 + sigma**2))


class Draws:
    """Standard normal arrays from a seed, the same ones each time it is begun again."""

    def __init__(self, seed: int, shape: tuple[int, ...]) -> None:
        self.generator, self.shape = np.random.default_rng(seed), shape

    def __call__(self, *levels: float) -> Any:
        return self.generator.standard_normal(self.shape)
