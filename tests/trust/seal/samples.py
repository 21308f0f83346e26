"""Small pictures, one authority and requests for every operation, for the tests of the seal."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

import numpy
from PIL import Image

from rakkan.records import FiguresRecipe, Recipe, SheetRecipe
from rakkan.trust.seal import authority, disclosure
from rakkan.trust.seal.manifest import Ingredient, ModelFacts, SealRequest
from rakkan.trust.seal.operations import OPERATIONS
from rakkan.trust.seal.sign import seal

PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"
MEDIA_TYPES = (PNG, JPEG, WEBP)
SEALING = tuple(name for name, row in OPERATIONS.items() if row.actions)
#: 2026-05-28 20:26:40 UTC.
TIME = 1_780_000_000

RECIPE = Recipe(
    prompt="1girl, silver hair",
    negative="hat",
    model="starter",
    model_digest="ab" * 32,
    sampler="euler",
    schedule="linear",
    steps=4,
    guidance=4.5,
    seed=7,
    width=512,
    height=512,
    versions={"rakkan": "0.2"},
)
SHEET = SheetRecipe(1, 512, 512, (RECIPE,))
FIGURES = FiguresRecipe(1, 1, 1, 512, 512, "figures 1")


@dataclass(frozen=True)
class Proof:
    """Stands in for the ledger's evidence: any object with these four will do."""

    envelope: bytes = b'{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[]}'
    salt: bytes = b"\x01" * 32
    leaf: bytes = b"\x00\xff leaf"
    proof: str = "c2sp.org/tlog-proof@v1\nindex 0\n\nlog\n1\nAAAA\n"
    key: str = "log+00000000+key"


OURS = "Studio 落款"


def keys(name: str = OURS) -> authority.AuthorityKeys:
    return _made(name)[0]


def signer(name: str = OURS) -> authority.Authority:
    return _made(name)[1]


@cache
def _made(name: str) -> tuple[authority.AuthorityKeys, authority.Authority]:
    made = authority.make_authority(name)
    return made, authority.authority(made)


@cache
def picture(media_type: str = PNG, size: int = 64, seed: int = 1) -> bytes:
    blocks = numpy.random.default_rng(seed).integers(0, 255, (size // 8, size // 8, 3), dtype=numpy.uint8)
    memory = io.BytesIO()
    Image.fromarray(numpy.kron(blocks, numpy.ones((8, 8, 1), numpy.uint8))).save(
        memory, format=media_type.removeprefix("image/")
    )
    return memory.getvalue()


def ingredient(
    relationship: str, data: bytes | None, digest: str = "", outside: bool = False, media_type: str = PNG
) -> Ingredient:
    found = digest or sha256(data or b"").hexdigest()
    return Ingredient(relationship, found, media_type, data, outside=outside)


def request(operation: str = "create", media_type: str = PNG, **changes: object) -> SealRequest:
    """A request that says all it can: redacted recipe, model, ledger evidence, and the ingredients needed."""
    needed = tuple(
        ingredient(relationship, picture(seed=2 + number))
        for number, (relationship, (fewest, _)) in enumerate(OPERATIONS[operation].ingredients.items())
        if fewest
    )
    fields: dict[str, object] = {
        "operation": operation,
        "media_type": media_type,
        "time": TIME,
        "version": "0.2",
        "recipe": disclosure.disclose(RECIPE, "redacted")[0],
        "ingredients": needed,
        "model": ModelFacts("starter", "ab" * 32, b'{"payload":"e30="}'),
        "evidence": Proof(),
        "title": "A test",
        "maker": "Someone",
    }
    return SealRequest(**{**fields, **changes})  # type: ignore[arg-type]


@cache
def sealed(media_type: str = PNG, operation: str = "create", name: str = OURS) -> bytes:
    return seal(picture(media_type), request(operation, media_type), signer(name))


def without_seal(data: bytes, media_type: str) -> bytes:
    """The file without its seal, by rules as plain as the formats allow; only for seals made here."""
    return {PNG: _png_without, JPEG: _jpeg_without, WEBP: _webp_without}[media_type](data)


def _png_without(data: bytes) -> bytes:
    start = data.index(b"caBX") - 4
    (length,) = struct.unpack_from(">I", data, start)
    return data[:start] + data[start + 12 + length :]


def _jpeg_without(data: bytes) -> bytes:
    kept, place = data[:2], 2
    while data[place + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, place + 2)
        if data[place + 1] != 0xEB:
            kept += data[place : place + 2 + length]
        place += 2 + length
    return kept + data[place:]


def _webp_without(data: bytes) -> bytes:
    body = data[8 : _webp_seal(data)]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_seal(data: bytes) -> int:
    place = 12
    while data[place : place + 4] != b"C2PA":
        (length,) = struct.unpack_from("<I", data, place + 4)
        place += 8 + length + length % 2
    return place
