"""IP-Adapters (Ye et al. 2023), plain and plus: a projection of a picture, and keys and values for each
cross-attention of a denoiser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import CONTEXTS, Architecture, UNetShape
from rakkan.formats.checkpoints.checks import NAMES, check_shapes, sides
from rakkan.formats.checkpoints.files import few
from rakkan.formats.checkpoints.image_encoders import VisionShape
from rakkan.formats.checkpoints.layout import middle_depth
from rakkan.formats.checkpoints.tensors import Entry, Tensors

_PROJECTION, _ATTENTION = "image_proj.", "ip_adapter."
#: What the plain kind makes of a picture: so many words.
_WORDS = 4
#: Layers of the resampler of "plus", and the width of one of its heads.
_LAYERS, _HEAD = 4, 64

Shape = tuple[int, ...]


@dataclass(frozen=True)
class AdapterShape:
    """``is_plain`` reads an image encoder's summary, else the states of all its patches; ``reads`` is how
    many numbers each of these has, ``context`` the width of the words it makes."""

    is_plain: bool
    reads: int
    context: int

    def fits(self, encoder: VisionShape) -> bool:
        """Whether the encoder gives what the adapter reads."""
        return self.reads == (encoder.projection if self.is_plain else encoder.width)


def check_ip_adapter(
    tensors: Tensors, base: Architecture | None = None, name: str = "The IP-Adapter"
) -> AdapterShape:
    """Its sizes. Raises RakkanError, naming the first few tensors, unless the file holds a whole IP-Adapter,
    plain or plus, and nothing else; with ``base``, unless it is for such a checkpoint."""
    entries = tensors.entries
    strange = [one for one in entries if not one.startswith((_PROJECTION, _ATTENTION)) or "lora" in one]
    is_plain = f"{_PROJECTION}proj.weight" in entries
    if strange or not (is_plain or f"{_PROJECTION}latents" in entries):
        raise RakkanError(
            f"{name} is no IP-Adapter, plain or plus: it holds {few(strange or entries)}",
            "Use one of those; adapters that read faces are not supported",
        )
    telling = "proj.weight" if is_plain else "proj_in.weight"
    reads = _wide(entries, f"{_PROJECTION}{telling}", name)
    context = _wide(entries, f"{_ATTENTION}1.to_k_ip.weight", name)
    family = CONTEXTS.get(context, "")
    if base is not None and family and family != base.family:
        raise RakkanError(
            f"{name} was made for {NAMES[family]}, not for {NAMES[base.family]}: "
            f"see {_ATTENTION}1.to_k_ip.weight, {context} wide",
            "Use it with a checkpoint of its family",
        )
    wanted = _plain(context, reads) if is_plain else _plus(entries, context, reads, name)
    if base is not None and base.unet is not None:
        wanted |= _attentions(list(widths(base.unet)), base.unet.context)
    else:
        rows = [_rows(entries, number) for number in range(_count(entries))]
        wanted |= _attentions(rows, context)
    other = "" if base is None else "It was made for another checkpoint"
    check_shapes(entries, wanted, name, "the checkpoint" if base else "the rest of it", other)
    if strange := [one for one in entries if one not in wanted]:
        raise RakkanError(
            f"{name} is not what it looks like: it holds {few(strange)} besides",
            other or "It is mixed up: fetch it again",
        )
    return AdapterShape(is_plain, reads, context)


def widths(unet: UNetShape) -> Iterator[int]:
    """The width of each cross-attention, in the order that IP-Adapters number them: on the way down, on the
    way up, and in the middle."""
    levels = list(zip(unet.channels, unet.depth, strict=True))
    for wide, depth in levels:
        yield from [wide] * (unet.layers * depth)
    for wide, depth in reversed(levels):
        yield from [wide] * ((unet.layers + 1) * depth)
    yield from [unet.channels[-1]] * middle_depth(unet)


def _attentions(rows: list[int], context: int) -> dict[str, Shape]:
    return {
        f"{_ATTENTION}{2 * number + 1}.{part}.weight": (wide, context)
        for number, wide in enumerate(rows)
        for part in ("to_k_ip", "to_v_ip")
    }


def _plain(context: int, reads: int) -> dict[str, Shape]:
    found: dict[str, Shape] = {"proj.weight": (_WORDS * context, reads), "proj.bias": (_WORDS * context,)}
    found |= {"norm.weight": (context,), "norm.bias": (context,)}
    return {_PROJECTION + one: shape for one, shape in found.items()}


def _plus(entries: Mapping[str, Entry], context: int, reads: int, name: str) -> dict[str, Shape]:
    """The resampler, by the sizes that its first layer tells."""
    latents = entries[f"{_PROJECTION}latents"].shape
    inner = _wide(entries, f"{_PROJECTION}layers.0.0.to_q.weight", name)
    outer = _HEAD * max(1, entries[f"{_PROJECTION}layers.0.0.to_q.weight"].shape[0] // _HEAD)
    found: dict[str, Shape] = {
        "latents": (1, latents[1] if len(latents) > 1 else 1, inner),
        "proj_in.weight": (inner, reads),
        "proj_in.bias": (inner,),
        "proj_out.weight": (context, inner),
        "proj_out.bias": (context,),
        "norm_out.weight": (context,),
        "norm_out.bias": (context,),
    }
    for number in range(_LAYERS):
        layer = f"layers.{number}"
        found |= {
            f"{layer}.0.{norm}.{end}": (inner,) for norm in ("norm1", "norm2") for end in ("weight", "bias")
        }
        found |= {
            f"{layer}.0.to_q.weight": (outer, inner),
            f"{layer}.0.to_kv.weight": (2 * outer, inner),
            f"{layer}.0.to_out.weight": (inner, outer),
            f"{layer}.1.0.weight": (inner,),
            f"{layer}.1.0.bias": (inner,),
            f"{layer}.1.1.weight": (4 * inner, inner),
            f"{layer}.1.3.weight": (inner, 4 * inner),
        }
    return {_PROJECTION + one: shape for one, shape in found.items()}


def _count(entries: Mapping[str, Entry]) -> int:
    return max(1, sum(one.endswith(".to_k_ip.weight") for one in entries))


def _rows(entries: Mapping[str, Entry], number: int) -> int:
    held = entries.get(f"{_ATTENTION}{2 * number + 1}.to_k_ip.weight")
    return held.shape[0] if held is not None and held.shape else 0


def _wide(entries: Mapping[str, Entry], key: str, name: str) -> int:
    """The columns of a matrix. Raises RakkanError when it is none."""
    if key not in entries:
        raise RakkanError(f"{name} lacks {key}", "It is incomplete: fetch it again")
    if len(entries[key].shape) != 2:
        raise RakkanError(f"{name}'s {key} is {sides(entries[key].shape)}", "It is mixed up: fetch it again")
    return entries[key].shape[1]
