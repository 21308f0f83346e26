"""Samplers of the stochastic equation: DPM-Solver++ with noise in every step.

k-diffusion looks that noise up on one Brownian path, so that pictures of different step counts resemble each
other; here, as in diffusers' multistep solvers, each step draws its own. What is drawn has the same law.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from rakkan.studio.diffusion.registry import Noise, Progress, sampler
from rakkan.studio.diffusion.single_step import split, towards
from rakkan.studio.diffusion.training import Array, Denoise


@sampler("dpmpp_sde", "DPM++ SDE", schedule="karras", evaluations=2, is_random=True)
def dpmpp_sde(
    denoise: Denoise,
    x: Array,
    sigmas: Sequence[float],
    noise: Noise,
    progress: Progress,
    eta: float = 1.0,
) -> Array:
    """A noisy half step in log sigma, then a noisy whole one by what was predicted there (k-diffusion).

    After Lu et al. 2022, "DPM-Solver++", SDE form. Good in few steps, twice the price, never settles. Both
    noises lie on one path over sigma, as in k-diffusion: the step's is made of the first half's and another.
    """
    for index, (sigma, following) in enumerate(pairwise(sigmas)):
        clean = denoise(x, sigma)
        if following == 0:
            x = clean
        else:
            middle = math.sqrt(sigma * following)
            down, added = split(sigma, middle, eta)
            halfway = towards(clean, x, down / sigma)
            if added > 0:
                first = noise(sigma, middle)
                halfway = halfway + first * added
            clean = denoise(halfway, middle)
            down, added = split(sigma, following, eta)
            x = towards(clean, x, down / sigma)
            if added > 0:
                share = (sigma - middle) / (sigma - following)
                second = first * math.sqrt(share) + noise(middle, following) * math.sqrt(1 - share)
                x = x + second * added
        progress(index + 1, len(sigmas) - 1)
    return x


@sampler("dpmpp_2m_sde", "DPM++ 2M SDE", schedule="exponential", is_random=True)
def dpmpp_2m_sde(
    denoise: Denoise,
    x: Array,
    sigmas: Sequence[float],
    noise: Noise,
    progress: Progress,
    eta: float = 1.0,
    heun: bool = False,
) -> Array:
    """DPM++ 2M of the stochastic equation, the extrapolation held over the step (Lu et al. 2022).

    Crisper than 2M from about 20 steps, noisy below; changes with the number of steps. ``eta`` 0 is
    2M; ``heun`` integrates the extrapolation instead of holding its middle.
    """
    return _sde(denoise, x, sigmas, noise, progress, eta, order=2, midpoint=not heun)


@sampler("dpmpp_2m_sde_heun", "DPM++ 2M SDE Heun", schedule="exponential", is_random=True)
def dpmpp_2m_sde_heun(
    denoise: Denoise,
    x: Array,
    sigmas: Sequence[float],
    noise: Noise,
    progress: Progress,
    eta: float = 1.0,
) -> Array:
    """DPM++ 2M SDE with its extrapolation integrated over the step (diffusers' solver type ``heun``).

    Hardly different from 2M SDE, a little more contrast in few steps.
    """
    return dpmpp_2m_sde(denoise, x, sigmas, noise, progress, eta, heun=True)


@sampler("dpmpp_3m_sde", "DPM++ 3M SDE", schedule="exponential", is_random=True, skips=True)
def dpmpp_3m_sde(
    denoise: Denoise,
    x: Array,
    sigmas: Sequence[float],
    noise: Noise,
    progress: Progress,
    eta: float = 1.0,
) -> Array:
    """DPM++ 2M SDE with a parabola through the last three predictions (k-diffusion).

    Wants about 40 steps or more and weak guidance; below that 2M SDE is better. diffusers' third order has
    the sign of one coefficient the other way and differs from this one.
    """
    return _sde(denoise, x, sigmas, noise, progress, eta, order=3, midpoint=False)


def _sde(
    denoise: Denoise,
    x: Array,
    sigmas: Sequence[float],
    noise: Noise,
    progress: Progress,
    eta: float,
    order: int,
    midpoint: bool,
) -> Array:
    """The exponential integrator of dx = ... with predictions extrapolated in log sigma to ``order`` - 1."""
    cleans: list[Array] = []
    for index, (sigma, following) in enumerate(pairwise(sigmas)):
        cleans = [denoise(x, sigma), *cleans][:order]
        if following == 0:
            x = cleans[0]
        else:
            step = math.log(sigma / following)
            whole = step * (1 + eta)
            x = towards(cleans[0], x, math.exp(-whole))
            if len(cleans) > 1:
                x = x + _extrapolation(
                    cleans, sigmas[index + 1 - len(cleans) : index + 1], step, whole, midpoint
                )
            if eta > 0:
                x = x + noise(sigma, following) * (following * math.sqrt(-math.expm1(-2 * eta * step)))
        progress(index + 1, len(sigmas) - 1)
    return x


def _extrapolation(
    cleans: Sequence[Array], levels: Sequence[float], step: float, whole: float, midpoint: bool
) -> Array:
    """What the change of the predictions adds over a step: ``cleans`` newest first, ``levels`` newest last.

    The integrals of 1 and 2 powers of time against the exponential are phi_2 and phi_3 (Hochbruck and
    Ostermann 2010, section 2), the divided differences those of Newton.
    """
    ratio = math.log(levels[-2] / levels[-1]) / step
    first = (cleans[0] - cleans[1]) * (1 / ratio)
    phi_2 = 1 + math.expm1(-whole) / whole
    if midpoint:
        return first * (-0.5 * math.expm1(-whole))
    if len(cleans) == 2:
        return first * phi_2
    ratio_before = math.log(levels[-3] / levels[-2]) / step
    second = (cleans[1] - cleans[2]) * (1 / ratio_before)
    bend = (first - second) * (1 / (ratio + ratio_before))
    return (first + bend * ratio) * phi_2 - bend * (phi_2 / whole - 0.5)
