"""Samplers against answers worked by hand, and the noise they start from."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from rakkan.errors import RakkanError
from rakkan.studio.engines.noise import gaussian
from rakkan.studio.ranges import MAXIMUM_SEED
from rakkan.studio.samplers import SAMPLERS, euler, find_sampler, heun, silent
from rakkan.studio.starter.schedule import SHIFT, noise_level, noise_levels, position_of

Latents = npt.NDArray[np.float32]


def own(latents: Latents, time: float, step: float) -> Latents:
    """dx/dt = x, whose exact answer from x(1) = 1 is x(0) = 1/e."""
    return latents


def equal_times(steps: int) -> list[float]:
    return [1 - index / steps for index in range(steps)] + [0.0]


def test_noise_levels_by_hand() -> None:
    """2 p / (1 + p) at p = 3/4, 1/2, 1/4 is 6/7, 2/3, 2/5."""
    assert SHIFT == 2
    assert noise_levels(1) == [1.0, 0.0]
    assert noise_levels(4) == pytest.approx([1.0, 6 / 7, 2 / 3, 2 / 5, 0.0])
    assert [position_of(level) for level in noise_levels(4)] == pytest.approx(equal_times(4))
    assert noise_level(np.array([0.0, 1.0])).tolist() == [0.0, 1.0]
    with pytest.raises(RakkanError):
        noise_levels(0)


def test_euler_by_hand() -> None:
    """Two halves: 1 - 0.5 = 0.5, then 0.5 - 0.25 = 0.25."""
    start = np.ones((1,), np.float32)
    assert euler(own, start, equal_times(2), silent).tolist() == [0.25]
    assert start.tolist() == [1.0]


def test_heun_by_hand() -> None:
    """One step: velocities 1 and then 0 at x = 0, so 1 - (1 + 0) / 2 = 0.5; two: (1 - 0.5 + 0.125)²."""
    start = np.ones((1,), np.float32)
    assert heun(own, start, equal_times(1), silent).tolist() == [0.5]
    assert heun(own, start, equal_times(2), silent).tolist() == [0.625**2]


def test_order_of_the_errors() -> None:
    """Halving the steps halves Euler's error and quarters Heun's."""
    start = np.ones((1,), np.float32)

    def error(name: str, steps: int) -> float:
        return abs(float(SAMPLERS[name](own, start, equal_times(steps), silent)[0]) - math.exp(-1))

    assert error("euler", 16) / error("euler", 32) == pytest.approx(2, abs=0.1)
    assert error("heun", 16) / error("heun", 32) == pytest.approx(4, abs=0.3)


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_straight_paths_are_exact(name: str) -> None:
    """A constant velocity noise - x(0) leads to x(0) in any number of steps."""
    noise, target = gaussian(1, (3, 4)), gaussian(2, (3, 4))
    for steps in (1, 3):
        found = SAMPLERS[name](lambda *_: noise - target, noise, equal_times(steps), silent)
        assert np.allclose(found, target, atol=1e-6)
        assert found.dtype == np.float32


def test_what_the_network_is_asked_and_progress() -> None:
    asked: list[tuple[float, float]] = []
    told: list[tuple[int, int]] = []

    def velocity(latents: Latents, time: float, step: float) -> Latents:
        asked.append((time, step))
        return np.zeros_like(latents)

    euler(velocity, np.zeros((2,), np.float32), equal_times(2), lambda *counts: told.append(counts))
    assert asked == [(1.0, 0.5), (0.5, 0.5)]
    assert told == [(1, 2), (2, 2)]
    asked.clear()
    heun(velocity, np.zeros((2,), np.float32), equal_times(1), silent)
    assert asked == [(1.0, 0.0), (0.0, 0.0)]


def test_unknown_sampler_names_the_nearest() -> None:
    assert find_sampler("euler") is euler
    with pytest.raises(RakkanError, match="'heun'"):
        find_sampler("huen")
    with pytest.raises(RakkanError, match="euler, heun"):
        find_sampler("qqqq")


class TestNoise:
    def test_by_hand(self) -> None:
        """The first two numbers of seed 7 from Philox's first two words."""
        first, second = np.random.Philox(key=np.array([7, 0], np.uint64)).random_raw(2)
        radius = math.sqrt(-2 * math.log(((int(first) >> 11) + 0.5) / 2**53))
        angle = 2 * math.pi * ((int(second) >> 11) + 0.5) / 2**53
        expected = [radius * math.cos(angle), radius * math.sin(angle)]
        assert gaussian(7, (2,)).tolist() == pytest.approx(expected, rel=1e-6)

    def test_pinned(self) -> None:
        """These numbers are in recipes that must draw the same picture for ever."""
        assert gaussian(0, (3,)).tolist() == pytest.approx([2.284441, -1.549451, 1.924585], abs=1e-6)

    def test_looks_normal(self) -> None:
        values = gaussian(3, (32, 64, 64)).astype(np.float64)
        assert abs(values.mean()) < 0.01
        assert abs(values.std() - 1) < 0.01
        assert abs((values**4).mean() - 3) < 0.1
        assert abs(np.corrcoef(values[::2].ravel(), values[1::2].ravel())[0, 1]) < 0.01

    def test_seeds(self) -> None:
        assert not np.allclose(gaussian(0, (4,)), gaussian(1, (4,)))
        assert np.isfinite(gaussian(MAXIMUM_SEED, (5,))).all()
        for seed in (-1, MAXIMUM_SEED + 1):
            with pytest.raises(RakkanError, match="seed"):
                gaussian(seed, (1,))
