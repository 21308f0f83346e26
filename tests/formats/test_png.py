"""PNG text: written as every older tool reads it, read back under caps."""

from __future__ import annotations

import io
import struct
import zlib

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from rakkan.errors import RakkanError
from rakkan.formats import png

PIXELS = numpy.arange(5 * 7 * 3, dtype=numpy.uint8).reshape(5, 7, 3)

values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def with_chunks(*chunks: bytes) -> bytes:
    plain = png.encode(PIXELS, {})
    return plain[:33] + b"".join(chunks) + plain[33:]


@given(st.dictionaries(st.sampled_from(["parameters", "rakkan", "Comment"]), values))
def test_pillow_and_our_reader_both_read_what_we_write(text: dict[str, str]) -> None:
    data = png.encode(PIXELS, text)
    assert png.text_of(data) == text
    with Image.open(io.BytesIO(data)) as image:
        assert isinstance(image, PngImagePlugin.PngImageFile)
        assert dict(image.text) == text
        assert (numpy.asarray(image) == PIXELS).all()
        assert image.mode == "RGB"


def test_latin_text_goes_into_text_chunks_and_other_text_into_international_ones() -> None:
    data = png.encode(PIXELS, {"parameters": "café\nSteps: 4", "other": "落款"})
    assert chunk(b"tEXt", b"parameters\0caf\xe9\nSteps: 4") in data
    assert chunk(b"iTXt", b"other\0\0\0\0\0" + "落款".encode()) in data


@given(values)
def test_we_read_what_pillow_packs(value: str) -> None:
    memory = io.BytesIO()
    information = PngImagePlugin.PngInfo()
    information.add_itxt("packed", value, zip=True)
    information.add_text("zipped", "abc" * 40, zip=True)
    Image.fromarray(PIXELS).save(memory, "PNG", pnginfo=information)
    assert png.text_of(memory.getvalue()) == {"packed": value, "zipped": "abc" * 40}


def test_the_first_of_a_repeated_keyword_counts() -> None:
    assert png.text_of(with_chunks(chunk(b"tEXt", b"a\x001"), chunk(b"tEXt", b"a\x002"))) == {"a": "1"}


@pytest.mark.parametrize("keyword", ["", " a", "a ", "a\nb", "落", "x" * 80])
def test_keywords_png_does_not_allow_are_refused(keyword: str) -> None:
    with pytest.raises(RakkanError, match="keyword"):
        png.encode(PIXELS, {keyword: "x"})


@pytest.mark.parametrize("value", ["a\0b", "\ud800", "x" * (png.LARGEST_TEXT + 1)])
def test_values_png_cannot_hold_are_refused(value: str) -> None:
    with pytest.raises(RakkanError, match="text"):
        png.encode(PIXELS, {"parameters": value})


def test_too_many_texts_are_refused_both_ways() -> None:
    with pytest.raises(RakkanError, match="too many"):
        png.encode(PIXELS, {str(number): "x" for number in range(png.MOST_TEXTS + 1)})
    with pytest.raises(RakkanError, match="more than"):
        png.text_of(with_chunks(*[chunk(b"tEXt", b"a\0b")] * (png.MOST_TEXTS + 1)))


BOMB = zlib.compress(b"a" * (png.LARGEST_TEXT * 50))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        png.SIGNATURE,
        png.encode(PIXELS, {})[:-5],
        with_chunks(chunk(b"zTXt", b"bomb\0\0" + BOMB)),
        with_chunks(chunk(b"iTXt", b"bomb\0\x01\0\0\0" + BOMB)),
        with_chunks(chunk(b"zTXt", b"cut\0\0" + zlib.compress(b"a" * 999)[:9])),
        with_chunks(chunk(b"zTXt", b"odd\0\0notzlib")),
        with_chunks(chunk(b"iTXt", b"short\0")),
        with_chunks(chunk(b"iTXt", b"bad\0\0\0\0\0\xff")),
        with_chunks(chunk(b"tEXt", b"no keyword")),
        with_chunks(chunk(b"tEXt", b"a\0" + b"x" * (png.LARGEST_TEXT + 1))),
        with_chunks(chunk(b"tEXt", b"a\0b")[:-1] + b"!"),
        with_chunks(*[chunk(b"abCd", b"")] * png.MOST_CHUNKS),
        png.SIGNATURE + b"\xff\xff\xff\xffIDAT" + b"x" * 40,
        b"x" * (png.LARGEST_FILE + 1),
    ],
    ids=range(16),
)
def test_unsound_files_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(RakkanError, match="not a sound PNG"):
        png.text_of(data)


@given(st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_damage_anywhere_is_refused_or_harmless(place: int, garbage: bytes) -> None:
    data = png.encode(PIXELS, {"parameters": "abc", "rakkan": "{}"})
    place %= len(data)
    damaged = data[:place] + garbage + data[place + len(garbage) :]
    try:
        assert isinstance(png.text_of(damaged), dict)
    except RakkanError:
        assert damaged != data
