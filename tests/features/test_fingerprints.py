"""Fingerprints: PDQ bit for bit as the foreign implementation has it, and what a copy keeps."""

from __future__ import annotations

import io
import json
from functools import cache
from random import Random

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some
from numpy.typing import NDArray
from PIL import Image, ImageOps
from tests.features.pdq_pictures import HASHES, orientations, pictures

from rakkan.corpus.figures import attributes, render
from rakkan.features import fingerprints
from rakkan.features.fingerprints import Look, catalogue, looks, pdq, says_something, trimmed

Pixels = NDArray[numpy.uint8]
PICTURES = dict(pictures())


def apart(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


@cache
def figure(seed: int) -> Pixels:
    random = Random(seed)
    return render(attributes.sample(random, framing="bust"), random.getrandbits(32), 1.5)


@pytest.mark.parametrize("name", PICTURES)
def test_pdq_is_that_of_the_foreign_implementation(name: str) -> None:
    known = json.loads(HASHES.read_text())[name]
    hash_, quality = pdq(PICTURES[name])
    # Coefficients that are equal but for rounding may fall on either side of the median: on ramps, whose
    # coefficients are mostly zero, nearly all are.
    ties = 256 if name.startswith("ramp") else 0
    assert apart(hash_, bytes.fromhex(known["hashes"][0])) <= ties
    assert abs(quality - known["quality"]) <= 1


@pytest.mark.parametrize("name", [name for name in PICTURES if not name.startswith("ramp")])
def test_all_eight_orientations_are_those_of_the_turned_picture(name: str) -> None:
    known = [bytes.fromhex(one) for one in json.loads(HASHES.read_text())[name]["hashes"]]
    (look, *_) = fingerprints._looks_of(PICTURES[name])
    assert len(set(known)) == 8
    assert look.hashes == tuple(known)


@pytest.mark.parametrize("name", ["shapes 128x128", "waves 129x257"])
def test_the_layout_turns_with_the_picture(name: str) -> None:
    (look, *_) = fingerprints._looks_of(PICTURES[name])
    for turn, pixels in zip(fingerprints.TURNS, orientations(PICTURES[name]), strict=True):
        (turned, *_) = fingerprints._looks_of(pixels)
        own = fingerprints._turned(look.layout, turn, inverted=False)
        assert fingerprints._same_layout(own, numpy.frombuffer(turned.layout, numpy.uint8))


def test_pdq_is_that_of_the_package_if_it_is_there() -> None:
    pdqhash = pytest.importorskip("pdqhash")
    random = numpy.random.default_rng(1)
    for _ in range(40):
        height, width = random.integers(64, 700, 2)
        small = random.integers(0, 256, (9, 7, 3), numpy.uint8)
        pixels = numpy.array(
            Image.fromarray(small).resize((int(width), int(height)), Image.Resampling.BICUBIC)
        )
        bits, quality = pdqhash.compute(pixels)
        hash_, own = pdq(pixels)
        assert apart(hash_, numpy.packbits(bits.astype(numpy.uint8)).tobytes()) <= 2
        assert abs(own - quality) <= 1


@pytest.mark.parametrize("size", [(4, 100), (100, 4), (1, 1)])
def test_a_picture_too_small_to_hash_has_no_looks(size: tuple[int, int]) -> None:
    assert looks(numpy.random.default_rng(0).integers(0, 256, (*size, 3), numpy.uint8)) == ()


@pytest.mark.parametrize("value", [0, 127, 255])
def test_a_blank_picture_has_no_looks(value: int) -> None:
    assert looks(numpy.full((200, 200, 3), value, numpy.uint8)) == ()


def test_a_hash_that_was_made_up_to_match_much_says_nothing() -> None:
    honest, *_ = looks(figure(1))
    assert says_something(honest)
    assert not says_something(Look(100, (bytes(32),) * 8, honest.layout))
    assert not says_something(Look(100, (b"\xff" * 32,) * 8, honest.layout))
    assert not says_something(Look(100, honest.hashes, bytes(256)))
    assert not says_something(Look(49, honest.hashes, honest.layout))


def jpeg(pixels: Pixels, quality: int) -> Pixels:
    memory = io.BytesIO()
    Image.fromarray(pixels).save(memory, "JPEG", quality=quality)
    return numpy.array(Image.open(memory).convert("RGB"))


COPIES = {
    "itself": lambda pixels: pixels,
    "half the size": lambda pixels: numpy.array(Image.fromarray(pixels).resize((192, 192))),
    "JPEG 50": lambda pixels: jpeg(pixels, 50),
    "grey": lambda pixels: numpy.array(Image.fromarray(pixels).convert("L").convert("RGB")),
    "mirrored": lambda pixels: pixels[:, ::-1],
    "upside down": lambda pixels: pixels[::-1],
    "turned left": lambda pixels: numpy.rot90(pixels),
    "turned right": lambda pixels: numpy.rot90(pixels, 3),
    "turned about": lambda pixels: pixels[::-1, ::-1],
    "transposed": lambda pixels: pixels.swapaxes(0, 1),
    "transposed about": lambda pixels: numpy.rot90(pixels, 2).swapaxes(0, 1),
    "inverted": lambda pixels: 255 - pixels,
    "white border": lambda pixels: numpy.array(ImageOps.expand(Image.fromarray(pixels), 40, "white")),
    "wide border": lambda pixels: numpy.pad(pixels, ((0, 0), (100, 100), (0, 0))),
    "border and JPEG": lambda pixels: jpeg(numpy.pad(pixels, ((30, 30), (30, 30), (0, 0))), 70),
}


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_found(how: str) -> None:
    for seed in (1, 2, 3):
        original = figure(seed)
        known = [(other, look) for other in (4, 5, seed) for look in looks(figure(other))]
        copy = numpy.ascontiguousarray(COPIES[how](original))
        found = catalogue([look for _, look in known]).copies(looks(copy))
        assert {known[row][0] for row, _ in found} == {seed}, how


@pytest.mark.parametrize("matte", [255, 0, 127])
def test_a_transparent_picture_is_found_on_each_matte(matte: int) -> None:
    shape = numpy.zeros((384, 384, 4), numpy.uint8)
    shape[..., :3] = figure(6)
    y, x = numpy.mgrid[0:384, 0:384]
    shape[..., 3] = numpy.where((x - 192) ** 2 + (y - 192) ** 2 < 180**2, 255, 0)
    opaque = numpy.where(shape[..., 3:] == 255, shape[..., :3], numpy.uint8(matte))
    assert catalogue(looks(shape)).copies(looks(opaque))
    assert catalogue(looks(opaque)).copies(looks(shape))


def test_hidden_colours_under_full_transparency_count_for_nothing() -> None:
    shape = numpy.dstack([figure(6), numpy.full((384, 384), 255, numpy.uint8)])
    shape[:, :50, 3] = 0
    other = shape.copy()
    other[:, :50, :3] = numpy.random.default_rng(0).integers(0, 256, (384, 50, 3))
    assert looks(shape) == looks(other)


def test_other_pictures_are_not_taken_for_copies() -> None:
    everyone = [look for seed in range(40) for look in looks(figure(seed))[:1]]
    known = catalogue(everyone)
    for row, look in enumerate(everyone):
        assert [found for found, _ in known.copies([look])] == [row]


def test_a_changed_face_is_another_picture_though_pdq_does_not_see_it() -> None:
    original = figure(1)
    changed = original.copy()
    changed[230:250, 170:214] = (120, 40, 40)  # a mouth
    known = catalogue(looks(original))
    assert known.alike(looks(changed))
    assert not known.copies(looks(changed))


def test_the_nearest_comes_first() -> None:
    original = figure(1)
    known = catalogue([looks(jpeg(original, 40))[0], looks(original)[0]])
    (nearest, distance), (_, other) = known.copies(looks(original))
    assert (nearest, distance) == (1, 0) and other > 0


@given(some.integers(0, 30), some.integers(0, 30), some.integers(0, 30), some.integers(0, 30))
def test_a_border_is_trimmed_to_the_last_line(top: int, bottom: int, left: int, right: int) -> None:
    inner = numpy.random.default_rng(2).integers(0, 100, (20, 30, 3), numpy.uint8)
    framed = numpy.pad(inner, ((top, bottom), (left, right), (0, 0)), constant_values=250)
    assert numpy.array_equal(trimmed(framed), inner)


def test_what_would_be_trimmed_to_nothing_stays_whole() -> None:
    blank = numpy.full((50, 50, 3), 9, numpy.uint8)
    assert trimmed(blank) is blank


def test_a_layout_shows_no_brightness() -> None:
    """A cell's tone is the same for brightnesses 32 apart: the layout does not tell dark from light."""
    (look,) = fingerprints._looks_of(PICTURES["shapes 512x512"] // 4)
    (lifted,) = fingerprints._looks_of(PICTURES["shapes 512x512"] // 4 + numpy.uint8(64))
    assert lifted.layout == look.layout
