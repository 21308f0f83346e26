"""What a sampler is and where each is entered: one function of one signature, and what to know about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rakkan.errors import RakkanError
from rakkan.studio.diffusion.names import key
from rakkan.studio.diffusion.schedules import find_schedule
from rakkan.studio.diffusion.training import Array, Denoise

#: (sigma now, sigma next) -> standard normal numbers shaped like x, new ones at every call.
Noise = Callable[[float, float], Array]
#: (steps done, steps in all), after every step; what it raises ends the sampling there.
Progress = Callable[[int, int], Any]
#: (denoise, x at sigmas[0], falling sigmas, noise, progress, options by name) -> x at the last sigma.
SamplerFunction = Callable[..., Array]


@dataclass(frozen=True)
class Sampler:
    """A sampler and what to know of it; call it as ``sampler(denoise, x, sigmas, noise, progress)``.

    ``title`` is A1111's name; ``schedule`` is what "automatic" means with it; ``evaluations`` of the network
    in a step, 0 where the sampler finds its own steps; ``is_random`` whether it draws fresh noise; ``skips``
    whether A1111 plans one step more and leaves out the last level before 0, which it would visit twice.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    function: SamplerFunction
    schedule: str
    evaluations: int = 1
    is_random: bool = False
    skips: bool = False

    def __call__(
        self,
        denoise: Denoise,
        x: Array,
        sigmas: Sequence[float],
        noise: Noise,
        progress: Progress,
        **options: Any,
    ) -> Array:
        """x at the last of ``sigmas``, from x at the first; the array passed in is left as it is.

        Raises RakkanError unless sigmas are two or more finite numbers that fall strictly and end at 0 or
        above, and whatever ``progress`` raises.
        """
        levels = [float(sigma) for sigma in sigmas]
        falls = all(now > following >= 0 for now, following in pairwise(levels))
        if len(levels) < 2 or not math.isfinite(levels[0]) or not falls:
            raise RakkanError(
                f"{self.title} needs two or more noise levels that fall to 0", "Take them from a schedule"
            )
        return self.function(denoise, x, levels, noise, progress, **options)

    @property
    def summary(self) -> str:
        """The first sentence of its docstring."""
        return " ".join((self.function.__doc__ or "").split("\n\n")[0].split())


SAMPLERS: dict[str, Sampler] = {}
KEYS: dict[str, str] = {}


def sampler(
    name: str, title: str, *aliases: str, schedule: str, **facts: Any
) -> Callable[[SamplerFunction], SamplerFunction]:
    """Register a function as the sampler ``name``; ``facts`` are further fields of ``Sampler``.

    All its names must be new, the schedule must exist.
    """

    def register(function: SamplerFunction) -> SamplerFunction:
        keys = dict.fromkeys(map(key, (name, title, *aliases)), name)
        if keys.keys() & KEYS.keys():
            raise ValueError(f"{name} takes the name of another sampler")
        wanted = find_schedule(schedule).name
        SAMPLERS[name] = Sampler(name, title, aliases, function, wanted, **facts)
        KEYS.update(keys)
        return function

    return register


def silent(done: int, total: int) -> None:
    """The progress callback that tells nobody."""
