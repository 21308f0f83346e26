"""The models that are here: let in through the gate, kept in the vault, each with its card.

What is wrong with a model is found before anything of it is kept: its header, its names and shapes, weights
that are not finite. Its words are looked at by the gate, as those of every file that comes in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from difflib import get_close_matches
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
from rakkan.models import card as cards
from rakkan.models import licences, modelspec, profiles
from rakkan.models.card import Card, Kept, ModelFile
from rakkan.models.hashes import read_hashes
from rakkan.models.index import Index
from rakkan.models.licences import Claim
from rakkan.store.faults import Missing
from rakkan.store.vault import Vault
from rakkan.trust.gate import LOCAL, Admission, Source
from rakkan.trust.safety.prompts.models import judge_model

LONGEST_NAME = 120
#: Digits by which a model may be named instead: as few as AutoV1 has.
_FEWEST_DIGITS = 8

Progress = Callable[[int, int], None]


class Registry:
    """Models of accounts. ``admit`` is the gate's; ``clock`` gives seconds since 1970."""

    def __init__(
        self,
        vault: Vault,
        admit: Callable[[Source], Admission],
        index: Index,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._vault, self._admit, self._index, self._clock = vault, admit, index, clock

    def add(
        self,
        path: Path,
        name: str = "",
        licence: Claim = Claim(),  # noqa: B008 (it is frozen)
        account: str = LOCAL,
        source: str = "file",
        progress: Progress = lambda done, of: None,
    ) -> Kept:
        """Let the model at ``path`` in, a safetensors file or a diffusers folder; its card.

        ``licence`` is what the person or the hub claims; else the folder's or the file's own word counts.
        ``source`` is ``file`` or an address. Raises RakkanError, with nothing kept, for what is no sound
        model, what the gate refuses, and a name that another model has.
        """
        path = Path(path)
        name = _checked_name(name or (path.name if path.is_dir() else path.stem))
        with model_files.opened(path) as tensors:
            found = _sound(tensors, path.name)
            made = self._hashed(path, progress)
            kept = self._card(path, name, tensors, found, made, licence, source)
        before = self._index.all(account)
        held = self._read(account, before[name]) if name in before else None
        if held is not None and held.card.digest != kept.card.digest:
            hint = "Add this one under another: rakkan model add … --name"
            raise RakkanError(f"There is another model called {name!r}", hint)
        data = cards.to_json(kept)
        self._let_in(path, made, account, source)
        card = self._vault.put(account, data).digest
        self._index.put(account, name, card)
        if name in before and before[name] != card:
            self._vault.shred(account, before[name])
        return kept

    def resolve(self, text: str, account: str = LOCAL, progress: Progress = lambda done, of: None) -> Kept:
        """The model that a file, a folder, a name or a hash names; a file or folder is added unless it is
        here under any name. Raises RakkanError as ``add`` and ``find`` do."""
        path = Path(text)
        try:
            if not path.exists():
                return self.find(text, account)
        except (OSError, ValueError):  # no path can be that
            return self.find(text, account)
        with model_files.opened(path):
            digest = cards.digest_of(self._hashed(path, progress))
        known = next((one for one in self.all(account) if one.card.digest == digest), None)
        return known or self.add(path, account=account)

    def all(self, account: str = LOCAL) -> list[Kept]:
        """The cards of an account, by name."""
        found = (self._read(account, digest) for digest in self._index.all(account).values())
        return [one for one in found if one is not None]

    def find(self, text: str, account: str = LOCAL) -> Kept:
        """The model of a name, or of the first eight digits or more of its hash, of whichever kind.

        Raises RakkanError, with the nearest name, when there is none or more than one.
        """
        held = self.all(account)
        named = [one for one in held if one.card.name == text]
        digits = text.lower()
        if not named and len(digits) >= _FEWEST_DIGITS:
            named = [one for one in held if any(known.startswith(digits) for known in _known_by(one))]
        if len(named) == 1:
            return named[0]
        if named:
            raise RakkanError(f"{len(named)} models begin with {shown(text)}", "Give more digits")
        near = get_close_matches(text, [one.card.name for one in held], 1)
        hint = f"Did you mean {near[0]!r}?" if near else "See rakkan model list"
        raise RakkanError(f"There is no model called {shown(text)!r}", hint)

    @contextmanager
    def opened(self, kept: Kept, account: str = LOCAL) -> Iterator[Tensors]:
        """The tensors of a model, read from the vault one by one. Raises RakkanError when a file is gone."""
        with ExitStack() as closing:
            files = {}
            for one in kept.files:
                try:
                    files[one.path] = closing.enter_context(
                        self._vault.open(owner=account, digest=one.sha256)
                    )
                except Missing as error:
                    raise RakkanError(
                        f"{one.path} of the model {kept.card.name!r} is no longer kept", "Add the model again"
                    ) from error
            yield model_files.of_files(files, kept.card.settings)

    def remove(self, text: str, account: str = LOCAL) -> Kept:
        """Destroy a model: its card, and those of its files that no other model has. Raises as ``find``."""
        kept = self.find(text, account)
        card = self._index.all(account)[kept.card.name]
        self._index.forget(account, kept.card.name)
        self._vault.shred(account, card)
        others = {one.sha256 for other in self.all(account) for one in other.files}
        for one in kept.files:
            if one.sha256 not in others:
                self._vault.shred(account, one.sha256)
        return kept

    def _hashed(self, path: Path, progress: Progress) -> tuple[ModelFile, ...]:
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

    def _card(
        self,
        path: Path,
        name: str,
        tensors: Tensors,
        found: Nature,
        files: tuple[ModelFile, ...],
        licence: Claim,
        source: str,
    ) -> Kept:
        metadata = tensors.metadata
        spec = modelspec.read(metadata)
        base = profiles.base_of(found.family, metadata, name)
        claim = licences.best(licence, _folder_claim(path), licences.of_metadata(metadata))
        triggers = (spec.trigger,) if spec.trigger else ()
        refused = judge_model({"modelspec.trigger_phrase": spec.trigger}, name)
        if refused:
            raise RakkanError(
                f"A model of this name was not let in ({refused[0].rule}): {refused[0].text}", refused[0].hint
            )
        made = found.architecture
        card = Card(
            name=name,
            kind=found.kind,
            family=found.family,
            layout=made.layout if made else found.lora.naming if found.lora else "",
            base=base,
            prediction=made.prediction if made else "",
            zero_terminal_snr=made.zero_terminal_snr if made else False,
            resolution=made.resolution if made else 0,
            parameters=sum(prod(one.shape) for one in tensors.entries.values()),
            dtypes=tuple(sorted({one.dtype for one in tensors.entries.values()})),
            ranks=found.lora.ranks if found.lora else (),
            profile=profiles.profile_of(base, metadata, name).name,
            title=spec.title,
            author=spec.author,
            description=spec.description,
            triggers=triggers,
            settings=model_files.claims_of(path),
            notes=_notes(found),
            source=source,
            added=int(self._clock()),
            digest=cards.digest_of(files),
        )
        return Kept(card, files, claim)

    def _let_in(self, path: Path, files: tuple[ModelFile, ...], account: str, source: str) -> None:
        """Each file through the gate; all of them, or none."""
        way = "file" if source == "file" else "download"
        places = model_files.weights_of(path)
        new: list[str] = []
        try:
            for one in files:
                was_held = self._vault.holds(account, one.sha256)
                admission = self._admit(Source(places[one.path], account, way))
                if not was_held:
                    new.append(admission.digest)
                if admission.digest != one.sha256:
                    raise RakkanError(f"{shown(one.path)} changed while it was read", "Try again")
        except BaseException:
            for digest in new:
                self._vault.shred(account, digest)
            raise

    def _read(self, account: str, digest: str) -> Kept | None:
        try:
            return cards.from_json(self._vault.read(account, digest))
        except Missing:
            return None


def _sound(tensors: Tensors, name: str) -> Nature:
    found = kinds.nature(tensors)
    if found.kind == kinds.UNKNOWN:
        raise RakkanError(
            f"{shown(name)} is no model known here: it holds {few(tensors.entries) or 'nothing'}",
            "Checkpoints, LoRA, textual inversions, VAE, ControlNet, IP-Adapter and image encoders are",
        )
    if found.kind == kinds.CONTROLNET:
        check_controlnet(tensors)
    if found.kind == kinds.IP_ADAPTER:
        check_ip_adapter(tensors)
    if found.kind == kinds.IMAGE_ENCODER:
        check_image_encoder(tensors)
    if found.architecture is not None:
        check(tensors, found.architecture, vae_given=True)
    return found


def _notes(found: Nature) -> tuple[str, ...]:
    if found.architecture is not None and found.architecture.vae is None:
        return (*found.notes, "it has no autoencoder: one must be given with it")
    return found.notes


def _folder_claim(path: Path) -> Claim:
    readme = path / "README.md"
    if not path.is_dir() or not readme.is_file():
        return Claim()
    with readme.open(encoding="utf-8", errors="replace") as file:
        return licences.of_readme(file.read(20_000))


def _checked_name(name: str) -> str:
    plain = name.strip()
    if not plain or len(plain) > LONGEST_NAME or not plain.isprintable() or "/" in plain:
        raise RakkanError(
            f"A model cannot be called {shown(plain)!r}",
            f"Give a --name of 1 to {LONGEST_NAME} characters without a slash",
        )
    return plain


def _known_by(kept: Kept) -> set[str]:
    hashes: set[str] = {kept.card.digest}
    for one in kept.files if len(kept.files) == 1 else ():
        facts: Mapping[str, object] = vars(one)
        hashes |= {str(facts[key]) for key in ("sha256", "autov1", "autov2", "autov3", "crc32", "blake3")}
    return hashes
