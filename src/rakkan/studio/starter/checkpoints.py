"""Weights of the starter model on disk: fp16 safetensors shards of at most 16 MiB and their manifest.

A weights folder holds ``manifest.json`` and the files it lists. Shards carry their own digest in their
names and the manifest is renamed into place last, so that whoever reads the folder finds either the old
weights or the new ones, whole, at any moment. Tensors are named ``autoencoder.…``, ``text.…`` and
``unet.…`` after the modules of ``networks.py``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from rakkan.errors import RakkanError
from rakkan.studio.engines.weights import MANIFEST, read_manifest, read_weights
from rakkan.studio.starter.vocabulary import SLOTS, TOKEN_COUNT, fingerprint

Tensors = dict[str, npt.NDArray[Any]]

PARTS = ("autoencoder", "text", "unet")
SHARD_BYTES = 16 << 20
#: Room kept in each shard for the header of a safetensors file.
_HEADER_BYTES = 64 << 10
_FORMAT = 1


@dataclass(frozen=True)
class StageRecord:
    """How far one stage has been trained, summed over all its runs."""

    seconds: float = 0.0
    steps: int = 0
    samples: int = 0
    processor: str = ""
    renderer: str = ""

    def plus(self, seconds: float, steps: int, samples: int, processor: str, renderer: str) -> StageRecord:
        """The record after a further run; processor and renderer are the latest."""
        return StageRecord(
            round(self.seconds + seconds, 1), self.steps + steps, self.samples + samples, processor, renderer
        )


@dataclass(frozen=True)
class Checkpoint:
    """Weights (fp16 arrays by full name) with what must be known to use them.

    ``guidance`` is the guidance scale baked into the few-step model, 0 while it is not distilled.
    """

    latent: str
    sizes: Mapping[str, Any]
    tensors: Tensors = field(repr=False)
    stages: Mapping[str, StageRecord] = field(default_factory=dict)
    distilled: bool = False
    guidance: float = 0.0

    def part(self, name: str) -> Tensors:
        """The tensors of one part, without its prefix; empty when the part has not been trained yet."""
        prefix = f"{name}."
        names = (name for name in self.tensors if name.startswith(prefix))
        return {name.removeprefix(prefix): self.tensors[name] for name in names}


def save_checkpoint(checkpoint: Checkpoint, folder: Path) -> None:
    """Write a weights folder; the old weights stay readable until the new manifest is in place.

    Raises RakkanError when the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files: dict[str, dict[str, Any]] = {}
        for part in PARTS:
            for index, shard in enumerate(_shards(checkpoint.tensors, part)):
                content = save(shard)
                digest = hashlib.sha256(content).hexdigest()
                name = f"{part}-{index}-{digest[:12]}.safetensors"
                files[name] = {"sha256": digest, "bytes": len(content)}
                if not (folder / name).exists():
                    _write(folder / name, content)
        _write(folder / MANIFEST, (json.dumps(_manifest(checkpoint, files), indent=1) + "\n").encode())
        for stale in folder.glob("*.safetensors"):
            if stale.name not in files:
                stale.unlink()
    except OSError as fault:
        raise RakkanError(
            f"the weights cannot be written to {folder} ({fault.strerror})",
            "make room or choose another folder with --folder",
        ) from None


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read a weights folder, every byte checked against its digest.

    Raises RakkanError when something is missing or damaged, or when the weights belong to another
    vocabulary than this version's.
    """
    manifest = read_manifest(folder)
    try:
        known = manifest["vocabulary"]["fingerprint"]
        checkpoint = Checkpoint(
            latent=str(manifest["latent"]),
            sizes=dict(manifest["sizes"]),
            tensors={},
            stages={name: StageRecord(**record) for name, record in manifest["stages"].items()},
            distilled=bool(manifest["distilled"]),
            guidance=float(manifest["guidance"]),
        )
    except (KeyError, TypeError, ValueError) as fault:
        raise RakkanError(
            f"the manifest in {folder} is not one of a starter model ({fault!r})",
            "train again without --resume",
        ) from None
    if known != fingerprint():
        raise RakkanError(
            f"the weights in {folder} belong to another vocabulary than this version of Rakkan has",
            "train again without --resume, or install the version that made them",
        )
    checkpoint.tensors.update(read_weights(folder, manifest))
    return checkpoint


def has_checkpoint(folder: Path) -> bool:
    """Whether the folder holds weights (that they are whole is only known once they are loaded)."""
    return (folder / MANIFEST).is_file()


def install(run_folder: Path, package_folder: Path) -> Path:
    """Copy a run's final weights into the package and return the folder they lie in.

    ``run_folder`` is a training run's folder (its ``weights`` are taken) or a weights folder itself. The
    weights are verified first and must hold all three parts. Raises RakkanError otherwise.
    """
    source = run_folder / "weights" if has_checkpoint(run_folder / "weights") else run_folder
    checkpoint = load_checkpoint(source)
    missing = [part for part in PARTS if not checkpoint.part(part)]
    if missing:
        lacking = ", ".join(missing)
        raise RakkanError(f"the weights in {source} lack {lacking}", "train the missing stages first")
    save_checkpoint(checkpoint, package_folder)
    return package_folder


def half(tensors: Mapping[str, Any], part: str) -> Tensors:
    """A torch module's ``state_dict`` as fp16 arrays under the names of its part."""
    return {
        f"{part}.{name}": tensor.detach().float().cpu().contiguous().numpy().astype(np.float16)
        for name, tensor in tensors.items()
    }


def _shards(tensors: Tensors, part: str) -> Iterable[Tensors]:
    """One part's tensors, in the order of their names, split so that no file exceeds the cap."""
    shard: Tensors = {}
    filled = 0
    for name in sorted(name for name in tensors if name.startswith(f"{part}.")):
        size = tensors[name].nbytes
        if shard and filled + size > SHARD_BYTES - _HEADER_BYTES:
            yield shard
            shard, filled = {}, 0
        shard[name] = tensors[name]
        filled += size
    if shard:
        yield shard


def _manifest(checkpoint: Checkpoint, files: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "latent": checkpoint.latent,
        "sizes": dict(checkpoint.sizes),
        "distilled": checkpoint.distilled,
        "guidance": checkpoint.guidance,
        "vocabulary": {"fingerprint": fingerprint(), "slots": len(SLOTS), "tokens": TOKEN_COUNT},
        "stages": {name: asdict(record) for name, record in checkpoint.stages.items()},
        "files": dict(files),
    }


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it appears under its name whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
