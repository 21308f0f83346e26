"""Opening the files of a model: one safetensors file, or a diffusers folder with its parts and shards.

A file may lie on the disk or in the vault: anything seekable will do. Headers are parsed here by
``safetensors_file``; what comes from outside and is to be kept passes the gate, which does so in the sandbox.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import IO, Any

from rakkan.errors import RakkanError
from rakkan.formats import safetensors_file
from rakkan.formats.checkpoints.tensors import Entry, Tensors

#: The parts of a diffusers folder that are used, by the folders they lie in.
PARTS = ("unet", "vae", "text_encoder", "text_encoder_2")
_LARGEST_TEXT = 8 * 1024 * 1024
_LONGEST_CLAIM = 400
#: What is read of a folder's settings; all else follows from shapes, or is nothing to draw by.
_CLAIMS = {
    "scheduler": (
        "prediction_type",
        "rescale_betas_zero_snr",
        "beta_start",
        "beta_end",
        "beta_schedule",
        "num_train_timesteps",
        "steps_offset",
        "timestep_spacing",
    ),
    "unet": ("attention_head_dim", "num_attention_heads"),
    "vae": ("scaling_factor",),
    "text_encoder": ("hidden_act", "num_attention_heads"),
    "text_encoder_2": ("hidden_act", "num_attention_heads"),
}
_FEW = 3

_PICKLED = (".ckpt", ".pt", ".pth", ".bin", ".pkl")
PICKLE_HINT = (
    "Such a file can run programs when it is opened. Get the safetensors version, or convert it to "
    "safetensors on a machine you can do without"
)


class SafetensorsFile:
    """The tensors of one safetensors file. ``content`` is seekable; ``name`` is what errors call it."""

    def __init__(self, content: IO[bytes], name: str) -> None:
        refuse_pickle(content, name)
        self._content, self._name, self._lock = content, name, Lock()
        try:
            size = content.seek(0, os.SEEK_END)
            content.seek(0)
            start = content.read(8)
            wanted = safetensors_file.header_bytes(start)
            start += content.read(min(wanted, size) - 8)
            self._header, self._places = safetensors_file.table(start, size)
        except RakkanError as error:
            raise RakkanError(f"{name}: {error.message}", error.hint) from error
        self._entries = {key: Entry(one.dtype, one.shape) for key, one in self._places.items()}

    @property
    def entries(self) -> Mapping[str, Entry]:
        """All tensors, in the order of their bytes."""
        return self._entries

    @property
    def metadata(self) -> Mapping[str, str]:
        """The file's own texts."""
        return self._header.metadata

    @property
    def header_bytes(self) -> int:
        """The bytes before the first tensor."""
        return self._header.size

    @property
    def places(self) -> Mapping[str, safetensors_file.Place]:
        """Where each tensor lies."""
        return self._places

    def read(self, name: str) -> bytes:
        """The bytes of one tensor. Raises RakkanError when they are cut short, or there is none such."""
        place = self._places.get(name)
        if place is None:
            raise RakkanError(f"{self._name} holds no tensor {shown(name)}", "Give the whole model")
        with self._lock:
            self._content.seek(place.begin)
            data = self._content.read(place.end - place.begin)
        if len(data) != place.end - place.begin:
            raise RakkanError(f"{self._name} is cut short at its tensor {shown(name)}", "Fetch it again")
        return data


class Parts:
    """Several files as one: the tensors of the part ``unet`` are called ``unet/…``."""

    def __init__(self, files: Iterable[tuple[str, Tensors]], metadata: Mapping[str, str]) -> None:
        self._holders: dict[str, tuple[Tensors, str]] = {}
        self._metadata = dict(metadata)
        for part, tensors in files:
            for name in tensors.entries:
                whole = f"{part}/{name}"
                if whole in self._holders:
                    raise RakkanError(f"Two files hold the tensor {shown(whole)}", "Give each part once")
                self._holders[whole] = (tensors, name)
            for key, text in tensors.metadata.items():
                self._metadata.setdefault(key, text)
        self._entries = {whole: held.entries[name] for whole, (held, name) in self._holders.items()}

    @property
    def entries(self) -> Mapping[str, Entry]:
        """All tensors, part by part, in the order of their bytes."""
        return self._entries

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the folder's settings say (``scheduler/prediction_type``, …), then its files' own texts."""
        return self._metadata

    def read(self, name: str) -> bytes:
        """The bytes of one tensor. Raises RakkanError as ``SafetensorsFile.read`` does."""
        if name not in self._holders:
            raise RakkanError(f"The folder holds no tensor {shown(name)}", "Give the whole model")
        held, own = self._holders[name]
        return held.read(own)


def of_files(files: Mapping[str, IO[bytes]], claims: Mapping[str, str]) -> Tensors:
    """The tensors of opened files by their path in the folder: a single one without a part is the whole
    model. ``claims`` are what ``claims_of`` found in the folder. Raises RakkanError."""
    if len(files) == 1 and "/" not in (name := next(iter(files))):
        return SafetensorsFile(files[name], name)
    made = [(name.split("/")[0], SafetensorsFile(content, name)) for name, content in sorted(files.items())]
    return Parts(made, claims)


@contextmanager
def opened(path: Path) -> Iterator[Tensors]:
    """The tensors of a file or a diffusers folder on the disk. Raises RakkanError for what is neither."""
    with ExitStack() as closing:
        files = {}
        for name, file in weights_of(path).items():
            try:
                files[name] = closing.enter_context(file.open("rb"))
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise RakkanError(f"{file} cannot be read: {reason}", "Check its permissions") from error
        yield of_files(files, claims_of(path))


def weights_of(path: Path) -> dict[str, Path]:
    """The files that hold the model at ``path``, by their path in its folder.

    Of a diffusers folder those of the parts that are used; where a part lies there more than once (``fp16``
    beside full), the one without a variant. Raises RakkanError for pickles, and for what is no model.
    """
    if path.is_dir():
        if not (path / "model_index.json").is_file():
            raise RakkanError(
                f"{path} is no model in diffusers' layout: it has no model_index.json",
                "Name its .safetensors file, or the folder that holds model_index.json",
            )
        found = {name: file for part in PARTS for name, file in _part(path / part, part).items()}
        if not any(name.startswith("unet/") for name in found):
            raise RakkanError(f"{path} holds no unet/*.safetensors", "Give the whole folder")
        return found
    if not path.is_file():
        raise RakkanError(f"There is no file or folder {path}", "Check its name")
    return {path.name: path}


def claims_of(path: Path) -> dict[str, str]:
    """What the settings in a diffusers folder say, as ``PART/KEY`` to JSON or text; {} of a single file."""
    claims: dict[str, str] = {}
    if not path.is_dir():
        return claims
    for part, keys in _CLAIMS.items():
        file = path / part / ("scheduler_config.json" if part == "scheduler" else "config.json")
        said = _json(file) if file.is_file() else {}
        for key in keys:
            value = said.get(key)
            text = value if isinstance(value, str) else json.dumps(value)
            if value is not None and len(text) <= _LONGEST_CLAIM:
                claims[f"{part}/{key}"] = text
    return claims


def refuse_pickle(content: IO[bytes], name: str) -> None:
    """Raises RakkanError with advice for a pickle, by its first bytes or by what it is called."""
    content.seek(0)
    start = content.read(16)
    content.seek(0)
    is_header = start[8:9] == b"{"
    called = PurePosixPath(name).suffix.lower() in _PICKLED
    # A pickle of protocol 2 or later, alone or in the ZIP that torch.save makes; old ones go by the name.
    begins = start[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05") or start[:4] == b"PK\x03\x04"
    if (begins or called) and not is_header:
        raise RakkanError(f"{shown(name)} is a pickle, which is not opened here", PICKLE_HINT)


def shown(name: str) -> str:
    """A stranger's name in one line, cut at 100 characters."""
    return "".join(sign if sign.isprintable() else "?" for sign in name[:100])


def few(names: Iterable[str]) -> str:
    """The first few of many names, and how many more there are."""
    all_names = list(names)
    rest = len(all_names) - _FEW
    return ", ".join(map(shown, all_names[:_FEW])) + (f" and {rest} more" if rest > 0 else "")


def _part(folder: Path, part: str) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    names = sorted(file.name for file in folder.iterdir() if file.is_file())
    indexes = [name for name in names if name.endswith(".safetensors.index.json")]
    if indexes:
        shards = _shards(folder / min(indexes, key=_variants))
        return {f"{part}/{name}": folder / name for name in shards}
    weights = [name for name in names if name.endswith(".safetensors")]
    if not weights:
        pickles = [name for name in names if name.endswith(_PICKLED)]
        if pickles:
            raise RakkanError(
                f"{part}/{shown(pickles[0])} is a pickle, which is not opened here", PICKLE_HINT
            )
        return {}
    chosen = min(weights, key=_variants)
    return {f"{part}/{chosen}": folder / chosen}


def _variants(name: str) -> tuple[int, int, str]:
    """Sorts ``model.safetensors`` before ``model.fp16.safetensors`` and ``…non_ema…``."""
    return (name.count("."), len(name), name)


def _shards(index: Path) -> list[str]:
    listed = _json(index).get("weight_map")
    if not isinstance(listed, dict) or not listed:
        raise RakkanError(f"{index} lists no tensors", "Fetch the folder again")
    held: dict[str, set[str]] = {}
    for key, name in listed.items():
        if not isinstance(name, str) or "/" in name or "\\" in name or not name.endswith(".safetensors"):
            raise RakkanError(f"{index} names a file that is none of its shards", "Fetch the folder again")
        held.setdefault(name, set()).add(key)
    missing = sorted(name for name in held if not (index.parent / name).is_file())
    if missing:
        raise RakkanError(f"{index.parent} lacks {few(missing)}", "Fetch the folder again")
    for name, keys in held.items():
        with (index.parent / name).open("rb") as content:
            absent = sorted(keys - set(SafetensorsFile(content, name).entries))
        if absent:
            raise RakkanError(f"{shown(name)} lacks {few(absent)}", "Fetch the folder again")
    return sorted(held)


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_TEXT:
            raise RakkanError(
                f"{path} is larger than {_LARGEST_TEXT // 1024 // 1024} MiB", "Check the folder"
            )
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RakkanError(f"{path} cannot be read: {reason}", "Check its permissions") from error
    except (ValueError, RecursionError) as error:
        raise RakkanError(f"{path} is not JSON", "Fetch the folder again") from error
    if not isinstance(value, dict):
        raise RakkanError(f"{path} is not a JSON object", "Fetch the folder again")
    return value
