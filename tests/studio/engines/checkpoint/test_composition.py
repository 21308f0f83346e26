"""Prompts joined by ``AND``: as the torch engine draws them, with the same networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rakkan.studio.clip.encoders import tokenizers
from rakkan.studio.diffusion.initial_noise import initial_noise
from rakkan.studio.diffusion.samplers import find_sampler, planned_sigmas
from rakkan.studio.diffusion.training import stable_diffusion

from . import small
from .conftest import Pair
from .test_engine import F32, difference, made

OPTIONS: dict[str, Any] = {"width": 64, "height": 64, "seed": 5, "steps": 3, "sampler": "euler"}


def by_the_torch_engine(pairs: Mapping[str, Pair], prompt: str, negative: str, guidance: float) -> Any:
    import torch

    from rakkan.studio.engines.torch.engine import Drawing, TorchEngine
    from rakkan.studio.engines.torch.networks import Networks

    parts = pairs["unet"].module, pairs["decoder"].module, (pairs["text"].module,)
    known = tokenizers(small.ARCHITECTURE)
    engine = TorchEngine(Networks(small.ARCHITECTURE, *parts, known, torch.float32, "cpu"))
    levels = planned_sigmas(find_sampler("euler"), "", 3, stable_diffusion()).tolist()
    start = torch.from_numpy(initial_noise(5, (4, 32, 32), "cpu"))[None] * levels[0]
    denoise = engine.denoiser(Drawing(prompt, negative, guidance=guidance, **OPTIONS), levels)
    return find_sampler("euler")(denoise, start, levels, None, lambda *_: None).numpy()  # type: ignore[arg-type]


@pytest.mark.parametrize("guidance", [1.0, 4.0])
@pytest.mark.parametrize(
    "prompt",
    [
        "a teapot AND a [cat|dog] :0.6 AND (tea:1.2):.3",
        "a teapot :0.5 AND a cat :.5",
        "a teapot AND a cat :0",
    ],
)
def test_both_engines_draw_the_same(pairs: Mapping[str, Pair], prompt: str, guidance: float) -> None:
    found = made(pairs).latents(prompt, "lowres", guidance=guidance, **OPTIONS)
    assert difference(found, by_the_torch_engine(pairs, prompt, "lowres", guidance)) < F32


def test_each_prompt_counts(pairs: Mapping[str, Pair]) -> None:
    engine = made(pairs)
    alone, both, other = (
        engine.latents(prompt, guidance=4.0, **OPTIONS)
        for prompt in ("a teapot", "a teapot AND a cat", "a cat AND a teapot")
    )
    assert difference(both, alone) > F32 and difference(both, other) < F32


def test_the_denoiser_runs_for_what_counts(pairs: Mapping[str, Pair]) -> None:
    """Once for each prompt, and for the negative one where it does not cancel out."""
    engine = made(pairs)
    for prompt, guidance, runs in (
        ("a AND b", 4.0, 9), ("a AND b", 1.0, 9), ("a :0.5 AND b :0.5", 1.0, 6), ("a AND b :0", 1.0, 3),
    ):  # fmt: skip
        asked: list[int] = []
        engine.latents(
            prompt, guidance=guidance, cancelled=lambda asked=asked: bool(asked.append(1)), **OPTIONS
        )
        assert len(asked) == runs, prompt
