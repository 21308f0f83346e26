"""The entry of a blob: all that is known of it, and its wrapped data key. Without its entry a blob is gone.

An entry is: 4 bytes of format, the version of the owner's wrapping key (32 bits), the data key sealed by
that key, and a *tail* that rotation leaves alone: the metadata sealed by a key derived from the data key
and, for a small blob, its body. A body, here or in an object of its own, is encrypted by the data key.
What is sealed is bound by its associated data to the owner, to the entry's name and to the version; the
body to its owner, its random identifier and its segment size.
"""

from __future__ import annotations

import io
import secrets
import struct
from dataclasses import dataclass

from rakkan.store import sealing, streaming
from rakkan.store.faults import Damaged
from rakkan.store.owners import OwnerKeys

_FORMAT = b"RKE1"
_HEAD = struct.Struct(">4sI")
#: Digest, size of the plaintext, segment size, whether the body lies in the entry, its identifier.
_METADATA = struct.Struct(">32sQI?16s")
_KEY_END = _HEAD.size + sealing.KEY + sealing.OVERHEAD
_METADATA_END = _KEY_END + _METADATA.size + sealing.OVERHEAD


@dataclass(frozen=True)
class Content:
    """What an entry says. ``body`` is the identifier (32 hexadecimal digits) of the body; ``inline`` is
    its ciphertext when it lies in the entry itself, else None. ``size`` is of the plaintext, in bytes."""

    key: bytes
    digest: str
    size: int
    segment: int
    body: str
    inline: bytes | None = None

    def body_context(self, tag: str) -> bytes:
        """The associated data of the body."""
        return b"rakkan body 1\0" + f"{tag}\0{self.body}\0{self.segment}".encode()


def new_content(tag: str, data: bytes, digest: str) -> Content:
    """The content of a small blob, with its body inside."""
    bare = Content(secrets.token_bytes(32), digest, len(data), streaming.SEGMENT, secrets.token_hex(16))
    pieces = streaming.encrypt(bare.key, io.BytesIO(data), bare.body_context(tag), bare.segment)
    return Content(bare.key, digest, bare.size, bare.segment, bare.body, b"".join(pieces))


def encode(content: Content, keys: OwnerKeys, name: str) -> bytes:
    """The entry called ``name``, wrapped by the owner's newest wrapping key."""
    metadata = _METADATA.pack(
        bytes.fromhex(content.digest),
        content.size,
        content.segment,
        content.inline is not None,
        bytes.fromhex(content.body),
    )
    sealed = sealing.seal(_metadata_key(content.key), metadata, _metadata_context(keys.tag, name))
    return _wrap(content.key, keys, name) + sealed + (content.inline or b"")


def decode(entry: bytes, keys: OwnerKeys, name: str, what: str) -> Content:
    """Read an entry. Raises Damaged, naming ``what``, when it is not the one that was put there."""
    key = _unwrap(entry, keys, name, what)
    sealed = entry[_KEY_END:_METADATA_END]
    metadata = sealing.unseal(_metadata_key(key), sealed, _metadata_context(keys.tag, name), what)
    digest, size, segment, is_inline, body = _METADATA.unpack(metadata)
    rest = entry[_METADATA_END:]
    if len(rest) != (streaming.ciphertext_size(size, segment) if is_inline else 0):
        raise Damaged(f"{what} is cut short or too long")
    return Content(key, digest.hex(), size, segment, body.hex(), rest if is_inline else None)


def version(entry: bytes, what: str) -> int:
    """The version of the wrapping key an entry says it is wrapped by."""
    if len(entry) < _METADATA_END or entry[:4] != _FORMAT:
        raise Damaged(f"{what} is damaged")
    number: int = _HEAD.unpack_from(entry)[1]
    return number


def rewrap(entry: bytes, keys: OwnerKeys, name: str, what: str) -> bytes:
    """The same entry with its data key wrapped by the owner's newest wrapping key."""
    return _wrap(_unwrap(entry, keys, name, what), keys, name) + entry[_KEY_END:]


def _wrap(data_key: bytes, keys: OwnerKeys, name: str) -> bytes:
    newest = keys.newest
    head = _HEAD.pack(_FORMAT, newest)
    return head + sealing.seal(keys.wrapping[newest], data_key, _key_context(keys.tag, name, head))


def _unwrap(entry: bytes, keys: OwnerKeys, name: str, what: str) -> bytes:
    wrapping = keys.wrapping.get(version(entry, what))
    if wrapping is None:
        raise Damaged(f"{what} is damaged, or its wrapping key is gone")
    context = _key_context(keys.tag, name, entry[: _HEAD.size])
    return sealing.unseal(wrapping, entry[_HEAD.size : _KEY_END], context, what)


def _key_context(tag: str, name: str, head: bytes) -> bytes:
    return b"rakkan entry key 1\0" + f"{tag}\0{name}\0".encode() + head


def _metadata_context(tag: str, name: str) -> bytes:
    return b"rakkan entry metadata 1\0" + f"{tag}\0{name}".encode()


def _metadata_key(data_key: bytes) -> bytes:
    return sealing.derive(data_key, "rakkan entry metadata 1")
