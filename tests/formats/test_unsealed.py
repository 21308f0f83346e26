"""Taking the seal off gives the very file that was sealed."""

from __future__ import annotations

import struct

import numpy
import pytest
from tests.formats import ordinary, signing

from rakkan.errors import RakkanError
from rakkan.formats import encode, png
from rakkan.formats.inspect import inspect, pixels
from rakkan.formats.unsealed import without_seal

COLOURS = numpy.ascontiguousarray(ordinary.drawing()[:, :, :3])
TEXT = {"parameters": "a cat, 落款", "rakkan": "{}"}
FILES = {
    "png of ours": png.encode(COLOURS, TEXT),
    "jpeg of ours": encode.jpeg(COLOURS, TEXT),
    "webp of ours": encode.webp_file(COLOURS, TEXT),
    "clear webp of ours": encode.webp_file(ordinary.drawing(), TEXT),
    "lossy webp of ours": encode.webp_file(COLOURS, {}, lossless=False),
    **ordinary.pictures(),
}
SIGNED = [
    *[name for name in FILES if "of ours" in name],
    "jpeg progressive",
    "jpeg exif",
    "png P",
    "png texts",
]
SIGNED += ["webp", "webp lossless", "webp everything", "webp exif"]


def media_type(name: str) -> str:
    return next(f"image/{kind}" for kind in ("png", "jpeg", "webp") if kind in name)


@pytest.mark.parametrize("name", SIGNED)
def test_the_seal_comes_off_and_leaves_the_file_as_it_was(name: str) -> None:
    data = FILES[name]
    signed = signing.sign(data, media_type(name))
    assert signing.state(signed, media_type(name)) == "Valid"
    assert len(signed) > len(data)
    assert without_seal(signed) == data
    before, after = inspect(data), inspect(signed)
    assert not before.has_seal
    assert after.has_seal
    assert after.text == before.text
    assert (pixels(signed) == pixels(data)).all()


@pytest.mark.parametrize("name", FILES)
def test_a_file_without_a_seal_stays_as_it_is(name: str) -> None:
    assert without_seal(FILES[name]) == FILES[name]


def test_other_jumbf_stays() -> None:
    box = b"JP\0\1\0\0\0\1" + b"\0\0\0\x30jumb\0\0\0\x28jumd" + bytes(16)
    segment = b"\xff\xeb" + struct.pack(">H", len(box) + 2) + box
    data = FILES["jpeg"]
    with_other = data[:2] + segment + data[2:]
    assert without_seal(with_other) == with_other


def test_a_seal_in_the_middle_of_a_webp_comes_off_too() -> None:
    data = FILES["webp of ours"]
    seal = b"C2PA\3\0\0\0abc\0"
    place = data.index(b"EXIF")
    sealed = data[:4] + struct.pack("<I", len(data) + 12 - 8) + data[8:place] + seal + data[place:]
    assert without_seal(sealed) == data


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"RIFF\0\0\0\0WEBP", FILES["jpeg"][:-1], FILES["png RGB"] + b"x"]
)
def test_what_is_not_sound_is_refused(data: bytes) -> None:
    with pytest.raises(RakkanError):
        without_seal(data)


def test_a_seal_of_damaged_bytes_is_taken_off_all_the_same() -> None:
    signed = bytearray(signing.sign(FILES["png of ours"], "image/png"))
    place = signed.index(b"caBX")
    length = int.from_bytes(signed[place - 4 : place], "big")
    damaged = (
        bytes(signed[: place - 4])
        + ordinary.chunk(b"caBX", bytes(length))
        + bytes(signed[place + 8 + length :])
    )
    assert without_seal(damaged) == FILES["png of ours"]
