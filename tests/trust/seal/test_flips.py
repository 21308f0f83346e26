"""Every flipped bit of a sealed file is found.

``RAKKAN_FLIPS`` sets how many positions of each file are tried (300 unless told otherwise; 0 for all).
"""

from __future__ import annotations

import io
import os
import re
from collections import Counter
from collections.abc import Iterator
from random import Random
from zlib import crc32

import c2pa
import pytest
from tests.trust.seal import samples
from tests.trust.seal.samples import JPEG, MEDIA_TYPES, PNG, WEBP, picture, request, sealed, signer

from rakkan.trust.seal import framing
from rakkan.trust.seal.read import read_seal
from rakkan.trust.seal.sign import seal

ROOT = samples.keys().root_certificate
# Read before the suite's fixture clears the settings of the user.
POSITIONS = int(os.environ.get("RAKKAN_FLIPS", "300"))


def flips(data: bytes, random: Random, positions: int = POSITIONS) -> Iterator[bytes]:
    """The file with one bit flipped, at places spread over it; of long runs of zeros a few will do."""
    telling = [place for place in range(len(data)) if data[max(place - 8, 0) : place + 8].strip(b"\0")]
    places = sorted({*telling, *range(0, len(data), 50)}) if positions else list(range(len(data)))
    count = min(positions, len(places)) or len(places)
    for number in range(count):
        first, last = number * len(places) // count, (number + 1) * len(places) // count
        changed = bytearray(data)
        changed[places[random.randrange(first, last)]] ^= 1 << random.randrange(8)
        yield bytes(changed)


def fate(data: bytes) -> str:
    """What a reader says of a changed file: ``passed`` would be the failure."""
    try:
        found = read_seal(data, [ROOT])
    except Exception as error:
        return type(error).__name__
    if found is None:
        return "no seal"
    if found.state == "invalid":
        return "framing" if not found.codes and found.signer else "invalid"
    return found.state


def chained(media_type: str) -> bytes:
    """A picture with a sealed parent and a sealed reference."""
    parent = samples.ingredient("parentOf", sealed(PNG, "create", "Another"), outside=True)
    reference = samples.ingredient("inputTo", sealed(WEBP, "figure"), media_type=WEBP)
    return seal(
        picture(media_type, seed=3),
        request("edit", media_type, ingredients=(parent, reference)),
        signer(),
    )


def faults(data: bytes, media_type: str) -> list[str]:
    labels = re.findall(rb"jumdc2ma.{13}(urn:c2pa:[0-9a-f-]{36})", data, re.DOTALL)
    return framing.faults(data, media_type, {label.decode() for label in labels})


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_every_flipped_bit_is_found(media_type: str) -> None:
    fates = Counter(fate(data) for data in flips(sealed(media_type), Random(1)))
    print(media_type, len(sealed(media_type)), dict(fates))
    # A flip in the first bytes makes it another kind of file, one in the chunk's name takes the seal away.
    assert set(fates) <= {"invalid", "framing", "no seal", "RakkanError"}
    assert fates["invalid"] and fates["framing"]


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_every_flipped_bit_is_found_in_the_seals_of_what_it_was_made_from_too(media_type: str) -> None:
    data = chained(media_type)
    fates = Counter(fate(changed) for changed in flips(data, Random(2), POSITIONS // 3))
    # c2pa does not look at the labels of boxes in the manifests of ingredients: every bit of one of them.
    place = data.index(b"c2pa.claim.v2")
    for bit in range(13 * 8):
        changed = bytearray(data)
        changed[place + bit // 8] ^= 1 << bit % 8
        fates[fate(bytes(changed))] += 1
    print("chained", media_type, len(data), dict(fates))
    assert set(fates) <= {"invalid", "framing", "no seal", "RakkanError"}


def test_the_checksum_of_the_seals_chunk_is_looked_at() -> None:
    data = bytearray(sealed())
    start = data.index(b"caBX")
    end = start + 4 + int.from_bytes(data[start - 4 : start], "big")
    for place in range(end, end + 4):
        data[place] ^= 1
        assert fate(bytes(data)) == "framing"
        data[place] ^= 1
    assert fate(bytes(data)) == "trusted"


def test_c2pa_alone_would_let_the_padding_be_filled() -> None:
    # Why framing.py exists: ten thousand bytes that no signature covers.
    data = bytearray(sealed())
    place = data.index(b"pad", data.index(b"c2pa.signature")) + 100
    assert set(data[place : place + 5000]) == {0}
    data[place : place + 5000] = b"smuggled" * 625
    start = data.index(b"caBX")
    end = start + 4 + int.from_bytes(data[start - 4 : start], "big")
    data[end : end + 4] = crc32(bytes(data[start:end])).to_bytes(4, "big")
    context = c2pa.Context.from_dict({"version": 1, "trust": {"trust_anchors": ROOT.decode()}})
    assert c2pa.Reader(PNG, io.BytesIO(bytes(data)), context=context).get_validation_state() == "Trusted"
    found = read_seal(bytes(data), [ROOT])
    assert found is not None and found.state == "invalid"
    assert found.problems == ("the padding of the signature is filled with something",)


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_an_honest_seal_has_no_faults(media_type: str) -> None:
    assert faults(sealed(media_type), media_type) == []
    others = [seal(picture(JPEG, seed=seed), request(media_type=JPEG), signer()) for seed in range(6)]
    large = tuple(samples.ingredient("inputTo", other, media_type=JPEG) for other in others)
    longer = seal(picture(media_type), request("create", media_type, ingredients=large), signer())
    assert len(longer) > 80_000 + len(picture(media_type))  # more than one segment of a JPEG
    assert faults(longer, media_type) == []


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_framing_never_fails_without_words(media_type: str) -> None:
    random = Random(3)
    for _ in range(500):
        data = bytearray(sealed(media_type))
        for _ in range(random.randint(1, 8)):
            data[random.randrange(min(len(data), 3000))] = random.randrange(256)
        cut = bytes(data[: random.randrange(len(data) + 1)])
        assert all(isinstance(fault, str) and fault for fault in faults(cut, media_type))
