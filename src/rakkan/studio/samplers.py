"""Samplers of rectified flow: from noise at time 1 to a picture's latents at time 0.

The path is x(t) = (1 - t) x(0) + t noise, the network gives its velocity dx/dt = noise - x(0), and a
sampler integrates it backwards (Liu et al. 2022, "Flow Straight and Fast", equation 1). Every sampler
is one plain function with one signature; ``SAMPLERS`` names them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError

Latents = npt.NDArray[np.float32]
#: (latents, time in 0..1, size of the coming step in 0..1) -> velocity, shaped like the latents.
Velocity = Callable[[Latents, float, float], Latents]
#: (steps done, steps in all), called once after every step.
Progress = Callable[[int, int], Any]
#: (velocity, noise, times from 1 down to 0, progress) -> latents at the last time.
Sampler = Callable[[Velocity, Latents, Sequence[float], Progress], Latents]

#: (latents guessed for time 0) -> the same with what is known put in its place.
Hold = Callable[[Latents], Latents]

SAMPLERS: dict[str, Sampler] = {}


def sampler(name: str) -> Callable[[Sampler], Sampler]:
    """Register a function of the shared signature as the sampler ``name``."""

    def register(function: Sampler) -> Sampler:
        SAMPLERS[name] = function
        return function

    return register


def find_sampler(name: str) -> Sampler:
    """The sampler of that name; raises RakkanError with the nearest one that exists."""
    if name in SAMPLERS:
        return SAMPLERS[name]
    near = get_close_matches(name, SAMPLERS, n=1)
    known = ", ".join(sorted(SAMPLERS))
    hint = f"Did you mean {near[0]!r}?" if near else f"Choose one of {known}"
    raise RakkanError(f"There is no sampler {name!r}", hint)


def silent(done: int, total: int) -> None:
    """The progress callback that tells nobody."""


def holding(velocity: Velocity, hold: Hold) -> Velocity:
    """The velocity towards what ``hold`` makes of each guess x - t v of the picture.

    Where a guess is replaced by the picture itself, x stays on the straight path from its noise to it, at
    every level: inpainting by blending (Lugmayr et al. 2022, "RePaint", equation 8, with one noise).
    """

    def held(latents: Latents, time: float, step: float) -> Latents:
        level = np.float32(time)
        guess = hold(latents - level * velocity(latents, time, step))
        towards: Latents = (latents - guess) / level
        return towards

    return held


@sampler("euler")
def euler(velocity: Velocity, noise: Latents, times: Sequence[float], progress: Progress) -> Latents:
    """Straight steps along the velocity at their beginning (Euler 1768).

    One evaluation a step, error of first order. The only sampler a distilled model wants: its
    velocity already is the mean over the step whose size it is told.
    """
    latents = noise
    for index, (time, following) in enumerate(pairwise(times)):
        step = np.float32(time - following)
        latents = latents - step * velocity(latents, time, float(step))
        progress(index + 1, len(times) - 1)
    return latents


@sampler("heun")
def heun(velocity: Velocity, noise: Latents, times: Sequence[float], progress: Progress) -> Latents:
    """Steps along the mean of the velocities at both ends (Heun 1900; Karras et al. 2022, algorithm 1).

    Two evaluations a step, error of second order; the velocity is asked for its instantaneous value
    (step size 0), so few-step distillation gains nothing here.
    """
    latents = noise
    for index, (time, following) in enumerate(pairwise(times)):
        step = np.float32(time - following)
        first = velocity(latents, time, 0.0)
        second = velocity(latents - step * first, following, 0.0)
        latents = latents - step * (np.float32(0.5) * (first + second))
        progress(index + 1, len(times) - 1)
    return latents
