"""What a file from outside is, and its pixels. Both are found out in the sandbox, never in this process.

What a file is called says nothing about what it is; a name that disagrees is reported as a finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError
from rakkan.formats import readers, safetensors_file, sandbox
from rakkan.formats.caps import LARGEST_FILE, LARGEST_SIDE, MOST_PIXELS

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

MEDIA_TYPES = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "safetensors": "application/x-safetensors",
}
_EXTENSIONS = {
    "png": {".png"},
    "jpeg": {".jpg", ".jpeg", ".jpe", ".jfif"},
    "webp": {".webp"},
    "safetensors": {".safetensors"},
}
_COLOURS = {"grey", "colour", "palette", "cmyk"}


@dataclass(frozen=True)
class Inspected:
    """What a file is. ``kind``: ``png``, ``jpeg``, ``webp`` or ``safetensors``; ``size``: its bytes.

    Of a picture: ``width`` and ``height`` in pixels, the right way up; ``colour`` (``grey``, ``colour``,
    ``palette``, ``cmyk``), ``depth`` bits a sample, ``has_alpha``; ``text`` by keyword; ``metadata`` the
    bytes by kind (``exif``, ``xmp``, ``icc``, ``text``, ``c2pa``, ``other``). Of a model: ``tensors`` and
    ``parameters`` how many, ``dtypes`` the tensors by dtype, ``text`` the file's own metadata.
    ``findings`` are remarks that refuse nothing.
    """

    kind: str
    size: int
    width: int = 0
    height: int = 0
    colour: str = ""
    depth: int = 0
    has_alpha: bool = False
    text: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, int] = field(default_factory=dict)
    tensors: int = 0
    parameters: int = 0
    dtypes: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[str, ...] = ()

    @property
    def media_type(self) -> str:
        """Its media type (RFC 2046)."""
        return MEDIA_TYPES[self.kind]

    @property
    def has_seal(self) -> bool:
        """Whether it carries a C2PA manifest; not whether that is worth anything."""
        return self.metadata.get("c2pa", 0) > 0


def inspect(data: bytes, name: str = "") -> Inspected:
    """What the file ``data`` is, decoded once to be sure; ``name`` is only compared with what it is.

    Raises RakkanError for anything but a sound PNG, JPEG, WebP or safetensors file within the caps.
    """
    if is_picture(data):
        _check_size(data)
        answer, _ = sandbox.call(readers.describe, data)
        return _picture(answer, len(data), name)
    return inspect_model(data, len(data), name)


def inspect_model(start: bytes, size: int, name: str = "") -> Inspected:
    """What the safetensors file of ``size`` bytes is that begins with ``start``: its header or more.

    ``safetensors_file.header_bytes`` says how much that is. Raises RakkanError as ``inspect`` does.
    """
    if start[8:9] != b"{":
        raise RakkanError(
            "This file is of no kind that is read here", "Give a PNG, JPEG, WebP or safetensors file"
        )
    header = start[: safetensors_file.header_bytes(start)]
    answer, _ = sandbox.call(safetensors_file.describe, size.to_bytes(8, "big") + header)
    fields = _Fields(answer)
    return Inspected(
        "safetensors",
        size,
        tensors=fields.count("tensors"),
        parameters=fields.count("parameters"),
        dtypes=fields.counts("dtypes"),
        text=fields.texts("metadata"),
        findings=_findings("safetensors", name),
    )


def pixels(data: bytes) -> NDArray[numpy.uint8]:
    """The pixels of a picture: uint8 [height, width, 3], or 4 when it has alpha (not premultiplied).

    In sRGB (an embedded profile is converted from; without one sRGB is taken for granted, and CMYK is
    converted plainly), turned as its EXIF says, and of 16 bits the upper eight. Read-only.
    Raises RakkanError as ``inspect`` does, and for a colour profile that cannot be used.
    """
    return inspect_picture(data)[1]


def inspect_picture(data: bytes, name: str = "") -> tuple[Inspected, NDArray[numpy.uint8]]:
    """What ``inspect`` and ``pixels`` say of a picture, decoded once. Raises RakkanError as they do."""
    import numpy

    if not is_picture(data):
        raise RakkanError("This is no picture that is read here", "Give a PNG, JPEG or WebP file")
    _check_size(data)
    answer, payload = sandbox.call(readers.decode, data)
    found = _picture(answer, len(data), name)
    shape = (found.height, found.width, 4 if found.has_alpha else 3)
    if len(payload) != shape[0] * shape[1] * shape[2]:
        raise _lied()
    return found, numpy.frombuffer(payload, numpy.uint8).reshape(shape)


def deep_pixels(data: bytes) -> NDArray[numpy.uint8 | numpy.uint16]:
    """As ``pixels``, but of a PNG of 16 bits a sample all of them, as uint16.

    Of one whose colour profile is not sRGB's, still the upper eight. Raises RakkanError as ``pixels`` does,
    and for more than about 40 million such pixels.
    """
    import numpy

    if not is_picture(data):
        raise RakkanError("This is no picture that is read here", "Give a PNG, JPEG or WebP file")
    _check_size(data)
    answer, payload = sandbox.call(readers.decode_deep, data)
    found = _picture(answer, len(data), "")
    deep = answer.get("deep")
    shape = (found.height, found.width, 4 if found.has_alpha else 3)
    if not isinstance(deep, bool) or len(payload) != shape[0] * shape[1] * shape[2] * (1 + deep):
        raise _lied()
    if not deep:
        return numpy.frombuffer(payload, numpy.uint8).reshape(shape)
    return numpy.frombuffer(payload, ">u2").astype(numpy.uint16).reshape(shape)


def is_picture(data: bytes) -> bool:
    """Whether bytes begin as a PNG, JPEG or WebP does; 16 of them are enough."""
    return data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8")) or (data[:4], data[8:12]) == (
        b"RIFF",
        b"WEBP",
    )


def _check_size(data: bytes) -> None:
    if len(data) > LARGEST_FILE:
        raise RakkanError(
            f"The picture is larger than {LARGEST_FILE // 1024 // 1024} MiB", "Give a smaller file"
        )


def _picture(answer: Any, size: int, name: str) -> Inspected:
    fields = _Fields(answer)
    kind, colour = fields.word("kind", {"png", "jpeg", "webp"}), fields.word("colour", _COLOURS)
    width, height = fields.count("width"), fields.count("height")
    has_alpha = answer.get("has_alpha")
    if not 1 <= width <= LARGEST_SIDE or not 1 <= height <= LARGEST_SIDE or width * height > MOST_PIXELS:
        raise _lied()
    if not isinstance(has_alpha, bool):
        raise _lied()
    return Inspected(
        kind,
        size,
        width,
        height,
        colour,
        fields.count("depth"),
        has_alpha,
        fields.texts("text"),
        fields.counts("sizes"),
        findings=_findings(kind, name),
    )


class _Fields:
    """An answer of the child's, each field checked as it is taken: the child may be no longer ours."""

    def __init__(self, answer: Any) -> None:
        if not isinstance(answer, dict):
            raise _lied()
        self._answer = answer

    def word(self, name: str, known: set[str]) -> str:
        value = self._answer.get(name)
        if not isinstance(value, str) or value not in known:
            raise _lied()
        return value

    def count(self, name: str) -> int:
        value = self._answer.get(name)
        if type(value) is not int or value < 0:
            raise _lied()
        return value

    def counts(self, name: str) -> dict[str, int]:
        value = self._answer.get(name)
        if not isinstance(value, dict) or not all(type(item) is int and item >= 0 for item in value.values()):
            raise _lied()
        return value

    def texts(self, name: str) -> dict[str, str]:
        value = self._answer.get(name)
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise _lied()
        return value


def _lied() -> RakkanError:
    return RakkanError("The file was given up: its reader's answer makes no sense", "Give another file")


def _findings(kind: str, name: str) -> tuple[str, ...]:
    extension = PurePath(name).suffix.lower()
    if not extension or extension in _EXTENSIONS[kind]:
        return ()
    shown = "".join(character if character.isprintable() else "?" for character in extension[:20])
    return (f"The file is called {shown} but is {MEDIA_TYPES[kind]}",)
