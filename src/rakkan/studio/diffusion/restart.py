"""Restart sampling (Xu et al. 2023): go back up with fresh noise, and come down once more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from rakkan.studio.diffusion.registry import Noise, Progress, sampler
from rakkan.studio.diffusion.schedules import karras_levels
from rakkan.studio.diffusion.single_step import heun_step
from rakkan.studio.diffusion.training import Array, Denoise

FEWEST_STEPS = 20  #: with fewer there are none to spare
LOW, HIGH = 0.1, 2.0  #: from the level nearest to one up to that nearest to the other


@sampler("restart", "Restart", schedule="karras", evaluations=2, is_random=True)
def restart(denoise: Denoise, x: Array, sigmas: Sequence[float], noise: Noise, progress: Progress) -> Array:
    """Heun's steps, with a part of the way gone again after fresh noise (Xu et al. 2023, "Restart Sampling").

    Noise takes earlier errors with it, Heun keeps new ones small. As in A1111 the levels are those of karras
    between the schedule's ends, of 20 steps 9 are spent on going once from about 0.1 back to 2, from 36 on
    half of all on going twice, and below 20 steps it is Heun.
    """
    at = sigmas[0]
    steps = restart_steps(sigmas)
    for index, (sigma, following) in enumerate(steps):
        if sigma > at:
            x = x + noise(sigma, at) * math.sqrt((sigma - at) * (sigma + at))
        x = heun_step(denoise, x, sigma, following)
        at = following
        progress(index + 1, len(steps))
    return x


def restart_steps(sigmas: Sequence[float]) -> list[tuple[float, float]]:
    """From where to where each step leads, as many as ``sigmas`` have; one that begins above where the last
    ended begins again."""
    steps = len(sigmas) - 1
    spent, times = (steps // 4, 2) if steps >= 36 else (9, 1)
    least = sigmas[-1] or sigmas[-2]
    if steps < FEWEST_STEPS:
        return list(pairwise(sigmas))
    count = steps - spent * times + (sigmas[-1] > 0)
    levels = [float(level) for level in karras_levels(count, sigmas[0], least)]
    if sigmas[-1] == 0:
        levels.append(0.0)
    low, high = (int(np.argmin([abs(level - wanted) for level in levels])) for wanted in (LOW, HIGH))
    if high >= low:
        return list(pairwise(sigmas))
    between = karras_levels(spent + 1, levels[high], levels[low])[1:-1]
    again = [levels[high], *map(float, between), levels[low]]  # exactly: a rise in the last bit is a rise
    return [*pairwise(levels[: low + 1]), *(list(pairwise(again)) * times), *pairwise(levels[low:])]
