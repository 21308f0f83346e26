"""CLIP's image encoders in transformers' names (Radford et al. 2021), which IP-Adapters look through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.checks import check_shapes, sides
from rakkan.formats.checkpoints.files import few
from rakkan.formats.checkpoints.tensors import Entry, Tensors

PREFIX = "vision_model."
#: All of CLIP's image encoders that IP-Adapters use have as many heads.
HEADS = 16
_PATCHES = f"{PREFIX}embeddings.patch_embedding.weight"
_POSITIONS = f"{PREFIX}embeddings.position_embedding.weight"
_INNER = f"{PREFIX}encoder.layers.0.mlp.fc1.weight"
_PROJECTION = "visual_projection.weight"
#: Nothing real has more layers: a cap on what a lying header makes this compute.
_MOST_LAYERS = 256


@dataclass(frozen=True)
class VisionShape:
    """An image encoder: its ``width`` (of the states of all patches), ``layers``, width inside of them, width
    of its ``projection`` (the summary), and pixels a side of a ``patch`` and of the ``picture`` it sees."""

    width: int
    layers: int
    intermediate: int
    projection: int
    patch: int
    picture: int


def is_image_encoder(entries: Mapping[str, Entry]) -> bool:
    """Whether the names are those of one, whole or not."""
    return any(name.startswith(PREFIX) for name in entries)


def read_image_encoder(entries: Mapping[str, Entry], name: str = "The image encoder") -> VisionShape:
    """Its sizes. Raises RakkanError when a tensor that tells them is missing or makes no sense."""
    telling = {_PATCHES: 4, _POSITIONS: 2, _INNER: 2, _PROJECTION: 2}
    if missing := [one for one in telling if one not in entries]:
        raise RakkanError(f"{name} lacks {few(missing)}", "Give a CLIP image encoder with its projection")
    wrong = [
        f"{one} is {sides(entries[one].shape)}"
        for one, count in telling.items()
        if len(entries[one].shape) != count
    ]
    patches, positions = entries[_PATCHES].shape, entries[_POSITIONS].shape
    if not wrong:
        if patches[0] % HEADS or patches[2] != patches[3] or not patches[2]:
            wrong.append(f"{_PATCHES} is {sides(patches)}")
        if positions[0] < 2 or isqrt(positions[0] - 1) ** 2 != positions[0] - 1:
            wrong.append(f"{_POSITIONS} is {sides(positions)}")
    numbers = {one.split(".")[3] for one in entries if one.startswith(f"{PREFIX}encoder.layers.")}
    if wrong or len(numbers) > _MOST_LAYERS:
        raise RakkanError(
            f"{name} is of no architecture known here: {few(wrong) or 'too many layers'}",
            "Give the image_encoder that the IP-Adapter's page names",
        )
    return VisionShape(
        width=patches[0],
        layers=len(numbers),
        intermediate=entries[_INNER].shape[0],
        projection=entries[_PROJECTION].shape[0],
        patch=patches[2],
        picture=isqrt(positions[0] - 1) * patches[2],
    )


def check_image_encoder(tensors: Tensors, name: str = "The image encoder") -> VisionShape:
    """Its sizes. Raises RakkanError, naming the first few tensors, unless all of it is there and fits.

    What stands beside it, such as the text encoder it was trained with, is passed over.
    """
    entries = tensors.entries
    shape = read_image_encoder(entries, name)
    check_shapes(entries, expected(shape), name)
    return shape


def expected(shape: VisionShape) -> dict[str, tuple[int, ...]]:
    """Every tensor that such an encoder has."""
    width, inner = shape.width, shape.intermediate
    positions = (shape.picture // shape.patch) ** 2 + 1
    found: dict[str, tuple[int, ...]] = {
        f"{PREFIX}embeddings.class_embedding": (width,),
        _PATCHES: (width, 3, shape.patch, shape.patch),
        _POSITIONS: (positions, width),
        _PROJECTION: (shape.projection, width),
    }
    linear = {"mlp.fc1": (inner, width), "mlp.fc2": (width, inner)}
    linear |= {f"self_attn.{one}": (width, width) for one in ("k_proj", "v_proj", "q_proj", "out_proj")}
    # transformers spells the first of these so
    norms = ["pre_layrnorm", "post_layernorm"]
    for number in range(shape.layers):
        layer = f"encoder.layers.{number}"
        norms += [f"{layer}.layer_norm1", f"{layer}.layer_norm2"]
        for one, sides_of in linear.items():
            found |= _both(f"{PREFIX}{layer}.{one}", sides_of)
    for one in norms:
        found |= _both(f"{PREFIX}{one}", (width,))
    return found


def _both(name: str, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
