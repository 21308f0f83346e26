"""Pictures that a drawing is shown: what options mean, how pictures come in, and how they are fitted."""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from rakkan.errors import RakkanError
from rakkan.formats.inspect import inspect_picture
from rakkan.studio.references import (
    CELL,
    CONTROL,
    IMAGE_PROMPT,
    LARGEST_PROMPT,
    LONGEST,
    REFERENCE,
    STYLE,
    Asked,
    LetIn,
    Shown,
    asked_for,
    fitted,
    fitted_control,
    fitted_prompt,
    fitted_reference,
    let_in,
    over_white,
)
from rakkan.trust.gate import Admission, Source


def test_options_name_pictures_and_what_they_go_through(tmp_path: Path) -> None:
    assert asked_for("a.png", None, [], []) == (Asked(REFERENCE, Path("a.png"), 1.0),)
    assert asked_for("a.png", 0.12345678, [], [])[0].strength == 0.123457
    found = asked_for("", None, ["lines=b.png:0.5", "depth=c:d.png"], ["looks=e=f.png:2"])
    assert found == (
        Asked(CONTROL, Path("b.png"), 0.5, "lines"),
        Asked(CONTROL, Path("c:d.png"), 1.0, "depth"),
        Asked(IMAGE_PROMPT, Path("e=f.png"), 2.0, "looks"),
    )
    file = tmp_path / "odd:1"
    file.touch()
    assert asked_for("", None, [f"lines={file}"], [])[0] == Asked(CONTROL, file, 1.0, "lines")


def test_a_reference_to_a_checkpoint_has_a_kind() -> None:
    assert asked_for("a.png", 0.5, [], [], "", "style") == (Asked(STYLE, Path("a.png"), 0.5),)
    assert asked_for("a.png", None, [], [], "", "identity") == (Asked(REFERENCE, Path("a.png"), 1.0),)
    for kind, message in (("palette", "takes no palette"), ("looks", "no reference kind 'looks'")):
        with pytest.raises(RakkanError, match=message) as caught:
            asked_for("a.png", None, [], [], "", kind)
        assert "identity, style" in caught.value.hint
    with pytest.raises(RakkanError, match="--reference-kind goes with a reference"):
        asked_for("", None, [], [], "", "style")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("", None, ["lines"], []), "names no model and picture"),
        (("", None, ["=a.png"], []), "names no model and picture"),
        (("", None, [], ["looks= "]), "names no model and picture.*"),
        (("", None, ["lines=a.png:-1"], []), "ControlNet's strength -1 is out of range"),
        (("", None, [], ["looks=a.png:inf"]), "IP-Adapter's strength inf is out of range"),
        (("", None, ["lines=a.png"] * 9, []), "9 ControlNets are too many"),
        (("", None, [], ["looks=a.png", "more=b.png"]), "2 IP-Adapters are too many"),
        (("", 0.5, [], []), "goes with a reference"),
        (("a.png", float("nan"), [], []), "strength nan is out of range"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    options: tuple[str, float | None, list[str], list[str]], message: str
) -> None:
    with pytest.raises(RakkanError, match=message) as caught:
        asked_for(*options)
    assert caught.value.hint


class Vault:
    """A gate that lets everything in which is sound, and what it keeps."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}

    def admit(self, source: Source) -> Admission:
        data = source.path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        self.kept[source.account, digest] = data
        source.path.write_bytes(b"changed meanwhile")
        return Admission(digest, inspect_picture(data)[0], 7, ())

    def read(self, account: str, digest: str) -> bytes:
        return self.kept[account, digest]


def came_in(data: bytes, folder: Path) -> LetIn:
    vault = Vault()
    (folder / "given").write_bytes(data)
    return let_in(folder / "given", vault.admit, vault.read)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def test_what_is_used_is_what_was_let_in_whatever_becomes_of_the_file(tmp_path: Path) -> None:
    image = Image.new("RGB", (30, 20), (10, 200, 30))
    found = came_in(encoded(image), tmp_path)
    assert found.data == encoded(image) and found.media_type == "image/png"
    assert found.digest == hashlib.sha256(found.data).hexdigest()
    assert found.pixels.shape == (20, 30, 3) and (found.pixels == (10, 200, 30)).all()
    assert found.ingredient.relationship == "reference" and found.ingredient.data == found.data


def sixteen() -> Image.Image:
    return Image.fromarray(numpy.full((20, 30), 0x4020, numpy.uint16))


@pytest.mark.parametrize(
    ("made", "kind", "colour"),
    [
        (lambda: Image.new("L", (30, 20), 77), "PNG", (77, 77, 77)),
        (lambda: Image.new("P", (30, 20), 0), "PNG", (0, 0, 0)),
        (lambda: Image.new("1", (30, 20), 1), "PNG", (255, 255, 255)),
        (sixteen, "PNG", (0x40, 0x40, 0x40)),
        (lambda: Image.new("LA", (30, 20), (0, 127)), "PNG", (128, 128, 128)),
        (lambda: Image.new("RGBA", (30, 20), (200, 0, 0, 0)), "PNG", (255, 255, 255)),
        (lambda: Image.new("RGBA", (30, 20), (0, 0, 255, 51)), "WEBP", (204, 204, 255)),
        (lambda: Image.new("RGB", (1, 1), (1, 2, 3)), "PNG", (1, 2, 3)),
        (lambda: Image.new("RGB", (9000, 3), (9, 8, 7)), "PNG", (9, 8, 7)),
        (lambda: Image.new("RGB", (3000, 2500), (6, 5, 4)), "PNG", (6, 5, 4)),
    ],
)
def test_pictures_of_every_kind_become_8_bits_of_srgb_over_white(
    made: Callable[[], Image.Image], kind: str, colour: tuple[int, ...], tmp_path: Path
) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    found = came_in(encoded(made(), kind, **options), tmp_path)
    assert found.pixels.dtype == numpy.uint8 and found.pixels.shape == (*made().size[::-1], 3)
    assert numpy.abs(found.pixels.astype(int) - colour).max() <= 1


def test_what_is_too_large_for_the_parser_does_not_come_in(tmp_path: Path) -> None:
    data = bytearray(encoded(Image.new("L", (8, 8))))
    data[16:24] = (20000).to_bytes(4, "big") * 2
    import zlib

    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    with pytest.raises(RakkanError, match="too large: 20000×20000"):
        came_in(bytes(data), tmp_path)


def test_transparent_pixels_are_laid_over_white_by_hand() -> None:
    pixels = numpy.array([[[100, 0, 200, 255], [100, 0, 200, 0], [100, 0, 200, 102]]], numpy.uint8)
    expected = [[100, 0, 200], [255, 255, 255], [193, 153, 233]]
    assert numpy.abs(over_white(pixels)[0].astype(int) - expected).max() <= 1
    assert over_white(pixels[..., :3]) is not None and over_white(pixels[..., :3]).shape == (1, 3, 3)


SIDES = st.integers(1, 700)


@given(SIDES, SIDES, st.sampled_from([(64, 64), (512, 768), (1024, 1024), (88, 72)]))
def test_a_reference_is_as_large_as_the_drawing_and_fits_the_engine(
    width: int, height: int, size: tuple[int, int]
) -> None:
    found = fitted_reference(numpy.zeros((height, width, 3), numpy.uint8), size)
    assert found.shape[0] % CELL == found.shape[1] % CELL == 0 and min(found.shape[:2]) >= CELL
    longest = max(found.shape[:2]) / min(found.shape[:2])
    assert longest <= 2 * LONGEST
    area, wanted = found.shape[0] * found.shape[1], size[0] * size[1]
    assert area <= 2 * wanted + 8 * CELL * CELL and 4 * area >= wanted


def test_a_reference_keeps_its_proportions_and_its_middle() -> None:
    assert fitted_reference(numpy.zeros((600, 400, 3), numpy.uint8), (512, 512)).shape == (640, 448, 3)
    assert fitted_reference(numpy.zeros((5, 4000, 3), numpy.uint8), (512, 512)).shape == (256, 1024, 3)
    marked = numpy.zeros((64, 1000, 3), numpy.uint8)
    marked[:, 468:532] = 255  # the middle of what is far too long
    found = fitted_reference(marked, (128, 128))
    columns = numpy.flatnonzero(found[found.shape[0] // 2, :, 0] > 127)
    assert abs((columns[0] + columns[-1] + 1) / 2 - found.shape[1] / 2) <= 1
    same = numpy.random.default_rng(1).integers(0, 256, (128, 192, 3), numpy.uint8)
    assert numpy.array_equal(fitted_reference(same, (192, 128)), same)


def test_a_control_picture_has_the_drawings_size() -> None:
    same = numpy.random.default_rng(1).integers(0, 256, (96, 64, 3), numpy.uint8)
    assert numpy.array_equal(fitted_control(same, (64, 96), "a"), same)
    assert fitted_control(numpy.zeros((1500, 1000, 3), numpy.uint8), (512, 768), "a").shape == (768, 512, 3)
    assert fitted_control(numpy.zeros((1080, 1920, 3), numpy.uint8), (912, 512), "a").shape == (512, 912, 3)
    with pytest.raises(RakkanError, match=r"lines\.png is 1000x1500, .* 512x512") as caught:
        fitted(CONTROL, numpy.zeros((1500, 1000, 3), numpy.uint8), (512, 512), "lines.png")
    assert "--size 416x624" in caught.value.hint
    with pytest.raises(RakkanError, match="1x4000") as caught:
        fitted_control(numpy.zeros((4000, 1, 3), numpy.uint8), (512, 512), "a")
    assert caught.value.hint.startswith("Crop it")


def test_the_size_that_is_advised_fits() -> None:
    import re

    for width, height in ((1000, 1500), (333, 200), (97, 201), (1920, 1080), (640, 480)):
        pixels = numpy.zeros((height, width, 3), numpy.uint8)
        with pytest.raises(RakkanError) as caught:
            fitted_control(pixels, (1024, 1000), "a")
        advised = re.search(r"--size (\d+)x(\d+)", caught.value.hint)
        assert advised
        size = (int(advised[1]), int(advised[2]))
        assert fitted_control(pixels, size, "a").shape == (size[1], size[0], 3)


def test_a_picture_that_prompts_is_no_larger_than_anybody_looks_at() -> None:
    assert fitted_prompt(numpy.zeros((3000, 4000, 3), numpy.uint8)).shape == (LARGEST_PROMPT, 1365, 3)
    assert fitted_prompt(numpy.zeros((1, 16384, 3), numpy.uint8)).shape == (1, LONGEST, 3)
    small = numpy.random.default_rng(1).integers(0, 256, (50, 40, 3), numpy.uint8)
    assert numpy.array_equal(fitted_prompt(small), small)


def test_what_an_engine_is_told_can_be_sent_and_compared() -> None:
    one = Shown(REFERENCE, numpy.zeros((64, 64, 3), numpy.uint8), 0.5)
    assert pickle.loads(pickle.dumps(one)) == one
    assert one != Shown(REFERENCE, numpy.ones((64, 64, 3), numpy.uint8), 0.5)
    assert one != Shown(REFERENCE, one.pixels, 0.4) and one != "reference"
    assert one != Shown(REFERENCE, one.pixels, 0.5, "model")
