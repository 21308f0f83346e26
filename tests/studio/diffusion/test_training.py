"""Noise levels of training and the denoiser around a network, against answers worked by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.errors import RakkanError
from rakkan.studio.diffusion.training import (
    LEAST_SIGNAL,
    TrainingSchedule,
    denoiser,
    noised,
    rescale_to_zero_terminal_snr,
    stable_diffusion,
    unit_variance_start,
)

TRAINING = stable_diffusion()


def test_the_ends_of_stable_diffusion() -> None:
    """sqrt(0.00085 / 0.99915), and the levels every tool prints for SD: 0.0292 to 14.6146."""
    assert TRAINING.sigma_min == pytest.approx(math.sqrt(0.00085 / 0.99915))
    assert TRAINING.sigma_max == pytest.approx(14.6146, abs=5e-5)
    assert TRAINING.timesteps == 1000 and not TRAINING.has_zero_terminal_snr
    assert TRAINING.betas[[0, -1]].tolist() == pytest.approx([0.00085, 0.012])


def test_levels_by_hand() -> None:
    """Betas 1/2, 1/2: signals 1/2, 1/4, so sigmas 1 and sqrt 3."""
    training = TrainingSchedule(np.array([0.5, 0.5]))
    assert training.alphas_cumprod.tolist() == [0.5, 0.25]
    assert training.sigmas.tolist() == pytest.approx([1.0, math.sqrt(3)])
    assert training.timestep_of(3**0.25) == pytest.approx(0.5)
    assert training.sigma_of(0.5) == pytest.approx(3**0.25)


def test_rescaling_by_hand() -> None:
    """Betas 0.19, 0.64: roots 0.9, 0.54; shifted 0.36, 0 and stretched back to 0.9, 0."""
    betas = rescale_to_zero_terminal_snr(np.array([0.19, 0.64]))
    assert betas.tolist() == pytest.approx([0.19, 1.0])


def test_zero_terminal_snr() -> None:
    training = stable_diffusion(zero_terminal_snr=True)
    assert training.has_zero_terminal_snr
    assert training.alphas_cumprod[0] == pytest.approx(TRAINING.alphas_cumprod[0])
    assert training.sigma_max == pytest.approx(math.sqrt(1 / LEAST_SIGNAL - 1))
    assert training.timestep_of(training.sigma_max) == 999
    assert (np.diff(training.sigmas) > 0).all()


@given(timestep=st.floats(0, 999), zero=st.booleans())
def test_timesteps_come_back(timestep: float, zero: bool) -> None:
    training = stable_diffusion(zero)
    assert training.timestep_of(training.sigma_of(timestep)) == pytest.approx(timestep, abs=1e-6)


@given(sigma=st.floats(0, 1e9))
def test_any_level_has_a_timestep(sigma: float) -> None:
    timestep, whole = TRAINING.timestep_of(sigma), TRAINING.timestep_of(sigma, quantised=True)
    assert 0 <= timestep <= 999 and whole == int(whole) and abs(timestep - whole) <= 0.75


def test_trained_levels_are_whole_timesteps() -> None:
    for timestep in (0, 1, 500, 998, 999):
        sigma = float(TRAINING.sigmas[timestep])
        assert TRAINING.timestep_of(sigma) == pytest.approx(timestep, abs=1e-9)
        assert TRAINING.timestep_of(sigma * 1.0001, quantised=True) == timestep


@pytest.mark.parametrize("prediction", ["epsilon", "v", "x0"])
def test_the_denoiser_finds_the_clean_latents(prediction: str) -> None:
    """A network that knows clean and noise says what it should of x = clean + sigma noise."""
    generator = np.random.default_rng(0)
    clean, noise = generator.standard_normal((2, 3, 4))
    for sigma in (0.03, 1.0, 14.6):
        signal = 1 / math.sqrt(1 + sigma**2)
        asked: list[Any] = []

        def network(
            x: Any, timestep: float, sigma: float = sigma, signal: float = signal, asked: list[Any] = asked
        ) -> Any:
            asked.append((x, timestep))
            return {"epsilon": noise, "v": signal * noise - sigma * signal * clean, "x0": clean}[prediction]

        found = denoiser(network, prediction, TRAINING)(clean + sigma * noise, sigma)
        assert found == pytest.approx(clean, abs=1e-12)
        assert asked[0][0] == pytest.approx(signal * clean + sigma * signal * noise)
        assert asked[0][1] == TRAINING.timestep_of(sigma)


def test_the_first_step_of_zero_terminal_snr() -> None:
    """From pure noise x0 is -v, and the network sees noise of variance 1 at timestep 999."""
    training = stable_diffusion(zero_terminal_snr=True)
    noise, answer = np.array([0.5, -1.0]), np.array([0.25, 2.0])
    asked: list[Any] = []

    def network(x: Any, timestep: float) -> Any:
        asked.append((x, timestep))
        return answer

    found = denoiser(network, "v", training)(noise * training.sigma_max, training.sigma_max)
    assert found == pytest.approx(-answer, abs=1e-3)
    assert asked[0][0] == pytest.approx(noise, abs=1e-6) and asked[0][1] == 999


def test_whole_timesteps_when_asked() -> None:
    asked: list[float] = []
    denoise = denoiser(lambda x, timestep: asked.append(timestep) or x, "x0", TRAINING, quantised=True)
    denoise(np.zeros(1), TRAINING.sigma_of(500.4))
    assert asked == [500.0]


def test_types_are_kept() -> None:
    denoise = denoiser(lambda x, timestep: x, "v", TRAINING)
    assert denoise(np.ones(2, np.float32), 2.0).dtype == np.float32


def test_starts_by_hand() -> None:
    assert noised(np.array([1.0]), np.array([2.0]), 3.0).tolist() == [7.0]
    assert unit_variance_start(np.array([2.0]), math.sqrt(3)).tolist() == pytest.approx([4.0])


def test_what_is_refused() -> None:
    with pytest.raises(RakkanError, match="epsilon, v, x0"):
        denoiser(lambda x, timestep: x, "velocity", TRAINING)
    with pytest.raises(RakkanError, match="zero terminal SNR"):
        denoiser(lambda x, timestep: x, "epsilon", stable_diffusion(True))
    for betas in ([0.1], [0.1, 0.0], [1.0, 0.1], [0.1, 1.5], [0.1, math.nan], [[0.1, 0.2]]):
        with pytest.raises(RakkanError, match="betas"):
            TrainingSchedule(np.array(betas))
