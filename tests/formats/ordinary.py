"""Files as people have them: pictures that Pillow writes in every mode, models that safetensors writes."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache

import numpy
from numpy.typing import NDArray
from PIL import Image, ImageCms, PngImagePlugin

from rakkan.formats import exif, png

WIDTH, HEIGHT = 37, 29


@cache
def drawing() -> NDArray[numpy.uint8]:
    """Smooth colours with an edge: uint8 [29, 37, 4], partly transparent."""
    rows, columns = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    channels = [rows * 8, columns * 6, (rows + columns) * 3, numpy.where(columns > 10, 255, columns * 20)]
    made = numpy.stack(channels, -1).astype(numpy.uint8)
    made[8:16, 8:16, :3] = (200, 30, 60)
    return made


def picture(mode: str) -> Image.Image:
    """The drawing in a mode of Pillow's."""
    whole = Image.fromarray(drawing())
    if mode == "I;16":
        grey = numpy.asarray(whole.convert("L")).astype(numpy.uint16) * 257
        return Image.fromarray(grey)
    if mode in ("P", "1"):
        return whole.convert("RGB").convert(mode)
    return whole.convert("RGB").convert(mode) if mode in ("L", "CMYK", "RGB") else whole.convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    memory = io.BytesIO()
    image.save(memory, kind, **options)  # type: ignore[arg-type]
    return memory.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def raw_png(
    width: int, height: int, depth: int, kind: int, rows: bytes, *between: bytes, lace: int = 0
) -> bytes:
    """A PNG from its unpacked rows, filter bytes included."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, lace))
    packed = chunk(b"IDAT", zlib.compress(rows))
    return png.SIGNATURE + header + b"".join(between) + packed + chunk(b"IEND", b"")


def wide_png(channels: int, kind: int) -> bytes:
    """A PNG of 16 bits a sample, which Pillow does not write in colour."""
    wide = drawing()[:, :, :channels].astype(">u2") * 257
    rows = b"".join(b"\0" + row.tobytes() for row in wide)
    return raw_png(WIDTH, HEIGHT, 16, kind, rows)


def interlaced_png() -> bytes:
    """The drawing's colours, interlaced after Adam7."""
    passes = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ]
    colours = drawing()[:, :, :3]
    parts = [colours[top::down, left::across] for left, top, across, down in passes]
    rows = b"".join(b"\0" + row.tobytes() for part in parts for row in part if row.size)
    return raw_png(WIDTH, HEIGHT, 8, 2, rows, lace=1)


@cache
def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def turned(orientation: int) -> bytes:
    """EXIF that says how a picture is to be turned."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


@cache
def pictures() -> dict[str, bytes]:
    """Sound pictures by a name that says what is special about each."""
    information = PngImagePlugin.PngInfo()
    information.add_text("parameters", "a cat\nSteps: 4, Seed: 1")
    information.add_itxt("Title", "落款", zip=True)
    information.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    colour, alpha = picture("RGB"), picture("RGBA")
    comment = b"Exif\0\0" + exif.build({"parameters": "a cat, 落款", "rakkan": "{}"})
    palette_alpha = picture("P")
    made = {
        f"png {mode}": saved(picture(mode), "PNG") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
    }
    made |= {
        "png texts": saved(colour, "PNG", pnginfo=information),
        "png optimised": saved(colour, "PNG", optimize=True),
        "png icc": saved(colour, "PNG", icc_profile=srgb()),
        "png grey icc rgb": saved(picture("L"), "PNG", icc_profile=srgb()),
        "png exif": saved(colour, "PNG", exif=turned(6)),
        "png dots per inch": saved(colour, "PNG", dpi=(72, 72)),
        "png transparent palette": saved(palette_alpha, "PNG", transparency=bytes([0, 128, 255])),
        "png transparent colour": saved(colour, "PNG", transparency=(200, 30, 60)),
        "png transparent grey": saved(picture("L"), "PNG", transparency=7),
        "png 2 bits": saved(picture("L").quantize(4), "PNG", bits=2),
        "png 16 bits colour": wide_png(3, 2),
        "png 16 bits alpha": wide_png(4, 6),
        "png interlaced": interlaced_png(),
        "png one pixel": saved(Image.new("RGB", (1, 1)), "PNG"),
        "jpeg grey": saved(picture("L"), "JPEG"),
        "jpeg": saved(colour, "JPEG", quality=90),
        "jpeg full colour": saved(colour, "JPEG", subsampling=0),
        "jpeg progressive": saved(colour, "JPEG", progressive=True),
        "jpeg optimised": saved(colour, "JPEG", optimize=True),
        "jpeg restarts": saved(colour, "JPEG", restart_marker_blocks=2),
        "jpeg cmyk": saved(picture("CMYK"), "JPEG"),
        "jpeg icc": saved(colour, "JPEG", icc_profile=srgb()),
        "jpeg exif": saved(colour, "JPEG", exif=comment),
        "jpeg comment": saved(colour, "JPEG", comment=b"caf\xc3\xa9"),
        "jpeg xmp": saved(colour, "JPEG", xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"),
        "webp": saved(colour, "WEBP"),
        "webp lossless": saved(colour, "WEBP", lossless=True),
        "webp alpha": saved(alpha, "WEBP"),
        "webp lossless alpha": saved(alpha, "WEBP", lossless=True),
        "webp everything": saved(
            alpha, "WEBP", exif=comment, icc_profile=srgb(), xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
        ),
        "webp exif": saved(colour, "WEBP", lossless=True, exif=turned(8)),
    }
    made |= {f"jpeg turned {way}": saved(colour, "JPEG", exif=turned(way)) for way in range(1, 9)}
    return made


@cache
def models() -> dict[str, bytes]:
    """Sound safetensors files."""
    from safetensors.numpy import save

    generator = numpy.random.default_rng(5)
    tensors = {
        f"layer.{number}.weight": generator.random((number, 3), numpy.float32) for number in range(1, 9)
    }
    odd = {
        "empty": numpy.zeros((0, 4), numpy.float16),
        "scalar": numpy.array(3, numpy.int64),
        "flags": numpy.ones((3,), bool),
        "bytes": numpy.arange(5, dtype=numpy.uint8),
    }
    return {
        "model": save(tensors),
        "model with metadata": save(tensors, {"format": "pt", "title": "落款"}),
        "odd model": save(odd),
        "empty model": save({}),
    }
