"""PNG of 16 bits a sample: all bits in, all bits out, whatever kind of colour it has."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from rakkan.errors import RakkanError
from rakkan.formats import encode, png, png_bands
from rakkan.formats.inspect import deep_pixels, pixels

GREY, COLOUR, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 4, 6


def file_of(
    samples: NDArray[Any], kind: int, before: tuple[tuple[bytes, bytes], ...] = (), filtering: int = 0
) -> bytes:
    """A PNG written by hand, [height, width, channels], each row under the same filter: none, sub or up."""
    height, width, channels = samples.shape
    raw = numpy.frombuffer(samples.astype(">u2").tobytes(), numpy.uint8).reshape(height, -1)
    step, filtered = 2 * channels, raw.copy()
    if filtering == 1:
        filtered[:, step:] -= raw[:, :-step]
    elif filtering == 2:
        filtered[1:] -= raw[:-1]
    rows = numpy.insert(filtered, 0, filtering, 1).tobytes()
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)),
        *before,
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return png.SIGNATURE + b"".join(png.chunk(name, body) for name, body in chunks)


def samples(channels: int) -> NDArray[numpy.uint16]:
    return numpy.random.default_rng(channels).integers(0, 65536, (9, 13, channels), numpy.uint16)


@pytest.mark.parametrize("filtering", [0, 1, 2])
def test_all_bits_of_every_kind_come_in(filtering: int) -> None:
    for kind, channels in ((GREY, 1), (COLOUR, 3), (GREY_ALPHA, 2), (COLOUR_ALPHA, 4)):
        made = samples(channels)
        got = deep_pixels(file_of(made, kind, filtering=filtering))
        expected = made if channels > 2 else numpy.dstack([made[..., :1]] * 3 + [made[..., 1:]])
        assert got.dtype == numpy.uint16 and numpy.array_equal(got, expected)
        eight = pixels(file_of(made, kind, filtering=filtering))
        assert numpy.array_equal(eight, got >> 8)  # what the inspectors were shown


def test_one_grey_can_be_transparent() -> None:
    made = samples(1)
    made[2, 3] = made[4, 5] = 777
    got = deep_pixels(file_of(made, GREY, ((b"tRNS", struct.pack(">H", 777)),)))
    assert got.shape == (9, 13, 4)
    assert (got[..., 3] == numpy.where(made[..., 0] == 777, 0, 65535)).all()


def test_it_comes_in_the_right_way_up() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = samples(3)
    got = deep_pixels(file_of(made, COLOUR, ((b"eXIf", exif.tobytes()[6:]),)))
    assert numpy.array_equal(got, numpy.rot90(made, -1))


def test_a_profile_of_srgb_keeps_the_bits_and_another_does_not() -> None:
    def profile(made: Any) -> tuple[bytes, bytes]:
        data = ImageCms.ImageCmsProfile(made).tobytes()
        return b"iCCP", b"p\0\0" + zlib.compress(data)

    made = samples(3)
    same = file_of(made, COLOUR, (profile(ImageCms.createProfile("sRGB")),))
    assert numpy.array_equal(deep_pixels(same), made)
    other = file_of(made[..., :1], GREY, (profile(ImageCms.createProfile("LAB")),))
    with pytest.raises(RakkanError, match="profile"):
        deep_pixels(other)


def test_other_pictures_come_in_as_they_do_elsewhere() -> None:
    for mode, name in (
        ("RGB", "PNG"),
        ("P", "PNG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("CMYK", "JPEG"),
        ("RGBA", "WEBP"),
    ):
        memory = io.BytesIO()
        image = Image.fromarray((samples(4) >> 8).astype(numpy.uint8)).convert("RGB").convert(mode)
        image.save(memory, name, **({"lossless": True} if name == "WEBP" else {}))
        got = deep_pixels(memory.getvalue())
        assert got.dtype == numpy.uint8 and numpy.array_equal(got, pixels(memory.getvalue()))


@given(
    st.sampled_from([3, 4]),
    st.sampled_from([numpy.uint8, numpy.uint16]),
    st.integers(1, 20),
    st.integers(1, 20),
    st.integers(1, 7),
    st.integers(0, 9),
)
def test_what_is_written_reads_back(
    channels: int, kind: Any, height: int, width: int, rows: int, seed: int
) -> None:
    random = numpy.random.default_rng(seed)
    made = random.integers(0, numpy.iinfo(kind).max, (height, width, channels), kind, endpoint=True)
    made[height // 2 :] = made[0, 0]
    text = {"parameters": "a owl 梟"}
    bands = [made[top : top + rows] for top in range(0, height, rows)]
    depth = 8 * made.dtype.itemsize
    head = png_bands.head(width, height, channels, depth, png.text_chunks(text))
    data = b"".join([head, *png_bands.packed_rows(bands), png_bands.END])
    assert numpy.array_equal(deep_pixels(data), made)
    assert png.text_of(data) == text
    assert numpy.array_equal(deep_pixels(png.encode(made, text)), made)
    with Image.open(io.BytesIO(data)) as image:  # and elsewhere
        shown = numpy.asarray(image)
    assert numpy.array_equal(shown, made if depth == 8 else made >> 8)


def test_what_is_drawn_packs_as_well_as_with_other_encoders() -> None:
    made = numpy.zeros((200, 300, 3), numpy.uint8)
    made[:] = numpy.arange(300)[None, :, None] % 256
    made[50:150, 60:200] = (250, 200, 180)
    memory = io.BytesIO()
    Image.fromarray(made).save(memory, "PNG")
    assert sum(map(len, png_bands.packed_rows([made]))) < 1.1 * len(memory.getvalue())


def test_other_formats_have_no_room_for_sixteen_bits() -> None:
    for encoder in (encode.jpeg, encode.webp_file):
        with pytest.raises(RakkanError, match="16 bits"):
            encoder(samples(3), {})


def test_a_webp_that_would_be_too_long_is_refused_in_a_line() -> None:
    with pytest.raises(RakkanError, match="16383"):
        encode.webp_file(numpy.zeros((1, 16384, 3), numpy.uint8), {})
