"""Weights folders: safetensors files and the manifest that says what each must be."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load

from rakkan.errors import RakkanError

Array = npt.NDArray[Any]

MANIFEST = "manifest.json"
#: A manifest names a handful of files; anything larger is not one.
MAXIMUM_MANIFEST_BYTES = 1 << 20
#: Far above the starter's shards (16 MiB): a file past this is refused before it is read.
MAXIMUM_FILE_BYTES = 256 << 20

_MEND = "Install Rakkan again, or restore the file from where it came"


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a weights folder, as a dictionary with at least ``files``.

    ``files`` maps each file's plain name to its ``sha256`` (hexadecimal) and, if stated, its size in
    ``bytes``. Raises RakkanError when the manifest is missing, unreadable or malformed.
    """
    path = folder / MANIFEST
    try:
        if path.stat().st_size > MAXIMUM_MANIFEST_BYTES:
            raise RakkanError(f"The weights' manifest {path} is too large to be one", _MEND)
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RakkanError(f"There are no weights in {folder} ({MANIFEST} is missing)", _MEND) from None
    except (OSError, ValueError) as fault:
        raise RakkanError(f"The weights' manifest {path} cannot be read ({fault})", _MEND) from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict) or not manifest["files"]:
        raise RakkanError(f"The weights' manifest {path} lists no files", _MEND)
    return manifest


def read_weights(folder: Path, manifest: dict[str, Any] | None = None) -> dict[str, Array]:
    """All tensors of a weights folder by name, each file checked against the manifest's SHA-256.

    The bytes that are hashed are the bytes that are parsed, so a file cannot change in between.
    Raises RakkanError naming the file when one is missing, differs or does not parse, and when two
    files hold a tensor of the same name.
    """
    manifest = read_manifest(folder) if manifest is None else manifest
    tensors: dict[str, Array] = {}
    for name, entry in manifest["files"].items():
        path = folder / name
        content = _verified_bytes(path, name, entry)
        try:
            loaded = load(content)
        except (SafetensorError, ValueError, KeyError) as fault:
            raise RakkanError(f"The weights {path} are not a safetensors file ({fault})", _MEND) from None
        if repeated := tensors.keys() & loaded.keys():
            raise RakkanError(f"The weights {path} repeat the tensor {min(repeated)!r}", _MEND)
        tensors.update(loaded)
    return tensors


def _verified_bytes(path: Path, name: object, entry: object) -> bytes:
    """The content of one file whose SHA-256 is the one its manifest entry states."""
    if not isinstance(name, str) or name != Path(name).name or name in ("", ".", ".."):
        raise RakkanError(
            f"The weights' manifest in {path.parent} names a file outside it ({name!r})",
            _MEND,
        )
    expected = entry.get("sha256") if isinstance(entry, dict) else None
    if not isinstance(expected, str):
        raise RakkanError(
            f"The weights' manifest in {path.parent} states no SHA-256 for {name}",
            _MEND,
        )
    try:
        if path.stat().st_size > MAXIMUM_FILE_BYTES:
            raise RakkanError(
                f"The weights {path} are larger than {MAXIMUM_FILE_BYTES >> 20} MiB",
                _MEND,
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise RakkanError(f"The weights {path} are missing", _MEND) from None
    except OSError as fault:
        raise RakkanError(f"The weights {path} cannot be read ({fault.strerror})", _MEND) from None
    if hashlib.sha256(content).hexdigest() != expected.lower():
        raise RakkanError(
            f"The weights {path} are corrupted (their SHA-256 differs from the manifest)",
            _MEND,
        )
    return content


def manifest_digest(folder: Path) -> str:
    """SHA-256 (hexadecimal) over the manifest's file names and digests: the name of the model itself.

    Notes about training in the manifest do not change it; a changed weight does.
    """
    files = read_manifest(folder)["files"]
    lines = sorted(f"{name} {entry['sha256'].lower()}\n" for name, entry in files.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()
