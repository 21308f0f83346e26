"""ControlNets and IP-Adapters of small width with random numbers."""

from __future__ import annotations

from pathlib import Path

import torch
from tests.checkpoints.weights import Stored, numbers, write

from rakkan.formats.checkpoints.architecture import Architecture
from rakkan.studio.engines.torch import networks
from rakkan.studio.engines.torch.controlnet import controlnet_name


def make_controlnet(made: Architecture, path: Path, *, diffusers: bool = False, seed: int = 5) -> Path:
    """Write a ControlNet for that architecture, with contributions that are not zero."""
    from diffusers import ControlNetModel

    assert made.unet is not None
    options = networks.unet_options(made, made.unet)
    for name in ("sample_size", "out_channels", "up_block_types"):
        options.pop(name)
    with torch.device("meta"):
        network = ControlNetModel(**options)
    stored = {}
    for name, one in network.state_dict().items():
        place = name if diffusers else "control_model." + controlnet_name(name, made.unet)
        stored[place] = _of(seed, name, tuple(one.shape))
    write(path, stored.items())
    return path


def make_ip_adapter(
    made: Architecture, path: Path, *, plus: bool = False, encoder_width: int = 64, seed: int = 6
) -> Path:
    """Write an IP-Adapter for that architecture and an image encoder of that width: the plain one, or the one
    with a resampler."""
    assert made.unet is not None
    network = networks.unet_of(made, made.unet)
    context = made.unet.context
    shapes: dict[str, tuple[int, ...]] = {}
    if plus:
        inner, queries = 128, 16
        shapes = {
            "latents": (1, queries, inner),
            "proj_in.weight": (inner, encoder_width),
            "proj_in.bias": (inner,),
            "proj_out.weight": (context, inner),
            "proj_out.bias": (context,),
            "norm_out.weight": (context,),
            "norm_out.bias": (context,),
        }
        for layer in range(4):
            shapes |= {
                f"layers.{layer}.0.norm1.weight": (inner,),
                f"layers.{layer}.0.norm1.bias": (inner,),
                f"layers.{layer}.0.norm2.weight": (inner,),
                f"layers.{layer}.0.norm2.bias": (inner,),
                f"layers.{layer}.0.to_q.weight": (inner, inner),
                f"layers.{layer}.0.to_kv.weight": (2 * inner, inner),
                f"layers.{layer}.0.to_out.weight": (inner, inner),
                f"layers.{layer}.1.0.weight": (inner,),
                f"layers.{layer}.1.0.bias": (inner,),
                f"layers.{layer}.1.1.weight": (4 * inner, inner),
                f"layers.{layer}.1.3.weight": (inner, 4 * inner),
            }
    else:
        shapes = {
            "proj.weight": (4 * context, encoder_width),
            "proj.bias": (4 * context,),
            "norm.weight": (context,),
            "norm.bias": (context,),
        }
    stored = {f"image_proj.{name}": _of(seed, name, shape) for name, shape in shapes.items()}
    for number, (name, module) in enumerate(_cross_attentions(network)):
        for part in ("to_k_ip", "to_v_ip"):
            key = f"{2 * number + 1}.{part}.weight"
            stored[f"ip_adapter.{key}"] = _of(seed, name + key, (module.to_k.weight.shape[0], context))
    write(path, stored.items())
    return path


def _cross_attentions(network: torch.nn.Module) -> list[tuple[str, torch.nn.Module]]:
    """In the order of their processors, which is the files': down, up, and the middle last."""
    modules = dict(network.named_modules())
    names = [name.removesuffix(".processor") for name in network.attn_processors]
    return [(name, modules[name]) for name in names if name.endswith("attn2")]


def make_image_encoder(path: Path, *, width: int = 64, layers: int = 3, projection: int = 64) -> Path:
    """Write a small CLIP image encoder of sixteen heads, for pictures of 32 pixels."""
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    config = CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=16,
        image_size=32,
        patch_size=8,
        projection_dim=projection,
        hidden_act="gelu",
    )
    with torch.device("meta"):
        network = CLIPVisionModelWithProjection(config)
    state = network.state_dict()
    write(
        path,
        ((name, _of(8, name, tuple(one.shape))) for name, one in state.items() if "position_ids" not in name),
    )
    return path


def _of(seed: int, name: str, shape: tuple[int, ...]) -> Stored:
    return Stored(shape, lambda: numbers(seed, name, shape))
