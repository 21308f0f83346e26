"""The noise levels a Stable Diffusion network was trained on, and how its output becomes a picture.

Samplers work in the variance-exploding form of Karras et al. (2022): x = x0 + sigma * noise, sigma from
about 14.6 down to 0. The network was trained in the variance-preserving form: its input is x / sqrt(sigma² +
1) and it is told a timestep from 0 to 999. Both describe the same process; this file is the bridge.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError

Array = Any  #: a numpy array or a torch tensor: anything with arithmetic
Levels = npt.NDArray[np.float64]
#: (x at sigma, sigma) -> the predicted clean latents, shaped like x.
Denoise = Callable[[Array, float], Array]
#: (x / sqrt(sigma² + 1), timestep in 0..999, not always whole) -> noise, v or clean latents.
Network = Callable[[Array, float], Array]

#: What stands for a signal of exactly none: sigma is then 4,096 instead of infinite, and the network sees
#: the signal at 1/4,096. diffusers puts the same number there; ComfyUI and A1111 put 4.897e-8 (sigma 4,519).
LEAST_SIGNAL = 2.0**-24

EPSILON, V, CLEAN = "epsilon", "v", "x0"


@dataclass(frozen=True, eq=False)
class TrainingSchedule:
    """Noise levels of training: ``betas`` is float64 [timesteps], each in (0, 1], the last possibly 1."""

    betas: Levels

    def __post_init__(self) -> None:
        betas = self.betas
        if (
            betas.ndim != 1
            or len(betas) < 2
            or not ((betas > 0) & (betas <= 1)).all()
            or betas[:-1].max() == 1
        ):
            raise RakkanError(
                "A training schedule needs two or more betas above 0, all but the last below 1",
                "Use stable_diffusion() for SD 1, SD 2 and SDXL",
            )

    @cached_property
    def alphas_cumprod(self) -> Levels:
        """The share of the signal's variance at each timestep, falling (Ho et al. 2020, section 2)."""
        return np.cumprod(1.0 - self.betas, dtype=np.float64)

    @cached_property
    def sigmas(self) -> Levels:
        """Noise over signal at each timestep, rising: sqrt((1 - a) / a), with ``LEAST_SIGNAL`` for a = 0."""
        signal = np.maximum(self.alphas_cumprod, LEAST_SIGNAL)
        return np.sqrt((1.0 - signal) / signal)

    @cached_property
    def log_sigmas(self) -> Levels:
        return np.log(self.sigmas)

    @property
    def timesteps(self) -> int:
        return len(self.betas)

    @property
    def sigma_min(self) -> float:
        return float(self.sigmas[0])

    @property
    def sigma_max(self) -> float:
        return float(self.sigmas[-1])

    @property
    def has_zero_terminal_snr(self) -> bool:
        return bool(self.alphas_cumprod[-1] == 0)

    def timestep_of(self, sigma: float, quantised: bool = False) -> float:
        """The timestep of a noise level, straight between the trained ones in log sigma; beyond them the
        nearest end. ``quantised`` takes the nearest trained one (k-diffusion, DiscreteSchedule)."""
        if not sigma > 0:
            return 0.0
        level = math.log(sigma)
        if quantised:
            return float(np.argmin(np.abs(self.log_sigmas - level)))
        return float(np.interp(level, self.log_sigmas, np.arange(self.timesteps)))

    def sigma_of(self, timestep: float) -> float:
        """The noise level of a timestep from 0 to 999, not necessarily whole; undoes ``timestep_of``."""
        return math.exp(float(np.interp(timestep, np.arange(self.timesteps), self.log_sigmas)))


def stable_diffusion(zero_terminal_snr: bool = False) -> TrainingSchedule:
    """What SD 1, SD 2 and SDXL were trained on: 1,000 betas whose roots are evenly spaced from 0.00085 to
    0.012 (Rombach et al. 2022, the "scaled linear" schedule), rescaled for models that say so."""
    betas = np.linspace(math.sqrt(0.00085), math.sqrt(0.012), 1000) ** 2
    return TrainingSchedule(rescale_to_zero_terminal_snr(betas) if zero_terminal_snr else betas)


def rescale_to_zero_terminal_snr(betas: Levels) -> Levels:
    """Betas whose last timestep is pure noise, the first unchanged (Lin et al. 2023, "Common Diffusion
    Noise Schedules and Sample Steps are Flawed", algorithm 1)."""
    roots = np.sqrt(np.cumprod(1.0 - betas))
    shifted = (roots - roots[-1]) * (roots[0] / (roots[0] - roots[-1]))
    signal = shifted**2
    return 1.0 - np.concatenate([signal[:1], signal[1:] / signal[:-1]])


def denoiser(
    network: Network, prediction: str, training: TrainingSchedule, quantised: bool = False
) -> Denoise:
    """The function samplers call, around a network that predicts ``epsilon``, ``v`` or ``x0``.

    With v = a noise - s x0 for a = 1 / sqrt(sigma² + 1), s = sigma a (Salimans and Ho 2022, appendix D):
    epsilon: x0 = x - sigma epsilon; v: x0 = a² x - s v. ``quantised`` tells the network whole timesteps only.

    Zero terminal SNR: at the last timestep the noise says nothing of the picture, so a network that predicts
    it cannot begin there and RakkanError is raised. One that predicts v or x0 can: at sigma = 4,096 the rule
    for v gives x0 = -v to within 1/4,096, which is its limit for an infinite sigma, so this first step needs
    no case of its own here or in a sampler. That is how diffusers and ComfyUI do it too.
    """
    if prediction not in (EPSILON, V, CLEAN):
        raise RakkanError(f"There is no prediction {prediction!r}", f"Choose one of {EPSILON}, {V}, {CLEAN}")
    if prediction == EPSILON and training.has_zero_terminal_snr:
        raise RakkanError(
            "A model that predicts noise cannot have been trained with zero terminal SNR",
            "Draw with it as a v-prediction model, or without zero terminal SNR",
        )

    def denoise(x: Array, sigma: float) -> Array:
        scale = 1.0 / math.sqrt(sigma * sigma + 1.0)
        output = network(x * scale, training.timestep_of(sigma, quantised))
        if prediction == EPSILON:
            return x - output * sigma
        if prediction == V:
            return x * (scale * scale) - output * (sigma * scale)
        return output

    return denoise


def noised(clean: Array, noise: Array, sigma: float) -> Array:
    """Where sampling starts from latents ``clean`` (0 for a new picture) and standard normal ``noise``."""
    return clean + noise * sigma


def unit_variance_start(noise: Array, sigma: float) -> Array:
    """Where sampling of a new picture starts if the first x must have the variance the network was trained
    on, 1 + sigma², rather than sigma² alone: with ``leading`` and ``ddim_uniform`` in diffusers, and always
    in ComfyUI. The difference is a quarter of a per cent at sigma 14.6."""
    return noise * math.sqrt(sigma * sigma + 1.0)
