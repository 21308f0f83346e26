"""The torch engine's latents against diffusers' own pipelines of the same files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.studio.engines.torch.peers import (
    difference,
    drawing_of,
    latents_of,
    noise_of,
    our_latents,
    peer,
)

from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL
from rakkan.studio.engines.torch.engine import TorchEngine
from rakkan.studio.engines.torch.networks import Networks

V = {"prediction": "v"}
ZERO = {"prediction": "v", "zero_terminal_snr": True}
KINDS: list[tuple[str, str, dict[str, Any]]] = [
    (SD1, "ldm", {}),
    (SD1, "diffusers", {}),
    (SD2, "ldm", {}),
    (SD2, "diffusers", V),
    (SDXL, "ldm", {}),
    (SDXL, "ldm", ZERO),
    (SDXL, "diffusers", {}),
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
