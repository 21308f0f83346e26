"""Which noise levels a sampler visits: one registered function for each way of choosing them.

Each takes the number of steps and the levels of training and gives that many levels, falling; ``sigmas``
checks the number and appends the 0 that all end at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.studio.diffusion.names import key, unknown
from rakkan.studio.diffusion.quantiles import beta_quantiles
from rakkan.studio.diffusion.training import Levels, TrainingSchedule

AUTOMATIC = "automatic"  #: the schedule that a sampler wants
LCM_TIMESTEPS = 50  #: latent consistency models are distilled on this many timesteps

ScheduleFunction = Callable[[int, TrainingSchedule], Levels]


@dataclass(frozen=True)
class Schedule:
    """A way of choosing noise levels: ``name`` ours, ``title`` and ``aliases`` as other tools write it."""

    name: str
    title: str
    aliases: tuple[str, ...]
    function: ScheduleFunction

    @property
    def summary(self) -> str:
        """The first sentence of its docstring."""
        return " ".join((self.function.__doc__ or "").split("\n\n")[0].split())


SCHEDULES: dict[str, Schedule] = {}
_KEYS: dict[str, str] = {}


def schedule(name: str, title: str, *aliases: str) -> Callable[[ScheduleFunction], ScheduleFunction]:
    """Register a function as the schedule ``name``; all its names must be new."""

    def register(function: ScheduleFunction) -> ScheduleFunction:
        keys = dict.fromkeys(map(key, (name, title, *aliases)), name)
        if keys.keys() & _KEYS.keys():
            raise ValueError(f"{name} takes the name of another schedule")
        SCHEDULES[name] = Schedule(name, title, aliases, function)
        _KEYS.update(keys)
        return function

    return register


def find_schedule(name: str) -> Schedule:
    """The schedule of that name, title or alias; RakkanError with the nearest one there is."""
    if key(name) in _KEYS:
        return SCHEDULES[_KEYS[key(name)]]
    raise unknown("schedule", name, {k: SCHEDULES[v].name for k, v in _KEYS.items()}, SCHEDULES)


def sigmas(name: str, steps: int, training: TrainingSchedule) -> Levels:
    """Noise levels of that schedule: float64 [steps + 1], falling strictly, the last 0.

    Raises RakkanError for an unknown name, and for fewer steps than 1 or more than there are timesteps.
    """
    chosen = find_schedule(name)
    if not 1 <= steps <= training.timesteps:
        raise RakkanError(
            f"Cannot draw in {steps} steps", f"Give a whole number of steps from 1 to {training.timesteps}"
        )
    return np.append(chosen.function(steps, training), 0.0)


def _levels_at(timesteps: Levels, training: TrainingSchedule) -> Levels:
    return np.array([training.sigma_of(float(timestep)) for timestep in timesteps])


def _trained(timesteps: npt.NDArray[np.int64], training: TrainingSchedule) -> Levels:
    levels: Levels = training.sigmas[timesteps]
    return levels


def _leading(counts: npt.NDArray[np.int64], stride: int, training: TrainingSchedule) -> Levels:
    """Levels at the multiples of a stride plus 1, or less where only that keeps the last in range."""
    timesteps = counts * stride
    return _trained(timesteps[::-1] + min(1, training.timesteps - 1 - int(timesteps[-1])), training)


@schedule("uniform", "Uniform", "Normal", "discrete")
def uniform(steps: int, training: TrainingSchedule) -> Levels:
    """Timesteps evenly from the last to the first, levels between trained ones by log sigma.

    k-diffusion, DiscreteSchedule.get_sigmas. Its last step is one from the least level of training to 0,
    which changes next to nothing.
    """
    return _levels_at(np.linspace(training.timesteps - 1, 0, steps), training)


@schedule("sgm_uniform", "SGM Uniform")
def sgm_uniform(steps: int, training: TrainingSchedule) -> Levels:
    """Timesteps evenly from the last, one step short of the first.

    The discretisation of Stability's generative-models, for SDXL and few-step models. No step is spent below
    the least level of training, but the last step is a long one.
    """
    return _levels_at(np.linspace(training.timesteps - 1, 0, steps + 1)[:-1], training)


@schedule("simple", "Simple")
def simple(steps: int, training: TrainingSchedule) -> Levels:
    """Every so-many-th trained level from the last, nothing interpolated.

    ComfyUI's simple scheduler. Spacing is uneven by up to one timestep.
    """
    stride = training.timesteps / steps
    return _trained(np.array([-(1 + int(index * stride)) for index in range(steps)]), training)


@schedule("karras", "Karras")
def karras(steps: int, training: TrainingSchedule) -> Levels:
    """Even in the seventh root of sigma: many steps at little noise, where lines are settled.

    Karras et al. 2022, equation 5, rho = 7, between the ends of training. With zero terminal SNR most
    steps fall at levels of pure noise: take another.
    """
    return karras_levels(steps, training.sigma_max, training.sigma_min)


def karras_levels(count: int, most: float, least: float) -> Levels:
    """So many levels from one to the other, even in the seventh root."""
    first, last = most ** (1 / 7), least ** (1 / 7)
    levels: Levels = (first + np.linspace(0, 1, count) * (last - first)) ** 7.0
    return levels


@schedule("exponential", "Exponential", "Polyexponential")
def exponential(steps: int, training: TrainingSchedule) -> Levels:
    """Even in log sigma between the ends of training.

    Zhang and Chen 2022 (DEIS); k-diffusion, get_sigmas_exponential. Few steps at much noise, where the
    composition is settled, so it wants many steps in all.
    """
    return np.exp(np.linspace(math.log(training.sigma_max), math.log(training.sigma_min), steps))


@schedule("beta", "Beta")
def beta(steps: int, training: TrainingSchedule) -> Levels:
    """Quantiles of the beta distribution (0.6, 0.6) spread over sigma: dense at both ends.

    Lee et al. 2024, "Beta Sampling is All You Need", as A1111 and diffusers read it; ComfyUI spreads the
    quantiles over timesteps instead and gives other levels under the same name.
    """
    shares = beta_quantiles(1 - np.linspace(0, 1, steps), 0.6)
    return training.sigma_min + shares * (training.sigma_max - training.sigma_min)


@schedule("kl_optimal", "KL Optimal")
def kl_optimal(steps: int, training: TrainingSchedule) -> Levels:
    """Even in the arctangent of sigma.

    Sabour et al. 2024, "Align Your Steps", the optimum for Gaussian data; ComfyUI's reading. A1111
    divides the same angle by one more and ends at the least level of training instead of 0.
    """
    return np.tan(np.linspace(math.atan(training.sigma_max), math.atan(training.sigma_min), steps))


#: What ``align_your_steps`` and ``align_your_steps_xl`` visit in ten steps, without the ends.
ALIGNED = (6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152)
ALIGNED_XL = (6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113)


@schedule("align_your_steps", "Align Your Steps", "AYS")
def align_your_steps(steps: int, training: TrainingSchedule) -> Levels:
    """Ten steps that were found best for SD 1.5, other counts straight between them in log sigma.

    Sabour et al. 2024, "Align Your Steps", as its authors, diffusers and ComfyUI read it: the eleventh level
    gives way to 0. A1111 keeps it, and so takes ten steps between other levels.
    """
    return _aligned(ALIGNED, steps, training)


@schedule("align_your_steps_xl", "Align Your Steps XL", "AYS XL", "AYS SDXL")
def align_your_steps_xl(steps: int, training: TrainingSchedule) -> Levels:
    """As align_your_steps, the ten steps that were found best for SDXL.

    Sabour et al. 2024. A1111 takes these by itself with SDXL, under the name Align Your Steps.
    """
    return _aligned(ALIGNED_XL, steps, training)


def _aligned(inner: Sequence[float], steps: int, training: TrainingSchedule) -> Levels:
    known = np.log([training.sigma_max, *inner, training.sigma_min])
    return np.exp(np.interp(np.linspace(0, 10, steps + 1)[:-1], np.arange(11), known))


@schedule("ddim_uniform", "DDIM", "DDIM uniform", "leading")
def ddim_uniform(steps: int, training: TrainingSchedule) -> Levels:
    """Every so-many-th timestep from 1 up, so-many rounded down: the first step is not at the most noise.

    Song et al. 2020 (DDIM), as Stable Diffusion was released with: ``leading`` with an offset
    of 1 in diffusers. Where steps do not divide 1,000, A1111 and ComfyUI begin one or more steps higher.
    """
    return _leading(np.arange(steps), training.timesteps // steps, training)


@schedule("leading_multistep", "Leading multistep")
def leading_multistep(steps: int, training: TrainingSchedule) -> Levels:
    """As ddim_uniform with one step more, whose least level is left out.

    ``leading`` with an offset of 1 in those schedulers of diffusers that keep a history (DPM++, UniPC).
    """
    return _leading(np.arange(1, steps + 1), max(1, training.timesteps // (steps + 1)), training)


@schedule("trailing", "Trailing", "Turbo")
def trailing(steps: int, training: TrainingSchedule) -> Levels:
    """Every so-many-th timestep from the last down, rounded to the nearest: begins at the most noise.

    Lin et al. 2023, table 2: what models with zero terminal SNR and few-step models want. diffusers'
    ``trailing`` without its surplus step (it has one for some counts, by rounding); Forge's Turbo, which
    rounds halves the other way.
    """
    stride = training.timesteps / steps
    timesteps = np.round(np.arange(training.timesteps, 0, -stride)[:steps]).astype(int) - 1
    return _trained(timesteps, training)


@schedule("linspace", "Linspace")
def linspace(steps: int, training: TrainingSchedule) -> Levels:
    """Timesteps evenly from the last to the first, levels between trained ones by sigma.

    ``linspace`` in diffusers' Euler, Heun and LMS. Differs from uniform in the interpolation alone.
    """
    timesteps = np.linspace(0, training.timesteps - 1, steps)[::-1]
    return np.interp(timesteps, np.arange(training.timesteps), training.sigmas)


@schedule("linspace_multistep", "Linspace multistep")
def linspace_multistep(steps: int, training: TrainingSchedule) -> Levels:
    """Whole timesteps evenly from the last, one step short of the first.

    ``linspace`` in those schedulers of diffusers that keep a history. Differs from sgm_uniform in rounding.
    """
    if steps == training.timesteps:
        return training.sigmas[::-1]
    timesteps = np.round(np.linspace(0, training.timesteps - 1, steps + 1))[::-1][:-1].astype(int)
    return _trained(timesteps, training)


@schedule("lcm", "LCM")
def lcm(steps: int, training: TrainingSchedule) -> Levels:
    """Of the 50 timesteps that latent consistency models are distilled on, so many, evenly.

    Luo et al. 2023; diffusers' LCMScheduler. For more than 50 steps the same as trailing.
    """
    if steps > LCM_TIMESTEPS:
        return trailing(steps, training)
    distilled = np.arange(LCM_TIMESTEPS, 0, -1) * (training.timesteps // LCM_TIMESTEPS) - 1
    chosen = np.floor(np.linspace(0, LCM_TIMESTEPS, steps, endpoint=False)).astype(int)
    return _trained(distilled[chosen], training)
