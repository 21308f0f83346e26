"""PNG with text chunks (PNG, third edition, sections 11.3.3 and 5.3).

Text that fits Latin-1 is written as ``tEXt``, the chunk every older tool reads; other text as
``iTXt`` in UTF-8. Reading is capped, because a text chunk may unpack to a thousand times its size.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.formats.caps import LARGEST_FILE, MOST_TEXTS, unsound

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST_TEXT = 1024 * 1024
MOST_CHUNKS = 20_000
_TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt")


@dataclass(frozen=True)
class Chunk:
    """A chunk with its place in the file: ``data[start:end]`` is all of it, ``body`` what it holds."""

    name: bytes
    body: memoryview
    start: int
    end: int


def encode(pixels: NDArray[numpy.uint8 | numpy.uint16], text: Mapping[str, str]) -> bytes:
    """PNG bytes of ``pixels`` (uint8 or uint16 [height, width, 3 or 4], sRGB) with ``text`` by keyword.

    Raises RakkanError for a keyword PNG does not allow (1 to 79 printable Latin-1 characters) and
    for text that holds a NUL, is not valid Unicode, or is longer than a reader here would accept.
    """
    from PIL import Image

    from rakkan.formats import png_bands

    texts = text_chunks(text)
    if pixels.dtype.name == "uint16":
        height, width, channels = pixels.shape
        return b"".join(
            [
                png_bands.head(width, height, channels, 16, texts),
                *png_bands.packed_rows([pixels]),
                png_bands.END,
            ]
        )
    memory = io.BytesIO()
    Image.fromarray(pixels).save(memory, format="PNG", compress_level=6)
    encoded = memory.getvalue()
    # IHDR is always first and always 25 bytes long: signature 8, then length 4, name 4, data 13, CRC 4.
    start = len(SIGNATURE) + 25
    return encoded[:start] + texts + encoded[start:]


def text_chunks(text: Mapping[str, str]) -> bytes:
    """The chunks of these texts, keyword to value. Raises RakkanError as ``encode`` does."""
    if len(text) > MOST_TEXTS:
        raise RakkanError(f"{len(text)} texts are too many for one picture", f"Keep to {MOST_TEXTS}")
    return b"".join(_text_chunk(keyword, value) for keyword, value in text.items())


def text_of(data: bytes) -> dict[str, str]:
    """The text chunks of a PNG, keyword to value; of a repeated keyword the first counts.

    Raises RakkanError when the bytes are no PNG, are cut short or damaged, or pass a cap
    (64 MiB a file, 1 MiB a text, 64 texts).
    """
    texts: dict[str, str] = {}
    found = 0
    for chunk in chunks(data):
        if chunk.name in _TEXT_CHUNKS:
            found += 1
            if found > MOST_TEXTS:
                raise _damaged(f"it holds more than {MOST_TEXTS} texts")
            keyword, value = read_text(chunk.name, bytes(chunk.body))
            texts.setdefault(keyword, value)
    return texts


def _text_chunk(keyword: str, value: str) -> bytes:
    allowed = 1 <= len(keyword) <= 79 and keyword == keyword.strip() and keyword.isprintable()
    if not allowed or any(ord(character) > 255 for character in keyword):
        raise RakkanError(f"{keyword!r} cannot be a PNG keyword", "Use 1 to 79 Latin letters")
    if "\0" in value:
        raise RakkanError(f"The text {keyword!r} holds a NUL character", "Remove it")
    try:
        body = value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RakkanError(
            f"The text {keyword!r} is not valid Unicode", "Remove the broken character"
        ) from error
    if len(body) > LARGEST_TEXT:
        raise RakkanError(f"The text {keyword!r} is longer than {LARGEST_TEXT} bytes", "Shorten it")
    key = keyword.encode("latin-1")
    try:
        return chunk(b"tEXt", key + b"\0" + value.encode("latin-1"))
    except UnicodeEncodeError:
        # keyword NUL, not compressed, method 0, no language, no translated keyword
        return chunk(b"iTXt", key + b"\0\0\0\0\0" + body)


def chunk(name: bytes, body: bytes) -> bytes:
    """A chunk: length, name, body, checksum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def chunks(data: bytes, to_the_end: bool = False) -> Iterator[Chunk]:
    """The chunks of a PNG in order, the last of them ``IEND``, their checksums checked.

    Raises RakkanError when the bytes are no PNG, are cut short or damaged, pass a cap (64 MiB, 20,000
    chunks), or, with ``to_the_end``, go on after ``IEND``.
    """
    if len(data) > LARGEST_FILE:
        raise _damaged(f"it is larger than {LARGEST_FILE // 1024 // 1024} MiB")
    if not data.startswith(SIGNATURE):
        raise _damaged("it does not begin as one")
    view = memoryview(data)
    place = len(SIGNATURE)
    for _ in range(MOST_CHUNKS):
        if place + 12 > len(data):
            raise _damaged("it is cut short")
        (length,) = struct.unpack_from(">I", data, place)
        end = place + 12 + length
        if end > len(data):
            raise _damaged("it is cut short")
        name, body = data[place + 4 : place + 8], view[place + 8 : end - 4]
        (checksum,) = struct.unpack_from(">I", data, end - 4)
        if checksum != zlib.crc32(body, zlib.crc32(name)):
            raise _damaged(f"the checksum of its chunk {name!r} is wrong")
        yield Chunk(name, body, place, end)
        if name == b"IEND":
            if to_the_end and end != len(data):
                raise _damaged(f"{len(data) - end} bytes follow its end")
            return
        place = end
    raise _damaged(f"it holds more than {MOST_CHUNKS} chunks")


def read_text(name: bytes, body: bytes) -> tuple[str, str]:
    """Keyword and value of a text chunk. Raises RakkanError for one that is damaged or too long."""
    key, separator, rest = body.partition(b"\0")
    if not separator:
        raise _damaged("a text has no keyword")
    keyword = key.decode("latin-1")
    if name == b"tEXt":
        return keyword, _capped(rest).decode("latin-1")
    if name == b"zTXt":
        return keyword, inflate(rest[1:]).decode("latin-1")
    parts = rest[2:].split(b"\0", 2)
    if len(rest) < 2 or len(parts) != 3:
        raise _damaged(f"its text {keyword!r} is damaged")
    value = inflate(parts[2]) if rest[0] else _capped(parts[2])
    try:
        return keyword, value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _damaged(f"its text {keyword!r} is not UTF-8") from error


def inflate(packed: bytes) -> bytes:
    """What ``packed`` (zlib) unpacks to, 1 MiB at most. Raises RakkanError for damage, or for more."""
    worker = zlib.decompressobj()
    try:
        value = worker.decompress(packed, LARGEST_TEXT + 1)
    except zlib.error as error:
        raise _damaged("a packed text is damaged") from error
    if not worker.eof and len(value) <= LARGEST_TEXT:
        raise _damaged("a packed text is cut short")
    return _capped(value)


def _capped(value: bytes) -> bytes:
    if len(value) > LARGEST_TEXT:
        raise _damaged(f"a text is longer than {LARGEST_TEXT} bytes")
    return value


def _damaged(reason: str) -> RakkanError:
    return unsound("png", reason)
