"""DPM-Solver of Lu et al. 2022, whose steps look ahead within themselves and are of up to third order.

``dpm_fast`` shares a number of evaluations out among steps even in log sigma, ``dpm_adaptive`` finds its
steps itself. Both look only at the ends of the levels they are given, which is all that A1111 tells them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from rakkan.errors import RakkanError
from rakkan.studio.diffusion.registry import Noise, Progress, sampler
from rakkan.studio.diffusion.single_step import split
from rakkan.studio.diffusion.training import Array, Denoise

#: (x, sigma) -> dx/dsigma there.
Slope = Callable[[Array, float], Array]

FIRST_STEP = 0.05  #: of dpm_adaptive, in log sigma
MOST_TRIES = 500  #: steps that dpm_adaptive tries before it gives up
#: dpm_adaptive takes a step when it would make the next one no shorter than this share of it.
ACCEPTED = 0.81


@sampler("dpm_fast", "DPM fast", schedule="uniform", is_random=True)
def dpm_fast(
    denoise: Denoise,
    x: Array,
    sigmas: Sequence[float],
    noise: Noise,
    progress: Progress,
    eta: float = 1.0,
) -> Array:
    """Third-order steps even in log sigma, of three evaluations each (Lu et al. 2022, "DPM-Solver").

    As many evaluations as steps are asked for; one more leads from the least level to 0, where A1111 and
    ComfyUI stop at that level. Of a schedule only the ends count. ``eta`` 0, which ComfyUI draws with, adds
    no noise.
    """
    steps, least, asked = len(sigmas) - 1, sigmas[-1] or sigmas[-2], 0

    def slope(x: Array, sigma: float) -> Array:
        nonlocal asked
        found = (x - denoise(x, sigma)) * (1 / sigma)
        asked += 1
        if asked < steps:
            progress(asked, steps)
        return found

    orders = _orders(steps) if least < sigmas[0] else []
    ratio = least / sigmas[0]
    levels = [sigmas[0] * ratio ** (index / len(orders)) for index in range(len(orders))]
    for order, (sigma, following) in zip(orders, pairwise([*levels, least]), strict=False):
        down = max(least, split(sigma, following, eta)[0])
        x = _step(slope, x, sigma, down, order)
        x = _noised_up(x, down, following, noise, sigma)
    if sigmas[-1] == 0:
        x = denoise(x, least)
    progress(steps, steps)
    return x


@sampler("dpm_adaptive", "DPM adaptive", "DPM ad", schedule="uniform", evaluations=0, is_random=True)
def dpm_adaptive(
    denoise: Denoise,
    x: Array,
    sigmas: Sequence[float],
    noise: Noise,
    progress: Progress,
    eta: float = 1.0,
    relative: float = 0.05,
    absolute: float = 0.0078,
) -> Array:
    """Steps as long as second and third order agree on where they lead (Lu et al. 2022, "DPM-Solver").

    The number of steps asked for changes nothing: it takes as many, of three evaluations each, as the
    tolerances want. Pictures drawn in one batch share their steps. Otherwise as DPM fast. Raises RakkanError
    after 500 steps without an end.
    """
    steps, least = len(sigmas) - 1, sigmas[-1] or sigmas[-2]
    whole = math.log(sigmas[0] / least)
    sigma, length, before, told = sigmas[0], FIRST_STEP, x, 0

    def slope(x: Array, sigma: float) -> Array:
        return (x - denoise(x, sigma)) * (1 / sigma)

    for _ in range(MOST_TRIES):
        left = math.log(sigma / least)
        while told < steps - 1 and whole - left >= (told + 1) / steps * whole > 0:
            told += 1
            progress(told, steps)
        if left < 1e-5:
            break
        following = max(least, sigma * math.exp(-length))
        down = max(least, split(sigma, following, eta)[0])
        low, high = _two_orders(slope, x, sigma, down)
        error = _distance(low, high, before, relative, absolute)
        # Of a step's error by itself one lucky step would make the next far too long.
        factor = 1 + math.atan((1 / (error + 1e-8)) ** (1 / (1.5 if eta else 3)) - 1)
        length *= factor
        if factor >= ACCEPTED:
            x, before = _noised_up(high, down, following, noise, sigma), low
            sigma = following
    else:
        raise RakkanError(
            f"DPM adaptive found no end in {MOST_TRIES} steps with this model",
            "Take another sampler, such as DPM++ 2M",
        )
    if sigmas[-1] == 0:
        x = denoise(x, least)
    progress(steps, steps)
    return x


def _orders(evaluations: int) -> list[int]:
    """Steps of third order, the last of lower, that need so many evaluations (Lu et al. 2022)."""
    thirds, rest = divmod(evaluations, 3)
    return [3] * thirds + [rest] if rest else [3] * (thirds - 1) + [2, 1]


def _step(slope: Slope, x: Array, sigma: float, following: float, order: int) -> Array:
    """One step of that order, which asks for so many slopes."""
    if order == 3:
        return _two_orders(slope, x, sigma, following)[1]
    first = slope(x, sigma)
    if order == 2:
        middle = math.sqrt(sigma * following)
        first = slope(x + first * (middle - sigma), middle)
    return x + first * (following - sigma)


def _two_orders(slope: Slope, x: Array, sigma: float, following: float) -> tuple[Array, Array]:
    """A step of second order and one of third, by the same slopes at its thirds in log sigma."""
    third, second_third = (sigma * (following / sigma) ** share for share in (1 / 3, 2 / 3))
    first = slope(x, sigma)
    second = slope(x + first * (third - sigma), third) - first
    ahead = x + first * (second_third - sigma) - second * (2 * _bend(sigma, second_third))
    last = slope(ahead, second_third) - first
    straight = x + first * (following - sigma)
    low = straight + second * (1.5 * (following - sigma))
    return low, straight - last * (1.5 * _bend(sigma, following))


def _bend(sigma: float, following: float) -> float:
    """How far a slope that grows evenly in log sigma, to 1 at the end, leads down a step."""
    if following == sigma:
        return 0.0
    return (sigma - following) / math.log(sigma / following) - following


def _noised_up(x: Array, down: float, following: float, noise: Noise, sigma: float) -> Array:
    """x at the level ``following``, from ``down`` below it."""
    if down >= following:
        return x
    return x + noise(sigma, following) * math.sqrt((following - down) * (following + down))


def _distance(low: Array, high: Array, before: Array, relative: float, absolute: float) -> float:
    """The root of the mean square of what two results differ by, in units of what is tolerated."""
    tolerated = _larger(_larger(abs(low), abs(before)) * relative, absolute)
    return math.sqrt(float((((low - high) / tolerated) ** 2).mean()))


def _larger(one: Array, other: Array) -> Array:
    return (one + other + abs(one - other)) * 0.5
