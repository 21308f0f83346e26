"""What no sound picture holds is refused, each for its own reason; what files do hold is accepted."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest
from PIL import Image
from tests.formats.ordinary import chunk, picture, pictures, raw_png, saved, srgb

from rakkan.errors import RakkanError
from rakkan.formats import caps, jpeg, png, png_structure, webp
from rakkan.formats.caps import Structure

PNG, JPEG, WEBP = pictures()["png RGB"], pictures()["jpeg"], pictures()["webp everything"]
SIMPLE = pictures()["webp lossless"]


def zipped() -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("a.txt", "hidden")
    return memory.getvalue()


ZIP = zipped()


def refused(read: Callable[[bytes], Structure], data: bytes, match: str) -> None:
    with pytest.raises(RakkanError, match=match) as caught:
        read(data)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


# ---- PNG


def parts(data: bytes) -> list[bytes]:
    return [data[part.start : part.end] for part in png.chunks(data)]


def assembled(*chunks: bytes) -> bytes:
    return png.SIGNATURE + b"".join(chunks)


def with_chunk(name: bytes, body: bytes, place: int = 1) -> bytes:
    found = parts(PNG)
    return assembled(*found[:place], chunk(name, body), *found[place:])


HEADER, *PIXELS, END = parts(PNG)
#: Two pixels of a palette with two colours, one bit each.
ROW = b"\0\x40"
PALETTE = chunk(b"PLTE", bytes(6))


def header(width: int = 2, height: int = 1, depth: int = 8, kind: int = 0, *last: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, *(last or (0, 0, 0))))


def packed(rows: bytes) -> bytes:
    return chunk(b"IDAT", zlib.compress(rows))


GREY_ROW = b"\0\1\2"
BOMB = zlib.compress(bytes(30_000_000), 9)

PNG_FAULTS: dict[str, tuple[bytes, str]] = {
    "trailing byte": (PNG + b"\0", "1 bytes follow its end"),
    "trailing zip": (PNG + ZIP, "ZIP file as well"),
    "zip in a chunk at the end": (assembled(HEADER, *PIXELS, chunk(b"zIPd", ZIP), END), "ZIP file as well"),
    "zip in a text": (with_chunk(b"tEXt", b"a\0" + ZIP), "ZIP file as well"),
    "pdf in a text": (with_chunk(b"tEXt", b"a\0%PDF-1.7\n1 0 obj"), "PDF file as well"),
    "rar in a chunk": (with_chunk(b"raRc", b"Rar!\x1a\x07\0"), "RAR file as well"),
    "second png in a chunk": (with_chunk(b"hiDe", PNG), "a second PNG lies in"),
    "leading byte": (b"\0" + PNG, "does not begin as one"),
    "cut short": (PNG[:-1], "cut short"),
    "no end": (assembled(HEADER, *PIXELS), "cut short"),
    "length past the end": (assembled(HEADER, b"\x7f\xff\xff\xffIDAT"), "cut short"),
    "wrong checksum": (PNG[:-1] + b"\0", "checksum"),
    "two headers": (assembled(HEADER, HEADER, *PIXELS, END), "one header"),
    "header not first": (assembled(chunk(b"tEXt", b"a\0b"), HEADER, *PIXELS, END), "one header"),
    "no header": (assembled(*PIXELS, END), "one header"),
    "no pixels": (assembled(HEADER, END), "no pixels"),
    "long header": (assembled(chunk(b"IHDR", bytes(14)), *PIXELS, END), "wrong length"),
    "no width": (assembled(header(0), packed(b""), END), "no pixels"),
    "too wide": (assembled(header(16385), packed(b""), END), "too large"),
    "too many pixels": (assembled(header(8193, 8192), packed(b""), END), "too large"),
    "kind 1": (assembled(header(2, 1, 8, 1), packed(GREY_ROW), END), "kind of pixels there is not"),
    "3 bits": (assembled(header(2, 1, 3), packed(GREY_ROW), END), "kind of pixels there is not"),
    "4 bits of colour": (assembled(header(2, 1, 4, 2), packed(GREY_ROW), END), "kind of pixels there is not"),
    "packing 1": (assembled(header(2, 1, 8, 0, 1, 0, 0), packed(GREY_ROW), END), "kind of pixels"),
    "filtering 1": (assembled(header(2, 1, 8, 0, 0, 1, 0), packed(GREY_ROW), END), "kind of pixels"),
    "interlace 2": (assembled(header(2, 1, 8, 0, 0, 0, 2), packed(GREY_ROW), END), "kind of pixels"),
    "one row too many": (assembled(header(), packed(GREY_ROW * 2), END), "more than its size needs"),
    "one byte too few": (assembled(header(), packed(GREY_ROW[:-1]), END), "not as many"),
    "bomb for pixels": (assembled(header(), chunk(b"IDAT", BOMB), END), "more than its size needs"),
    "pixels cut short": (assembled(header(), packed(GREY_ROW)[:-5], END), "cut short|checksum"),
    "stream cut short": (
        assembled(header(), chunk(b"IDAT", zlib.compress(GREY_ROW)[:-4]), END),
        "not as many",
    ),
    "no stream": (assembled(header(), chunk(b"IDAT", b"junk!"), END), "pixels are damaged"),
    "behind the pixels": (assembled(header(), chunk(b"IDAT", zlib.compress(GREY_ROW) + b"x"), END), "behind"),
    "a chunk behind the pixels": (assembled(header(), packed(GREY_ROW), chunk(b"IDAT", b"x"), END), "behind"),
    "pixels in two places": (
        assembled(header(), packed(GREY_ROW), chunk(b"tEXt", b"a\0b"), chunk(b"IDAT", b""), END),
        "several places",
    ),
    "unknown critical chunk": (with_chunk(b"EVIL", b""), "critical chunk"),
    "reserved bit": (with_chunk(b"test", b""), "no proper name"),
    "digits in a name": (with_chunk(b"ab1D", b""), "no proper name"),
    "animated": (with_chunk(b"acTL", bytes(8)), "animated"),
    "end not empty": (assembled(HEADER, *PIXELS, chunk(b"IEND", b"x")), "end is not empty"),
    "two palettes": (assembled(header(2, 1, 1, 3), PALETTE, PALETTE, packed(ROW), END), "PLTE twice"),
    "palette missing": (assembled(header(2, 1, 1, 3), packed(ROW), END), "palette does not fit"),
    "palette too long": (
        assembled(header(2, 1, 1, 3), chunk(b"PLTE", bytes(9)), packed(ROW), END),
        "palette does not fit",
    ),
    "palette of grey": (assembled(header(), PALETTE, packed(GREY_ROW), END), "palette does not fit"),
    "odd palette": (
        assembled(header(2, 1, 1, 3), chunk(b"PLTE", bytes(7)), packed(ROW), END),
        "wrong length",
    ),
    "late palette": (assembled(header(2, 1, 1, 3), packed(ROW), PALETTE, END), "comes too late"),
    "transparency before palette": (
        assembled(header(2, 1, 1, 3), chunk(b"tRNS", b"\0"), PALETTE, packed(ROW), END),
        "before its palette",
    ),
    "transparency too long": (
        assembled(header(2, 1, 1, 3), PALETTE, chunk(b"tRNS", bytes(3)), packed(ROW), END),
        "does not fit",
    ),
    "transparent colour out of range": (
        assembled(header(), chunk(b"tRNS", b"\1\0"), packed(GREY_ROW), END),
        "out of range",
    ),
    "transparent twice": (
        assembled(header(1, 1, 8, 4), chunk(b"tRNS", b"\0\0"), packed(GREY_ROW), END),
        "does not fit|two ways",
    ),
    "profile bomb": (with_chunk(b"iCCP", b"a\0\0" + BOMB), "longer than"),
    "profile of no kind": (with_chunk(b"iCCP", b"a\0\1" + zlib.compress(b"x")), "profile is damaged"),
    "text bomb": (with_chunk(b"zTXt", b"a\0\0" + BOMB), "longer than"),
    "international text bomb": (with_chunk(b"iTXt", b"a\0\1\0\0\0" + BOMB), "longer than"),
    "too many texts": (
        assembled(HEADER, *[chunk(b"tEXt", b"a\0b")] * (png.MOST_TEXTS + 1), *PIXELS, END),
        "more than 64 texts",
    ),
    "too much text": (
        assembled(
            HEADER, *[chunk(b"tEXt", f"{n}\0".encode() + b"x" * 1_000_000) for n in range(3)], *PIXELS, END
        ),
        "texts are longer",
    ),
    "too many chunks": (assembled(HEADER, *[chunk(b"abCd", b"")] * png.MOST_CHUNKS, *PIXELS, END), "chunks"),
    "too large a private chunk": (with_chunk(b"abCd", bytes(caps.LARGEST_METADATA + 1)), "other metadata"),
    "too large an exif": (with_chunk(b"eXIf", bytes(caps.LARGEST_METADATA + 1)), "exif metadata"),
    "too large a seal": (with_chunk(b"caBX", bytes(caps.LARGEST_SEAL + 1)), "c2pa metadata"),
    "two seals": (assembled(HEADER, chunk(b"caBX", b"a"), chunk(b"caBX", b"a"), *PIXELS, END), "caBX twice"),
    "other colours": (with_chunk(b"cICP", b"\x09\x10\0\1"), "not sRGB"),
}


@pytest.mark.parametrize("name", PNG_FAULTS)
def test_an_unsound_png_is_refused(name: str) -> None:
    data, match = PNG_FAULTS[name]
    refused(png_structure.read, data, match)


@pytest.mark.parametrize(
    "data",
    [
        assembled(header(), packed(GREY_ROW), END),
        assembled(header(2, 1, 1, 3), PALETTE, packed(ROW), END),
        assembled(header(2, 1, 1, 3), PALETTE, chunk(b"tRNS", b"\0\1"), packed(ROW), END),
        assembled(header(), packed(GREY_ROW), chunk(b"IDAT", b""), END),
        assembled(header(), chunk(b"IDAT", b""), packed(GREY_ROW), END),
        with_chunk(b"caBX", bytes(caps.LARGEST_SEAL)),
        with_chunk(b"caBX", PNG),  # a manifest's thumbnail
        with_chunk(b"eXIf", b"junk"),
        with_chunk(b"abCd", b"x"),
        with_chunk(b"tIME", bytes(7)),
        with_chunk(b"cICP", b"\x01\x0d\0\1"),
        with_chunk(b"tEXt", b"a\0PK\3\4 speaks of archives"),
    ],
    ids=range(12),
)
def test_what_is_unusual_but_sound_is_accepted(data: bytes) -> None:
    assert png_structure.read(data).kind == "png"


@pytest.mark.parametrize("lace", [0, 1])
@pytest.mark.parametrize("width", [1, 2, 4, 5, 8, 9])
@pytest.mark.parametrize("height", [1, 3, 5, 8])
def test_every_small_size_is_worked_out_as_pillow_does(width: int, height: int, lace: int) -> None:
    """Exactly as many bytes as the size needs are accepted, one more or fewer is not; Pillow agrees."""
    steps = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)]
    steps += [(0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    sizes = [(-(-(width - x) // across), -(-(height - y) // down)) for x, y, across, down in steps]
    laced = sum(rows * (1 + columns * 3) for columns, rows in sizes if columns > 0 and rows > 0)
    needed = laced if lace else height * (1 + width * 3)
    data = raw_png(width, height, 8, 2, bytes(needed), lace=lace)
    assert png_structure.read(data).width == width
    with Image.open(io.BytesIO(data)) as image:
        image.load()
    for wrong in (needed - 1, needed + 1):
        refused(
            png_structure.read,
            raw_png(width, height, 8, 2, bytes(wrong), lace=lace),
            "size needs|not as many",
        )


# ---- JPEG


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def inserted(*segments: bytes) -> bytes:
    return JPEG[:2] + b"".join(segments) + JPEG[2:]


def frame_of(data: bytes) -> jpeg.Segment:
    return next(part for part in jpeg.segments(data) if part.marker in (0xC0, 0xC2))


FRAME = frame_of(JPEG)


def with_frame(body: bytes, marker: int = 0xC0) -> bytes:
    return JPEG[: FRAME.start] + segment(marker, body) + JPEG[FRAME.end :]


def sized(width: int, height: int) -> bytes:
    return with_frame(FRAME.body[:1] + struct.pack(">HH", height, width) + FRAME.body[5:])


SCAN = next(part for part in jpeg.segments(JPEG) if part.marker == 0xDA)
SCAN_BYTES = JPEG[SCAN.start : SCAN.end]

JPEG_FAULTS: dict[str, tuple[bytes, str]] = {
    "trailing byte": (JPEG + b"\0", "1 bytes follow its end"),
    "second picture behind": (JPEG + JPEG, "bytes follow its end"),
    "trailing zip": (JPEG + ZIP, "ZIP file as well"),
    "zip in a comment": (inserted(segment(0xFE, ZIP)), "ZIP file as well"),
    "pdf in a comment": (inserted(segment(0xFE, b"%PDF-1.4")), "PDF file as well"),
    "leading byte": (b"\0" + JPEG, "does not begin"),
    "cut short": (JPEG[:-2], "cut short"),
    "cut in a segment": (JPEG[:30], "cut short"),
    "length past the end": (JPEG[:2] + b"\xff\xe5\xff\xff", "cut short"),
    "length of one": (inserted(b"\xff\xe5\0\1"), "cut short"),
    "second picture inside": (inserted(b"\xff\xd8"), "second picture begins"),
    "restart outside": (inserted(b"\xff\xd0"), "misplaced"),
    "bytes between": (inserted(b"abc"), "between its parts"),
    "two frames": (inserted(segment(0xC0, FRAME.body)), "two pictures"),
    "pixels before the frame": (inserted(SCAN_BYTES), "before it says"),
    "no pixels": (JPEG[: SCAN.start] + b"\xff\xd9", "no pixels"),
    "no frame": (b"\xff\xd8\xff\xd9", "no pixels"),
    "lossless": (with_frame(FRAME.body, 0xC3), "way of packing"),
    "arithmetic": (with_frame(FRAME.body, 0xC9), "way of packing"),
    "arithmetic progressive": (with_frame(FRAME.body, 0xCA), "way of packing"),
    "hierarchical": (with_frame(FRAME.body, 0xC5), "way of packing"),
    "arithmetic tables": (inserted(segment(0xCC, b"\0\0")), "way of packing"),
    "12 bits": (with_frame(b"\x0c" + FRAME.body[1:], 0xC1), "12 bits"),
    "two colours": (with_frame(FRAME.body[:5] + b"\2" + FRAME.body[6:12]), "one, three or four"),
    "frame of the wrong length": (with_frame(FRAME.body + b"\0"), "one, three or four"),
    "sampled in no way": (with_frame(FRAME.body[:7] + b"\0" + FRAME.body[8:]), "sampled"),
    "no height": (sized(8, 0), "no pixels"),
    "too wide": (sized(16385, 8), "too large"),
    "too many pixels": (sized(16384, 16384), "too large"),
    "height later": (inserted(segment(0xDC, b"\0\1")), "DC is not known"),
    "unknown segment": (inserted(segment(0xF0, b"")), "F0 is not known"),
    "further pictures": (inserted(segment(0xE2, b"MPF\0II*\0")), "further pictures"),
    "too many scans": (JPEG[: SCAN.start] + SCAN_BYTES * 65 + b"\xff\xd9", "more than 64 times"),
    "too many segments": (inserted(*[segment(0xE5, b"")] * jpeg.MOST_SEGMENTS), "segments"),
    "profile in part": (inserted(segment(0xE2, b"ICC_PROFILE\0\1\2" + srgb())), "profile is damaged"),
    "profile twice": (inserted(*[segment(0xE2, b"ICC_PROFILE\0\1\1" + srgb())] * 2), "profile is damaged"),
    "too much exif": (inserted(*[segment(0xE1, b"Exif\0\0" + bytes(60000))] * 70), "exif metadata"),
    "too much comment": (inserted(*[segment(0xFE, b"x" * 65000)] * 65), "text metadata|texts"),
}


@pytest.mark.parametrize("name", JPEG_FAULTS)
def test_an_unsound_jpeg_is_refused(name: str) -> None:
    data, match = JPEG_FAULTS[name]
    refused(jpeg.read, data, match)


def test_a_profile_in_pieces_is_put_together() -> None:
    whole = srgb()
    pieces = [
        segment(0xE2, b"ICC_PROFILE\0" + bytes((n, 2)) + part)
        for n, part in ((2, whole[300:]), (1, whole[:300]))
    ]
    assert jpeg.read(inserted(*pieces)).icc == whole


def test_filling_before_a_marker_is_accepted() -> None:
    assert jpeg.read(inserted(b"\xff\xff" + segment(0xE5, b"x"))).width == 37


def test_only_jumbf_of_a_manifest_counts_as_a_seal() -> None:
    box = b"JP\0\1\0\0\0\1" + b"\0\0\0\x40jumb\0\0\0\x20jumd"
    c2pa = box + bytes.fromhex("6332706100110010800000aa00389b71") + b"\3c2pa\0"
    other = box[:3] + b"\2" + box[4:] + bytes(16)
    second = b"JP\0\1\0\0\0\2" + b"\0\0\0\x40jumb" + b"rest"
    found = jpeg.read(inserted(*(segment(0xEB, body) for body in (c2pa, other, second))))
    assert found.sizes["c2pa"] == len(c2pa) + len(second)
    assert found.sizes["other"] == len(other) + 14  # and JFIF


# ---- WebP


def riff(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def piece(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


FOUND = {part.name: WEBP[part.start : part.end] for part in webp.chunks(WEBP)}
LOSSY = next(part for part in webp.chunks(pictures()["webp"]))
LOSSY_BODY = bytes(LOSSY.body)
LOSSLESS_BODY = bytes(next(webp.chunks(SIMPLE)).body)


def extended(flags: int = 0, width: int = 37, height: int = 29) -> bytes:
    sizes = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return piece(b"VP8X", bytes((flags, 0, 0, 0)) + sizes)


PLAIN = piece(b"VP8L", LOSSLESS_BODY)
WEBP_FAULTS: dict[str, tuple[bytes, str]] = {
    "trailing byte": (WEBP + b"\0", "size is not what it says"),
    "trailing zip": (WEBP + ZIP, "ZIP file as well"),
    "zip in a chunk": (riff(extended(), PLAIN, piece(b"XXXX", ZIP)), "ZIP file as well"),
    "cut short": (WEBP[:-2], "size is not what it says"),
    "too large a size": (WEBP[:4] + struct.pack("<I", len(WEBP)) + WEBP[8:], "size is not what it says"),
    "chunk past the end": (riff(b"VP8L\xff\xff\0\0" + LOSSLESS_BODY), "do not fit"),
    "half a chunk": (riff(PLAIN, b"XX"), "do not fit"),
    "padding that hides": (riff(extended(), PLAIN, b"EXIF\1\0\0\0ax"), "do not fit"),
    "empty": (riff(), "no picture, or two"),
    "no picture": (riff(extended(), piece(b"EXIF", b"")), "no picture, or two"),
    "two pictures": (riff(extended(), PLAIN, piece(b"VP8 ", LOSSY_BODY)), "no picture, or two"),
    "the same twice": (riff(extended(), PLAIN, PLAIN), "twice"),
    "two seals": (riff(extended(), PLAIN, piece(b"C2PA", b"a"), piece(b"C2PA", b"a")), "twice"),
    "animated flag": (riff(extended(2), PLAIN), "animated"),
    "animated chunk": (riff(extended(), piece(b"ANIM", bytes(6)), PLAIN), "animated"),
    "metadata first": (riff(piece(b"EXIF", b""), extended(), PLAIN), "begin with its picture"),
    "header later": (riff(PLAIN, extended()), "header is damaged"),
    "short header": (riff(piece(b"VP8X", bytes(9)), PLAIN), "header is damaged"),
    "another canvas": (riff(extended(0, 38), PLAIN), "not as large as it says"),
    "simple with exif": (riff(PLAIN, piece(b"EXIF", b"")), "more than a simple file"),
    "hidden alpha": (riff(extended(), piece(b"ALPH", b"\0"), piece(b"VP8 ", LOSSY_BODY)), "hides"),
    "alpha twice": (riff(extended(16), piece(b"ALPH", b"\0"), PLAIN), "two ways"),
    "not lossless": (riff(piece(b"VP8L", b"\0" + LOSSLESS_BODY[1:])), "picture is damaged"),
    "later version": (
        riff(piece(b"VP8L", LOSSLESS_BODY[:4] + bytes((LOSSLESS_BODY[4] | 0x20,)) + LOSSLESS_BODY[5:])),
        "later version",
    ),
    "short picture": (riff(piece(b"VP8L", b"\x2f")), "picture is damaged"),
    "not a key frame": (riff(piece(b"VP8 ", bytes((LOSSY_BODY[0] | 1,)) + LOSSY_BODY[1:])), "is damaged"),
    "no start code": (riff(piece(b"VP8 ", LOSSY_BODY[:3] + b"abc" + LOSSY_BODY[6:])), "is damaged"),
    "partition past the end": (riff(piece(b"VP8 ", LOSSY_BODY[:2] + b"\xff" + LOSSY_BODY[3:])), "cut short"),
    "no width": (riff(piece(b"VP8 ", LOSSY_BODY[:6] + bytes(2) + LOSSY_BODY[8:])), "no pixels"),
    "too many pixels": (
        riff(piece(b"VP8L", b"\x2f" + struct.pack("<I", 0x3FFF | 0x3FFF << 14) + LOSSLESS_BODY[5:])),
        "too large",
    ),
    "too many chunks": (riff(extended(), PLAIN, *[piece(b"XXXX", b"")] * webp.MOST_CHUNKS), "chunks"),
    "too large a chunk": (
        riff(extended(), PLAIN, piece(b"XXXX", bytes(caps.LARGEST_METADATA + 1))),
        "other metadata",
    ),
}


@pytest.mark.parametrize("name", WEBP_FAULTS)
def test_an_unsound_webp_is_refused(name: str) -> None:
    data, match = WEBP_FAULTS[name]
    refused(webp.read, data, match)


def test_webp_that_is_unusual_but_sound_is_accepted() -> None:
    assert webp.read(riff(extended(), PLAIN)).width == 37
    assert webp.read(riff(extended(16), PLAIN)).has_alpha
    assert webp.read(riff(extended(), PLAIN, piece(b"ABCD", b"x"))).sizes == {"other": 1}
    assert webp.read(riff(PLAIN, piece(b"C2PA", b"seal!"))).sizes == {"c2pa": 5}


# ---- all three


@pytest.mark.parametrize("read", [png_structure.read, jpeg.read, webp.read])
def test_too_large_a_file_is_refused(read: Callable[[bytes], Structure]) -> None:
    refused(read, bytes(caps.LARGEST_FILE + 1), "larger than 64 MiB")


def test_other_files_that_hide_in_front_are_named() -> None:
    tar = bytearray(with_chunk(b"abCd", bytes(600)))
    tar[257:262] = b"ustar"
    refused(png_structure.read, bytes(tar), "TAR")
    disc = bytearray(with_chunk(b"abCd", bytes(40000)))
    disc[32769:32774] = b"CD001"
    refused(png_structure.read, bytes(disc), "ISO 9660")
    refused(png_structure.read, with_chunk(b"abCd", b"7z\xbc\xaf\x27\x1c"), "7-Zip")


def test_pictures_without_text_or_metadata_have_none() -> None:
    for mode, kind, read in (("RGB", "PNG", png_structure.read), ("L", "WEBP", webp.read)):
        found = read(saved(picture(mode), kind))
        assert (found.text, found.sizes, found.icc, found.exif) == ({}, {}, b"", b"")
