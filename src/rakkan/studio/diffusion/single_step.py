"""Samplers that forget each step: Euler, Heun, DPM2, their ancestral forms, DDIM, DDPM and LCM.

All solve dx/dsigma = (x - x0(x, sigma)) / sigma (Karras et al. 2022, equations 1 and 3), where x0 is what
``denoise`` predicts, from sigmas[0] to the last. An ancestral step goes further down than it should and adds
fresh noise to make up for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from rakkan.studio.diffusion.registry import Noise, Progress, sampler
from rakkan.studio.diffusion.training import Array, Denoise


def split(sigma: float, following: float, eta: float) -> tuple[float, float]:
    """Where to step down to and how much noise to add, so that ``following`` is where one is.

    Song et al. 2020 (DDIM), equation 16, for eta 0 (no noise) to 1 (that of DDPM), in this form of the
    process; k-diffusion, get_ancestral_step. Both numbers squared add up to ``following`` squared.
    """
    added = eta * following * math.sqrt((sigma - following) * (sigma + following)) / sigma
    added = min(following, added)
    return math.sqrt((following - added) * (following + added)), added


@sampler("euler", "Euler", schedule="uniform")
def euler(denoise: Denoise, x: Array, sigmas: Sequence[float], noise: Noise, progress: Progress) -> Array:
    """Straight steps along the slope at their beginning (Karras et al. 2022, algorithm 1 without line 6).

    Error of first order: smooth pictures that change with the number of steps.
    """
    for index, (sigma, following) in enumerate(pairwise(sigmas)):
        x = x + (x - denoise(x, sigma)) * ((following - sigma) / sigma)
        progress(index + 1, len(sigmas) - 1)
    return x


@sampler("euler_ancestral", "Euler a", "Euler ancestral", schedule="uniform", is_random=True)
def euler_ancestral(
    denoise: Denoise,
    x: Array,
    sigmas: Sequence[float],
    noise: Noise,
    progress: Progress,
    eta: float = 1.0,
) -> Array:
    """Euler's steps with fresh noise after each (k-diffusion; the process of Ho et al. 2020, DDPM).

    Forgets its errors, but never settles: more steps keep changing the picture. ``eta`` 0 is Euler.
    """
    for index, (sigma, following) in enumerate(pairwise(sigmas)):
        down, added = split(sigma, following, eta)
        x = x + (x - denoise(x, sigma)) * ((down - sigma) / sigma)
        if added > 0:
            x = x + noise(sigma, following) * added
        progress(index + 1, len(sigmas) - 1)
    return x


@sampler("ddim", "DDIM", schedule="ddim_uniform")
def ddim(
    denoise: Denoise,
    x: Array,
    sigmas: Sequence[float],
    noise: Noise,
    progress: Progress,
    eta: float = 0.0,
) -> Array:
    """The step of Song et al. 2020, "Denoising Diffusion Implicit Models", equation 12.

    In this form of the process it is Euler's (``eta`` 0) or Euler ancestral's (``eta`` above 0): the name
    stands for its schedule, which begins below the most noise: very dark and very bright pictures are out of
    reach.
    """
    return euler_ancestral(denoise, x, sigmas, noise, progress, eta)


@sampler("ddpm", "DDPM", schedule="ddim_uniform", is_random=True)
def ddpm(denoise: Denoise, x: Array, sigmas: Sequence[float], noise: Noise, progress: Progress) -> Array:
    """The process that Stable Diffusion was trained for, backwards (Ho et al. 2020, algorithm 2).

    In this form of the process it is Euler ancestral: the name stands for its schedule. Wants hundreds of
    steps; below about 50 the picture is soft.
    """
    return euler_ancestral(denoise, x, sigmas, noise, progress)


@sampler("heun", "Heun", schedule="uniform", evaluations=2)
def heun(denoise: Denoise, x: Array, sigmas: Sequence[float], noise: Noise, progress: Progress) -> Array:
    """Steps along the mean of the slopes at both ends (Karras et al. 2022, algorithm 1).

    Error of second order at twice the price; at equal price DPM++ 2M is better.
    """
    for index, (sigma, following) in enumerate(pairwise(sigmas)):
        x = heun_step(denoise, x, sigma, following)
        progress(index + 1, len(sigmas) - 1)
    return x


def heun_step(denoise: Denoise, x: Array, sigma: float, following: float) -> Array:
    """One step along the mean of the slopes at both ends; to 0, where there is none, along the first."""
    slope = (x - denoise(x, sigma)) * (1 / sigma)
    ahead = x + slope * (following - sigma)
    if following == 0:
        return ahead
    slope_ahead = (ahead - denoise(ahead, following)) * (1 / following)
    return x + (slope + slope_ahead) * ((following - sigma) / 2)


@sampler("dpm_2", "DPM2", "KDPM2", schedule="karras", evaluations=2, skips=True)
def dpm_2(denoise: Denoise, x: Array, sigmas: Sequence[float], noise: Noise, progress: Progress) -> Array:
    """Steps along the slope at their middle in log sigma (k-diffusion, after Lu et al. 2022, DPM-Solver-2).

    Error of second order at twice the price; unstable in few steps with strong guidance.
    """
    return dpm_2_ancestral(denoise, x, sigmas, noise, progress, eta=0.0)


@sampler("dpm_2_ancestral", "DPM2 a", "KDPM2 a", schedule="karras", evaluations=2, is_random=True, skips=True)
def dpm_2_ancestral(
    denoise: Denoise,
    x: Array,
    sigmas: Sequence[float],
    noise: Noise,
    progress: Progress,
    eta: float = 1.0,
) -> Array:
    """DPM2's steps with fresh noise after each (k-diffusion). ``eta`` 0 is DPM2.

    As Euler ancestral it never settles, and costs twice as much.
    """
    for index, (sigma, following) in enumerate(pairwise(sigmas)):
        down, added = split(sigma, following, eta)
        slope = (x - denoise(x, sigma)) * (1 / sigma)
        if down > 0:
            middle = math.sqrt(sigma * down)
            halfway = x + slope * (middle - sigma)
            slope = (halfway - denoise(halfway, middle)) * (1 / middle)
        x = x + slope * (down - sigma)
        if added > 0:
            x = x + noise(sigma, following) * added
        progress(index + 1, len(sigmas) - 1)
    return x


@sampler(
    "dpmpp_2s_ancestral",
    "DPM++ 2S a",
    "DPM++ 2S ancestral",
    schedule="karras",
    evaluations=2,
    is_random=True,
)
def dpmpp_2s_ancestral(
    denoise: Denoise,
    x: Array,
    sigmas: Sequence[float],
    noise: Noise,
    progress: Progress,
    eta: float = 1.0,
) -> Array:
    """Second-order steps with fresh noise after each (Lu et al. 2022, "DPM-Solver++", algorithm 1).

    k-diffusion's ancestral form of it. As Euler ancestral it never settles, and costs twice as much.
    """
    for index, (sigma, following) in enumerate(pairwise(sigmas)):
        down, added = split(sigma, following, eta)
        clean = denoise(x, sigma)
        if down > 0:
            middle = math.sqrt(sigma * down)
            clean = denoise(towards(clean, x, middle / sigma), middle)
        x = towards(clean, x, down / sigma)
        if added > 0:
            x = x + noise(sigma, following) * added
        progress(index + 1, len(sigmas) - 1)
    return x


@sampler("lcm", "LCM", schedule="lcm", is_random=True)
def lcm(denoise: Denoise, x: Array, sigmas: Sequence[float], noise: Noise, progress: Progress) -> Array:
    """Believe the prediction whole, then add noise for the next level (Luo et al. 2023, multistep sampling).

    For latent consistency models only, in 1 to 8 steps; other models give blurs. The boundary weights
    are left out as elsewhere: from timestep 19 up they differ from 0 and 1 by less than 1e-5.
    """
    for index, (sigma, following) in enumerate(pairwise(sigmas)):
        x = denoise(x, sigma)
        if following > 0:
            x = x + noise(sigma, following) * following
        progress(index + 1, len(sigmas) - 1)
    return x


def towards(clean: Array, x: Array, ratio: float) -> Array:
    """x at ``ratio`` times its noise if ``clean`` were right: exact for a prediction that stays constant."""
    return x * ratio + clean * (1.0 - ratio)
