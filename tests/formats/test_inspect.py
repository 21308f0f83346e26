"""Files as people have them are accepted, and what is said of them is what other readers find."""

from __future__ import annotations

import io

import numpy
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps
from safetensors.numpy import load
from tests.formats import ordinary

from rakkan.errors import RakkanError
from rakkan.formats import inspect as inspecting
from rakkan.formats import png, safetensors_file
from rakkan.formats.inspect import inspect, inspect_model, pixels

PICTURES = ordinary.pictures()
MODELS = ordinary.models()


def as_pillow_shows(data: bytes) -> NDArray[numpy.uint8]:
    """The pixels as Pillow alone would give them, the right way up."""
    with Image.open(io.BytesIO(data)) as image:
        if image.mode.startswith("I"):
            return numpy.asarray(
                (numpy.asarray(image).astype(numpy.uint32) >> 8)[..., None].repeat(3, 2), numpy.uint8
            )
        alpha = "A" in image.getbands() or "transparency" in image.info
        upright = ImageOps.exif_transpose(image)
        return numpy.asarray(upright.convert("RGBA" if alpha else "RGB"))


@pytest.mark.parametrize("name", PICTURES)
def test_ordinary_pictures_are_accepted_and_decode_as_pillow_decodes_them(name: str) -> None:
    data = PICTURES[name]
    found, decoded, expected = inspect(data), pixels(data), as_pillow_shows(data)
    assert decoded.shape == (found.height, found.width, 4 if found.has_alpha else 3) == expected.shape
    assert decoded.dtype == numpy.uint8
    # A conversion from sRGB to sRGB rounds by one.
    allowed = 2 if "icc" in found.metadata else 0
    assert numpy.abs(decoded.astype(int) - expected.astype(int)).max() <= allowed
    assert found.kind == name.split()[0]
    assert found.size == len(data)
    assert not found.findings
    assert not found.has_seal


def test_what_is_said_of_a_picture() -> None:
    found = inspect(PICTURES["png texts"])
    assert (found.kind, found.media_type, found.width, found.height) == ("png", "image/png", 37, 29)
    assert (found.colour, found.depth, found.has_alpha) == ("colour", 8, False)
    assert found.text == {"parameters": "a cat\nSteps: 4, Seed: 1", "Title": "落款"}
    assert set(found.metadata) == {"text", "xmp"}
    assert inspect(PICTURES["png P"]).colour == "palette"
    assert inspect(PICTURES["png LA"]).has_alpha
    assert inspect(PICTURES["png I;16"]).depth == 16
    assert inspect(PICTURES["png 2 bits"]).depth == 2
    assert inspect(PICTURES["jpeg cmyk"]).colour == "cmyk"
    assert inspect(PICTURES["jpeg grey"]).colour == "grey"
    assert inspect(PICTURES["jpeg comment"]).text == {"comment": "café"}
    assert inspect(PICTURES["webp exif"]).media_type == "image/webp"
    for name in ("jpeg exif", "webp everything"):
        assert inspect(PICTURES[name]).text == {"parameters": "a cat, 落款", "rakkan": "{}"}


@pytest.mark.parametrize("way", range(1, 9))
def test_a_turned_picture_comes_out_upright(way: int) -> None:
    data = PICTURES[f"jpeg turned {way}"]
    found = inspect(data)
    assert (found.width, found.height) == ((29, 37) if way >= 5 else (37, 29))
    with Image.open(io.BytesIO(data)) as image:
        assert (pixels(data) == numpy.asarray(ImageOps.exif_transpose(image))).all()


def test_the_colours_of_a_wide_gamut_come_out_as_srgb() -> None:
    """A profile whose red, green and blue are sRGB's turned round: what is stored as red is shown green."""
    profile = ordinary.srgb()
    tags = {
        profile[at : at + 4]: at for at in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12)
    }
    places = [profile[tags[name] + 4 : tags[name] + 12] for name in (b"gXYZ", b"bXYZ", b"rXYZ")]
    turned = bytearray(profile)
    for name, place in zip((b"rXYZ", b"gXYZ", b"bXYZ"), places, strict=True):
        turned[tags[name] + 4 : tags[name] + 12] = place
    red = Image.new("RGB", (4, 4), (255, 0, 0))
    shown = pixels(ordinary.saved(red, "PNG", icc_profile=bytes(turned)))
    assert shown[0, 0].tolist() == pytest.approx([0, 255, 0], abs=3)
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 77))
    shown = pixels(ordinary.saved(clear, "PNG", icc_profile=bytes(turned)))
    assert shown[0, 0].tolist() == pytest.approx([0, 255, 0, 77], abs=3)


def test_a_profile_for_another_kind_of_colour_is_refused() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (lab, b"not a profile", ordinary.srgb()[:200]):
        data = ordinary.saved(ordinary.picture("RGB"), "PNG", icc_profile=profile)
        with pytest.raises(RakkanError, match="colour profile"):
            pixels(data)
    with pytest.raises(RakkanError, match="colour profile"):
        pixels(ordinary.saved(ordinary.picture("CMYK"), "JPEG", icc_profile=ordinary.srgb()))


def test_samples_of_sixteen_bits_keep_their_upper_half() -> None:
    assert (pixels(PICTURES["png 16 bits colour"]) == ordinary.drawing()[:, :, :3]).all()
    assert (pixels(PICTURES["png 16 bits alpha"]) == ordinary.drawing()).all()
    rows = b"\0" + b"".join(value.to_bytes(2, "big") for value in (0, 255, 256, 32767, 32768, 65535))
    assert pixels(ordinary.raw_png(6, 1, 16, 0, rows))[0, :, 0].tolist() == [0, 0, 1, 127, 128, 255]
    see_through = ordinary.raw_png(6, 1, 16, 0, rows, ordinary.chunk(b"tRNS", (32767).to_bytes(2, "big")))
    assert pixels(see_through)[0, :, 3].tolist() == [255, 255, 255, 0, 255, 255]


def test_a_transparent_colour_is_transparent() -> None:
    shown = pixels(PICTURES["png transparent colour"])
    assert (shown[8:16, 8:16, 3] == 0).all()
    assert shown[0, 0, 3] == 255


def test_pixels_may_not_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        pixels(PICTURES["png RGB"])[0, 0] = 0


def test_the_content_counts_and_a_wrong_name_is_remarked() -> None:
    data = PICTURES["png RGB"]
    for name in ("a.png", "a.PNG", "", "folder.jpg/a", "a"):
        assert inspect(data, name).findings == ()
    assert inspect(data, "a.jpg").findings == ("The file is called .jpg but is image/png",)
    assert inspect(data, "a.\nsvg").findings == ("The file is called .?svg but is image/png",)
    assert inspect(MODELS["model"], "a.ckpt").findings == (
        "The file is called .ckpt but is application/x-safetensors",
    )
    assert inspect(PICTURES["jpeg"], "a.jpeg").findings == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"GIF89a" + bytes(50),
        b"BM" + bytes(50),
        b"%PDF-1.7",
        b"<svg xmlns='x'/>",
        b"PK\x03\x04",
        b"x" * 99,
    ],
)
def test_other_kinds_of_file_are_refused(data: bytes) -> None:
    with pytest.raises(RakkanError, match="kind"):
        inspect(data)
    with pytest.raises(RakkanError, match="no picture"):
        pixels(data)


@pytest.mark.parametrize("name", MODELS)
def test_ordinary_models_are_accepted_and_hold_what_safetensors_finds(name: str) -> None:
    found, tensors = inspect(MODELS[name]), load(MODELS[name])
    assert (found.kind, found.tensors) == ("safetensors", len(tensors))
    assert found.parameters == sum(tensor.size for tensor in tensors.values())
    assert sum(found.dtypes.values()) == len(tensors)


def test_what_is_said_of_a_model() -> None:
    found = inspect(MODELS["model with metadata"])
    assert found.text == {"format": "pt", "title": "落款"}
    assert found.dtypes == {"F32": 8}
    assert found.parameters == 3 * 36
    assert found.media_type == "application/x-safetensors"


def test_a_large_model_is_read_from_its_start_alone() -> None:
    import json

    gigabytes = 7 * 1024**3
    entry = {"dtype": "F16", "shape": [gigabytes // 2], "data_offsets": [0, gigabytes]}
    header = json.dumps({"weight": entry}).encode()
    start = len(header).to_bytes(8, "little") + header
    found = inspect_model(start, len(start) + gigabytes)
    assert (found.parameters, found.size) == (gigabytes // 2, len(start) + gigabytes)
    with pytest.raises(RakkanError, match="follow its header"):
        inspect_model(start, len(start) + gigabytes - 1)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"kind": "gif"},
        {"width": 0},
        {"width": -1},
        {"width": True},
        {"height": 20000},
        {"width": 16384, "height": 16384},
        {"has_alpha": 1},
        {"depth": "8"},
        {"colour": "ultraviolet"},
        {"text": {"a": 1}},
        {"text": []},
        {"sizes": {"c2pa": -1}},
        {"sizes": {"c2pa": 1.5}},
    ],
)
def test_an_answer_that_makes_no_sense_is_not_believed(
    answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = {"kind": "png", "width": 2, "height": 2, "colour": "colour", "depth": 8, "has_alpha": False}
    good |= {"text": {}, "sizes": {}}
    said = {**good, **answer} if isinstance(answer, dict) and answer else answer

    def lie(*_: object) -> tuple[object, bytes]:
        return said, bytes(12)

    monkeypatch.setattr(inspecting.sandbox, "call", lie)
    with pytest.raises(RakkanError, match="makes no sense"):
        inspect(PICTURES["png RGB"])
    said = good
    assert pixels(PICTURES["png RGB"]).shape == (2, 2, 3)
    said = {**good, "width": 3}
    with pytest.raises(RakkanError, match="makes no sense"):
        pixels(PICTURES["png RGB"])


def test_too_large_files_are_refused_before_anything_is_started() -> None:
    large = png.SIGNATURE + bytes(64 * 1024 * 1024)
    for reader in (inspect, pixels):
        with pytest.raises(RakkanError, match="larger than 64 MiB"):
            reader(large)
    claim = (safetensors_file.LARGEST_HEADER + 1).to_bytes(8, "little") + b"{}"
    with pytest.raises(RakkanError, match="header would have"):
        inspect(claim)
