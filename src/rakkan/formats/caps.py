"""How much of anything a file from outside may hold, and the words for one that is not sound."""

from __future__ import annotations

from dataclasses import dataclass, field

from rakkan.errors import RakkanError

LARGEST_FILE = 64 * 1024 * 1024
LARGEST_SIDE = 16384
MOST_PIXELS = 64 * 1024 * 1024
#: Bytes of one kind of metadata (EXIF, XMP, a colour profile, all unknown chunks together).
LARGEST_METADATA = 4 * 1024 * 1024
MOST_TEXTS = 64
#: Bytes of all texts together.
LARGEST_TEXTS = 2 * 1024 * 1024
#: Bytes of a C2PA manifest: it may hold thumbnails and the manifests of its ingredients.
LARGEST_SEAL = 16 * 1024 * 1024


@dataclass
class Structure:
    """What the frame of a picture file says of it, before any pixel is decoded.

    ``kind`` is ``png``, ``jpeg`` or ``webp``; ``width`` and ``height`` are pixels as stored; ``colour`` is
    ``grey``, ``colour``, ``palette`` or ``cmyk``; ``depth`` bits a sample. ``sizes`` maps a kind of metadata
    (``exif``, ``xmp``, ``icc``, ``text``, ``c2pa``, ``other``) to its bytes in the file.
    """

    kind: str
    width: int = 0
    height: int = 0
    colour: str = "colour"
    depth: int = 8
    has_alpha: bool = False
    exif: bytes = b""
    icc: bytes = b""
    text: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def count(self, what: str, size: int, cap: int = LARGEST_METADATA) -> None:
        """Add ``size`` bytes of metadata. Raises RakkanError past the cap."""
        self.sizes[what] = self.sizes.get(what, 0) + size
        if self.sizes[what] > cap:
            raise unsound(self.kind, f"its {what} metadata are larger than {cap // 1024} KiB")

    def check_size(self) -> None:
        """Raises RakkanError for a picture without pixels or with more than the caps allow."""
        if not self.width or not self.height:
            raise unsound(self.kind, "it has no pixels")
        if max(self.width, self.height) > LARGEST_SIDE or self.width * self.height > MOST_PIXELS:
            raise RakkanError(
                f"The picture is too large: {self.width}×{self.height} pixels",
                f"Keep to {LARGEST_SIDE} pixels a side and {MOST_PIXELS // 1024 // 1024} Mi pixels in all",
            )

    def add_text(self, keyword: str, value: str) -> None:
        """Keep a text; of a repeated keyword the first counts. Raises RakkanError past the cap."""
        self.text.setdefault(keyword, value)
        if len(self.text) > MOST_TEXTS:
            raise unsound(self.kind, f"it holds more than {MOST_TEXTS} texts")
        if sum(len(key) + len(text) for key, text in self.text.items()) > LARGEST_TEXTS:
            raise unsound(self.kind, f"its texts are longer than {LARGEST_TEXTS // 1024} KiB")


_NAMES = {"png": "PNG", "jpeg": "JPEG", "webp": "WebP"}


def unsound(kind: str, reason: str) -> RakkanError:
    """The error for a file of ``kind`` that is damaged or holds what it should not."""
    return RakkanError(
        f"This is not a sound {_NAMES.get(kind, kind)}: {reason}", "Give the file as it was first saved"
    )


def check_file(kind: str, data: bytes) -> None:
    """Raises RakkanError for a file that is too large, or is a second kind of file as well."""
    if len(data) > LARGEST_FILE:
        raise unsound(kind, f"it is larger than {LARGEST_FILE // 1024 // 1024} MiB")
    other = _second_file(data)
    if other:
        raise unsound(kind, f"it is a {other} file as well")


def _second_file(data: bytes) -> str:
    # Readers of these formats look for them elsewhere than at the start: ZIP from the end (APPNOTE 4.3.16),
    # the others within some distance of the start.
    tail = data[-(22 + 65535) :]
    place = tail.find(b"PK\x05\x06")
    while place >= 0:
        if int.from_bytes(tail[place + 20 : place + 22], "little") <= len(tail) - place - 22:
            return "ZIP"
        place = tail.find(b"PK\x05\x06", place + 1)
    if b"%PDF-" in data[:1024]:
        return "PDF"
    if b"Rar!\x1a\x07" in data[: 1024 * 1024]:
        return "RAR"
    if b"7z\xbc\xaf\x27\x1c" in data[: 1024 * 1024]:
        return "7-Zip"
    if data[257:262] == b"ustar":
        return "TAR"
    return "ISO 9660" if data[32769:32774] == b"CD001" else ""
