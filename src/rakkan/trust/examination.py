"""Examining a file from anywhere: parsed in the sandbox, its seal read and judged; opening own recipes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rakkan.errors import RakkanError
from rakkan.formats import caps, png
from rakkan.formats.inspect import inspect
from rakkan.formats.unsealed import digest_of_png
from rakkan.store.ledger.ledger import Ledger
from rakkan.store.vault import Vault
from rakkan.trust.arrivals import picture_bytes, read_banded_seal, read_seal
from rakkan.trust.provenance import digest_of_file
from rakkan.trust.seal import disclosure
from rakkan.trust.seal.disclosure import Disclosure
from rakkan.trust.seal.sign import LARGEST_BANDED_FILE
from rakkan.trust.verification import INVALID, NONE, Verification, verify


def examine(path: Path, roots: Sequence[bytes]) -> Verification:
    """What the seal of the picture at ``path`` is worth; ``roots`` (PEM) are those to trust.

    A picture that is not sound is not valid. Of a PNG too large to be let in, as those that leave in bands
    are, the pixels are not decoded: they are what was sealed when the bytes are. Raises RakkanError when the
    file cannot be read or is no picture at all.
    """
    data = picture_bytes(path, LARGEST_BANDED_FILE)
    try:
        if _is_large_png(data):
            found = read_banded_seal(data, roots)
            return verify(found, digest_of_png(io.BytesIO(data))) if found else Verification(NONE)
        if not inspect(data, path.name).has_seal:
            return Verification(NONE)
        return verify(read_seal(data, roots), digest_of_file(data))
    except RakkanError as error:
        return Verification(INVALID, (error.message,))


def _is_large_png(data: bytes) -> bool:
    """Whether it is past the caps on what may come in; its header says how many pixels it has."""
    if not data.startswith(png.SIGNATURE) or len(data) < 24:
        return False
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    has_many = width * height > caps.MOST_PIXELS or max(width, height) > caps.LARGEST_SIDE
    return len(data) > caps.LARGEST_FILE or has_many


def recipe_fields(verification: Verification, vault: Vault, ledger: Ledger) -> dict[str, Any]:
    """The recipe of a picture: what its seal tells, and what this instance's opening of it adds.

    Raises RakkanError when neither tells anything, or the opening does not fit the commitment.
    """
    told = verification.report.recipe if verification.report else None
    if told is None:
        raise RakkanError("This picture has no recipe in a seal", "Give a picture that Rakkan made")
    if told.level == "full":
        return disclosure.fields_of(told)
    for account, opening in _openings(verification, ledger):
        if vault.holds(account, opening):
            return disclosure.open_with(told, _opening(vault.read(account, opening)))
    if told.level == "digest":
        raise RakkanError(
            "This picture keeps its recipe back", "Only the instance that made it can open it, from its vault"
        )
    return disclosure.fields_of(told)


def own_recipe(path: Path, account: str, vault: Vault, ledger: Ledger) -> dict[str, Any] | None:
    """The recipe of a file that this instance made for an account, by what its ledger states of exactly these
    bytes and its vault has kept; None for any other file. The seal is not looked at."""
    try:
        with path.open("rb") as file:
            is_png = file.read(len(png.SIGNATURE)) == png.SIGNATURE
            digest = digest_of_png(file) if is_png else digest_of_file(picture_bytes(path))
    except (OSError, RakkanError):
        return None
    for _, said in ledger.about(digest):
        opening = getattr(said.predicate, "opening", "")
        if opening and said.account == account and vault.holds(account, opening):
            return disclosure.fields_of(_opening(vault.read(account, opening)))
    return None


def _openings(verification: Verification, ledger: Ledger) -> Iterator[tuple[str, str]]:
    """Whose vault opens the recipe, and under which digest, by this ledger's own statement of the picture."""
    entry = verification.entry
    for subject in entry.statement.subjects if entry else ():
        for _, own in ledger.about(subject.digests.get("sha256", "")):
            if entry and own.predicate == entry.statement.predicate and hasattr(own.predicate, "opening"):
                yield own.account, own.predicate.opening


def _opening(data: bytes) -> Disclosure:
    """The opening that lies in the vault; a file from outside may name anything that lies there."""
    try:
        return disclosure.from_json(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise RakkanError(
            "What the vault holds for this picture opens no recipe", "Do not rely on what it says"
        ) from error
