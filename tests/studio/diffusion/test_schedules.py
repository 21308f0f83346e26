"""Schedules by hand on ten timesteps, and what holds for all; their peers are in test_diffusers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.errors import RakkanError
from rakkan.studio.diffusion.quantiles import beta_quantiles
from rakkan.studio.diffusion.schedules import SCHEDULES, find_schedule, schedule, sigmas
from rakkan.studio.diffusion.training import TrainingSchedule, stable_diffusion

TRAINING = stable_diffusion()


def ten() -> TrainingSchedule:
    """Ten timesteps whose levels are 2^0 to 2^9."""
    signal = 1 / (1 + 4.0 ** np.arange(10))
    return TrainingSchedule(1 - signal / np.array([1.0, *signal[:-1]]))


def test_by_hand() -> None:
    """As powers of 2: which timesteps are visited."""
    training = ten()
    assert training.sigmas == pytest.approx(2.0 ** np.arange(10))
    expected = {
        "uniform": [9, 6, 3, 0],
        "sgm_uniform": [9, 6.75, 4.5, 2.25],
        "simple": [9, 7, 4, 2],
        "exponential": [9, 6, 3, 0],
        "ddim_uniform": [7, 5, 3, 1],
        "leading_multistep": [9, 7, 5, 3],
        "trailing": [9, 7, 4, 1],
        "linspace_multistep": [9, 7, 4, 2],
    }
    for name, exponents in expected.items():
        levels = sigmas(name, 4, training)
        assert np.log2(levels[:-1]) == pytest.approx(exponents, abs=1e-9), name
        assert levels[-1] == 0


def test_formulas_by_hand() -> None:
    """Middles of three: karras ((512^(1/7) + 1) / 2)^7; linspace halfway between 2^4 and 2^5; beta halfway
    in sigma, its distribution being symmetric; kl_optimal the tangent of the middle angle."""
    training = ten()
    middle = {
        name: float(sigmas(name, 3, training)[1]) for name in ("karras", "linspace", "beta", "kl_optimal")
    }
    assert middle["karras"] == pytest.approx(((512 ** (1 / 7) + 1) / 2) ** 7)
    assert middle["linspace"] == pytest.approx(24)
    assert middle["beta"] == pytest.approx(256.5)
    assert middle["kl_optimal"] == pytest.approx(math.tan((math.atan(512) + math.pi / 4) / 2))


def test_lcm_by_hand() -> None:
    """Four of the 50 timesteps 999, 979, ...: the 1st, 13th, 26th and 38th."""
    visited = [round(TRAINING.timestep_of(level)) for level in sigmas("lcm", 4, TRAINING)[:-1]]
    assert visited == [999, 759, 499, 259]
    assert np.array_equal(sigmas("lcm", 60, TRAINING), sigmas("trailing", 60, TRAINING))


def test_aligned_steps_by_hand() -> None:
    """Five are every other of ten; of twenty those between lie halfway in the logarithm."""
    ten, five, twenty = (sigmas("align_your_steps", steps, TRAINING) for steps in (10, 5, 20))
    assert five[:-1] == pytest.approx(ten[:-1:2])
    assert twenty[1:19:2] ** 2 == pytest.approx(ten[:9] * ten[1:10])
    assert twenty[19] ** 2 == pytest.approx(0.152 * TRAINING.sigma_min)


@pytest.mark.parametrize("name", sorted(SCHEDULES))
@pytest.mark.parametrize("zero", [False, True])
def test_levels_fall_from_within_training_to_zero(name: str, zero: bool) -> None:
    training = stable_diffusion(zero)
    for steps in (*range(1, 31), 48, 60, 333, 499, 500, 501, 998, 999, 1000):
        levels = sigmas(name, steps, training)
        assert levels.dtype == np.float64 and levels.shape == (steps + 1,)
        assert (np.diff(levels) < 0).all() and levels[-1] == 0, steps
        assert levels[0] <= training.sigma_max * (1 + 1e-12)
        assert levels[-2] >= training.sigma_min * (1 - 1e-12)


def test_names_and_what_is_refused() -> None:
    for written, name in (("SGM Uniform", "sgm_uniform"), ("Normal", "uniform"), ("KARRAS", "karras")):
        assert find_schedule(written).name == name
    with pytest.raises(RakkanError, match="'karras'"):
        find_schedule("karas")
    with pytest.raises(RakkanError, match="Choose one of uniform"):
        find_schedule("qqqqqqqq")
    for steps in (0, -3, 1001):
        with pytest.raises(RakkanError, match="steps"):
            sigmas("karras", steps, TRAINING)
    with pytest.raises(ValueError):
        schedule("newcomer", "SGM uniform")(lambda steps, training: training.sigmas)
    assert "newcomer" not in SCHEDULES


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_each_says_what_it_is_and_where_from(name: str) -> None:
    assert SCHEDULES[name].summary.endswith(".")
    assert len((SCHEDULES[name].function.__doc__ or "").split("\n\n")) == 2


class TestQuantiles:
    def test_by_hand(self) -> None:
        """With both parameters 1 the distribution is even; with 1/2 it is the arcsine's."""
        shares = np.array([0.0, 1e-6, 0.1, 0.5, 0.8, 1.0])
        assert beta_quantiles(shares, 1.0) == pytest.approx(shares, abs=1e-14)
        assert beta_quantiles(shares, 0.5) == pytest.approx(np.sin(np.pi * shares / 2) ** 2, abs=1e-14)

    def test_equals_scipy(self) -> None:
        stats = pytest.importorskip("scipy.stats")
        shares = np.linspace(0, 1, 41)
        assert beta_quantiles(shares, 0.6) == pytest.approx(stats.beta.ppf(shares, 0.6, 0.6), abs=1e-13)

    @given(share=st.floats(0, 1), shape=st.floats(0.2, 5))
    def test_any_share_lies_between(self, share: float, shape: float) -> None:
        found = beta_quantiles(np.array([share]), shape)
        assert 0 <= found[0] <= 1
