"""Samplers that remember earlier predictions and so reach a higher order at one evaluation a step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from rakkan.errors import RakkanError
from rakkan.studio.diffusion.registry import Noise, Progress, sampler
from rakkan.studio.diffusion.single_step import towards
from rakkan.studio.diffusion.training import Array, Denoise

#: Adams and Bashforth's weights by order, the newest slope first.
ADAMS_BASHFORTH = (
    (1.0,),
    (3 / 2, -1 / 2),
    (23 / 12, -16 / 12, 5 / 12),
    (55 / 24, -59 / 24, 37 / 24, -9 / 24),
)


@sampler("lms", "LMS", schedule="uniform")
def lms(
    denoise: Denoise,
    x: Array,
    sigmas: Sequence[float],
    noise: Noise,
    progress: Progress,
    order: int = 4,
) -> Array:
    """Along the polynomial through the last four slopes over sigma (Adams and Bashforth 1883; k-diffusion).

    Up to fourth order, less in all for its first steps, which are of lower; grainy below about 30 steps.
    """
    slopes: list[Array] = []
    for index, (sigma, following) in enumerate(pairwise(sigmas)):
        slopes = [(x - denoise(x, sigma)) * (1 / sigma), *slopes][:order]
        nodes = [sigmas[index - back] for back in range(len(slopes))]
        x = x + weighted(lagrange_integrals(nodes, sigma, following), slopes)
        progress(index + 1, len(sigmas) - 1)
    return x


@sampler("plms", "PLMS", "PNDM", schedule="ddim_uniform")
def plms(denoise: Denoise, x: Array, sigmas: Sequence[float], noise: Noise, progress: Progress) -> Array:
    """Along a fixed mean of the last four slopes (Liu et al. 2022, "Pseudo Numerical Methods").

    The weights are for even timesteps, whatever the levels are; the first step evaluates twice.
    """
    slopes: list[Array] = []
    for index, (sigma, following) in enumerate(pairwise(sigmas)):
        slopes = [(x - denoise(x, sigma)) * (1 / sigma), *slopes][:4]
        slope = weighted(ADAMS_BASHFORTH[len(slopes) - 1], slopes)
        if index == 0 and following > 0:
            ahead = x + slope * (following - sigma)
            slope = (slope + (ahead - denoise(ahead, following)) * (1 / following)) * 0.5
        x = x + slope * (following - sigma)
        progress(index + 1, len(sigmas) - 1)
    return x


@sampler("ipndm", "iPNDM", schedule="uniform")
def ipndm(denoise: Denoise, x: Array, sigmas: Sequence[float], noise: Noise, progress: Progress) -> Array:
    """PLMS without its second evaluation in the first step (Zhang and Chen 2022, "iPNDM").

    The weights are for even levels, whatever the levels are: at karras' LMS, which knows the widths of its
    steps, is the better one.
    """
    slopes: list[Array] = []
    for index, (sigma, following) in enumerate(pairwise(sigmas)):
        slopes = [(x - denoise(x, sigma)) * (1 / sigma), *slopes][:4]
        x = x + weighted(ADAMS_BASHFORTH[len(slopes) - 1], slopes) * (following - sigma)
        progress(index + 1, len(sigmas) - 1)
    return x


@sampler("deis", "DEIS", schedule="karras")
def deis(
    denoise: Denoise,
    x: Array,
    sigmas: Sequence[float],
    noise: Noise,
    progress: Progress,
    order: int = 3,
) -> Array:
    """Along the polynomial in log sigma through the last slopes (Zhang and Chen 2022, "DEIS").

    diffusers' form of it, ``logrho``; ComfyUI interpolates over time and gives slightly other pictures.
    ``order`` is the number of slopes. The first steps are of lower order, the last, to 0, of first.
    """
    slopes: list[Array] = []
    for index, (sigma, following) in enumerate(pairwise(sigmas)):
        slopes = [(x - denoise(x, sigma)) * (1 / sigma), *slopes][:order]
        nodes = [sigmas[index - back] for back in range(len(slopes) if following > 0 else 1)]
        x = x + weighted(_integrals_over_log(nodes, following), slopes[: len(nodes)])
        progress(index + 1, len(sigmas) - 1)
    return x


@sampler("dpmpp_2m", "DPM++ 2M", schedule="karras")
def dpmpp_2m(denoise: Denoise, x: Array, sigmas: Sequence[float], noise: Noise, progress: Progress) -> Array:
    """Extrapolates the last two predictions in log sigma (Lu et al. 2022, "DPM-Solver++", algorithm 2).

    Error of second order at the price of Euler: the usual choice. The first step and the last, to 0, are of
    first order.
    """
    before: Array = None
    for index, (sigma, following) in enumerate(pairwise(sigmas)):
        clean = denoise(x, sigma)
        expected = clean
        if index > 0 and following > 0:
            ratio = math.log(sigma / following) / (2 * math.log(sigmas[index - 1] / sigma))
            expected = clean * (1 + ratio) - before * ratio
        x = towards(expected, x, following / sigma)
        before = clean
        progress(index + 1, len(sigmas) - 1)
    return x


@sampler("unipc", "UniPC", "UniPC bh2", schedule="sgm_uniform")
def unipc(
    denoise: Denoise,
    x: Array,
    sigmas: Sequence[float],
    noise: Noise,
    progress: Progress,
    order: int = 2,
    variant: str = "bh2",
) -> Array:
    """Predicts a step, then corrects it by what the network says there (Zhao et al. 2023, "UniPC").

    The correction is free: its evaluation is the next step's. Predicts clean latents, ``order`` 1 to 3,
    ``variant`` ``bh1`` or ``bh2`` for B(h) = h or e^h - 1; the last steps are of lower order. With strong
    guidance order 3 is unstable. Raises RakkanError for another order or variant.
    """
    if order not in (1, 2, 3) or variant not in ("bh1", "bh2"):
        raise RakkanError(
            f"There is no UniPC of order {order!r} and variant {variant!r}", "Take 1 to 3, and bh1 or bh2"
        )
    steps = len(sigmas) - 1
    cleans: list[Array] = []
    start, step_order = x, 0
    for index, (sigma, following) in enumerate(pairwise(sigmas)):
        clean = denoise(x, sigma)
        if index > 0:
            nodes = [*sigmas[index - step_order : index][::-1], sigma]
            x = _unipc_step(start, nodes, cleans[:step_order], variant, clean)
        cleans = [clean, *cleans][:order]
        step_order = min(order, steps - index, index + 1)
        nodes = [*sigmas[index + 1 - step_order : index + 1][::-1], following]
        start, x = x, _unipc_step(x, nodes, cleans[:step_order], variant)
        progress(index + 1, steps)
    return x


@sampler("unipc_bh1", "UniPC bh1", "UniPC order 3", schedule="sgm_uniform")
def unipc_bh1(denoise: Denoise, x: Array, sigmas: Sequence[float], noise: Noise, progress: Progress) -> Array:
    """UniPC with the settings that A1111 ships: order 3, B(h) = h.

    Better than UniPC without guidance, less stable with it.
    """
    return unipc(denoise, x, sigmas, noise, progress, order=3, variant="bh1")


def _unipc_step(
    x: Array, nodes: Sequence[float], cleans: Sequence[Array], variant: str, corrector: Array = None
) -> Array:
    """One step of UniP, or with ``corrector`` (the prediction at the step's end) of UniC.

    ``nodes`` are the levels of ``cleans``, the newest first, which is where x is, and then the step's end.
    """
    sigma, following = nodes[0], nodes[-1]
    newest = cleans[0]
    x_next = towards(newest, x, following / sigma)
    if following == 0 or (len(cleans) == 1 and corrector is None):
        return x_next
    step = math.log(sigma / following)
    ratios = [math.log(sigma / node) / step for node in nodes[1:]]
    scale = -step if variant == "bh1" else math.expm1(-step)
    differences = [(clean - newest) * (1 / ratio) for clean, ratio in zip(cleans[1:], ratios, strict=False)]
    if corrector is not None:
        differences.append(corrector - newest)
    else:
        ratios.pop()
    return x_next - weighted(_unipc_weights(ratios, step, scale), differences) * scale


def _unipc_weights(ratios: Sequence[float], step: float, scale: float) -> Sequence[float]:
    """What solves the order conditions (Zhao et al. 2023), in full except for a single one."""
    if len(ratios) == 1:
        return [0.5]
    function, factorial, wanted = math.expm1(-step) / -step - 1.0, 1.0, []
    for index in range(1, len(ratios) + 1):
        wanted.append(function * factorial / scale)
        factorial *= index + 1
        function = function / -step - 1.0 / factorial
    powers = [[ratio**power for ratio in ratios] for power in range(len(ratios))]
    return [float(weight) for weight in np.linalg.solve(np.array(powers), np.array(wanted))]


def lagrange_integrals(nodes: Sequence[float], start: float, end: float) -> list[float]:
    """The integral from start to end of each Lagrange polynomial through up to four nodes.

    Gauss's two points are exact for polynomials up to the third degree.
    """
    middle, half = (start + end) / 2, (end - start) / 2
    points = (middle - half / math.sqrt(3), middle + half / math.sqrt(3))
    return [
        half
        * sum(
            math.prod((point - other) / (node - other) for other in nodes if other != node)
            for point in points
        )
        for node in nodes
    ]


def _integrals_over_log(nodes: Sequence[float], end: float) -> Sequence[float]:
    """The integral over sigma, from the first of up to three nodes to ``end``, of each Lagrange polynomial in
    log sigma: the weights that are right for its powers 0, 1 and 2."""
    start = nodes[0]
    if len(nodes) == 1:
        return [end - start]
    length = math.log(end / start)
    moments = [end - start, end * (length - 1) + start, end * (length**2 - 2 * length + 2) - 2 * start]
    powers = np.array([[math.log(node / start) ** power for node in nodes] for power in range(len(nodes))])
    return [float(weight) for weight in np.linalg.solve(powers, np.array(moments[: len(nodes)]))]


def weighted(weights: Sequence[float], arrays: Sequence[Array]) -> Array:
    """The weighted sum of one or more arrays."""
    total = arrays[0] * weights[0]
    for weight, array in zip(weights[1:], arrays[1:], strict=True):
        total = total + array * weight
    return total
