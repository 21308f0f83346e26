"""What is stated and sealed when a picture leaves, and kept and stated when a file comes in."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING, cast

from rakkan import __version__
from rakkan.errors import RakkanError
from rakkan.formats.unsealed import digest_of_png, without_seal
from rakkan.records import Picture, Recipe, SheetRecipe, UpscaleRecipe
from rakkan.store.ledger.ledger import Entry, Ledger
from rakkan.store.ledger.statements import (
    Admitted,
    Derived,
    Generated,
    Reserved,
    Statement,
    Subject,
    Trained,
)
from rakkan.store.vault import Vault
from rakkan.trust.checks import MEDIA_TYPES, RELATIONSHIPS
from rakkan.trust.copies import COPY, opening
from rakkan.trust.gate import Arrival, Destination, Finding, Source
from rakkan.trust.instance import INSTANCE, Instance
from rakkan.trust.seal import disclosure
from rakkan.trust.seal.disclosure import Disclosure
from rakkan.trust.seal.manifest import Ingredient, ModelFacts, SealRequest
from rakkan.trust.seal.operations import OPERATIONS, PARENT, REFERENCE
from rakkan.trust.seal.sign import LARGEST_BANDED_FILE, seal, seal_stream
from rakkan.trust.takedown.subjects import looks_of_pixels

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Provenance:
    """The vault, the ledger and the instance, put to work for the gate.

    ``trained`` tells, by a model's digest, how a model that came with the package was trained, or None;
    such a statement is made once, when the model is first used. ``clock`` gives seconds since 1970.
    """

    vault: Vault
    ledger: Ledger
    instance: Instance
    trained: Callable[[str], Trained | None]
    clock: Callable[[], float] = time.time
    _training: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def seal(self, picture: Picture, to: Destination, encoded: bytes) -> bytes:
        """State ``picture`` in the ledger and return its file with the seal in it.

        ``encoded`` is the file without a seal. The opening of its recipe goes into the account's part of
        the vault first, then the statement into the ledger, both durable. Raises RakkanError.
        """
        return self._sealed(encoded, self._stated(picture, to, _sha256(encoded)))

    def seal_file(self, picture: Picture, to: Destination, bare: IO[bytes], sealed: IO[bytes]) -> None:
        """As ``seal``, of a PNG too large for memory: from the file ``bare`` into the file ``sealed``.

        Raises RakkanError, besides, for one of more than 256 MiB.
        """
        if bare.seek(0, os.SEEK_END) > LARGEST_BANDED_FILE:
            raise RakkanError(
                f"The file would be larger than {LARGEST_BANDED_FILE >> 20} MiB, which nobody could verify",
                "Enlarge it less",
            )
        digest = digest_of_png(bare)
        seal_stream(bare, sealed, self._stated(picture, to, digest), self.instance.authority)
        if digest_of_png(sealed) != digest:
            raise _changed()

    def _stated(self, picture: Picture, to: Destination, digest: str) -> SealRequest:
        """State a picture in the ledger; what is to stand in the seal of its file, whose SHA-256 without a
        seal is ``digest``."""
        ingredients = tuple(
            self._ingredient(one.relationship, one.media_type, one.data) for one in picture.ingredients
        )
        told, kept = self._told(picture, to, ingredients)
        if picture.operation == "thumbnail" or (picture.operation == COPY and told.level != "full"):
            # Its parent's own seal is larger than a thumbnail is, and may tell what a copy keeps back; the
            # digest leads to it.
            ingredients = tuple(replace(one, data=None) for one in ingredients)
        model = _model_of(picture)
        training = self.training(model.digest) if model else None
        digests = [(one.relationship, one.digest) for one in ingredients]
        predicate: Generated | Derived = Generated(
            operation=picture.operation,
            recipe=told.commitment,
            disclosure=to.disclosure,
            model=model.name if model else "",
            model_digest=model.digest if model else "",
            training=training[0] if training else "",
            references=tuple(digest for kind, digest in digests if kind == REFERENCE),
            opening=kept,
        )
        if OPERATIONS[picture.operation].statement == "derived":
            parents = tuple(digest for kind, digest in digests if kind == PARENT)
            predicate = Derived(parents=parents, **vars(predicate))
        moment = int(self.clock())
        subject = Subject("picture", {"sha256": digest, "pixels": digest_of_pixels(picture)})
        entry = self._state(predicate, (subject, *looks_of_pixels(picture.pixels)), to.account, moment)
        return SealRequest(
            operation=picture.operation,
            media_type=MEDIA_TYPES[to.path.suffix.lower()],
            time=moment,
            version=__version__,
            recipe=told,
            ingredients=ingredients,
            uses=to.uses,
            constraint=to.constraint,
            model=ModelFacts(model.name, model.digest, training[1] if training else None) if model else None,
            evidence=self.ledger.evidence(entry.index),
            maker=to.maker,
        )

    def _told(
        self, picture: Picture, to: Destination, ingredients: tuple[Ingredient, ...]
    ) -> tuple[Disclosure, str]:
        """What the file tells of the recipe, and the digest of what opens it, which the vault then has."""
        if picture.operation == COPY:
            parent, pixels = ingredients[0].digest, digest_of_pixels(picture)
            found, kept = opening(self.vault, self.ledger, to.account, parent, pixels, picture.recipe)
            return disclosure.conceal(found, to.disclosure), kept
        told, fresh = disclosure.disclose(picture.recipe, to.disclosure)
        return told, self.vault.put(to.account, opening_bytes(fresh)).digest

    def protect(self, arrival: Arrival, source: Source, to: Destination) -> bytes:
        """State that an artist reserves their own file, and return it with a seal that says so.

        The pixels and everything else in the file stay as they are; a seal it had goes along as that of
        its parent. Raises RakkanError.
        """
        media_type = arrival.inspected.media_type
        if not media_type.startswith("image/"):
            raise RakkanError(f"{source.path.name} is no picture", "Name a PNG, JPEG or WebP file")
        parent = self._ingredient("parent", media_type, arrival.start)
        moment = int(self.clock())
        subject = Subject("work", {"sha256": parent.digest})
        entry = self._state(Reserved(dict(to.uses)), (subject,), source.account, moment)
        request = SealRequest(
            operation="protect",
            media_type=media_type,
            time=moment,
            version=__version__,
            ingredients=(parent,),
            uses=to.uses,
            constraint=to.constraint,
            evidence=self.ledger.evidence(entry.index),
            maker=to.maker,
        )
        return self._sealed(arrival.start, request)

    def keep(self, arrival: Arrival, source: Source, findings: list[Finding]) -> tuple[str, int]:
        """Put an arrival into the vault and state that it came in; its digest and its entry.

        Raises RakkanError, with nothing kept, when the file changed while it was read.
        """
        unchanged = cast(IO[bytes], _Unchanged(arrival, source.path.name))
        blob = self.vault.put(source.account, unchanged)
        found = arrival.inspected
        name = "picture" if found.media_type.startswith("image/") else "model"
        predicate = Admitted(found.media_type, blob.size, source.way, arrival.seal)
        seen = () if arrival.pixels is None else looks_of_pixels(arrival.pixels)
        subjects = (Subject(name, digests_of(arrival)), *seen)
        entry = self._state(predicate, subjects, source.account, int(self.clock()))
        return blob.digest, entry.index

    def training(self, model_digest: str) -> tuple[str, bytes] | None:
        """The training statement of a model, as its SHA-256 and its envelope; None when there is none."""
        found = self._training.get(model_digest) or self._find_training(model_digest)
        if found is not None:
            self._training[model_digest] = found
        return found

    def _find_training(self, model_digest: str) -> tuple[str, bytes] | None:
        stated = [
            entry for entry, made in self.ledger.about(model_digest) if isinstance(made.predicate, Trained)
        ]
        predicate = None if stated else self.trained(model_digest)
        if predicate is not None:
            subject = Subject("model", {"sha256": model_digest})
            stated = [self._state(predicate, (subject,), INSTANCE, int(self.clock()))]
        if not stated:
            return None
        return stated[-1].statement_digest, self.ledger.evidence(stated[-1].index).envelope

    def _ingredient(self, relationship: str, media_type: str, data: bytes) -> Ingredient:
        """A picture that went into another, and whether it came from outside this instance."""
        digest = digest_of_file(data)
        own = any(isinstance(said.predicate, Generated | Derived) for _, said in self.ledger.about(digest))
        return Ingredient(RELATIONSHIPS[relationship], digest, media_type, data, outside=not own)

    def _sealed(self, data: bytes, request: SealRequest) -> bytes:
        """``data`` sealed, and changed by nothing but its seal: the ledger speaks of the file without it."""
        made = seal(data, request, self.instance.authority)
        if without_seal(made) != without_seal(data):
            raise _changed()
        return made

    def _state(self, predicate: object, subjects: tuple[Subject, ...], account: str, moment: int) -> Entry:
        return self.ledger.append([Statement(predicate, subjects, account, moment)])[0]


def opening_bytes(opening: Disclosure) -> bytes:
    """The opening of a recipe as it lies in the vault."""
    return json.dumps(disclosure.to_json(opening), ensure_ascii=False, sort_keys=True).encode()


def pixel_digest(pixels: NDArray[numpy.uint8]) -> str:
    """SHA-256 of "HEIGHT WIDTH CHANNELS" and a newline, then the pixels' bytes row by row.

    ``pixels`` is uint8 [height, width, channels]. It stays the same when a file is saved anew without loss.
    """
    shape = " ".join(str(side) for side in pixels.shape)
    return _sha256(f"{shape}\n".encode() + pixels.tobytes())


def digest_of_pixels(picture: Picture) -> str:
    """``pixel_digest`` of a picture, also of one of which only a reduction is at hand."""
    return picture.whole.digest if picture.whole is not None else pixel_digest(picture.pixels)


def digest_of_file(data: bytes) -> str:
    """SHA-256 of a picture file without its seal: what the ledger knows a picture by."""
    return _sha256(without_seal(data))


def digests_of(arrival: Arrival) -> dict[str, str]:
    """What a file that comes in is known by: ``sha256`` without its seal, as everywhere, and of a picture
    also ``file``, the SHA-256 of all of it, and ``pixels``."""
    if arrival.pixels is not None:
        pixels = pixel_digest(arrival.pixels)
        return {"sha256": digest_of_file(arrival.start), "file": arrival.digest, "pixels": pixels}
    return {"sha256": arrival.digest}


def _changed() -> RakkanError:
    return RakkanError(
        "Sealing this file would change more than its seal", "Save it anew with another program"
    )


class _Unchanged:
    """An arrival's bytes, read once more. At their end it raises RakkanError, before the vault has kept
    anything, when they are not those that were inspected."""

    def __init__(self, arrival: Arrival, name: str) -> None:
        self._arrival = arrival
        self._name = name
        self._hasher = hashlib.sha256()

    def read(self, length: int, /) -> bytes:
        piece = self._arrival.content.read(length)
        self._hasher.update(piece)
        if not piece and self._hasher.hexdigest() != self._arrival.digest:
            raise RakkanError(f"{self._name} changed while it was read", "Try again")
        return piece


def _model_of(picture: Picture) -> ModelFacts | None:
    """The model a picture was made by; a sheet's if all its pictures have the same; None for a renderer."""
    recipe = picture.recipe
    recipes = recipe.recipes if isinstance(recipe, SheetRecipe) else (recipe,)
    models = {(one.model, one.model_digest) for one in recipes if isinstance(one, Recipe | UpscaleRecipe)}
    return ModelFacts(*models.pop()) if len(models) == 1 else None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
