"""Several prompts at once, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.studio.diffusion.composition import composed, needs_away
from rakkan.studio.diffusion.training import denoiser, stable_diffusion


def test_by_hand() -> None:
    """5 + 3 (0.5 (1 - 5) + 2 (2 - 5)) = -19."""
    one, two, away = (np.array([value]) for value in (1.0, 2.0, 5.0))
    assert composed([one, two], [0.5, 2.0], away, 3.0).tolist() == [-19]
    assert [value.tolist() for value in (one, two, away)] == [[1], [2], [5]]


def test_one_prompt_is_classifier_free_guidance() -> None:
    toward, away = np.array([1.0, 3.0]), np.array([2.0, -1.0])
    assert composed([toward], [1.0], away, 7.0).tolist() == [2 - 7, -1 + 28]
    assert composed([toward], [1.0], None, 1.0).tolist() == toward.tolist()


@pytest.mark.parametrize(
    ("weights", "guidance", "needed"),
    [([1.0], 1.0, False), ([1.0], 7.0, True), ([1.0, 1.0], 1.0, True), ([0.3, 0.7], 1.0, False),
     ([0.25, 0.25], 2.0, False), ([1.0], 0.0, True)],
)  # fmt: skip
def test_the_negative_prompt_cancels_out_where_shares_add_up_to_one(
    weights: list[float], guidance: float, needed: bool
) -> None:
    assert needs_away(weights, guidance) is needed
    towards = [np.array([value]) for value in (4.0, -2.0)][: len(weights)]
    by_away = {composed(towards, weights, np.array([away]), guidance)[0] for away in (0.0, 100.0)}
    if needed:
        assert len(by_away) == 2
    else:
        assert composed(towards, weights, None, guidance)[0] == pytest.approx(by_away.pop())


@given(
    weights=st.lists(st.floats(0, 3), min_size=1, max_size=4),
    guidance=st.floats(0, 30),
    sigma=st.floats(0.1, 10),
    prediction=st.sampled_from(["epsilon", "v"]),
)
def test_it_is_the_same_before_and_after_the_denoiser(
    weights: list[float], guidance: float, sigma: float, prediction: str
) -> None:
    """A1111 composes clean latents, here it is done to what the network says."""
    draws = np.random.default_rng(0).standard_normal((len(weights) + 2, 3))
    x, away, towards = draws[0], draws[1], list(draws[2:])
    training = stable_diffusion()

    def clean(said: np.ndarray) -> np.ndarray:
        return denoiser(lambda scaled, timestep: said, prediction, training)(x, sigma)  # type: ignore[no-any-return]

    of_cleans = composed([clean(one) for one in towards], weights, clean(away), guidance)
    assert clean(composed(towards, weights, away, guidance)) == pytest.approx(of_cleans, rel=1e-6, abs=1e-6)
