"""LoRA files and textual inversions: what they change, and whether that is in a given checkpoint.

Names of LoRA layers: kohya-ss and LyCORIS (``lora_unet_…`` with underscores, ``lora_te1_…``) and
diffusers/PEFT (``unet.….lora_A.weight``, before that ``….lora.down.weight``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import layout
from rakkan.formats.checkpoints.architecture import CONTEXTS, SD1, SD2, SDXL, Architecture
from rakkan.formats.checkpoints.checks import NAMES
from rakkan.formats.checkpoints.decompositions import ENDS, LOW_RANK, Sizes, end_of, sizes
from rakkan.formats.checkpoints.files import few
from rakkan.formats.checkpoints.tensors import Entry, Tensors

KOHYA, DIFFUSERS = "kohya", "diffusers"
#: Decompositions that are not drawn with, by how their matrices' names end (LyCORIS).
_OTHERS = {".oft_blocks": "OFT", ".oft_diag": "OFT"}
#: Widths of the texts that text encoders of one alone make, by family.
_TEXTS = {768: SD1, 1024: SD2}


@dataclass(frozen=True)
class Layer:
    """One changed layer: its key in the file without the ending, and the sizes of its change."""

    key: str
    sizes: Sizes


@dataclass(frozen=True)
class Lora:
    """``naming`` is ``kohya`` or ``diffusers``; ``ranks`` from least to most; ``family`` the base it was made
    for as its shapes tell, "" when they do not; ``texts`` whether it changes text encoders, too; ``kind``
    is ``LoRA``, ``LoHa`` or ``LoKr``, with ``DoRA`` where it has magnitudes, or the name of another
    decomposition, whose layers are not told apart and which is not drawn with."""

    naming: str
    ranks: tuple[int, ...]
    family: str
    texts: bool
    layers: tuple[Layer, ...]
    kind: str = "LoRA"


def read_lora(entries: Mapping[str, Entry]) -> Lora | None:
    """What a LoRA changes; None for a file that is none. Raises RakkanError for a half of a pair alone."""
    other = next((kind for end, kind in _OTHERS.items() if any(name.endswith(end) for name in entries)), "")
    layers = tuple(_layers(entries))
    kinds = sorted({one.sizes.kind for one in layers})
    if any(ENDS.get(end_of(name)) == "magnitude" for name in entries):
        kinds = [kind for kind in kinds if kind != LOW_RANK] + ["DoRA"]
    if not layers and not other:
        return None
    kohya = any(name.startswith("lora_") for name in entries)
    return Lora(
        naming=KOHYA if kohya else DIFFUSERS,
        ranks=tuple(sorted({one.sizes.rank for one in layers} - {0})),
        family=_family(entries, layers),
        texts=any(re.match(r"lora_te|text_encoder|te\d?[._]", name) for name in entries),
        layers=layers,
        kind=other or ", ".join(kinds),
    )


def check_lora(tensors: Tensors, base: Architecture, name: str = "The LoRA") -> None:
    """Raises RakkanError when a LoRA was made for another base than ``base``."""
    found = read_lora(tensors.entries)
    if found is None:
        raise RakkanError(f"{name} is no LoRA: it holds {few(tensors.entries)}", "Give one")
    if found.family and found.family != base.family:
        raise RakkanError(
            f"{name} was made for {NAMES[found.family]}, not for {NAMES[base.family]}: "
            f"see {few(one.key for one in found.layers)}",
            "Use it with a checkpoint of its family",
        )
    places = _places(base)
    unknown = [one.key for one in found.layers if _plain(one.key) not in places]
    if unknown:
        raise RakkanError(
            f"{name} changes {len(unknown)} layers that this checkpoint does not have: {few(unknown)}",
            "It was made for another one",
        )
    sides = {one.key: (one.sizes.rows, one.sizes.columns) for one in found.layers}
    wrong = [key for key, both in sides.items() if places[_plain(key)] != both]
    if wrong:
        raise RakkanError(
            f"{name} does not fit this checkpoint in {len(wrong)} layers: {few(wrong)}",
            "It was made for another one",
        )


def read_embedding(entries: Mapping[str, Entry]) -> tuple[int, ...] | None:
    """The widths of a textual inversion, one for each text encoder; None for a file that is none."""
    if set(entries) == {"clip_l", "clip_g"}:
        shapes = [entries["clip_l"].shape, entries["clip_g"].shape]
    elif len(entries) == 1:
        shapes = [one.shape for one in entries.values()]
    else:
        shapes = [entries["emb_params"].shape] if "emb_params" in entries and len(entries) <= 3 else []
    if not shapes or not all(1 <= len(shape) <= 2 for shape in shapes):
        return None
    vectors = {shape[0] if len(shape) == 2 else 1 for shape in shapes}
    return tuple(shape[-1] for shape in shapes) if len(vectors) == 1 and max(vectors) <= 256 else None


def embedding_family(widths: tuple[int, ...]) -> str:
    """The family a textual inversion was made for, by its widths; "" when they do not tell."""
    if len(widths) == 2:
        return SDXL
    return _TEXTS.get(widths[0], "")


def check_embedding(tensors: Tensors, base: Architecture, name: str = "The textual inversion") -> None:
    """Raises RakkanError when a textual inversion was made for another base than ``base``."""
    widths = read_embedding(tensors.entries)
    if widths is None:
        raise RakkanError(f"{name} is no textual inversion: it holds {few(tensors.entries)}", "Give one")
    wanted = tuple(one.width for one in base.text)
    if widths != wanted:
        raise RakkanError(
            f"{name} is {_and(widths)} wide, where {NAMES[base.family]} reads {_and(wanted)}",
            "Use it with a checkpoint of its family",
        )


def _layers(entries: Mapping[str, Entry]) -> Iterator[Layer]:
    found: dict[str, dict[str, str]] = {}
    for name in entries:
        if end := end_of(name):
            found.setdefault(name.removesuffix(end), {})[ENDS[end]] = name
    for key, names in found.items():
        if names.keys() <= {"alpha", "magnitude"}:
            continue  # of something else than a layer's change
        made = sizes({part: entries[name].shape for part, name in names.items()})
        if made is None:
            few_names = few(name for part, name in names.items() if part != "alpha")
            if len(names.keys() - {"alpha", "magnitude"}) == 1:
                raise RakkanError(f"The LoRA holds {few_names} without its other half", "Fetch it again")
            raise RakkanError(f"The LoRA's matrices {few_names} do not fit each other", "Fetch it again")
        yield Layer(key, made)


def _family(entries: Mapping[str, Entry], layers: tuple[Layer, ...]) -> str:
    if any(name.startswith(("lora_te2_", "text_encoder_2")) for name in entries):
        return SDXL
    widths = {one.sizes.columns for one in layers if re.search(r"attn2[._](processor\.)?to_[kv]$", one.key)}
    for width in widths:
        if width in CONTEXTS:
            return CONTEXTS[width]
    texts = {one.sizes.columns for one in layers if re.match(r"lora_te_|text_encoder\.", one.key)}
    return next((_TEXTS[width] for width in texts if width in _TEXTS), "")


def _plain(key: str) -> str:
    """A layer's name as kohya-ss has it, whoever wrote it: parts joined by underscores."""
    plain = key.replace("_lora", "").replace(".processor", "").replace(".", "_")
    if plain.startswith("lora_"):
        return plain
    for part, short in (
        ("text_encoder_2_", "lora_te2_"),
        ("text_encoder_", "lora_te1_"),
        ("unet_", "lora_unet_"),
    ):
        if plain.startswith(part):
            return short + plain.removeprefix(part)
    return plain


def _places(base: Architecture) -> dict[str, tuple[int, ...]]:
    """The layers of a checkpoint that can be changed, by the names LoRA files have for them, with their
    outputs and inputs."""
    found: dict[str, tuple[int, ...]] = {}
    for one in layout.unet(base.unet) if base.unet else ():
        if len(one.shape) > 1:
            for name in (one.single, one.folder):
                plain = name.removesuffix(".weight").replace(".", "_")
                found[f"lora_unet_{plain}"] = sides = one.shape[0], prod(one.shape[1:])
                # A layer of attention that older versions did not count.
                found[f"lora_unet_{plain.replace('_to_out_0', '_to_out')}"] = sides
    for number, text in enumerate(base.text):
        names = ("lora_te_", "lora_te1_") if number == 0 else (f"lora_te{number + 1}_",)
        for name, shape in layout.clip(text).items():
            if len(shape) > 1 and not name.startswith("embeddings"):
                plain = name.removesuffix(".weight").replace(".", "_")
                for prefix in names:
                    found[f"{prefix}text_model_{plain}"] = found[f"{prefix}{plain}"] = shape[:2]
    return found


def _and(widths: tuple[int, ...]) -> str:
    return " and ".join(map(str, widths))
