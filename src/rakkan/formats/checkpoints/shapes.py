"""Reading the sizes of a checkpoint's networks off the names and shapes of their tensors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import TextShape, UNetShape, VaeShape
from rakkan.formats.checkpoints.tensors import Entry

#: Latents are multiplied by this (SDXL's autoencoder, and that of SD 1.x and 2.x).
SCALING_SDXL, SCALING_SD = 0.13025, 0.18215
#: Width of one head of attention; SD 1.x has eight heads of any width instead.
HEAD = 64
HEADS_SD1 = 8
#: Nothing real has more of anything: a cap on what a lying header makes this compute.
_MOST = 256

Entries = Mapping[str, Entry]
Shape = tuple[int, ...]


def read_unet(entries: Entries, single: bool) -> UNetShape | None:
    """The denoiser's sizes; None when there is none. ``entries`` are named without the part.

    Heads are eight in each level where the layers around attention are convolutions (SD 1.x), else one for
    each 64 channels. Raises RakkanError when the names do not make up a U-Net.
    """
    read = _unet_of_single_file if single else _unet_of_folder
    found = read(entries)
    if found is None:
        return None
    channels, layers, depth, around, key = found
    first = _shape(entries, "input_blocks.0.0.weight" if single else "conv_in.weight", 4)
    last = _shape(entries, "out.2.weight" if single else "conv_out.weight", 4)
    added = entries.get("label_emb.0.0.weight" if single else "add_embedding.linear_1.weight")
    linear = len(_shape(entries, around, 0)) == 2
    heads = [HEADS_SD1 if not linear else max(1, wide // HEAD) for wide in channels]
    return UNetShape(
        in_channels=first[1],
        out_channels=last[0],
        channels=channels,
        layers=layers,
        depth=depth,
        heads=tuple(heads),
        context=_shape(entries, key, 2)[1],
        linear=linear,
        added=added.shape[1] if added is not None and len(added.shape) == 2 else 0,
    )


def read_vae(entries: Entries, single: bool, scaling: float) -> VaeShape | None:
    """The autoencoder's sizes; None when there is none. Raises RakkanError when names are missing."""
    level, layer = ("down", "block") if single else ("down_blocks", "resnets")
    blocks = _indexes(entries, rf"encoder\.{level}\.(\d+)\.{layer}\.(\d+)\.conv1\.weight")
    if not blocks:
        return None
    levels, layers = 1 + max(one[0] for one in blocks), 1 + max(one[1] for one in blocks)
    channels = [
        _shape(entries, f"encoder.{level}.{number}.{layer}.0.conv1.weight", 4)[0]
        for number in range(_capped(levels))
    ]
    latent = _shape(entries, "decoder.conv_in.weight", 4)[1]
    return VaeShape(tuple(channels), _capped(layers), latent, scaling)


def read_clip(entries: Entries) -> TextShape | None:
    """A text encoder in transformers' names after ``text_model.``, as OpenAI's CLIP activates."""
    layers = _indexes(entries, r"encoder\.layers\.(\d+)\.mlp\.fc1\.weight")
    if not layers:
        return None
    vocabulary, width = _shape(entries, "embeddings.token_embedding.weight", 2)
    return TextShape(
        width=width,
        layers=_capped(1 + max(one[0] for one in layers)),
        heads=max(1, width // HEAD),
        intermediate=_shape(entries, f"encoder.layers.{layers[0][0]}.mlp.fc1.weight", 2)[0],
        vocabulary=vocabulary,
        positions=_shape(entries, "embeddings.position_embedding.weight", 2)[0],
        activation="quick_gelu",
    )


def read_open_clip(entries: Entries) -> TextShape | None:
    """A text encoder in OpenCLIP's names, the width of its projection with it."""
    layers = _indexes(entries, r"transformer\.resblocks\.(\d+)\.mlp\.c_fc\.weight")
    if not layers:
        return None
    vocabulary, width = _shape(entries, "token_embedding.weight", 2)
    projection = entries.get("text_projection")
    return TextShape(
        width=width,
        layers=_capped(1 + max(one[0] for one in layers)),
        heads=max(1, width // HEAD),
        intermediate=_shape(entries, f"transformer.resblocks.{layers[0][0]}.mlp.c_fc.weight", 2)[0],
        vocabulary=vocabulary,
        positions=_shape(entries, "positional_embedding", 2)[0],
        activation="gelu",
        projection=projection.shape[1] if projection is not None and len(projection.shape) == 2 else 0,
        is_open_clip=True,
    )


def told_unet(shape: UNetShape, claims: Mapping[str, str]) -> UNetShape:
    """``shape`` with the heads that a folder's settings tell, where they make sense.

    diffusers calls the number of heads ``attention_head_dim`` (its issue 2011).
    """
    value = _number_or_list(claims.get("unet/num_attention_heads", ""))
    value = value or _number_or_list(claims.get("unet/attention_head_dim", ""))
    if len(value) == 1:
        value = value * len(shape.channels)
    fits = len(value) == len(shape.channels) and all(
        heads > 0 and wide % heads == 0 for heads, wide in zip(value, shape.channels, strict=True)
    )
    return replace(shape, heads=value) if fits else shape


def told_text(shape: TextShape, claims: Mapping[str, str], part: str) -> TextShape:
    """``shape`` with heads and activation as a folder's settings tell them, where they make sense."""
    heads = _number_or_list(claims.get(f"{part}/num_attention_heads", ""))
    if len(heads) == 1 and heads[0] > 0 and shape.width % heads[0] == 0:
        shape = replace(shape, heads=heads[0])
    activation = claims.get(f"{part}/hidden_act", "")
    return replace(shape, activation=activation) if activation in ("gelu", "quick_gelu") else shape


def _number_or_list(text: str) -> tuple[int, ...]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    values = value if isinstance(value, list) else [value]
    return tuple(values) if all(type(one) is int for one in values) else ()


_Found = tuple[tuple[int, ...], int, tuple[int, ...], str, str]


def _unet_of_single_file(entries: Entries) -> _Found | None:
    """Channels, residual blocks of a level, depth by level, a projection, a key of cross-attention."""
    blocks = {one[0] for one in _indexes(entries, r"input_blocks\.(\d+)\.0\.in_layers\.2\.weight")}
    if not blocks:
        return None
    downs = {one[0] for one in _indexes(entries, r"input_blocks\.(\d+)\.0\.op\.weight")}
    levels: list[list[int]] = [[]]
    for number in range(1, _capped(1 + max(blocks | downs))):
        if number in downs:
            levels.append([])
        else:
            levels[-1].append(number)
    if not all(levels):
        raise _no_unet("a level of it has no block")
    channels, depth = [], []
    for level in levels:
        here = [number for number in level if number in blocks] or level
        channels.append(_shape(entries, f"input_blocks.{here[0]}.0.in_layers.2.weight", 4)[0])
        depths = [
            one[1]
            for one in _indexes(entries, r"input_blocks\.(\d+)\.1\.transformer_blocks\.(\d+)\.norm1\.weight")
            if one[0] in level
        ]
        depth.append(1 + max(depths) if depths else 0)
    layers = max(map(len, levels))
    return (tuple(channels), layers, tuple(depth), *_attentions(entries, "input_blocks", "middle_block.1"))


def _unet_of_folder(entries: Entries) -> _Found | None:
    blocks = _indexes(entries, r"down_blocks\.(\d+)\.resnets\.(\d+)\.conv1\.weight")
    if not blocks:
        return None
    levels, layers = 1 + max(one[0] for one in blocks), 1 + max(one[1] for one in blocks)
    channels, depth = [], []
    pattern = r"down_blocks\.(\d+)\.attentions\.\d+\.transformer_blocks\.(\d+)\.norm1\.weight"
    inside = _indexes(entries, pattern)
    for level in range(_capped(levels)):
        channels.append(_shape(entries, f"down_blocks.{level}.resnets.0.conv1.weight", 4)[0])
        depths = [one[1] for one in inside if one[0] == level]
        depth.append(_capped(1 + max(depths)) if depths else 0)
    around = _attentions(entries, "down_blocks", "mid_block.attentions.0")
    return (tuple(channels), _capped(layers), tuple(depth), *around)


def _attentions(entries: Entries, down: str, middle: str) -> tuple[str, str]:
    """The name of a projection before attention, and of one that reads the text."""
    told = "transformer_blocks.0.attn2.to_k.weight"
    for name in [f"{middle}.{told}", *entries]:
        if name in entries and name.endswith(f".{told}") and name.startswith((down, middle)):
            around = name.removesuffix(told) + "proj_in.weight"
            if around in entries:
                return around, name
    raise _no_unet("it has no attention to a text")


def _indexes(names: Iterable[str], pattern: str) -> list[tuple[int, ...]]:
    """The numbers in the names that match, each with at most three digits."""
    compiled = re.compile(pattern.replace(r"\d+", r"\d{1,3}"))
    found = (compiled.fullmatch(name) for name in names)
    return [tuple(map(int, one.groups())) for one in found if one]


def _shape(entries: Entries, name: str, sides: int) -> Shape:
    entry = entries.get(name)
    if entry is None:
        raise RakkanError(f"The model lacks {name}", "It is incomplete: fetch it again")
    if sides and len(entry.shape) != sides:
        raise RakkanError(
            f"The model's tensor {name} has {len(entry.shape)} sides, not {sides}",
            "It is of no architecture known here",
        )
    return entry.shape


def _capped(count: int) -> int:
    if count > _MOST:
        raise _no_unet(f"it has {count} blocks")
    return count


def _no_unet(reason: str) -> RakkanError:
    return RakkanError(
        f"The model's networks are none known here: {reason}", "SD 1.x, SD 2.x and SDXL are drawn with"
    )
