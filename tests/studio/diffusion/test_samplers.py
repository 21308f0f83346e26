"""Samplers by hand, on data with known denoisers, and by the promises that hold for all of them."""

from __future__ import annotations

import inspect
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.studio.diffusion.toys import Draws, gaussian, mixture

from rakkan.errors import RakkanError
from rakkan.studio.diffusion.multistep import lagrange_integrals
from rakkan.studio.diffusion.registry import sampler
from rakkan.studio.diffusion.restart import restart_steps
from rakkan.studio.diffusion.samplers import SAMPLERS, find_sampler, planned_sigmas, silent
from rakkan.studio.diffusion.schedules import SCHEDULES, karras_levels, sigmas
from rakkan.studio.diffusion.single_step import split
from rakkan.studio.diffusion.training import stable_diffusion

TRAINING = stable_diffusion()
RANDOM = sorted(name for name, each in SAMPLERS.items() if each.is_random)
ODE = sorted(set(SAMPLERS) - {"lcm", "ddpm"})
#: Whose steps are not those of the levels they are given, so that twice as many do not halve each.
OWN_STEPS = {"dpm_fast", "dpm_adaptive", "restart"}


def without_noise(name: str) -> dict[str, float]:
    return {"eta": 0.0} if "eta" in inspect.signature(SAMPLERS[name].function).parameters else {}


def still(*levels: float) -> Any:
    return 0.0


def halved(x: Any, sigma: float) -> Any:
    return x / 2


class TestByHand:
    """x0 is always x / 2, the levels 4, 2, 0, x = 8 to begin with."""

    def run(self, name: str, levels: tuple[float, ...] = (4, 2, 0), **options: Any) -> float:
        start = np.array([8.0])
        final = SAMPLERS[name](halved, start, levels, lambda *_: np.array([1.0]), silent, **options)
        assert start.tolist() == [8.0]
        return float(final[0])

    def test_euler(self) -> None:
        """Slope 4/4: 8 - 2 = 6; then to its x0."""
        assert self.run("euler", (4, 2)) == 6
        assert self.run("euler") == 3

    def test_heun(self) -> None:
        """Slopes 1 at 8 and 3/2 at 6: 8 - 2.5 = 5.5."""
        assert self.run("heun", (4, 2)) == pytest.approx(5.5)
        assert self.run("heun") == pytest.approx(2.75)

    def test_dpm_2(self) -> None:
        """The middle is sqrt 8, x there 8 - (4 - sqrt 8), the slope half of that over sqrt 8."""
        middle = math.sqrt(8)
        slope = (8 - (4 - middle)) / 2 / middle
        assert self.run("dpm_2", (4, 2)) == pytest.approx(8 - 2 * slope)

    def test_dpmpp_2m(self) -> None:
        """6 after the first step; then r = 1, x0 = 3 * 1.5 - 4 / 2 = 2.5 at half the noise: 4.25."""
        assert self.run("dpmpp_2m", (4, 2, 1)) == pytest.approx(4.25)

    def test_euler_ancestral(self) -> None:
        """Added 2 sqrt(12) / 4 = sqrt 3, down to 1: 8 - 3 + sqrt 3."""
        assert split(4, 2, 1.0) == pytest.approx((1, math.sqrt(3)))
        assert self.run("euler_ancestral", (4, 2)) == pytest.approx(5 + math.sqrt(3))

    def test_ddim_with_half_the_noise(self) -> None:
        """Added sqrt(3) / 2, down to sqrt(4 - 3/4)."""
        down = math.sqrt(13) / 2
        assert self.run("ddim", (4, 2), eta=0.5) == pytest.approx(8 + (down - 4) + math.sqrt(3) / 2)
        assert self.run("ddim", (4, 2)) == self.run("euler", (4, 2))

    def test_lcm(self) -> None:
        """x0 = 4, and noise 2: 6; then 3."""
        assert self.run("lcm") == 3

    def test_dpmpp_2m_sde(self) -> None:
        """exp(-2 log 2) = 1/4: 8/4 + 4 * 3/4 + 2 sqrt(3/4)."""
        assert self.run("dpmpp_2m_sde", (4, 2)) == pytest.approx(5 + math.sqrt(3))

    def test_deis(self) -> None:
        """Slopes 1 at 8 and 3/2 at 6; in log sigma the line through them is 3/2 + u/2 / log 1/2 for a u from
        0 to log 1/2, and 2 (u - 1) e^u is the integral of 2 u e^u."""
        length = -math.log(2)
        bend = (2 * (length - 1) / 2 + 2) / 2 / length
        assert self.run("deis", (4, 2, 1)) == pytest.approx(6 - 3 / 2 - bend * -1)

    def test_restart_below_twenty_steps_is_heun(self) -> None:
        for steps in (1, 2, 19):
            levels = tuple(sigmas("simple", steps, TRAINING))
            assert self.run("restart", levels) == self.run("heun", levels)

    @pytest.mark.parametrize(
        ("steps", "spent", "times", "schedule"),
        [(20, 9, 1, "karras"), (24, 9, 1, "simple"), (36, 9, 2, "uniform"), (50, 12, 2, "beta")],
    )
    def test_restart_goes_back_up(self, steps: int, spent: int, times: int, schedule: str) -> None:
        """From the level nearest to 0.1, in the second case 0 itself, to that nearest to 2, and down in
        karras' levels."""
        given = sigmas(schedule, steps, TRAINING).tolist()
        levels = [*karras_levels(steps - spent * times, given[0], given[-2]), 0.0]
        low, high = (min(levels, key=lambda level: abs(level - wanted)) for wanted in (0.1, 2.0))
        assert (low == 0) == (schedule == "simple")
        again = karras_levels(spent + 1, high, low).tolist()
        wanted = [level for level in levels if level >= low]
        wanted += again * times + [level for level in levels if level < low]
        found = restart_steps(given)
        starts = [start for start, _ in found]
        ends = [end for (_, end), (start, _) in pairwise([*found, (-1.0, -1.0)]) if start != end]
        assert len(found) == steps and len(ends) == times + 1
        assert sorted([*starts, *ends]) == pytest.approx(sorted(wanted))

    def test_restart_rises_as_often_as_it_restarts(self) -> None:
        """And by no last bit elsewhere: each rise draws noise, and would shift that of the next."""
        for steps in range(20, 251):
            walked = restart_steps(sigmas("karras", steps, TRAINING).tolist())
            rises = [start > end for (_, end), (start, _) in pairwise(walked)]
            assert len(walked) == steps and sum(rises) == (2 if steps >= 36 else 1), steps
            assert all(start > end for start, end in walked)
            joints = [start / end for (_, end), (start, _) in pairwise(walked) if end > 0]
            assert all(joint == 1 or joint > 1.5 for joint in joints), steps

    def test_dpm_fast_of_two_evaluations(self) -> None:
        """One step of DPM2 from 4 to 1, then to its x0; without an end at 0 the same without that."""
        by_dpm_2 = self.run("dpm_2", (4, 1))
        assert self.run("dpm_fast", (4, 3, 1), eta=0.0) == pytest.approx(by_dpm_2)
        assert self.run("dpm_fast", (4, 1, 0), eta=0.0) == pytest.approx(by_dpm_2 / 2)
        assert self.run("dpm_fast", (4, 0)) == 4

    def test_dpm_adaptive_comes_nearer_with_less_tolerance(self) -> None:
        """dx/dsigma = x / (2 sigma) leads from 8 at 4 to 8 sqrt(s / 4) at s."""
        errors = [
            abs(self.run("dpm_adaptive", (4, 0.5), eta=0.0, relative=one, absolute=one) - 8 / math.sqrt(8))
            for one in (0.1, 1e-3, 1e-5)
        ]
        assert errors[0] > errors[1] > errors[2] and errors[2] < 1e-5

    def test_lagrange_integrals(self) -> None:
        """Of one node the width; of two by the trapezium; a cubic through four nodes exactly."""
        assert lagrange_integrals([3.0], 3.0, 1.0) == pytest.approx([-2])
        assert lagrange_integrals([2.0, 4.0], 2.0, 0.0) == pytest.approx([-3, 1])
        weights = lagrange_integrals([2.0, 3.0, 5.0, 6.0], 2.0, 1.0)
        assert sum(w * node**3 for w, node in zip(weights, (2, 3, 5, 6), strict=True)) == pytest.approx(
            -15 / 4
        )


@pytest.mark.parametrize("name", sorted(set(ODE) - OWN_STEPS))
def test_order_of_the_error(name: str) -> None:
    """Twice halved steps divide the error by 4 for first order and by 16 for second."""
    order = 1 if name in ("euler", "euler_ancestral", "ddim") else 2
    start, options = np.linspace(-14, 17, 24), without_noise(name)

    def final(method: str, steps: int, **more: Any) -> Any:
        levels = np.exp(np.linspace(math.log(8), math.log(0.4), steps + 1))
        return SAMPLERS[method](mixture, start, levels, still, silent, **more)

    exact = final("dpm_2", 3000)
    coarse, fine = (np.abs(final(name, steps, **options) - exact).max() for steps in (60, 240))
    assert math.log2(coarse / fine) / 2 == pytest.approx(order, abs=0.15) or (
        name in ("lms", "dpmpp_3m_sde", "ipndm", "deis") and math.log2(coarse / fine) / 2 > order - 0.25
    )


def test_dpm_adaptive_gives_up() -> None:
    """A network whose answers have nothing to do with each other, or are no numbers."""
    draws = Draws(0, (8,))
    for denoise in (lambda x, sigma: draws() * 1e3, lambda x, sigma: x * math.nan):
        with pytest.raises(RakkanError, match="no end in 500 steps"):
            SAMPLERS["dpm_adaptive"](denoise, np.ones(8), sigmas("karras", 9, TRAINING), draws, silent)


@pytest.mark.parametrize("name", ODE)
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_data_of_one_point_is_reached_exactly(name: str, steps: int) -> None:
    """Where x0 is always the same, any number of steps leads there, and without noise stays on the line."""
    start = np.array([3.0, -20.0])
    levels = sigmas("karras", steps, TRAINING)
    final = SAMPLERS[name](lambda x, sigma: 0 * x + 0.25, start, levels, Draws(0, (2,)), silent)
    assert final == pytest.approx([0.25, 0.25])
    to_one = np.linspace(10, 1, steps + 1)
    midway = SAMPLERS[name](lambda x, s: 0 * x + 0.25, start, to_one, still, silent, **without_noise(name))
    assert midway == pytest.approx(0.25 + (start - 0.25) / 10)


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("schedule", ["karras", "exponential"])
def test_noise_leaves_the_right_spread(name: str, schedule: str) -> None:
    """Gaussian data of mean 0.5 and deviation 0.8, halfway (sigma about 1) and at the end.

    Of 20,000 numbers a variance has a standard error of 1 %, a mean of 0.6 % of the deviation; allowed are
    four of those and 4 % for the steps' own error (Euler's loses 3 % in 200 steps). A latent consistency
    model predicts the end of the path instead of its mean.
    """
    count, mean, spread = 20_000, 0.5, 0.8
    perfect = gaussian(mean, spread)

    def consistent(x: Any, sigma: float) -> Any:
        return mean + (x - mean) * (spread / math.sqrt(spread**2 + sigma**2))

    levels = sigmas(schedule, 200, TRAINING)
    halfway = int(np.argmin(np.abs(levels - 1)))
    for end in (halfway, 200):
        draws = Draws(3, (count,))
        start = mean + math.sqrt(spread**2 + levels[0] ** 2) * draws()
        denoise = consistent if name == "lcm" else perfect
        final = SAMPLERS[name](denoise, start, levels[: end + 1], draws, silent)
        wanted = spread**2 + levels[end] ** 2
        assert final.var() / wanted == pytest.approx(1, abs=0.08)
        assert abs(final.mean() - mean) < 4 * math.sqrt(wanted / count)


@given(
    name=st.sampled_from(sorted(SAMPLERS)),
    schedule=st.sampled_from(sorted(SCHEDULES)),
    steps=st.integers(1, 60),
    zero=st.booleans(),
)
def test_any_number_of_steps_ends_in_finite_numbers(name: str, schedule: str, steps: int, zero: bool) -> None:
    training = stable_diffusion(zero)
    levels = planned_sigmas(SAMPLERS[name], schedule, steps, training)
    assert len(levels) == steps + 1 and levels[-1] == 0 and (np.diff(levels) < 0).all()
    draws, told = Draws(steps, (9,)), []
    start = draws().astype(np.float32) * np.float32(levels[0])
    final = SAMPLERS[name](
        mixture, start, levels, lambda *_: draws().astype(np.float32), lambda *counts: told.append(counts)
    )
    assert np.isfinite(final).all()
    assert final.dtype == np.float32 and final.shape == (9,)
    assert told == [(done, steps) for done in range(1, steps + 1)]


@pytest.mark.parametrize("name", sorted(SAMPLERS))
class TestEverySampler:
    def test_torch_tensors_give_the_same(self, name: str) -> None:
        torch = pytest.importorskip("torch")
        levels = sigmas("karras", 7, TRAINING)
        draws, again = Draws(1, (2, 3)), Draws(1, (2, 3))
        ours = SAMPLERS[name](mixture, draws() * levels[0], levels, draws, silent)
        start = torch.from_numpy(again()) * levels[0]
        theirs = SAMPLERS[name](mixture, start, levels, lambda *_: torch.from_numpy(again()), silent)
        assert isinstance(theirs, torch.Tensor) and theirs.dtype == torch.float64
        assert theirs.numpy() == pytest.approx(ours, abs=1e-9)
        single = SAMPLERS[name](mixture, start.float(), levels, lambda *_: torch.zeros(2, 3), silent)
        assert single.dtype == torch.float32

    def test_stops_within_a_step_when_told(self, name: str) -> None:
        """What progress raises comes out, and the network is not asked again."""
        asked: list[float] = []

        def denoise(x: Any, sigma: float) -> Any:
            asked.append(sigma)
            return x / 2

        def stop(done: int, total: int) -> None:
            if done == 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            SAMPLERS[name](denoise, np.ones(2), sigmas("karras", 9, TRAINING), Draws(0, (2,)), stop)
        extra = 1 if name == "plms" else 0
        if SAMPLERS[name].evaluations:
            assert len(asked) == 3 * SAMPLERS[name].evaluations + extra
        else:
            assert asked and min(asked) > TRAINING.sigma_max ** (5 / 9) * TRAINING.sigma_min ** (4 / 9)

    def test_evaluations_and_noise_are_as_declared(self, name: str) -> None:
        asked: list[float] = []
        drawn: list[tuple[float, ...]] = []

        def noise(*between: float) -> Any:
            drawn.append(between)
            return np.zeros(2)

        def denoise(x: Any, sigma: float) -> Any:
            asked.append(sigma)
            return x / 2

        levels = sigmas("karras", 20, TRAINING)
        SAMPLERS[name](denoise, np.ones(2), levels, noise, silent)
        once = {"plms": 21, "dpm_fast": 21}.get(name, 20)
        assert SAMPLERS[name].evaluations == 0 or len(asked) == (
            once if SAMPLERS[name].evaluations == 1 else 39
        )
        assert min(asked) > 0 and max(asked) == pytest.approx(levels[0])
        assert bool(drawn) == SAMPLERS[name].is_random
        assert all(sigma > following > 0 for sigma, following in drawn)

    def test_levels_that_do_not_fall_are_refused(self, name: str) -> None:
        for levels in ([], [1.0], [1.0, 1.0, 0.0], [1.0, 2.0], [2.0, -1.0], [math.inf, 1.0], [math.nan, 0.0]):
            with pytest.raises(RakkanError, match="noise levels"):
                SAMPLERS[name](halved, np.ones(2), levels, still, silent)

    def test_says_what_it_is(self, name: str) -> None:
        """The first sentence, then its source or defect after an empty line."""
        text = SAMPLERS[name].function.__doc__ or ""
        assert SAMPLERS[name].summary.endswith(".") and len(text.split("\n\n")) >= 2
        assert SAMPLERS[name].schedule in SCHEDULES


class TestNames:
    @pytest.mark.parametrize(
        ("written", "name", "schedule"),
        [
            ("Euler a", "euler_ancestral", "uniform"),
            ("Euler", "euler", "uniform"),
            ("LMS", "lms", "uniform"),
            ("Heun", "heun", "uniform"),
            ("DPM2", "dpm_2", "karras"),
            ("DPM2 a", "dpm_2_ancestral", "karras"),
            ("DPM++ 2S a", "dpmpp_2s_ancestral", "karras"),
            ("DPM++ 2M", "dpmpp_2m", "karras"),
            ("DPM++ SDE", "dpmpp_sde", "karras"),
            ("DPM++ 2M SDE", "dpmpp_2m_sde", "exponential"),
            ("DPM++ 2M SDE Heun", "dpmpp_2m_sde_heun", "exponential"),
            ("DPM++ 3M SDE", "dpmpp_3m_sde", "exponential"),
            ("DDIM", "ddim", "ddim_uniform"),
            ("PLMS", "plms", "ddim_uniform"),
            ("UniPC", "unipc", "sgm_uniform"),
            ("LCM", "lcm", "lcm"),
            ("DPM fast", "dpm_fast", "uniform"),
            ("k_dpm_fast", "dpm_fast", "uniform"),
            ("DPM adaptive", "dpm_adaptive", "uniform"),
            ("k_dpm_ad", "dpm_adaptive", "uniform"),
            ("Restart", "restart", "karras"),
            ("DEIS", "deis", "karras"),
            ("ipndm", "ipndm", "uniform"),
            ("DDPM", "ddpm", "ddim_uniform"),
            ("DPM++ 2M Align Your Steps", "dpmpp_2m", "align_your_steps"),
            ("LMS Karras", "lms", "karras"),
            ("DPM2 a Karras", "dpm_2_ancestral", "karras"),
            ("DPM++ 2M Karras", "dpmpp_2m", "karras"),
            ("DPM++ 2M SDE Exponential", "dpmpp_2m_sde", "exponential"),
            ("DPM++ 2M SDE Heun Karras", "dpmpp_2m_sde_heun", "karras"),
            ("Euler a SGM Uniform", "euler_ancestral", "sgm_uniform"),
            ("Euler Simple", "euler", "simple"),
            ("k_euler_ancestral", "euler_ancestral", "uniform"),
            ("k_dpmpp_2m", "dpmpp_2m", "karras"),
            ("sample_dpmpp_2m_sde", "dpmpp_2m_sde", "exponential"),
            ("dpmpp_2m_karras", "dpmpp_2m", "karras"),
            ("  dpm++ 2m  ", "dpmpp_2m", "karras"),
        ],
    )
    def test_as_other_tools_write_them(self, written: str, name: str, schedule: str) -> None:
        found = find_sampler(written)
        assert (found.name, found.schedule) == (name, schedule)

    @pytest.mark.parametrize(
        ("written", "nearest"),
        [
            ("Eular a", "Euler a"),
            ("DPM++ 2M Karas", "DPM++ 2M Karras"),
            ("dpmpp_2m_sde_exponentail", "DPM++ 2M SDE Exponential"),
            ("unipcc", "UniPC"),
        ],
    )
    def test_a_misspelt_name_gets_the_nearest(self, written: str, nearest: str) -> None:
        with pytest.raises(RakkanError, match=f"Did you mean '{nearest.replace('+', '[+]')}'"):
            find_sampler(written)

    def test_nothing_near_gets_them_all(self) -> None:
        with pytest.raises(RakkanError, match="Choose one of Euler, "):
            find_sampler("xyzxyzxyz")

    @given(st.text(max_size=30))
    def test_any_text_is_a_sampler_or_an_error(self, text: str) -> None:
        try:
            assert find_sampler(text).name in SAMPLERS
        except RakkanError as error:
            assert error.hint

    def test_a_second_sampler_of_a_name_is_refused(self) -> None:
        before = dict(SAMPLERS)
        with pytest.raises(ValueError):
            sampler("newcomer", "Euler A", schedule="karras")(halved)
        with pytest.raises(RakkanError):
            sampler("newcomer", "Newcomer", schedule="nothing of the kind")(halved)
        assert before == SAMPLERS


class TestPlans:
    def test_automatic_is_the_samplers_own(self) -> None:
        for name in ("automatic", "Automatic", ""):
            plan = planned_sigmas(find_sampler("DPM++ 2M SDE"), name, 8, TRAINING)
            assert np.array_equal(plan, sigmas("exponential", 8, TRAINING))
        plan = planned_sigmas(find_sampler("Euler Karras"), "automatic", 8, TRAINING)
        assert np.array_equal(plan, sigmas("karras", 8, TRAINING))
        plan = planned_sigmas(find_sampler("Euler Karras"), "simple", 8, TRAINING)
        assert np.array_equal(plan, sigmas("simple", 8, TRAINING))

    def test_some_leave_out_the_last_level(self) -> None:
        plan = planned_sigmas(find_sampler("DPM2"), "karras", 8, TRAINING)
        whole = sigmas("karras", 9, TRAINING)
        assert plan.tolist() == [*whole[:8], 0.0]
        assert len(planned_sigmas(find_sampler("DPM2"), "karras", 1000, TRAINING)) == 1001
