"""Noise from seeds against torch, Random123's known answers, A1111's published numbers and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.errors import RakkanError
from rakkan.studio.diffusion.initial_noise import (
    MODES,
    batch_seeds,
    batch_source,
    initial_noise,
    noise_source,
    turned,
)
from rakkan.studio.diffusion.mersenne import MersenneNormal
from rakkan.studio.diffusion.philox import philox, philox_normal
from rakkan.studio.engines.noise import gaussian
from rakkan.studio.ranges import MAXIMUM_SEED

SHAPE = (4, 8, 6)


class TestProcessors:
    @pytest.mark.parametrize("seed", [0, 1, 42, 2**31, 2**32 - 1, 2**32 + 7, MAXIMUM_SEED])
    @pytest.mark.parametrize("count", [*range(1, 35), 47, 48, 49, 1000, 16384, 16389])
    def test_the_bits_are_those_of_torch(self, seed: int, count: int) -> None:
        """Three draws after each other, so that what one leaves behind for the next counts too."""
        torch = pytest.importorskip("torch")
        if torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512"):
            pytest.skip("torch computes otherwise on this processor")
        theirs = torch.Generator("cpu").manual_seed(seed if seed < 2**63 else seed - 2**64)
        ours = MersenneNormal(seed)
        for _ in range(3):
            expected = torch.randn(count, generator=theirs).numpy()
            assert np.array_equal(ours.draw(count).view(np.int32), expected.view(np.int32))

    def test_small_and_large_draws_alternate_as_in_torch(self) -> None:
        torch = pytest.importorskip("torch")
        theirs, ours = torch.Generator("cpu").manual_seed(3), MersenneNormal(3)
        for count in (3, 20, 1, 5, 16, 2):
            expected = torch.randn(count, generator=theirs).numpy()
            assert ours.draw(count) == pytest.approx(expected, abs=4e-6)

    def test_pinned(self) -> None:
        """The first numbers of ``torch.manual_seed(0); torch.randn(1, 4, 64, 64)``, known from many posts."""
        noise = initial_noise(0, (4, 64, 64), "cpu")
        assert noise[0, 0, :4].tolist() == pytest.approx([-1.1258, -1.1524, -0.2506, -0.4339], abs=5e-5)
        assert noise.dtype == np.float32 and noise.shape == (4, 64, 64)

    def test_the_twister_is_numpys(self) -> None:
        """init_genrand is also how numpy's old RandomState begins."""
        ours = MersenneNormal(20)._twister.random_raw(5)
        assert ours.tolist() == np.random.RandomState(20).randint(0, 2**32, 5, dtype=np.uint32).tolist()


class TestDevices:
    @pytest.mark.parametrize(
        ("counter", "key", "expected"),
        [
            ([0] * 4, (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
            ([0xFFFFFFFF] * 4, (0xFFFFFFFF, 0xFFFFFFFF), "408f276d 41c83b0e a20bc7c6 6d5451fd"),
            (
                [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
                (0xA4093822, 0x299F31D0),
                "d16cfe09 94fdcceb 5001e420 24126ea1",
            ),
        ],
    )
    def test_known_answers(self, counter: list[int], key: tuple[int, int], expected: str) -> None:
        """Random123's kat_vectors for philox4x32 with 10 rounds."""
        words = philox(np.array([counter], np.uint32), key)
        assert " ".join(f"{word:08x}" for word in words[0]) == expected

    def test_published_by_a1111(self) -> None:
        """The twelve numbers in the docstring of its rng_philox.py, seed 0: computed in another precision."""
        published = [-0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564]
        published += [-0.62285122, -0.32838709, -1.07454231, -0.36314407, -1.67105067, 2.26550497]
        assert philox_normal(0, 0, 12) == pytest.approx(published, abs=3e-7)

    def test_the_transform_by_hand(self) -> None:
        """Its constants are 2.3283064e-10 and that times 6.2831855, as float32, on the first two words."""
        unit = float(np.float32(2.3283064e-10))
        turn = float(np.float32(2.3283064e-10 * 6.2831855))
        first, second = 0x6627E8D5, 0xE169C58D
        by_hand = math.sqrt(-2 * math.log(first * unit + unit / 2)) * math.sin(second * turn + turn / 2)
        assert philox_normal(0, 0, 1).tolist() == [float(np.float32(by_hand))]

    def test_each_number_stands_by_itself(self) -> None:
        """A larger draw begins with the smaller one; seeds differ in both halves; draws differ."""
        assert np.array_equal(philox_normal(9, 0, 50)[:20], philox_normal(9, 0, 20))
        drawn = [philox_normal(seed, draw, 8) for seed in (0, 1, 1 << 32) for draw in (0, 1)]
        assert len({values.tobytes() for values in drawn}) == 6


@pytest.mark.parametrize("mode", MODES)
class TestEveryMode:
    def test_looks_normal(self, mode: str) -> None:
        """Within five standard errors for 2^17 numbers: of the mean 0.014, variance 0.020, kurtosis 0.068."""
        values = initial_noise(11, (4, 256, 128), mode).astype(np.float64)
        assert abs(values.mean()) < 0.014
        assert abs(values.var() - 1) < 0.020
        assert abs((values**4).mean() - 3) < 0.14
        assert abs(np.corrcoef(values.ravel()[:-8], values.ravel()[8:])[0, 1]) < 0.014

    def test_later_draws_are_new_and_come_again(self, mode: str) -> None:
        first, second = noise_source(5, SHAPE, mode), noise_source(5, SHAPE, mode)
        drawn = [first() for _ in range(3)]
        assert np.array_equal(drawn[0], initial_noise(5, SHAPE, mode))
        assert len({values.tobytes() for values in drawn}) == 3
        for values in drawn:
            assert np.array_equal(values, second())
            assert values.shape == SHAPE and values.dtype == np.float32

    def test_a_picture_in_a_batch_is_drawn_as_alone(self, mode: str) -> None:
        """Picture i has the seed plus i, in its steps too, and does not know its neighbours."""
        assert batch_seeds(7, 3) == (7, 8, 9)
        batch = batch_source(batch_seeds(7, 3), SHAPE, mode)
        for _ in range(2):
            batch_draw = batch()
        for index in range(3):
            alone = noise_source(7 + index, SHAPE, mode)
            alone()
            assert np.array_equal(batch_draw[index], alone())

    def test_variations_change_the_first_draw_only(self, mode: str) -> None:
        plain = batch_source((1, 2), SHAPE, mode)
        varied = batch_source((1, 2), SHAPE, mode, variation_seed=50, variation_strength=0.3)
        first = varied()
        for index, start in enumerate(plain()):
            other = initial_noise(50 + index, SHAPE, mode)
            assert np.allclose(first[index], turned(start, other, 0.3))
            assert not np.allclose(first[index], start, atol=0.1)
        assert np.array_equal(varied(), plain())

    def test_steps_may_have_seeds_of_their_own(self, mode: str) -> None:
        """A1111's ENSD: the start of the seed, then what the seed plus 31337 would start from, and so on."""
        source, other = (
            batch_source((3,), SHAPE, mode, step_seed_delta=31337),
            noise_source(31340, SHAPE, mode),
        )
        assert np.array_equal(source()[0], initial_noise(3, SHAPE, mode))
        for _ in range(2):
            assert np.array_equal(source()[0], other())

    def test_what_cannot_be_drawn(self, mode: str) -> None:
        for seed in (-1, MAXIMUM_SEED + 1):
            with pytest.raises(RakkanError, match="seed"):
                initial_noise(seed, SHAPE, mode)
        for shape in ((), (4, 0, 3)):
            with pytest.raises(RakkanError, match="shape"):
                initial_noise(0, shape, mode)
        for strength in (-0.1, 1.1):
            with pytest.raises(RakkanError, match="strength"):
                batch_source((1,), SHAPE, mode, variation_strength=strength)


def test_ours_is_the_starter_models() -> None:
    assert np.array_equal(initial_noise(6, SHAPE, "rakkan"), gaussian(6, SHAPE))


def test_an_unknown_mode_names_the_nearest() -> None:
    with pytest.raises(RakkanError, match="'gpu'"):
        initial_noise(0, SHAPE, "GPUs")
    with pytest.raises(RakkanError, match="cpu, gpu, rakkan"):
        initial_noise(0, SHAPE, "zzz")


class TestTurning:
    def test_by_hand(self) -> None:
        """Between (1, 0) and (0, 1), a third of a right angle: (cos 30°, sin 30°); a longer end counts."""
        start = np.array([[[1], [0]]], np.float32)
        end = np.array([[[0], [2]]], np.float32)
        assert turned(start, end, 1 / 3).ravel().tolist() == pytest.approx([math.sqrt(3) / 2, 1.0])

    @pytest.mark.parametrize("strength", [0.0, 0.25, 0.5, 1.0])
    def test_stays_as_long_and_ends_where_it_should(self, strength: float) -> None:
        start, end = initial_noise(1, SHAPE, "cpu"), initial_noise(2, SHAPE, "cpu")
        start, end = (noise / np.linalg.norm(noise, axis=1, keepdims=True) for noise in (start, end))
        between = turned(start, end, strength)
        assert np.linalg.norm(between, axis=1) == pytest.approx(np.ones((4, 6)), abs=1e-5)
        angles = np.arccos(np.clip((start * between).sum(axis=1), -1, 1))
        whole = np.arccos(np.clip((start * end).sum(axis=1), -1, 1))
        assert angles == pytest.approx(strength * whole, abs=1e-3)

    def test_a_single_row_is_turned_to_finite_numbers(self) -> None:
        start, end = np.array([[[2.0, 2.0]]], np.float32), np.array([[[1.0, -1.0]]], np.float32)
        between = turned(start, end, 0.25)
        assert np.isfinite(between).all()
        assert between[0, 0, 0] == pytest.approx(1.75)

    def test_the_same_noise_stays(self) -> None:
        start = initial_noise(1, SHAPE, "cpu")
        assert turned(start, start, 0.4) == pytest.approx(start, abs=1e-6)


@given(
    seed=st.integers(0, MAXIMUM_SEED),
    shape=st.lists(st.integers(1, 7), min_size=1, max_size=4).map(tuple),
    mode=st.sampled_from(sorted(MODES)),
)
def test_any_seed_and_shape_gives_finite_numbers(seed: int, shape: tuple[int, ...], mode: str) -> None:
    noise = initial_noise(seed, shape, mode)
    assert noise.shape == shape and np.isfinite(noise).all() and np.abs(noise).max() < 9
