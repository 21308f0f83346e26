"""The noise a picture starts from, as the tools draw it whose pictures are to be drawn again.

``cpu`` is torch's generator on processors (A1111's "CPU", ComfyUI, InvokeAI), ``gpu`` torch's on CUDA devices
(A1111's "GPU" and "NV"), ``rakkan`` our own. None of them needs torch.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.studio.diffusion.mersenne import MersenneNormal
from rakkan.studio.diffusion.philox import philox_normal
from rakkan.studio.engines.noise import gaussian
from rakkan.studio.ranges import MAXIMUM_SEED

Latents = npt.NDArray[np.float32]
#: Standard normal numbers of the shape it was made for, new ones at every call.
Draw = Callable[[], Latents]

#: A1111 mixes noises straight when they point the same way to within this cosine.
PARALLEL = 0.9995
STRAIGHT = 1 - 1e-12


def _cpu(seed: int, shape: tuple[int, ...]) -> Draw:
    generator = MersenneNormal(seed)
    return lambda: generator.draw(math.prod(shape)).reshape(shape)


def _gpu(seed: int, shape: tuple[int, ...]) -> Draw:
    draws = iter(range(2**32))
    return lambda: philox_normal(seed, next(draws), math.prod(shape)).reshape(shape)


def _rakkan(seed: int, shape: tuple[int, ...]) -> Draw:
    """The first draw is ``gaussian`` of the seed, each later one of a seed hashed from it and its number."""
    draws = iter(range(2**64))

    def draw() -> Latents:
        number = next(draws)
        digest = hashlib.sha256(f"{seed} {number}".encode()).digest()
        return gaussian(int.from_bytes(digest[:8], "big") if number else seed, shape)

    return draw


MODES: dict[str, Callable[[int, tuple[int, ...]], Draw]] = {"cpu": _cpu, "gpu": _gpu, "rakkan": _rakkan}


def noise_source(seed: int, shape: tuple[int, ...], mode: str) -> Draw:
    """What gives one picture's noise: the first call that it starts from, later ones that of its steps.

    ``seed`` is 0 to 2**64 - 1, of which ``cpu`` uses the lower 32 bits as torch does; ``shape`` that of the
    latents, each length 1 or more; what is drawn is float32. Raises RakkanError for anything else.
    """
    if mode not in MODES:
        near = get_close_matches(mode.lower(), MODES, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Choose one of {', '.join(MODES)}"
        raise RakkanError(f"There is no noise {mode!r}", hint)
    if not 0 <= seed <= MAXIMUM_SEED:
        raise RakkanError(f"The seed {seed} is out of range", f"Give a whole number from 0 to {MAXIMUM_SEED}")
    if not shape or min(shape) < 1:
        raise RakkanError(f"No noise has the shape {shape}", "Give lengths of 1 or more")
    return MODES[mode](seed, shape)


def initial_noise(seed: int, shape: tuple[int, ...], mode: str) -> Latents:
    """The standard normal float32 numbers one picture starts from; see ``noise_source``."""
    return noise_source(seed, shape, mode)()


def batch_seeds(seed: int, count: int) -> tuple[int, ...]:
    """The seeds of ``count`` pictures made together: each the one before plus 1, as everywhere."""
    return tuple(seed + index for index in range(count))


def batch_source(
    seeds: Sequence[int],
    shape: tuple[int, ...],
    mode: str,
    variation_seed: int = 0,
    variation_strength: float = 0.0,
    step_seed_delta: int = 0,
) -> Draw:
    """Noise for several pictures at once, float32 [pictures, *shape]: each as if it were drawn alone.

    ``variation_strength`` from 0 to 1 turns the first draw, and it alone, towards the noise of
    ``variation_seed`` (plus 1 for each further picture), as A1111's variation seed does. With a
    ``step_seed_delta`` (A1111's ENSD) later draws are those of sources begun with the seeds plus it. Raises
    RakkanError for a strength outside and as ``noise_source``.
    """
    if not 0 <= variation_strength <= 1:
        raise RakkanError(f"Cannot vary with strength {variation_strength}", "Give a number from 0 to 1")
    sources = [noise_source(seed, shape, mode) for seed in seeds]
    later = [noise_source(seed + step_seed_delta, shape, mode) for seed in seeds if step_seed_delta]
    others = batch_seeds(variation_seed, len(seeds)) if variation_strength > 0 else ()
    waiting = [initial_noise(other, shape, mode) for other in others]

    def draw() -> Latents:
        drawn = [source() for source in sources]
        while waiting:
            index = len(drawn) - len(waiting)
            drawn[index] = turned(drawn[index], waiting.pop(0), variation_strength)
        if later:
            sources[:] = later
            later.clear()
        return np.stack(drawn)

    return draw


def turned(start: Latents, end: Latents, strength: float) -> Latents:
    """Between two noises along a great circle, so that the result is as long as they are (Shoemake 1985).

    ``start`` and ``end`` are [channels, height, width]. As A1111 has it each column of each channel is turned
    by itself, by the angle between the two; noises that nearly agree are mixed straight.
    """
    cosine = (start * end).sum(axis=1, keepdims=True) / (
        np.linalg.norm(start, axis=1, keepdims=True) * np.linalg.norm(end, axis=1, keepdims=True)
    )
    if cosine.mean() > PARALLEL:
        return (start * np.float32(1 - strength) + end * np.float32(strength)).astype(np.float32)
    # Kept off 0 and pi, where there is no one circle: columns of a single row are always there.
    angle = np.arccos(np.clip(cosine.astype(np.float64), -STRAIGHT, STRAIGHT))
    from_start, from_end = np.sin((1 - strength) * angle), np.sin(strength * angle)
    between: Latents = ((from_start * start + from_end * end) / np.sin(angle)).astype(np.float32)
    return between
