"""A model's card: what it is, by its own bytes, and what is claimed of it. Kept as canonical JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rakkan.errors import RakkanError
from rakkan.models.licences import Claim
from rakkan.store.ledger import canonical, typed

KIND = "rakkan model card 1"
MOST_BYTES = 1024 * 1024


@dataclass(frozen=True)
class ModelFile:
    """One file of a model: its path in the folder (its name when it is alone), its bytes, and its hashes as
    ``models.hashes.Hashes`` has them."""

    path: str
    size: int
    sha256: str
    autov1: str
    autov2: str
    autov3: str
    crc32: str
    blake3: str


@dataclass(frozen=True)
class Card:
    """What the bytes say: ``kind`` (of ``formats.checkpoints.kinds``), ``family``, ``layout``,
    ``parameters``, ``dtypes``, ``ranks`` of a LoRA. What shapes do not tell and was read or assumed:
    ``base``, ``prediction``, ``zero_terminal_snr``, ``resolution`` in pixels, ``profile`` of prompts. What is
    claimed: ``title``, ``author``, ``description``, ``triggers``, and ``settings`` of a folder. ``digest``
    is ``digest_of`` its files, ``source`` where it came from, ``added`` seconds since 1970, ``notes`` what
    should be known of it."""

    name: str
    kind: str
    family: str
    layout: str
    base: str
    prediction: str
    zero_terminal_snr: bool
    resolution: int
    parameters: int
    dtypes: tuple[str, ...]
    ranks: tuple[int, ...]
    profile: str
    title: str
    author: str
    description: str
    triggers: tuple[str, ...]
    settings: Mapping[str, str]
    notes: tuple[str, ...]
    source: str
    added: int
    digest: str


@dataclass(frozen=True)
class Kept:
    """A card with its files and its licence. ``owner`` is the account that it is kept for, which the card
    itself does not tell."""

    card: Card
    files: tuple[ModelFile, ...]
    licence: Claim
    owner: str = "local"


def digest_of(files: tuple[ModelFile, ...]) -> str:
    """What a model is known by: the SHA-256 of its only file, or of the canonical list of its files."""
    import hashlib

    if len(files) == 1:
        return files[0].sha256
    listed = [[one.path, one.sha256] for one in sorted(files, key=lambda one: one.path)]
    return hashlib.sha256(canonical.encode(listed)).hexdigest()


def to_json(kept: Kept) -> bytes:
    """The canonical JSON of a card. Raises RakkanError for text that is not valid Unicode."""
    return canonical.encode(
        {
            "kind": KIND,
            "card": typed.plain(kept.card),
            "files": [typed.plain(one) for one in kept.files],
            "licence": typed.plain(kept.licence),
        }
    )


def from_json(data: bytes) -> Kept:
    """Read a card back. Raises RakkanError for what is none, or of a version not known here."""
    value = canonical.decode(data, "The model's card", MOST_BYTES)
    if not isinstance(value, dict) or value.get("kind") != KIND:
        raise RakkanError("This is no model's card of a kind known here", "Update Rakkan")
    files = _list(value.get("files"))
    return Kept(
        typed.read(Card, _object(value.get("card")), "The model's card"),
        tuple(typed.read(ModelFile, _object(one), "The card's file") for one in files),
        typed.read(Claim, _object(value.get("licence")), "The card's licence"),
    )


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RakkanError("The model's card is damaged", "Remove the model and add it again")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise RakkanError("The model's card is damaged", "Remove the model and add it again")
    return value
