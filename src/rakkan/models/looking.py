"""Looking at a model before it is let in: what it is, whether it is sound, its hashes; and its card.

What is wrong with it is found here, before anything of it is kept: its header, its names and shapes, weights
that are not finite. Its words are judged by the gate, as those of every file that comes in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import files as model_files
from rakkan.formats.checkpoints import kinds
from rakkan.formats.checkpoints.checks import check
from rakkan.formats.checkpoints.controlnets import check_controlnet
from rakkan.formats.checkpoints.files import SafetensorsFile, few, shown
from rakkan.formats.checkpoints.finite import Watch
from rakkan.formats.checkpoints.image_encoders import check_image_encoder
from rakkan.formats.checkpoints.ip_adapters import check_ip_adapter
from rakkan.formats.checkpoints.kinds import Nature
from rakkan.formats.checkpoints.tensors import Tensors
from rakkan.models import licences, modelspec, profiles
from rakkan.models.card import Card, Kept, ModelFile, digest_of
from rakkan.models.hashes import read_hashes
from rakkan.models.licences import Claim

Progress = Callable[[int, int], None]
#: What looks whether a file that steers a drawing is whole, by kind.
_CHECKS: dict[str, Callable[[Tensors], object]] = {
    kinds.CONTROLNET: check_controlnet,
    kinds.IP_ADAPTER: check_ip_adapter,
    kinds.IMAGE_ENCODER: check_image_encoder,
}


@dataclass(frozen=True)
class Seen:
    """A sound model at ``path``: what it is, its texts, its files with their hashes, and how many numbers of
    which types it holds."""

    path: Path
    nature: Nature
    metadata: dict[str, str]
    files: tuple[ModelFile, ...]
    parameters: int
    dtypes: tuple[str, ...]

    @property
    def digest(self) -> str:
        """What the model is known by."""
        return digest_of(self.files)


def look(path: Path, progress: Progress = lambda done, of: None) -> Seen:
    """Read the model at ``path``, a safetensors file or a diffusers folder, once and to the end.

    ``progress`` is told the bytes done and in all. Raises RakkanError for what is no sound model, as early
    as it can be told: by the header before the bulk is read.
    """
    with model_files.opened(path) as tensors:
        found = _sound(tensors, path.name)
        entries, metadata = tuple(tensors.entries.values()), dict(tensors.metadata)
    return Seen(
        path,
        found,
        metadata,
        _hashed(path, progress),
        sum(prod(one.shape) for one in entries),
        tuple(sorted({one.dtype for one in entries})),
    )


def card_of(seen: Seen, name: str, licence: Claim, source: str, added: int) -> Kept:
    """The card that a model gets. ``licence`` is what the person or the hub claims; where they claim none the
    folder's or the file's own word counts. ``source`` is ``file`` or an address, ``added`` seconds since
    1970."""
    found, metadata = seen.nature, seen.metadata
    spec = modelspec.read(metadata)
    base = profiles.base_of(found.family, metadata, name)
    made = found.architecture
    card = Card(
        name=name,
        kind=found.kind,
        family=found.family,
        layout=made.layout if made else _naming(found),
        base=base,
        prediction=made.prediction if made else "",
        zero_terminal_snr=made.zero_terminal_snr if made else False,
        resolution=made.resolution if made else 0,
        parameters=seen.parameters,
        dtypes=seen.dtypes,
        ranks=found.lora.ranks if found.lora else (),
        profile=profiles.profile_of(base, metadata, name).name,
        title=spec.title,
        author=spec.author,
        description=spec.description,
        triggers=(spec.trigger,) if spec.trigger else (),
        settings=model_files.claims_of(seen.path),
        notes=_notes(found),
        source=source,
        added=added,
        digest=seen.digest,
    )
    return Kept(
        card, seen.files, licences.best(licence, _of_folder(seen.path), licences.of_metadata(metadata))
    )


def _sound(tensors: Tensors, name: str) -> Nature:
    found = kinds.nature(tensors)
    if found.kind == kinds.UNKNOWN:
        raise RakkanError(
            f"{shown(name)} is no model known here: it holds {few(tensors.entries) or 'nothing'}",
            "Checkpoints, LoRA, textual inversions, VAE, ControlNet, IP-Adapter and image encoders are",
        )
    if found.kind in _CHECKS:
        _CHECKS[found.kind](tensors)
    if found.architecture is not None:
        check(tensors, found.architecture, vae_given=True)
    return found


def _hashed(path: Path, progress: Progress) -> tuple[ModelFile, ...]:
    """Every file read once, for all its hashes and for weights that are not finite."""
    found = model_files.weights_of(path)
    total = sum(file.stat().st_size for file in found.values())
    made, before = [], 0
    for name, file in found.items():
        with file.open("rb") as content:
            held = SafetensorsFile(content, name)
            watch = Watch(held.places)
            size = file.stat().st_size
            start = before
            hashes = read_hashes(
                content,
                size,
                held.header_bytes,
                lambda done, of, start=start: progress(start + done, total),  # type: ignore[misc]
                watch.feed,
            )
        watch.check(name)
        facts = {key: value for key, value in vars(hashes).items() if key != "tensors"}
        made.append(ModelFile(name, size, **facts))
        before += size
    return tuple(made)


def _naming(found: Nature) -> str:
    if found.lora is None:
        return ""
    return found.lora.naming if found.lora.kind == "LoRA" else f"{found.lora.naming}, {found.lora.kind}"


def _notes(found: Nature) -> tuple[str, ...]:
    if found.architecture is not None and found.architecture.vae is None:
        return (*found.notes, "it has no autoencoder: one must be given with it")
    return found.notes


def _of_folder(path: Path) -> Claim:
    readme = path / "README.md"
    if not path.is_dir() or not readme.is_file():
        return Claim()
    with readme.open(encoding="utf-8", errors="replace") as file:
        return licences.of_readme(file.read(20_000))
