"""The samplers of Stable Diffusion by name, and the noise levels they visit.

``find_sampler`` understands ours, A1111's and k-diffusion's names, with a schedule at the end where there is
one: ``DPM++ 2M Karras`` is ``dpmpp_2m`` whose automatic schedule is ``karras``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rakkan.studio.diffusion import multistep, restart, single_step, solver, stochastic
from rakkan.studio.diffusion.names import key, unknown
from rakkan.studio.diffusion.registry import KEYS, SAMPLERS, Noise, Progress, Sampler, silent
from rakkan.studio.diffusion.schedules import AUTOMATIC, SCHEDULES, find_schedule, sigmas
from rakkan.studio.diffusion.training import Array, Denoise, Levels, TrainingSchedule

__all__ = [
    "AUTOMATIC",
    "SAMPLERS",
    "Array",
    "Denoise",
    "Noise",
    "Progress",
    "Sampler",
    "find_sampler",
    "multistep",
    "planned_sigmas",
    "restart",
    "silent",
    "single_step",
    "solver",
    "stochastic",
]


def find_sampler(name: str) -> Sampler:
    """The sampler of that name, title or alias, with or without a schedule after it.

    Raises RakkanError with the nearest name there is.
    """
    wanted = key(name)
    if wanted in KEYS:
        return SAMPLERS[KEYS[wanted]]
    titles = {key(sampler.title): sampler.title for sampler in SAMPLERS.values()}
    for schedule in SCHEDULES.values():
        for ending in map(key, (schedule.name, schedule.title, *schedule.aliases)):
            rest = wanted.removesuffix(ending)
            if rest != wanted and rest in KEYS:
                return replace(SAMPLERS[KEYS[rest]], schedule=schedule.name)
            titles |= {
                key(each.title) + ending: f"{each.title} {schedule.title}" for each in SAMPLERS.values()
            }
    suggestions = titles | {k: SAMPLERS[v].name for k, v in KEYS.items() if k not in titles}
    raise unknown("sampler", name, suggestions, (sampler.title for sampler in SAMPLERS.values()))


def planned_sigmas(sampler: Sampler, schedule: str, steps: int, training: TrainingSchedule) -> Levels:
    """The noise levels for that many steps: float64 [steps + 1], falling, the last 0.

    ``schedule`` ``automatic`` (or nothing) is the sampler's own. Where A1111 leaves out the last level before
    0 for a sampler that would visit it twice, so does this. Raises RakkanError as ``sigmas`` does.
    """
    chosen = sampler.schedule if key(schedule) in ("", AUTOMATIC) else find_schedule(schedule).name
    levels = sigmas(chosen, steps, training)
    if sampler.skips and steps < training.timesteps:
        levels = np.delete(sigmas(chosen, steps + 1, training), -2)
    return levels
