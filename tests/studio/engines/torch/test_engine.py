"""The torch engine's latents against diffusers' own pipelines of the same files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from tests.checkpoints.reading import Files
from tests.studio.engines.torch.peers import (
    difference,
    drawing_of,
    latents_of,
    noise_of,
    our_latents,
    peer,
)

from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL
from rakkan.studio.diffusion.samplers import find_sampler, planned_sigmas
from rakkan.studio.diffusion.training import stable_diffusion
from rakkan.studio.engines.torch import networks as networks_module
from rakkan.studio.engines.torch.conditioning import encode
from rakkan.studio.engines.torch.engine import TorchEngine
from rakkan.studio.engines.torch.networks import Networks

V = {"prediction": "v"}
ZERO = {"prediction": "v", "zero_terminal_snr": True}
KINDS: list[tuple[str, str, dict[str, Any]]] = [
    (SD1, "ldm", {}),
    (SD1, "diffusers", {}),
    (SD2, "ldm", {}),
    (SD2, "ldm", V),
    (SD2, "diffusers", {}),
    (SD2, "diffusers", V),
    (SDXL, "ldm", {}),
    (SDXL, "ldm", ZERO),
    (SDXL, "diffusers", {}),
    (SDXL, "diffusers", ZERO),
]


@pytest.mark.parametrize(("family", "layout", "options"), KINDS)
def test_latents_are_those_of_diffusers_own_pipeline(
    family: str,
    layout: str,
    options: dict[str, Any],
    checkpoint: Callable[..., Any],
    built: Callable[..., Networks],
) -> None:
    made = checkpoint(family, layout=layout, **options)
    folder = checkpoint(family, layout="diffusers", **options)
    pipeline = peer(made.path, made.architecture, folder.path)
    engine = TorchEngine(built(family, layout=layout, **options))
    for drawing in (
        drawing_of(height=128, guidance_rescale=0.7 if options == ZERO else 0.0),
        drawing_of(guidance=1.0, steps=2, clip_skip=3),
    ):
        noise = noise_of(drawing)
        theirs = latents_of(pipeline, replace(drawing, clip_skip=drawing.clip_skip - (family != SD1)), noise)
        ours = our_latents(engine, drawing, noise, pipeline.scheduler.sigmas)
        assert difference(ours, theirs) <= 1e-4  # 1e-3 is what is promised


def test_emphasis_keeps_the_mean_of_a_chunk_as_a1111_does(built: Callable[..., Networks]) -> None:
    networks = built(SD1)
    plain = encode(networks, "a red teapot").text
    led = encode(networks, "a (red:1.5) teapot").text
    weights = torch.ones(77)
    weights[2] = 1.5  # the start, "a", "red"
    weighed = plain * weights[None, :, None]
    assert torch.allclose(led, weighed * plain.mean() / weighed.mean(), atol=1e-6)
    assert not torch.allclose(led, weighed, atol=1e-3)


def test_a_long_prompt_is_the_chunks_of_its_parts_side_by_side(built: Callable[..., Networks]) -> None:
    networks = built(SDXL)
    both = encode(networks, "a teapot BREAK (a lighthouse:1.2)")
    first, second = encode(networks, "a teapot"), encode(networks, "(a lighthouse:1.2)")
    assert both.text.shape == (1, 154, 192)
    assert torch.allclose(both.text, torch.cat([first.text, second.text], 1), atol=1e-5)
    assert both.pooled is not None and first.pooled is not None
    assert torch.allclose(both.pooled, first.pooled, atol=1e-5)


@pytest.mark.parametrize("dtype", ["F16", "BF16"])
def test_half_precision_files_and_arithmetic_stay_near(
    dtype: str, checkpoint: Callable[..., Any], built: Callable[..., Networks]
) -> None:
    made = checkpoint(SD1, dtype=dtype)
    halves = networks_module.build(made.architecture, Files(made.path), dtype=torch.bfloat16)
    assert {one.dtype for one in halves.unet.parameters()} == {torch.bfloat16}
    drawing, sigmas = drawing_of(guidance=2.0), torch.tensor([14.0, 4.0, 1.0, 0.0])
    noise = noise_of(drawing)
    exact = our_latents(TorchEngine(built(SD1)), drawing, noise, sigmas)
    near = our_latents(TorchEngine(halves), drawing, noise, sigmas)
    assert near.dtype == torch.float32
    assert 1e-6 < difference(near, exact) < 0.05


def test_the_same_seed_starts_from_the_noise_of_the_tool_it_came_from(built: Callable[..., Networks]) -> None:
    engine = TorchEngine(built(SD1))
    drawing = drawing_of(sampler="Euler", schedule="karras", guidance=1.0)
    sigmas = torch.from_numpy(planned_sigmas(find_sampler("Euler"), "karras", 4, stable_diffusion()))
    ours = engine.latents(drawing)
    assert difference(our_latents(engine, drawing, noise_of(drawing), sigmas), ours) < 1e-5
    assert difference(engine.latents(replace(drawing, noise="gpu")), ours) > 0.1
