"""What is encoded reads back here and in other readers, texts included."""

from __future__ import annotations

import io
import struct
import tracemalloc

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.formats import ordinary

from rakkan.errors import RakkanError
from rakkan.formats import encode, exif, jpeg, webp
from rakkan.formats.inspect import inspect, pixels

CLEAR = ordinary.drawing()
COLOURS = numpy.ascontiguousarray(CLEAR[:, :, :3])
texts = st.dictionaries(
    st.sampled_from(["parameters", "rakkan", "落款"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=99),
)


def comment_in(data: bytes) -> bytes:
    """The user comment as a tool of the field finds it."""
    with Image.open(io.BytesIO(data)) as image:
        found = image.getexif().get_ifd(0x8769)[0x9286]
    assert isinstance(found, bytes)
    return found


def test_a_jpeg_is_close_and_in_full_colour() -> None:
    data = encode.jpeg(COLOURS, {})
    assert numpy.abs(pixels(data).astype(int) - COLOURS.astype(int)).mean() < 3
    frame = next(part.body for part in jpeg.segments(data) if part.marker == 0xC0)
    assert frame[7::3] == b"\x11\x11\x11"  # one sample of each colour for every pixel
    with Image.open(io.BytesIO(data)) as image:
        # ITU-T T.81 table K.1 at quality 95: (16 * 10 + 50) // 100
        assert image.quantization[0][0] == 2  # type: ignore[attr-defined]
        assert "exif" not in image.info


@pytest.mark.parametrize("drawn", [COLOURS, CLEAR], ids=["colours", "clear"])
def test_a_lossless_webp_gives_every_pixel_back(drawn: numpy.ndarray) -> None:
    data = encode.webp_file(drawn, {"parameters": "x"})
    assert (pixels(data) == drawn).all()
    with Image.open(io.BytesIO(data)) as image:
        assert (numpy.asarray(image) == drawn).all()
    assert data[12:16] == b"VP8X"


@pytest.mark.parametrize("drawn", [COLOURS, CLEAR], ids=["colours", "clear"])
def test_a_lossy_webp_is_close(drawn: numpy.ndarray) -> None:
    data = encode.webp_file(drawn, {}, lossless=False)
    shown = pixels(data)
    assert shown.shape == drawn.shape
    assert numpy.abs(shown.astype(int) - drawn.astype(int))[..., :3].mean() < 12
    assert b"VP8 " in data
    assert b"VP8L" not in data


def test_alpha_that_hides_nothing_is_left_out() -> None:
    opaque = CLEAR.copy()
    opaque[:, :, 3] = 255
    assert not inspect(encode.webp_file(opaque, {})).has_alpha


@given(texts)
def test_texts_read_back(text: dict[str, str]) -> None:
    for data in (encode.jpeg(COLOURS, text), encode.webp_file(COLOURS, text)):
        read = (jpeg.read if data.startswith(b"\xff\xd8") else webp.read)(data)
        # A trailing NUL is padding to readers of EXIF; there is none in a text.
        assert read.text == text


@pytest.mark.parametrize("form", [encode.jpeg, encode.webp_file])
def test_the_parameters_stand_where_the_tools_of_the_field_look(form: object) -> None:
    text = "a cat, 落款\nSteps: 4, Seed: 1"
    data = form(COLOURS, {"parameters": text, "rakkan": "{}"})  # type: ignore[operator]
    assert comment_in(data) == b"UNICODE\0" + text.encode("utf-16-be")
    assert inspect(data).text == {"parameters": text, "rakkan": "{}"}


def test_what_a_form_cannot_hold_is_refused() -> None:
    with pytest.raises(RakkanError, match="transparent"):
        encode.jpeg(CLEAR, {})
    with pytest.raises(RakkanError, match="too long for a JPEG"):
        encode.jpeg(COLOURS, {"parameters": "x" * 33000})
    with pytest.raises(RakkanError, match="too long"):
        encode.webp_file(COLOURS, {"parameters": "x" * (2 * 1024 * 1024)})
    with pytest.raises(RakkanError, match="Unicode"):
        encode.webp_file(COLOURS, {"parameters": "\ud800"})
    with pytest.raises(RakkanError, match="Unicode"):
        encode.webp_file(COLOURS, {"rakkan": "\ud800"})
    encode.jpeg(COLOURS, {"parameters": "x" * 32000})
    encode.webp_file(COLOURS, {"parameters": "x" * 1_000_000})


def test_encoding_twice_gives_the_same_bytes() -> None:
    for form in (encode.jpeg, encode.webp_file):
        assert form(COLOURS, {"parameters": "x"}) == form(COLOURS, {"parameters": "x"})


# ---- EXIF of others


@pytest.mark.parametrize(
    ("order", "comment", "expected"),
    [
        ("big", b"UNICODE\0" + "é落".encode("utf-16-be"), "é落"),
        ("little", b"UNICODE\0" + "a cat".encode("utf-16-le"), "a cat"),
        ("little", b"UNICODE\0" + "a cat".encode("utf-16-be"), "a cat"),
        ("little", b"ASCII\0\0\0a cat\0\0", "a cat"),
        ("big", b"ASCII\0\0\0" + "é".encode(), "é"),
    ],
)
def test_user_comments_of_other_tools_are_read(order: str, comment: bytes, expected: str) -> None:
    tags = Image.Exif()
    tags.endian = "<" if order == "little" else ">"
    tags.get_ifd(0x8769)[0x9286] = comment
    written = tags.tobytes().removeprefix(b"Exif\0\0")
    assert written[:2] == (b"II" if order == "little" else b"MM")
    assert exif.texts(written) == {"parameters": expected}


@pytest.mark.parametrize("way", range(1, 9))
def test_the_orientation_is_read_as_pillow_wrote_it(way: int) -> None:
    assert exif.orientation(ordinary.turned(way).removeprefix(b"Exif\0\0")) == way


@given(st.binary(max_size=80), st.integers(0, 200), st.binary(max_size=6))
def test_damaged_exif_says_nothing_and_breaks_nothing(junk: bytes, place: int, garbage: bytes) -> None:
    whole = exif.build({"parameters": "abc", "rakkan": "{}"})
    damaged = whole[:place] + garbage + whole[place + len(garbage) :]
    for data in (junk, b"MM\0*" + junk, b"II*\0" + junk, damaged, whole[:place]):
        assert 1 <= exif.orientation(data) <= 8
        assert isinstance(exif.texts(data), dict)


def test_exif_that_points_at_all_of_itself_from_everywhere_costs_nothing() -> None:
    """512 entries of a large file, each of a tag of its own and as long as the file."""
    size = 4_000_000
    entries = b"".join(struct.pack(">HHII", tag, 7, size - 8, 8) for tag in range(1000, 1512))
    data = (b"MM\0*" + struct.pack(">IH", 8, 512) + entries).ljust(size, b"\0")
    tracemalloc.start()
    assert exif.orientation(data) == 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < size


def test_texts_without_number_are_refused() -> None:
    texts = {str(number): "" for number in range(65)}
    data = ordinary.saved(ordinary.picture("RGB"), "WEBP", exif=b"Exif\0\0" + exif.build(texts))
    with pytest.raises(RakkanError, match="too many"):
        encode.webp_file(COLOURS, texts)
    with pytest.raises(RakkanError, match="more than 64 texts"):
        webp.read(data)


def test_text_of_our_own_that_is_no_table_of_texts_is_left_out() -> None:
    good = exif.build({"rakkan": "{}"})
    for bad in (b'{"rakkan":11}', b'["rakkan",1]', b'{"rak\\ud800":""}'[:15], b'{"rakkan"'):
        text = good.replace(b'{"rakkan":"{}"}', bad.ljust(15))
        assert exif.texts(text) == {}
