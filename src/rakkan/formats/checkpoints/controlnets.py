"""ControlNets (Zhang et al. 2023): a copy of a denoiser's first half, with what it reads and what it adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import layout, shapes
from rakkan.formats.checkpoints.architecture import Architecture, UNetShape
from rakkan.formats.checkpoints.checks import NAMES, check_shapes
from rakkan.formats.checkpoints.detect import family_of
from rakkan.formats.checkpoints.files import few
from rakkan.formats.checkpoints.layout import Weight
from rakkan.formats.checkpoints.tensors import Entry, Tensors

PREFIX = "control_model."
#: Channels of the layers that read the picture: the convolution before, in between, and after.
_HINT = ((3, 16), (16, 16), (16, 32), (32, 32), (32, 96), (96, 96), (96, 256))


def read_controlnet(entries: Mapping[str, Entry]) -> tuple[UNetShape, str, bool]:
    """The sizes of the denoiser it is a copy of, what stands before its names, and whether they are those of
    the first authors. Raises RakkanError when names are missing."""
    prefix = PREFIX if any(name.startswith(PREFIX) for name in entries) else ""
    own = {name.removeprefix(prefix): one for name, one in entries.items() if name.startswith(prefix)}
    single = any(name.startswith("input_blocks.") for name in own)
    first = own.get("input_blocks.0.0.weight" if single else "conv_in.weight")
    if first is not None and len(first.shape) == 4:  # a half has no last layer, by which a whole one is read
        last = Entry(first.dtype, (first.shape[1], first.shape[0], 3, 3))
        own["out.2.weight" if single else "conv_out.weight"] = last
    found = shapes.read_unet(own, single)
    if found is None:
        raise RakkanError(f"This is no ControlNet: it holds {few(entries) or 'nothing'}", "Give one")
    return found, prefix, single


def check_controlnet(
    tensors: Tensors, base: Architecture | None = None, name: str = "The ControlNet"
) -> None:
    """Raises RakkanError unless the file holds a whole ControlNet, and nothing else; with ``base``, unless
    it is for such a checkpoint."""
    entries = tensors.entries
    found, prefix, single = read_controlnet(entries)
    family = family_of(found)
    if base is not None and family != base.family:
        raise RakkanError(
            f"{name} was made for {NAMES[family]}, not for {NAMES[base.family]}: "
            f"see {few(one for one in entries if one.endswith('attn2.to_k.weight'))}",
            "Use it with a checkpoint of its family",
        )
    shape = found if base is None or base.unet is None else base.unet
    wanted = {prefix + (one.single if single else one.folder): one.shape for one in weights(shape)}
    other = "" if base is None else "It was made for another checkpoint"
    check_shapes(entries, wanted, name, "the checkpoint" if base else "the rest of it", other)
    if strange := [one for one in entries if one not in wanted]:
        raise RakkanError(
            f"{name} is of a kind not known here: it holds {few(strange)} besides",
            "Give a plain ControlNet, for one kind of picture",
        )


def weights(shape: UNetShape) -> Iterator[Weight]:
    """The weights of a ControlNet for such a denoiser, by the first authors' names and by diffusers'."""
    for one in layout.unet(replace(shape, out_channels=shape.in_channels)):
        if not one.single.startswith(("output_blocks.", "out.")):
            yield one
    for number, (inner, outer) in enumerate((*_HINT, (_HINT[-1][1], shape.channels[0]))):
        place = {0: "conv_in", len(_HINT): "conv_out"}.get(number, f"blocks.{number - 1}")
        old, new = f"input_hint_block.{2 * number}", f"controlnet_cond_embedding.{place}"
        yield from _both(old, new, (outer, inner, 3, 3))
    skips = [shape.channels[0]]
    for level, channels in enumerate(shape.channels):
        skips += [channels] * (shape.layers + (level < len(shape.channels) - 1))
    for number, channels in enumerate(skips):
        around = (channels, channels, 1, 1)
        yield from _both(f"zero_convs.{number}.0", f"controlnet_down_blocks.{number}", around)
    last = shape.channels[-1]
    yield from _both("middle_block_out.0", "controlnet_mid_block", (last, last, 1, 1))


def _both(single: str, folder: str, shape: layout.Shape) -> Iterator[Weight]:
    yield Weight(f"{single}.weight", f"{folder}.weight", shape)
    yield Weight(f"{single}.bias", f"{folder}.bias", shape[:1])
