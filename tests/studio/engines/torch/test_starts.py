"""Drawings that begin from a picture, against diffusers' own pipelines of the same files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image
from tests.studio.engines.torch.peers import NEGATIVE, PROMPT, difference, drawing_of, peer

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import SD1, SDXL
from rakkan.studio.diffusion.initial_noise import initial_noise, turned
from rakkan.studio.engines.start import Start, Variation
from rakkan.studio.engines.torch.encoding import encoded
from rakkan.studio.engines.torch.engine import TorchEngine
from rakkan.studio.engines.torch.networks import Networks

Pixels = npt.NDArray[np.uint8]


def picture(height: int = 64, width: int = 64) -> Pixels:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


@pytest.fixture(autouse=True)
def _mean_of_the_posterior(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """diffusers draws from what the VAE finds likely, here its mean is taken: the only difference."""
    from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mode())
    yield


def theirs(
    kind: str, pipeline: Any, strength: float, mask: npt.NDArray[np.float32] | None = None, **more: Any
) -> torch.Tensor:
    import diffusers

    own = getattr(diffusers, kind)(
        **pipeline.components, **({} if "XL" in kind else {"requires_safety_checker": False})
    )
    own.set_progress_bar_config(disable=True)
    if "XL" in kind:
        own.watermark = None
    given: dict[str, Any] = {"image": Image.fromarray(picture())}
    if mask is not None:
        given |= {"mask_image": Image.fromarray((mask * 255).astype(np.uint8)), "width": 64, "height": 64}
    options = {
        "prompt": PROMPT,
        "negative_prompt": NEGATIVE,
        "num_inference_steps": 5,
        "guidance_scale": 5.0,
        "strength": strength,
        "generator": torch.Generator().manual_seed(1),
        "output_type": "latent",
    }
    result: torch.Tensor = own(**given, **(options | more)).images
    return result


@pytest.mark.parametrize("family", [SD1, SDXL])
@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_img2img_is_diffusers_own(
    family: str, strength: float, checkpoint: Callable[..., Any], built: Callable[..., Networks]
) -> None:
    made = checkpoint(family, layout="diffusers")
    kind = "StableDiffusionXLImg2ImgPipeline" if family == SDXL else "StableDiffusionImg2ImgPipeline"
    expected = theirs(kind, peer(made.path, made.architecture, made.path), strength)
    drawing = drawing_of(steps=5, schedule="trailing", start=Start(picture(), strength))
    found = TorchEngine(built(family, layout="diffusers")).latents(drawing)
    assert difference(found, expected) <= 1e-4


def test_img2img_with_fresh_noise_in_every_step_is_diffusers_own(
    checkpoint: Callable[..., Any], built: Callable[..., Networks]
) -> None:
    from diffusers import EulerAncestralDiscreteScheduler

    made = checkpoint(SD1, layout="diffusers")
    pipeline = peer(made.path, made.architecture, made.path)
    pipeline.scheduler = EulerAncestralDiscreteScheduler.from_config(pipeline.scheduler.config)
    expected = theirs("StableDiffusionImg2ImgPipeline", pipeline, 0.8)
    start = Start(picture(), 0.8)
    drawing = drawing_of(steps=5, sampler="euler_ancestral", schedule="trailing", start=start)
    assert difference(TorchEngine(built(SD1, layout="diffusers")).latents(drawing), expected) <= 1e-4


@pytest.mark.parametrize("strength", [0.4, 0.8])
def test_inpainting_is_diffusers_own(
    strength: float, checkpoint: Callable[..., Any], built: Callable[..., Networks]
) -> None:
    made = checkpoint(SD1, layout="diffusers")
    mask = np.zeros((64, 64), np.float32)
    mask[16:48, 8:40] = 1
    pipeline = peer(made.path, made.architecture, made.path)
    expected = theirs("StableDiffusionInpaintPipeline", pipeline, strength, mask)
    drawing = drawing_of(steps=5, schedule="trailing", start=Start(picture(), strength, mask))
    engine = TorchEngine(built(SD1, layout="diffusers"))
    found = engine.latents(drawing)
    assert difference(found, expected) <= 1e-4
    clean = encoded(engine.networks, picture())
    cells = torch.zeros(8, 8, dtype=torch.bool)
    cells[2:6, 1:5] = True
    assert torch.allclose(found[..., ~cells], clean[..., ~cells], atol=1e-5)
    assert not torch.allclose(found[..., cells], clean[..., cells], atol=1e-2)


@pytest.mark.parametrize("sampler", ["Euler a", "DPM++ 2M SDE", "DPM++ 2M", "Restart", "LCM", "UniPC"])
def test_any_sampler_keeps_what_the_mask_keeps(sampler: str, built: Callable[..., Networks]) -> None:
    engine = TorchEngine(built(SD1))
    mask = np.zeros((64, 64), np.float32)
    mask[:, :30] = 0.5
    drawing = drawing_of(sampler=sampler, steps=20 if sampler == "Restart" else 4, guidance=1.0)
    found = engine.latents(replace(drawing, start=Start(picture(), 0.75, mask)))
    clean = encoded(engine.networks, picture())
    # The mask ends within the fourth cell, which is drawn with the rest.
    assert torch.allclose(found[..., 4:], clean[..., 4:], atol=2e-3)
    assert float((found[..., :4] - clean[..., :4]).abs().max()) > 0.05


def test_several_begin_from_the_same_picture_each_with_its_own_noise(built: Callable[..., Networks]) -> None:
    engine = TorchEngine(built(SD1))
    drawing = drawing_of(guidance=1.0, start=Start(picture(), 0.6))
    both = engine.latents(drawing, 2)
    for index in range(2):
        alone = engine.latents(replace(drawing, seed=drawing.seed + index))
        assert difference(both[index : index + 1], alone) < 1e-4


def test_a_variation_turns_the_first_noise(built: Callable[..., Networks]) -> None:
    engine = TorchEngine(built(SD1))
    drawing = drawing_of(guidance=1.0, steps=1, sampler="euler", schedule="trailing")
    shape = (4, 8, 8)
    own, other = initial_noise(1, shape, "cpu"), initial_noise(9, shape, "cpu")
    from tests.studio.engines.torch.peers import our_latents

    from rakkan.studio.diffusion.samplers import find_sampler, planned_sigmas
    from rakkan.studio.diffusion.training import stable_diffusion

    sigmas = torch.from_numpy(planned_sigmas(find_sampler("euler"), "trailing", 1, stable_diffusion()))
    noise = torch.from_numpy(turned(own, other, 0.3))[None]
    expected = our_latents(engine, drawing, noise, sigmas)
    assert difference(engine.latents(replace(drawing, variation=Variation(9, 0.3))), expected) < 1e-5
    plain = engine.latents(drawing)
    assert difference(engine.latents(replace(drawing, variation=Variation(9, 0.0))), plain) == 0


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (Start(picture(72)), "cannot begin from"),
        (Start(picture(), 0.0), "strength"),
        (Start(picture(), 1.5), "strength"),
        (Start(picture(), mask=np.ones((8, 8), np.float32)), "mask is"),
        (Start(picture(), mask=np.full((64, 64), np.nan, np.float32)), "outside 0 to 1"),
        (Start(picture().astype(np.float32)), "cannot begin from"),  # type: ignore[arg-type]
    ],
)
def test_what_a_drawing_cannot_begin_from(start: Start, what: str, built: Callable[..., Networks]) -> None:
    with pytest.raises(RakkanError, match=what):
        TorchEngine(built(SD1)).latents(drawing_of(start=start))
