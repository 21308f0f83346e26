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
from rakkan.studio.engines.torch.tiny import tiny_decoder


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
    if vae_file is not None:
        architecture = replace(architecture, vae=vae_file[0])
    missing = {"denoiser": architecture.unet is None, "autoencoder (VAE)": architecture.vae is None}
    missing["text encoder"] = not architecture.text
    if lacking := ", ".join(name for name, lacks in missing.items() if lacks):
        raise RakkanError(
            f"the checkpoint holds no {lacking}", "use a whole checkpoint, or add a VAE file of its own"
        )
    return Networks(
        architecture,
        build_unet(architecture, tensors, dtype, device),
        build_vae(architecture, tensors, vae_file, dtype, device),
        tuple(
            build_text_encoder(architecture, tensors, index, dtype, device)
            for index in range(len(architecture.text))
        ),
        tokenizers(architecture),
        dtype,
        device,
    )


def without_numbers(architecture: Architecture) -> Networks:
    """The networks of a checkpoint on the device ``meta``, where they take no memory."""
    shape, vae_shape = architecture.unet, architecture.vae
    return Networks(
        architecture,
        unet_of(architecture, shape) if shape else None,
        vae_of(architecture, vae_shape) if vae_shape and not vae_shape.is_tiny else None,
        tuple(text_encoder_of(text) for text in architecture.text),
        tokenizers(architecture),
        torch.float32,
        "meta",
    )


def build_unet(architecture: Architecture, tensors: Tensors, dtype: torch.dtype, device: str = "cpu") -> Any:
    """The denoiser alone. Raises as ``build`` does."""
    assert architecture.unet is not None
    unet = unet_of(architecture, architecture.unet)
    fill(unet, tensors, layouts.unet_source(architecture), "the denoiser", dtype=dtype, device=device)
    return unet.eval()


def build_vae(
    architecture: Architecture,
    tensors: Tensors,
    vae_file: tuple[VaeShape, Tensors] | None,
    dtype: torch.dtype,
    device: str = "cpu",
) -> Any:
    """The autoencoder alone, that of ``vae_file`` where it is given, which may be a tiny decoder. Raises as
    ``build`` does."""
    find, shape = layouts.vae_source(architecture), architecture.vae
    if vae_file is not None:
        shape, tensors = vae_file
        if shape.is_tiny:
            return tiny_decoder(tensors, dtype=dtype, device=device)
        find = layouts.vae_file_source(shape, tensors.entries)
    assert shape is not None
    vae = vae_of(architecture, shape)
    fill(vae, tensors, find, "the VAE", dtype=vae_dtype(architecture, dtype), device=device)
    return vae.eval()


def build_text_encoder(
    architecture: Architecture, tensors: Tensors, index: int, dtype: torch.dtype, device: str = "cpu"
) -> Any:
    """One text encoder alone, counted from 0. Raises as ``build`` does."""
    encoder = text_encoder_of(architecture.text[index])
    find = layouts.text_source(architecture, index)
    fill(encoder, tensors, find, f"text encoder {index + 1}", dtype=dtype, device=device)
    place_positions(encoder, device)
    return encoder.eval()


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
