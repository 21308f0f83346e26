"""diffusers' own pipelines of a checkpoint made for a test, and how far two latents differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline

from rakkan.formats.checkpoints.architecture import SDXL, Architecture
from rakkan.studio.diffusion.samplers import find_sampler
from rakkan.studio.engines.torch.engine import Drawing, TorchEngine

PROMPT = "a watercolour of a teapot on a wooden table, soft light"
NEGATIVE = "blurry, low quality"


def peer(path: Path, made: Architecture, folder: Path) -> Any:
    """diffusers' pipeline of the file or folder at ``path``. ``folder``, a checkpoint of the same
    architecture in diffusers' layout, gives the configurations that diffusers would look up."""
    kind = StableDiffusionXLPipeline if made.family == SDXL else StableDiffusionPipeline
    without: dict[str, Any] = {} if made.family == SDXL else {"safety_checker": None}
    if path.is_dir():
        pipeline = kind.from_pretrained(path, local_files_only=True, torch_dtype=torch.float32, **without)
    else:
        pipeline = kind.from_single_file(
            path, config=str(folder), local_files_only=True, torch_dtype=torch.float32, **without
        )
    pipeline.scheduler = EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type={"v": "v_prediction"}.get(made.prediction, made.prediction),
        rescale_betas_zero_snr=made.zero_terminal_snr,
        timestep_spacing="trailing",
    )
    if made.family == SDXL:
        pipeline.watermark = None
    else:  # diffusers 0.42 looks for the final norm where transformers kept it before 5.6
        object.__setattr__(pipeline.text_encoder, "text_model", pipeline.text_encoder)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def latents_of(pipeline: Any, drawing: Drawing, noise: torch.Tensor, **more: Any) -> torch.Tensor:
    """The latents that diffusers' pipeline ends with."""
    options = {
        "prompt": drawing.prompt,
        "negative_prompt": drawing.negative,
        "width": drawing.width,
        "height": drawing.height,
        "num_inference_steps": drawing.steps,
        "guidance_scale": drawing.guidance,
        "latents": noise.clone(),
        "output_type": "latent",
        **({"guidance_rescale": drawing.guidance_rescale} if drawing.guidance_rescale else {}),
        **({"clip_skip": drawing.clip_skip - 1} if drawing.clip_skip > 1 else {}),
    }
    result: torch.Tensor = pipeline(**(options | more)).images
    return result


def our_latents(
    engine: TorchEngine, drawing: Drawing, noise: torch.Tensor, sigmas: torch.Tensor
) -> torch.Tensor:
    """Ours, from the same noise over the same noise levels."""
    levels = [float(sigma) for sigma in sigmas]
    result: torch.Tensor = find_sampler("euler")(
        engine.denoiser(drawing, levels), noise * levels[0], levels, None, lambda done, total: None
    )
    return result


def drawing_of(**options: Any) -> Drawing:
    """A small drawing in four steps."""
    usual: dict[str, Any] = {"width": 64, "height": 64, "seed": 1, "steps": 4, "guidance": 5.0}
    return Drawing(PROMPT, NEGATIVE, **(usual | options))


def noise_of(drawing: Drawing, count: int = 1) -> torch.Tensor:
    """Noise of a seed by torch's generator."""
    shape = (count, 4, drawing.height // 8, drawing.width // 8)
    return torch.randn(shape, generator=torch.Generator().manual_seed(drawing.seed))


def difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """The largest difference, as a share of the largest value."""
    assert bool(torch.isfinite(one).all()) and float(other.abs().max()) > 0.1
    return float((one - other).abs().max() / other.abs().max())
