"""The starter model's and the fake engine's drawings that begin from a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rakkan.errors import RakkanError
from rakkan.studio.engines.engine import Engine
from rakkan.studio.engines.fake_engine import FakeEngine
from rakkan.studio.engines.openvino_engine import OpenVinoEngine
from rakkan.studio.engines.start import Start, Variation, cells_of, check_start, first_step
from rakkan.studio.samplers import euler, holding
from rakkan.studio.starter.schedule import levels_from, noise_level, noise_levels
from rakkan.studio.starter.vocabulary import encode

PINK = encode({"hair_colour": "pink", "outfit": "kimono"})
OPTIONS: dict[str, Any] = {"width": 128, "height": 64, "seed": 4, "steps": 4}
Pixels = npt.NDArray[np.uint8]


def picture() -> Pixels:
    rows, columns = np.mgrid[0:64, 0:128]
    return np.stack([rows * 3, columns * 2, rows + columns], axis=-1).astype(np.uint8)


def left_half() -> npt.NDArray[np.float32]:
    mask = np.zeros((64, 128), np.float32)
    mask[:, :60] = 1
    return mask


@pytest.fixture(scope="module")
def starter() -> OpenVinoEngine:
    """The weights that ship, in 32 bits."""
    return OpenVinoEngine(precision="f32", threads=1)


@pytest.fixture(params=["fake", "openvino"])
def any_engine(request: pytest.FixtureRequest, starter: OpenVinoEngine) -> Engine:
    return FakeEngine() if request.param == "fake" else starter


def test_levels_begin_at_the_strength_and_end_with_steps_that_were_learnt() -> None:
    assert levels_from(1.0, 4) == noise_levels(4)
    assert levels_from(0.75, 4) == pytest.approx(noise_levels(4)[1:])
    assert levels_from(0.6, 4) == pytest.approx([noise_level(0.6), *noise_levels(4)[2:]])
    assert levels_from(0.1, 4) == pytest.approx([noise_level(0.1), 0.0])


def test_held_latents_end_as_what_is_held() -> None:
    """A velocity of anything: where a guess is replaced, the straight path to it is taken, at every step."""
    noise, clean = np.full((1, 1, 2, 2), 3.0, np.float32), np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)
    cells = np.array([[0, 1], [0, 1]], np.float32)
    seen: list[npt.NDArray[np.float32]] = []

    def velocity(x: Any, time: float, step: float) -> Any:
        seen.append(x.copy())
        return np.sin(17 * x).astype(np.float32)

    held = holding(velocity, lambda guess: clean + cells * (guess - clean))
    times = [0.8, 0.5, 0.2, 0.0]
    begun = np.float32(0.2) * clean + np.float32(0.8) * noise
    found = euler(held, begun, times, lambda done, total: None)
    assert np.allclose(found[..., 0], clean[..., 0], atol=1e-6)
    assert np.allclose(seen[2][..., 0], (0.8 * clean + 0.2 * noise)[..., 0], atol=1e-6)
    plain = euler(velocity, begun, times, lambda done, total: None)
    assert np.allclose(found[..., 1], plain[..., 1], atol=1e-5)


def test_a_little_strength_changes_little_and_much_changes_much(any_engine: Engine) -> None:
    def far(strength: float) -> float:
        drawn = any_engine.sample(PINK, start=Start(picture(), strength), **OPTIONS)
        return float(np.abs(drawn.astype(float) - picture()).mean())

    little, half, all_of_it = far(0.05), far(0.5), far(1.0)
    assert little < half < all_of_it
    assert little < 0.4 * all_of_it


def test_where_the_mask_is_nothing_is_drawn(any_engine: Engine) -> None:
    drawn = any_engine.sample(PINK, start=Start(picture(), 1.0, left_half()), **OPTIONS)
    changed = np.abs(drawn.astype(float) - picture()).mean(2)
    # Cells are 16 pixels wide, and a decoder looks a little past its cell.
    assert changed[:, 96:].mean() < 6 < changed[:, :48].mean()


def test_the_cells_outside_are_the_pictures_own(starter: OpenVinoEngine) -> None:
    """Kept latents are exactly those of the picture: both decode alike, far from what is drawn."""
    far = np.zeros((64, 128), np.float32)
    far[:, :10] = 1
    kept = starter.sample(PINK, start=Start(picture(), 1.0, far), **OPTIONS)
    alone = starter._pixels(starter.encode_picture(picture()), 128, 64)
    assert np.abs(kept[:, 112:].astype(int) - alone[:, 112:]).max() <= 12
    assert np.abs(kept[:, :10].astype(int) - alone[:, :10]).max() > 30


def test_the_same_start_and_seed_draw_the_same(any_engine: Engine) -> None:
    start = Start(picture(), 0.7, left_half())
    once = any_engine.sample(PINK, start=start, **OPTIONS)
    assert np.array_equal(any_engine.sample(PINK, start=start, **OPTIONS), once)
    assert not np.array_equal(any_engine.sample(PINK, start=start, **{**OPTIONS, "seed": 5}), once)


def test_a_variation_lies_between_two_seeds(any_engine: Engine) -> None:
    def drawn(**more: Any) -> npt.NDArray[np.float64]:
        return any_engine.sample(PINK, **{**OPTIONS, **more}).astype(float)

    plain, other = drawn(), drawn(seed=77)
    near = drawn(variation=Variation(77, 0.1))
    assert not np.array_equal(near, plain)
    if any_engine.name == "openvino":
        assert np.array_equal(drawn(variation=Variation(77, 0.0)), plain)
        assert np.abs(near - plain).mean() < np.abs(near - other).mean()
        assert np.abs(drawn(variation=Variation(77, 1.0)) - other).mean() < 1


def test_cells_that_a_mask_touches_are_drawn() -> None:
    mask = np.zeros((32, 48), np.float32)
    mask[15, 16] = 0.01
    assert cells_of(mask, 16).tolist() == [[0, 1, 0], [0, 0, 0]]


def test_steps_are_counted_as_diffusers_counts_them() -> None:
    assert [first_step(20, strength) for strength in (1.0, 0.75, 0.51, 0.05, 0.01)] == [0, 5, 10, 19, 19]
    assert first_step(10, 0.3) == 7


@pytest.mark.parametrize("strength", [0.0, -1.0, 1.01, float("nan"), float("inf")])
def test_a_strength_out_of_range_is_refused(any_engine: Engine, strength: float) -> None:
    with pytest.raises(RakkanError, match="strength"):
        any_engine.sample(PINK, start=Start(picture(), strength), **OPTIONS)


def test_a_start_of_another_size_is_refused(any_engine: Engine) -> None:
    with pytest.raises(RakkanError, match="cannot begin from"):
        any_engine.sample(PINK, start=Start(picture()[:32], 0.5), **OPTIONS)
    with pytest.raises(RakkanError, match="mask"):
        check_start(Start(picture(), 0.5, left_half() * 2), 128, 64)


@pytest.mark.parametrize("variation", [Variation(-1, 0.1), Variation(2**64, 0.1), Variation(1, 1.1)])
def test_a_variation_out_of_range_is_refused(any_engine: Engine, variation: Variation) -> None:
    with pytest.raises(RakkanError, match=r"variation|vary"):
        any_engine.sample(PINK, variation=variation, **OPTIONS)
