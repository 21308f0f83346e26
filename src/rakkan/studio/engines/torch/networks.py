"""Builds a checkpoint's networks: diffusers' and transformers' modules, configured by the architecture alone.

Nothing is looked up anywhere: what a configuration file would say follows from the tensors' shapes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import torch

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import SD2, SDXL, Architecture, TextShape, UNetShape, VaeShape
from rakkan.formats.checkpoints.tensors import Tensors
from rakkan.studio.clip.encoders import tokenizers
from rakkan.studio.clip.tokenizer import END, START, Tokenizer
from rakkan.studio.engines.torch import layouts
from rakkan.studio.engines.torch.loading import fill


@dataclass
class Networks:
    """A checkpoint's networks, ready to run: diffusers' ``UNet2DConditionModel`` and ``AutoencoderKL``,
    transformers' CLIP text encoders with the tokenizer of each."""

    architecture: Architecture
    unet: Any
    vae: Any
    text_encoders: tuple[Any, ...]
    tokenizers: tuple[Tokenizer, ...]
    dtype: torch.dtype
    device: str


def build(
    architecture: Architecture,
    tensors: Tensors,
    *,
    vae_file: tuple[VaeShape, Tensors] | None = None,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
) -> Networks:
    """The networks of a checkpoint. ``vae_file`` takes the place of its VAE: in the first authors' names,
    with their prefix or without, or in diffusers'. Raises RakkanError when a part is missing, does not fit,
    or holds numbers that are not finite."""
    find = layouts.vae_source(architecture)
    vae_tensors = tensors
    if vae_file is not None:
        architecture = replace(architecture, vae=vae_file[0])
        vae_tensors, find = vae_file[1], layouts.vae_file_source(vae_file[0], vae_file[1].entries)
    shape, vae_shape = architecture.unet, architecture.vae
    if shape is None or vae_shape is None or not architecture.text:
        missing = {"denoiser": shape is None, "autoencoder (VAE)": vae_shape is None}
        missing["text encoder"] = not architecture.text
        lacking = ", ".join(name for name, lacks in missing.items() if lacks)
        raise RakkanError(
            f"the checkpoint holds no {lacking}", "use a whole checkpoint, or add a VAE file of its own"
        )
    unet = unet_of(architecture, shape)
    fill(unet, tensors, layouts.unet_source(architecture), "the denoiser", dtype=dtype, device=device)
    vae = vae_of(architecture, vae_shape)
    fill(vae, vae_tensors, find, "the VAE", dtype=vae_dtype(architecture, dtype), device=device)
    encoders = []
    for index, text in enumerate(architecture.text):
        encoder = text_encoder_of(text)
        find = layouts.text_source(architecture, index)
        fill(encoder, tensors, find, f"text encoder {index + 1}", dtype=dtype, device=device)
        place_positions(encoder, device)
        encoders.append(encoder.eval())
    return Networks(
        architecture, unet.eval(), vae.eval(), tuple(encoders), tokenizers(architecture), dtype, device
    )


def vae_dtype(architecture: Architecture, dtype: torch.dtype) -> torch.dtype:
    """What to decode in: SDXL's autoencoder overflows in float16."""
    if architecture.family == SDXL and dtype == torch.float16:
        return torch.float32
    return dtype


def unet_of(architecture: Architecture, shape: UNetShape) -> Any:
    """A denoiser of this shape without numbers, on the device ``meta``."""
    from diffusers import UNet2DConditionModel

    made: Any = UNet2DConditionModel
    with torch.device("meta"):
        return made(**unet_options(architecture, shape))


def unet_options(architecture: Architecture, shape: UNetShape) -> dict[str, Any]:
    """What diffusers' ``UNet2DConditionModel`` is made with for this shape."""
    down = tuple("CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in shape.depth)
    up = tuple("CrossAttnUpBlock2D" if depth else "UpBlock2D" for depth in reversed(shape.depth))
    options: dict[str, Any] = {}
    if shape.added:
        pooled = architecture.text[-1].projection if architecture.text else 0
        options = {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": (shape.added - pooled) // 6 if pooled else 256,
            "projection_class_embeddings_input_dim": shape.added,
        }
    return options | {
        "sample_size": architecture.resolution // 2 ** (len(shape.channels) - 1),
        "in_channels": shape.in_channels,
        "out_channels": shape.out_channels,
        "down_block_types": down,
        "up_block_types": up,
        "block_out_channels": shape.channels,
        "layers_per_block": shape.layers,
        # where a level has no attention the number is not used, except that the middle follows the last
        "transformer_layers_per_block": tuple(depth or 1 for depth in shape.depth),
        # diffusers takes the number of heads under the name of their width
        "attention_head_dim": shape.heads,
        "cross_attention_dim": shape.context,
        "use_linear_projection": shape.linear,
        "upcast_attention": architecture.family == SD2,
    }


def vae_of(architecture: Architecture, shape: VaeShape) -> Any:
    """An autoencoder of this shape without numbers, on the device ``meta``."""
    from diffusers import AutoencoderKL

    levels, made = len(shape.channels), cast(Any, AutoencoderKL)
    with torch.device("meta"):
        return made(
            down_block_types=("DownEncoderBlock2D",) * levels,
            up_block_types=("UpDecoderBlock2D",) * levels,
            block_out_channels=shape.channels,
            layers_per_block=shape.layers,
            latent_channels=shape.latent_channels,
            sample_size=architecture.resolution,
            scaling_factor=shape.scaling,
        )


def text_encoder_of(shape: TextShape) -> Any:
    """A text encoder of this shape without numbers, on the device ``meta``."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection
    from transformers.utils import logging

    # It would speak of a loss that is not configured, and nothing is trained here.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    config = CLIPTextConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        max_position_embeddings=shape.positions,
        hidden_act=shape.activation,
        projection_dim=shape.projection or shape.width,
        bos_token_id=START,
        eos_token_id=END,
    )
    with torch.device("meta"):
        return CLIPTextModelWithProjection(config) if shape.projection else CLIPTextModel(config)


def place_positions(encoder: Any, device: str) -> None:
    """The table of positions is no parameter, so no file fills it."""
    for module in encoder.modules():
        if "position_ids" in module._buffers:
            count = module._buffers["position_ids"].shape[-1]
            module._buffers["position_ids"] = torch.arange(count, device=device)[None]
