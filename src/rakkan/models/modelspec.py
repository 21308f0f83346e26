"""ModelSpec 1.0.1: what a model file says of itself, read tolerantly as claims, and written.

Source: Stability-AI/ModelSpec, keys ``modelspec.…`` in the metadata of a safetensors file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import IO

from rakkan.errors import RakkanError
from rakkan.formats import safetensors_file

VERSION = "1.0.1"
PREFIX = "modelspec."
#: Characters of a text that are kept, and items of a list.
LONGEST, MOST = 4000, 100
_PIECE = 4 * 1024 * 1024
_PREDICTIONS = ("epsilon", "v")
#: Keys of the specification by our names; a picture as long as a model's header is left where it is.
_KEYS = {
    "architecture": "architecture",
    "implementation": "implementation",
    "title": "title",
    "resolution": "resolution",
    "description": "description",
    "author": "author",
    "date": "date",
    "licence": "license",
    "usage_hint": "usage_hint",
    "prediction": "prediction_type",
    "trigger": "trigger_phrase",
    "hash": "hash_sha256",
}
_LISTS = ("tags", "merged_from")
#: Every key that is written here; others of the specification, such as a thumbnail, are left as they are.
_WRITTEN = {PREFIX + key for key in ("sai_model_spec", *_KEYS.values(), *_LISTS)}
_RESOLUTION = re.compile(r"[1-9]\d{1,4}x[1-9]\d{1,4}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?")


@dataclass(frozen=True)
class ModelSpec:
    """The claims of a file; "" and () where it makes none. ``resolution`` is ``WIDTHxHEIGHT``, ``prediction``
    ``epsilon`` or ``v``, ``date`` ISO 8601, ``hash`` the 64 digits it claims its tensors to have."""

    architecture: str = ""
    implementation: str = ""
    title: str = ""
    resolution: str = ""
    description: str = ""
    author: str = ""
    date: str = ""
    licence: str = ""
    usage_hint: str = ""
    prediction: str = ""
    trigger: str = ""
    hash: str = ""
    tags: tuple[str, ...] = ()
    merged_from: tuple[str, ...] = ()


def read(metadata: Mapping[str, str]) -> ModelSpec:
    """The claims in a file's metadata. What is not of the form it should have is left out; nothing is
    believed."""
    texts = {name: _line(metadata.get(PREFIX + key, "")) for name, key in _KEYS.items()}
    texts["hash"] = texts["hash"].lower().removeprefix("0x")
    forms = {"resolution": _RESOLUTION, "date": _DATE, "hash": re.compile("[0-9a-f]{64}")}
    texts |= {name: "" for name, form in forms.items() if not form.fullmatch(texts[name])}
    if texts["prediction"] not in _PREDICTIONS:
        texts["prediction"] = ""
    lists = {name: _items(metadata.get(PREFIX + name, "")) for name in _LISTS}
    return ModelSpec(**texts, **lists)  # type: ignore[arg-type]


def completed(spec: ModelSpec, known: Mapping[str, str]) -> ModelSpec:
    """The claims, and by their names texts that are ``known`` where they claim nothing."""
    return replace(
        spec,
        **{name: _line(text) for name, text in known.items() if not getattr(spec, name)},  # type: ignore[arg-type]
    )


def write(spec: ModelSpec) -> dict[str, str]:
    """The metadata that say ``spec``. Raises RakkanError when what the specification demands is missing, or
    a text is not of its form."""
    for name in ("architecture", "implementation", "title"):
        if not getattr(spec, name):
            raise RakkanError(f"ModelSpec demands the {name} of a model", "Give it")
    made = {PREFIX + "sai_model_spec": VERSION}
    made |= {PREFIX + key: value for name, key in _KEYS.items() if (value := getattr(spec, name))}
    if spec.hash:
        made[PREFIX + "hash_sha256"] = f"0x{spec.hash}"
    for name, items in (("tags", spec.tags), ("merged_from", spec.merged_from)):
        if any("," in item for item in items):
            raise RakkanError(f"An item of the {name} holds a comma, which parts them", "Leave it out")
        if items:
            made[PREFIX + name] = ", ".join(items)
    if read(made) != spec:
        raise RakkanError(
            "Some of the model's description is not of the form that ModelSpec has", "See its version 1.0.1"
        )
    return made


def with_metadata(content: IO[bytes], spec: ModelSpec) -> Iterator[bytes]:
    """A safetensors file that says ``spec``, piece by piece, its tensors byte for byte as they are.

    ``content`` is the file as it was; its other texts stay, letter by letter also those that say what
    ``spec`` does. Raises RakkanError when it is unsound, or the texts are longer than a header may be.
    """
    size = content.seek(0, 2)
    content.seek(0)
    start = content.read(8)
    end = safetensors_file.header_bytes(start)
    header, places = safetensors_file.table(start + content.read(end - 8), size)
    before = header.metadata
    kept = {key: text for key, text in before.items() if key not in _WRITTEN}
    said = {key: _as_it_was(key, before.get(key), text) for key, text in write(spec).items()}
    table: dict[str, object] = {"__metadata__": {**kept, **said}}
    for name, place in places.items():
        offsets = [place.begin - end, place.end - end]
        table[name] = {"dtype": place.dtype, "shape": list(place.shape), "data_offsets": offsets}
    text = json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    start = len(text).to_bytes(8, "little") + text
    safetensors_file.table(start, len(start) + size - end)  # within the caps
    yield start
    content.seek(end)
    while piece := content.read(_PIECE):
        yield piece


def _as_it_was(key: str, before: str | None, text: str) -> str:
    if before is None or key == PREFIX + "sai_model_spec":
        return text
    return before if read({key: before}) == read({key: text}) else text


def _line(text: str) -> str:
    """A stranger's text: cut, on one line, without what moves a cursor."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text[:LONGEST])
    return " ".join(plain.split())


def _items(text: str) -> tuple[str, ...]:
    parts = (_line(part) for part in text[: LONGEST * 10].split(","))
    return tuple(part for part in parts if part)[:MOST]
