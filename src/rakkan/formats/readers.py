"""What the sandbox's child does with a file: walks its frame, then decodes it and compares.

These functions are for ``sandbox.call`` only; ``rakkan.formats.inspect`` is what others use.
"""

from __future__ import annotations

import io
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError
from rakkan.formats import exif, jpeg, png, png_structure, webp
from rakkan.formats.caps import MOST_PIXELS, Structure, unsound

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

#: What Pillow imports at odd moments, when it would take a refusal for a fault of the file.
_IMPORTED_LATE = ("mmap", "PIL.ImageCms", "PIL.ImageColor", "PIL.ImagePalette", "PIL.TiffImagePlugin")
#: EXIF orientation (CIPA DC-008, tag 0x0112): the Pillow transposition that undoes it.
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}


def warm_up() -> None:
    """Import whatever decoding will need, as nothing can be opened once the locks are on."""
    for name in _IMPORTED_LATE:
        import_module(name)
    _plugins()
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    for codec in ("latin-1", "utf-8", "utf-16-be", "utf-16-le", "ascii"):
        "".encode(codec)


def _plugins() -> dict[str, type[ImageFile]]:
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    return {"png": PngImageFile, "jpeg": JpegImageFile, "webp": WebPImageFile}


def describe(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The structure of a picture that was decoded as well, as plain values; no payload."""
    structure, image = _decoded(data)
    return _told(structure, image), b""


def decode(data: bytes) -> tuple[dict[str, Any], bytes]:
    """As ``describe``, and the pixels: 8-bit sRGB, the right way up, rows of RGB or RGBA."""
    structure, image = _decoded(data)
    return _told(structure, image), _in_eight_bits(structure, image)


def decode_deep(data: bytes) -> tuple[dict[str, Any], bytes]:
    """As ``decode``, but of a PNG of 16 bits a sample all of them, big-endian; ``deep`` says so.

    A colour profile is only computed with in 8 bits, so a picture with one keeps its 16 bits where that
    changes nothing to speak of, as sRGB's own profile does.
    """
    structure, image = _decoded(data)
    told = _told(structure, image)
    if structure.depth != 16 or not _is_srgb(structure, image):
        return {**told, "deep": False}, _in_eight_bits(structure, image)
    planes = [one for pair in _sixteen_bits(data, structure, image) for one in pair]
    samples = bytearray(len(planes) * structure.width * structure.height)
    for number, plane in enumerate(planes):
        samples[number :: len(planes)] = _upright(structure, plane).tobytes()
    return {**told, "deep": True}, bytes(samples)


def structure_of(data: bytes) -> Structure:
    """The frame of a picture, its kind told by its first bytes. Raises RakkanError for anything else."""
    if data.startswith(png.SIGNATURE):
        return png_structure.read(data)
    if data.startswith(b"\xff\xd8"):
        return jpeg.read(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return webp.read(data)
    raise RakkanError("This is no picture that is read here", "Give a PNG, JPEG or WebP file")


def _decoded(data: bytes) -> tuple[Structure, Image]:
    structure = structure_of(data)
    try:
        image = _plugins()[structure.kind](io.BytesIO(data))
        image.load()
    except (MemoryError, ImportError, PermissionError):
        raise  # ours, not the file's
    except Exception as error:
        raise unsound(structure.kind, "its pixels cannot be decoded") from error
    if image.size != (structure.width, structure.height):
        raise unsound(structure.kind, "its pixels are not as many as its header says")
    if structure.has_alpha != ("A" in image.getbands() or "transparency" in image.info):
        raise unsound(structure.kind, "it is transparent where its header says otherwise, or the reverse")
    if getattr(image, "n_frames", 1) != 1:
        raise unsound(structure.kind, "it is animated")
    return structure, image


def _told(structure: Structure, image: Image) -> dict[str, Any]:
    turned = exif.orientation(structure.exif) >= 5
    width, height = structure.width, structure.height
    return {
        "kind": structure.kind,
        "width": height if turned else width,
        "height": width if turned else height,
        "colour": structure.colour,
        "depth": structure.depth,
        "has_alpha": structure.has_alpha,
        "text": structure.text,
        "sizes": structure.sizes,
    }


def _in_eight_bits(structure: Structure, image: Image) -> bytes:
    image = _in_srgb(structure, _eight_bits(structure, image))
    return _upright(structure, image).tobytes()


def _upright(structure: Structure, image: Image) -> Image:
    turn = _TURNS.get(exif.orientation(structure.exif))
    if turn is None:
        return image
    from PIL.Image import Transpose

    return image.transpose(Transpose(turn))


def _eight_bits(structure: Structure, image: Image) -> Image:
    """RGB or RGBA pixels of 8 bits; grey and CMYK stay what they are when a profile says what they mean."""
    transparent = image.info.get("transparency")
    if image.mode.startswith("I"):
        # Samples of 16 bits keep their upper eight, as Pillow does where there are three of them.
        wide = image.convert("I")
        image = wide.point([value // 256 for value in range(65536)], "L")
        if transparent is not None:
            image.putalpha(wide.point([255 * (value != transparent) for value in range(65536)], "L"))
    elif structure.depth == 16 and transparent is not None:
        raise unsound(structure.kind, "it names a transparent colour of 16 bits, which is not read here")
    if structure.has_alpha:
        return image.convert("RGBA")
    return image if structure.icc and image.mode in ("CMYK", "L") else image.convert("RGB")


def _is_srgb(structure: Structure, image: Image) -> bool:
    """Whether a profile, if there is one, leaves the colours within a level of what they are without."""
    if not structure.icc:
        return True
    from PIL import ImageChops

    bare = _eight_bits(structure, image).convert("RGB")
    apart = ImageChops.difference(bare, _in_srgb(structure, _eight_bits(structure, image)).convert("RGB"))
    return apart.point([0, 0, *[255] * 254] * 3).getbbox() is None


def _sixteen_bits(data: bytes, structure: Structure, image: Image) -> list[tuple[Image, Image]]:
    """Upper and lower bytes of red, green, blue and, of a transparent picture, alpha, as planes of 8 bits.

    Pillow keeps the upper bytes of such samples; taken for little-endian, they are the lower ones.
    """
    transparent = image.info.get("transparency")
    if structure.colour == "grey" and not image.mode.startswith("I"):
        four = _decoded_as(data, "RGBA", "RGBA").split()  # grey and alpha, two bytes each
        return [(four[0], four[1])] * 3 + [(four[2], four[3])]
    if image.mode.startswith("I"):
        wide = image.convert("I")
        upper = wide.point([value // 256 for value in range(65536)], "L")
        lower = wide.point([value % 256 for value in range(65536)], "L")
        grey = [(upper, lower)] * 3
        if transparent is None:
            return grey
        alpha = wide.point([255 * (value != transparent) for value in range(65536)], "L")
        return [*grey, (alpha, alpha)]
    if transparent is not None:
        raise unsound(structure.kind, "it names a transparent colour of 16 bits, which is not read here")
    lower = _decoded_as(data, image.mode, f"{image.mode};16L")
    return list(zip(image.split(), lower.split(), strict=True))


def _decoded_as(data: bytes, mode: str, raw_mode: str) -> Image:
    image = _plugins()["png"](io.BytesIO(data))
    image._mode = mode
    image.tile = [part._replace(args=raw_mode) for part in image.tile]
    image.load()
    return image


def _in_srgb(structure: Structure, image: Image) -> Image:
    if not structure.icc:
        return image
    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(structure.icc))
        modes = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}
        mode = modes[profile.profile.xcolor_space.strip()]
        if (mode == "CMYK") != (image.mode == "CMYK") or (mode == "L" and structure.colour != "grey"):
            raise ValueError(mode)
        standard = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image.convert(mode), profile, standard, outputMode="RGB")
    except (MemoryError, ImportError, PermissionError):
        raise
    except Exception as error:
        raise unsound(structure.kind, "its colour profile cannot be used") from error
    if converted is None:
        raise unsound(structure.kind, "its colour profile cannot be used")
    if image.mode == "RGBA":
        converted.putalpha(image.getchannel("A"))
    return converted
