"""The models that are here: let in through the gate, kept in the vault, each with its card."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import files as model_files
from rakkan.formats.checkpoints.files import shown
from rakkan.formats.checkpoints.tensors import Tensors
from rakkan.models import card as cards
from rakkan.models.card import Kept, ModelFile
from rakkan.models.departing import check_place, departure
from rakkan.models.index import Index
from rakkan.models.licences import Claim
from rakkan.models.looking import Progress, Seen, card_of, look
from rakkan.store.faults import Missing
from rakkan.store.vault import Vault
from rakkan.trust.gate import LOCAL, Admission, Departure, Source

LONGEST_NAME = 120
#: Digits by which a model may be named instead: as few as AutoV1 has.
_FEWEST_DIGITS = 8


class Registry:
    """Models of accounts. ``admit`` and ``hand_out`` are the gate's; ``clock`` gives seconds since 1970."""

    def __init__(
        self,
        vault: Vault,
        admit: Callable[[Source], Admission],
        hand_out: Callable[[Departure, Path], Path],
        index: Index,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._vault, self._admit, self._hand_out = vault, admit, hand_out
        self._index, self._clock = index, clock

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
        name = _checked_name(name or _called(path))
        return self._take(look(path, progress), name, licence, account, source)

    def resolve(self, text: str, account: str = LOCAL, progress: Progress = lambda done, of: None) -> Kept:
        """The model that a file, a folder, a name or a hash names; a file or folder is added unless it is
        here under any name. Raises RakkanError as ``add`` and ``find`` do."""
        path = Path(text)
        try:
            if not path.exists():
                return self.find(text, account)
        except (OSError, ValueError):  # no path can be that
            return self.find(text, account)
        seen = look(path, progress)
        known = next((one for one in self.all(account) if one.card.digest == seen.digest), None)
        return known or self._take(seen, _checked_name(_called(path)), Claim(), account, "file")

    def all(self, account: str = LOCAL) -> list[Kept]:
        """The cards of an account, by name."""
        found = (self._read(account, digest) for digest in self._index.all(account).values())
        return [one for one in found if one is not None]

    def find(self, text: str, account: str = LOCAL) -> Kept:
        """The model of a name, or of the first eight digits or more of its hash, of whichever kind.

        Raises RakkanError, with the nearest name, when there is none or more than one.
        """
        return pick(text, self.all(account))

    @contextmanager
    def opened(self, kept: Kept) -> Iterator[Tensors]:
        """The tensors of a model, read from the vault one by one. Raises RakkanError when a file is gone."""
        with ExitStack() as closing:
            files = {
                one.path: closing.enter_context(self._content(kept, one, kept.owner)) for one in kept.files
            }
            yield model_files.of_files(files, kept.card.settings)

    def export(
        self,
        text: str,
        to: Path,
        account: str = LOCAL,
        progress: Progress = lambda done, of: None,
    ) -> Path:
        """Write a model out of the vault, a single file to a file that says in ModelSpec's words what its
        card knows, a folder to a folder; the path it took, for nothing is written over.

        Raises RakkanError, with nothing written, as ``find`` and the gate do.
        """
        kept = self.find(text, account)
        check_place(kept, to)
        return self._hand_out(
            departure(kept, account, lambda one: self._content(kept, one, account), progress), to
        )

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

    def _take(self, seen: Seen, name: str, licence: Claim, account: str, source: str) -> Kept:
        """Keep a model that was looked at."""
        kept = replace(card_of(seen, name, licence, source, int(self._clock())), owner=account)
        before = self._index.all(account)
        held = self._read(account, before[name]) if name in before else None
        if held is not None and held.card.digest != kept.card.digest:
            hint = "Add this one under another: rakkan model add … --name"
            raise RakkanError(f"There is another model called {name!r}", hint)
        data = cards.to_json(kept)
        self._let_in(seen.path, kept, account)
        card = self._vault.put(account, data).digest
        self._index.put(account, name, card)
        if name in before and before[name] != card:
            self._vault.shred(account, before[name])
        return kept

    def _content(self, kept: Kept, file: ModelFile, account: str) -> BinaryIO:
        try:
            return self._vault.open(owner=account, digest=file.sha256)
        except Missing as error:
            raise RakkanError(
                f"{file.path} of the model {kept.card.name!r} is no longer kept", "Add the model again"
            ) from error

    def _let_in(self, path: Path, kept: Kept, account: str) -> None:
        """Each file through the gate, which judges what the model is to be called, too; all, or none."""
        way = "file" if kept.card.source == "file" else "download"
        words = (kept.card.name, *kept.card.triggers)
        places = model_files.weights_of(path)
        new: list[str] = []
        try:
            for one in kept.files:
                was_held = self._vault.holds(account, one.sha256)
                admission = self._admit(Source(places[one.path], account, way, words))
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
            return replace(cards.from_json(self._vault.read(account, digest)), owner=account)
        except Missing:
            return None


def pick(text: str, held: Sequence[Kept]) -> Kept:
    """Of the models that are held the one of a name, or of the first eight digits or more of its hash, of
    whichever kind. Raises RakkanError, with the nearest name, when there is none or more than one."""
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


def _called(path: Path) -> str:
    return path.name if path.is_dir() else path.stem


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
