"""Authenticated encryption of long byte strings with random access, as Tink's AES-GCM-HKDF streaming AEAD.

Format (Tink wire format, "AES-GCM-HKDF Streaming AEAD", with a 32-byte key and SHA-256): a header of 40
bytes - its own length as one byte, a salt of 32, a nonce prefix of 7 - and then segments, each AES-256-GCM
ciphertext with its 16-byte tag. The segments' key is HKDF-SHA256(key, salt, associated data). A segment's
nonce is the prefix, its number (32 bits, big-endian) and a byte that is 1 for the last one, which is what
makes cutting, reordering and joining fail. Segments end at multiples of ``segment`` bytes of ciphertext,
so the header shortens the first.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from rakkan.store.faults import Damaged
from rakkan.store.storage import Source

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: Bytes of ciphertext to a segment, tag included.
SEGMENT = 1024 * 1024
KEY = 32
TAG = 16
_PREFIX = 7
HEADER = 1 + KEY + _PREFIX


class Readable(Protocol):
    """What plaintext is read from; an answer may be short, an empty one means the end."""

    def read(self, length: int, /) -> bytes: ...


def ciphertext_size(plaintext: int, segment: int = SEGMENT) -> int:
    """Bytes of ciphertext, header included, for so many bytes of plaintext."""
    return HEADER + plaintext + TAG * _segments(plaintext, segment)


def plaintext_size(ciphertext: int, segment: int = SEGMENT) -> int | None:
    """Bytes of plaintext in so many bytes of ciphertext; None when no plaintext gives that size."""
    count = max(1, -(-ciphertext // segment))
    size = ciphertext - HEADER - TAG * count
    return size if size >= 0 and ciphertext_size(size, segment) == ciphertext else None


def _segments(plaintext: int, segment: int) -> int:
    rest = plaintext - (segment - HEADER - TAG)
    return 1 if rest <= 0 else 1 + -(-rest // (segment - TAG))


def encrypt(key: bytes, source: Readable, associated_data: bytes, segment: int = SEGMENT) -> Iterator[bytes]:
    """Encrypt a stream of any length, a segment at a time; the pieces joined are the ciphertext."""
    salt, prefix = secrets.token_bytes(KEY), secrets.token_bytes(_PREFIX)
    cipher = _cipher(key, salt, associated_data)
    current = read_fully(source, segment - HEADER - TAG)
    piece = bytes([HEADER]) + salt + prefix
    index = 0
    while True:
        following = read_fully(source, segment - TAG)
        last = not following
        yield piece + cipher.encrypt(_nonce(prefix, index, last), current, None)
        if last:
            return
        piece, current, index = b"", following, index + 1


class Decryptor:
    """The segments of one ciphertext, each authenticated before any byte of it is handed out.

    Raises Damaged, naming ``what``, when the stored size is that of no plaintext or not of ``size`` bytes,
    and later for a segment that is not the one that was written there under this key.
    """

    def __init__(
        self,
        key: bytes,
        source: Source,
        associated_data: bytes,
        what: str,
        size: int | None = None,
        segment: int = SEGMENT,
    ) -> None:
        found = plaintext_size(source.size, segment)
        if found is None or (size is not None and found != size):
            expected = "" if size is None else f" instead of {ciphertext_size(size, segment)}"
            raise Damaged(f"{what} is cut short or too long: {source.size} bytes are stored{expected}")
        self.size = found
        self.count = _segments(found, segment)
        self._what, self._source, self._segment = what, source, segment
        header = source.read(0, HEADER)
        if len(header) != HEADER or header[0] != HEADER:
            raise Damaged(f"{what} is damaged in its header")
        self._prefix = header[1 + KEY :]
        self._cipher = _cipher(key, header[1 : 1 + KEY], associated_data)

    def segment(self, index: int) -> bytes:
        """The plaintext of segment ``index``, counted from 0."""
        from cryptography.exceptions import InvalidTag

        start = HEADER if index == 0 else index * self._segment
        data = self._source.read(start, (index + 1) * self._segment - start)
        nonce = _nonce(self._prefix, index, index == self.count - 1)
        try:
            return self._cipher.decrypt(nonce, data, None)
        except (InvalidTag, ValueError) as error:
            where = f"in segment {index + 1} of {self.count}"
            raise Damaged(f"{self._what} is damaged {where}") from error

    def locate(self, position: int) -> tuple[int, int]:
        """The segment that holds a plaintext position, and the position of its first byte."""
        first, each = self._segment - HEADER - TAG, self._segment - TAG
        if position < first:
            return 0, 0
        index = 1 + (position - first) // each
        return index, first + (index - 1) * each

    def __iter__(self) -> Iterator[bytes]:
        return (self.segment(index) for index in range(self.count))

    def close(self) -> None:
        self._source.close()


class Plaintext(io.RawIOBase):
    """A ciphertext as a readable, seekable file of its plaintext; closing it closes the ciphertext."""

    def __init__(self, decryptor: Decryptor) -> None:
        super().__init__()
        self._decryptor = decryptor
        self._position = 0
        self._cached: tuple[int, memoryview] = (-1, memoryview(b""))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._decryptor.size}[whence]
        if base + offset < 0:
            raise ValueError("a position before the start")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        if self.closed:
            raise ValueError("the file is closed")
        with memoryview(buffer).cast("B") as target:
            if self._position >= self._decryptor.size or not target:
                return 0
            index, start = self._decryptor.locate(self._position)
            if self._cached[0] != index:
                self._cached = (index, memoryview(self._decryptor.segment(index)))
            piece = self._cached[1][self._position - start :][: len(target)]
            target[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._decryptor.close()
            self._cached = (-1, memoryview(b""))
        super().close()


def read_fully(source: Readable, length: int) -> bytes:
    """``length`` bytes, or what there is until the end, however short the single answers are."""
    data = source.read(length)
    if len(data) in (0, length):
        return data
    parts = [data]
    missing = length - len(data)
    while missing and (data := source.read(missing)):
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


def _cipher(key: bytes, salt: bytes, associated_data: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(SHA256(), KEY, salt, associated_data).derive(key))


def _nonce(prefix: bytes, index: int, last: bool) -> bytes:
    return prefix + index.to_bytes(4, "big") + bytes([last])
