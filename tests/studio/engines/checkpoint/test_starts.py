"""Drawings on OpenVINO that begin from a picture: as torch would draw them, and the mask is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rakkan.errors import RakkanError
from rakkan.studio.diffusion.initial_noise import initial_noise
from rakkan.studio.diffusion.samplers import find_sampler, planned_sigmas
from rakkan.studio.diffusion.training import stable_diffusion
from rakkan.studio.engines.start import Start, Variation

from . import small
from .conftest import Pair
from .test_engine import F32, OPTIONS, PROMPT, difference, made

SIZE = (OPTIONS["height"], OPTIONS["width"])


def picture() -> npt.NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (*SIZE, 3), np.uint8)


def clean_of(pairs: Mapping[str, Pair], pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    import torch

    values = torch.from_numpy(pixels.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
    found: npt.NDArray[np.float32] = (
        pairs["encoder"].module.encode(values).latent_dist.mode().numpy() * 0.18215
    )
    return found


def test_it_begins_at_the_noise_level_that_the_strength_says(pairs: Mapping[str, Pair]) -> None:
    options = {**OPTIONS, "steps": 4, "guidance": 1.0}
    engine = made(pairs)
    found = engine.latents(PROMPT, start=Start(picture(), 0.5), **options)
    sampler = find_sampler("euler")
    sigmas = planned_sigmas(sampler, "", 4, stable_diffusion())[2:]
    noise = initial_noise(OPTIONS["seed"], (4, SIZE[0] // 2, SIZE[1] // 2), "cpu")[None]
    begun = clean_of(pairs, picture()) + noise * np.float32(sigmas[0])
    # The same steps from there, by an engine that is given them as a drawing of its own.
    whole = planned_sigmas(sampler, "", 4, stable_diffusion())
    predict = engine._predictor(PROMPT, "", whole, 1.0, 0, (64, 80), lambda: False)
    expected = sampler(predict, begun, sigmas.tolist(), lambda *_: noise, lambda *_: None)
    assert difference(found, expected) < F32


@pytest.mark.parametrize("sampler", ["Euler", "Euler a", "DPM++ 2M SDE"])
def test_any_sampler_keeps_what_the_mask_keeps(pairs: Mapping[str, Pair], sampler: str) -> None:
    mask = np.zeros(SIZE, np.float32)
    mask[:31] = 1
    options = {**OPTIONS, "sampler": sampler, "guidance": 1.0}
    found = made(pairs).latents(PROMPT, start=Start(picture(), 0.9, mask), **options)
    clean = clean_of(pairs, picture())
    assert np.allclose(found[:, :, 16:], clean[:, :, 16:], atol=2e-3)
    assert np.abs(found[:, :, :16] - clean[:, :, :16]).max() > 0.05


def test_a_variation_turns_the_first_noise_alone(pairs: Mapping[str, Pair]) -> None:
    engine = made(pairs)
    options = {**OPTIONS, "guidance": 1.0}
    plain = engine.latents(PROMPT, **options)
    assert difference(engine.latents(PROMPT, variation=Variation(9, 0.0), **options), plain) == 0
    assert difference(engine.latents(PROMPT, variation=Variation(9, 0.2), **options), plain) > 0.01
    other = engine.latents(PROMPT, **{**options, "seed": 9})
    assert difference(engine.latents(PROMPT, variation=Variation(9, 1.0), **options), other) < F32


def test_a_tiny_decoder_cannot_look_at_a_picture(pairs: Mapping[str, Pair]) -> None:
    vae = small.ARCHITECTURE.vae
    assert vae is not None
    architecture = replace(small.ARCHITECTURE, vae=replace(vae, is_tiny=True))
    with pytest.raises(RakkanError, match="tiny decoder cannot look") as caught:
        made(pairs, architecture).latents(PROMPT, start=Start(picture(), 0.5), **OPTIONS)
    assert "--vae" in caught.value.hint


def test_the_encoder_is_asked_for_only_when_there_is_a_start(pairs: Mapping[str, Pair]) -> None:
    asked: list[str] = []
    engine = made(pairs, asked=asked)
    options: dict[str, Any] = {**OPTIONS, "steps": 1, "guidance": 1.0}
    engine.latents(PROMPT, **options)
    assert "encoder" not in asked
    engine.latents(PROMPT, start=Start(picture(), 1.0), **options)
    assert asked.count("encoder") == 1
