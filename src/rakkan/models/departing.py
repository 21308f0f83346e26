"""What a kept model looks like when its account takes it along: a file that says what it is, or its folder.

Tensors stay byte for byte as they are, so AutoV3 does; nothing is ever whole in memory.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import kinds
from rakkan.formats.checkpoints.architecture import SD2, SDXL
from rakkan.formats.checkpoints.files import SafetensorsFile
from rakkan.models import modelspec
from rakkan.models.card import Kept, ModelFile
from rakkan.models.modelspec import ModelSpec
from rakkan.trust.gate import Departure

Progress = Callable[[int, int], None]
#: Opens one file of a model where it is kept.
Opener = Callable[[ModelFile], IO[bytes]]

_SUFFIX = ".safetensors"
_PIECE = 4 * 1024 * 1024
#: ModelSpec's words for what is no whole checkpoint, after the architecture it goes with.
_PARTS = {kinds.EMBEDDING: "textual-inversion", kinds.TINY: "tiny-decoder"}
_SINGLE_FILE = "https://github.com/Stability-AI/generative-models"
#: What diffusers' index says of each part.
_CLASSES = {
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
}


def departure(kept: Kept, account: str, open_file: Opener, progress: Progress) -> Departure:
    """A kept model, ready for the gate to hand out. ``progress`` is told the bytes done and in all, each of
    a single file counting twice: it is hashed first. Raises RakkanError when a file of it is gone."""
    texts = []
    with ExitStack() as closing:
        held = {one.path: closing.enter_context(open_file(one)) for one in kept.files}
        read = {path: SafetensorsFile(content, path) for path, content in held.items()}
        texts = [one.metadata for one in read.values()]
        settings = _settings(kept, read) if is_folder(kept) else {}
    files: dict[str, Callable[[], Iterator[bytes]]] = {}
    if is_folder(kept):
        told = _Told(progress, sum(one.size for one in kept.files))
        files |= {one.path: lambda one=one: _as_it_is(open_file(one), told) for one in kept.files}  # type: ignore[misc]
        files |= {path: lambda text=text: iter([text.encode()]) for path, text in settings.items()}  # type: ignore[misc]
    else:
        (only,) = kept.files
        told = _Told(progress, 2 * only.size)
        files[only.path] = lambda: _saying(kept, only, open_file, told)
    return Departure(
        account,
        (kept.card.digest, *(one.sha256 for one in kept.files)),
        (kept.card.name, *kept.card.triggers),
        tuple(texts),
        files,
        is_folder(kept),
    )


def is_folder(kept: Kept) -> bool:
    """Whether a model is a folder in diffusers' layout."""
    return len(kept.files) > 1 or "/" in kept.files[0].path


def check_place(kept: Kept, to: Path) -> None:
    """Raises RakkanError for a name that says something else than what will lie there."""
    named = to.suffix.lower() == _SUFFIX
    if is_folder(kept) and named:
        raise RakkanError(f"{kept.card.name!r} is a folder of files", f"Give a folder: --out {to.stem}")
    if not is_folder(kept) and not named:
        raise RakkanError(
            f"{kept.card.name!r} is one file", f"Give it with its ending: --out {to.name}{_SUFFIX}"
        )


def described(kept: Kept, metadata: Mapping[str, str], digest: str) -> ModelSpec:
    """What a model's file is to say of itself: its own claims, and where it makes none what its card knows.

    ``digest`` is the SHA-256 of its tensors. The licence is the card's: the best claim there is.
    """
    card = kept.card
    side = f"{card.resolution}x{card.resolution}" if card.resolution else ""
    known = {
        "architecture": _architecture(kept),
        "implementation": "diffusers" if card.layout == "diffusers" else _SINGLE_FILE,
        "title": card.name,
        "resolution": side,
        "prediction": card.prediction,
    }
    spec = modelspec.completed(modelspec.read(metadata), known)
    return replace(spec, hash=digest, licence=kept.licence.words or spec.licence)


def _architecture(kept: Kept) -> str:
    """ModelSpec's identifier: of a checkpoint its family's, of what goes with one that and its sort."""
    card = kept.card
    family = card.family
    if family == SD2:
        family += "-768-v" if card.prediction == "v" else "-512"
    if card.kind == kinds.CHECKPOINT:
        return family
    return "/".join(part for part in (family, _PARTS.get(card.kind, card.kind.lower())) if part)


def _saying(kept: Kept, file: ModelFile, open_file: Opener, told: _Told) -> Iterator[bytes]:
    """The file with ModelSpec in its header."""
    with open_file(file) as content:
        held = SafetensorsFile(content, file.path)
        content.seek(held.header_bytes)
        hasher = hashlib.sha256()
        while piece := content.read(_PIECE):
            hasher.update(piece)
            told(len(piece))
        digest = hasher.hexdigest()
        if not digest.startswith(file.autov3):
            raise RakkanError(f"{file.path} is not as it was when it came in", "See rakkan vault verify")
        for piece in modelspec.with_metadata(content, described(kept, held.metadata, digest)):
            yield piece
            told(len(piece))
        told(file.size)  # the new header need not be as long as the old one


def _as_it_is(content: IO[bytes], told: _Told) -> Iterator[bytes]:
    with content:
        while piece := content.read(_PIECE):
            yield piece
            told(len(piece))


class _Told:
    """Adds up bytes for a ``progress``."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def __call__(self, more: int) -> None:
        self._done += more
        self._progress(min(self._done, self._total), self._total)


def _settings(kept: Kept, read: Mapping[str, SafetensorsFile]) -> dict[str, str]:
    """What lies in a folder beside its weights, as far as it is kept: what is needed to draw with it."""
    parts = {path.split("/")[0] for path in read}
    name = "StableDiffusionXLPipeline" if kept.card.family == SDXL else "StableDiffusionPipeline"
    found: dict[str, Any] = {
        "model_index.json": {"_class_name": name, **{part: _CLASSES[part] for part in sorted(parts)}}
    }
    for key, text in kept.card.settings.items():
        part, _, setting = key.partition("/")
        file = "scheduler_config.json" if part == "scheduler" else "config.json"
        found.setdefault(f"{part}/{file}", {})[setting] = _value(text)
    for part in parts:
        shards = {path: one for path, one in read.items() if path.startswith(f"{part}/")}
        if len(shards) > 1:
            found[_index_name(min(shards))] = _index(shards)
    made = {path: json.dumps(value, indent=2, ensure_ascii=False) + "\n" for path, value in found.items()}
    if words := kept.licence.words:
        made["README.md"] = f"---\nlicense: {json.dumps(words, ensure_ascii=False)}\n---\n"
    return made


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _index_name(shard: str) -> str:
    return re.sub(r"(-\d+-of-\d+)?\.safetensors$", f"{_SUFFIX}.index.json", shard)


def _index(shards: Mapping[str, SafetensorsFile]) -> dict[str, Any]:
    """Which shard holds which tensor, as diffusers and transformers read it."""
    places = {name: (path, place) for path, one in shards.items() for name, place in one.places.items()}
    return {
        "metadata": {"total_size": sum(place.end - place.begin for _, place in places.values())},
        "weight_map": {name: path.split("/")[1] for name, (path, _) in sorted(places.items())},
    }
