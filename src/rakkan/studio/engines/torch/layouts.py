"""Where a network's parameters lie in a checkpoint: diffusers' names, and those of a single file.

Single files keep the names of the first authors: of Latent Diffusion (Rombach et al. 2022) for the denoiser
and the autoencoder, of OpenCLIP for some text encoders. What a parameter is called there follows from its
name in diffusers, so each function turns one such name into the places to look for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rakkan.formats.checkpoints.architecture import SDXL, Architecture, UNetShape, VaeShape


@dataclass(frozen=True)
class Source:
    """Where a parameter lies: ``names`` to try in turn; ``third`` of the rows when query, key and value are
    stored as one (-1: all of it), and whether it is stored ``transposed``."""

    names: tuple[str, ...]
    third: int = -1
    transposed: bool = False


#: From a parameter's name in diffusers to where it lies.
Finder = Callable[[str], Source]

UNET_PREFIX = "model.diffusion_model."
VAE_PREFIX = "first_stage_model."

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_VAE_ATTENTION = {
    "group_norm": ("norm", "group_norm"),
    "to_q": ("q", "query"),
    "to_k": ("k", "key"),
    "to_v": ("v", "value"),
    "to_out.0": ("proj_out", "proj_attn"),
}
_OPEN_CLIP = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
_THIRDS = ("q_proj", "k_proj", "v_proj")


def unet_source(architecture: Architecture) -> Finder:
    """Where the denoiser's parameters lie."""
    shape = architecture.unet
    if architecture.layout == "diffusers" or shape is None:
        return lambda name: Source((f"unet/{name}",))
    return lambda name: Source((UNET_PREFIX + unet_name(name, shape),))


def unet_name(name: str, shape: UNetShape) -> str:
    """The name in a single file of a parameter of the denoiser, without the prefix."""
    module, _, end = name.rpartition(".")
    if module in _UNET_ENDS:
        return f"{_UNET_ENDS[module]}.{end}"
    parts = name.split(".")
    if parts[0] == "mid_block":
        place = f"middle_block.{2 * int(parts[2]) + (parts[1] == 'attentions')}"
        return f"{place}.{_inside(parts[1], parts[3:])}"
    level, kind, index = int(parts[1]), parts[2], int(parts[3])
    inside = _inside(kind, parts[4:])
    if parts[0] == "down_blocks":
        block = 1 + level * (shape.layers + 1) + (shape.layers if kind == "downsamplers" else index)
        return f"input_blocks.{block}.{int(kind == 'attentions')}.{inside}"
    block = level * (shape.layers + 1) + (shape.layers if kind == "upsamplers" else index)
    slot = {"resnets": 0, "attentions": 1}.get(kind, 1 + (shape.depth[-1 - level] > 0))
    return f"output_blocks.{block}.{slot}.{inside}"


def _inside(kind: str, parts: list[str]) -> str:
    if kind == "resnets":
        return ".".join([_RESNET[parts[0]], *parts[1:]])
    if kind == "downsamplers":
        return ".".join(["op", *parts[1:]])
    return ".".join(parts)


def vae_source(architecture: Architecture) -> Finder:
    """Where the autoencoder's parameters lie."""
    if architecture.layout == "diffusers" or architecture.vae is None:
        return lambda name: Source(tuple(f"vae/{one}" for one in (name, _older_name(name))))
    return prefixed_vae_source(architecture.vae, VAE_PREFIX)


def prefixed_vae_source(shape: VaeShape, prefix: str) -> Finder:
    """Where the parameters of an autoencoder lie whose names in the first authors' layout begin thus."""
    return lambda name: Source((prefix + vae_name(name, shape),))


def vae_file_source(shape: VaeShape, names: Iterable[str]) -> Finder:
    """Where the parameters of an autoencoder lie in a file of its own, which holds these names."""
    held = set(names)
    for prefix in (VAE_PREFIX, "vae.", ""):
        if f"{prefix}decoder.mid.block_1.conv1.weight" in held:
            return prefixed_vae_source(shape, prefix)
    return lambda name: Source((name, _older_name(name)))


def vae_name(name: str, shape: VaeShape) -> str:
    """The name in a single file of a parameter of the autoencoder, without the prefix."""
    parts = name.replace("conv_norm_out", "norm_out").split(".")
    if "mid_block" in parts:
        kind, index, inside = parts[2], int(parts[3]), ".".join(parts[4:])
        if kind == "resnets":
            return f"{parts[0]}.mid.block_{index + 1}.{inside.replace('conv_shortcut', 'nin_shortcut')}"
        module, _, end = inside.rpartition(".")
        return f"{parts[0]}.mid.attn_1.{_VAE_ATTENTION[module][0]}.{end}"
    if len(parts) < 5:
        return ".".join(parts)
    level, kind, inside = int(parts[2]), parts[3], ".".join(parts[5:])
    place = f"down.{level}" if parts[1] == "down_blocks" else f"up.{len(shape.channels) - 1 - level}"
    if kind == "resnets":
        return f"{parts[0]}.{place}.block.{parts[4]}.{inside.replace('conv_shortcut', 'nin_shortcut')}"
    return f"{parts[0]}.{place}.{kind.removesuffix('rs')}.{inside}"


def _older_name(name: str) -> str:
    """What folders of 2022 call the autoencoder's attention."""
    for new, (_, old) in _VAE_ATTENTION.items():
        name = name.replace(f"attentions.0.{new}.", f"attentions.0.{old}.")
    return name


def text_source(architecture: Architecture, index: int) -> Finder:
    """Where the parameters of a text encoder lie, the names being diffusers' without ``text_model.``."""
    if architecture.layout == "diffusers":
        folder = "text_encoder" if index == 0 else f"text_encoder_{index + 1}"
        return lambda name: Source((f"{folder}/{wrapped(name)}", f"{folder}/{name}"))
    prefix = f"conditioner.embedders.{index}." if architecture.family == SDXL else "cond_stage_model."
    if architecture.text[index].is_open_clip:
        return lambda name: open_clip_source(name, f"{prefix}model.")
    return lambda name: Source((f"{prefix}transformer.{wrapped(name)}", f"{prefix}transformer.{name}"))


def wrapped(name: str) -> str:
    """A text encoder's parameter as transformers before 5.6 names it, and every file."""
    return name if name.startswith("text_projection") else f"text_model.{name}"


def open_clip_source(name: str, prefix: str) -> Source:
    """Where OpenCLIP keeps a text encoder's parameter."""
    whole = {
        "embeddings.token_embedding.weight": "token_embedding.weight",
        "embeddings.position_embedding.weight": "positional_embedding",
        "final_layer_norm.weight": "ln_final.weight",
        "final_layer_norm.bias": "ln_final.bias",
    }
    if name == "text_projection.weight":
        return Source((f"{prefix}text_projection",), transposed=True)
    if name in whole:
        return Source((prefix + whole[name],))
    _, _, layer, *inside = name.split(".")
    block = f"{prefix}transformer.resblocks.{layer}."
    if inside[0] == "self_attn" and inside[1] in _THIRDS:
        return Source((f"{block}attn.in_proj_{inside[2]}",), third=_THIRDS.index(inside[1]))
    return Source((f"{block}{_OPEN_CLIP['.'.join(inside[:-1])]}.{inside[-1]}",))
