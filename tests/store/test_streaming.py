"""The streaming format: byte for byte Tink's, and no altered ciphertext is taken for a whole one."""

from __future__ import annotations

import io
import random

import pytest
import tink
from hypothesis import given
from hypothesis import strategies as some
from tink import secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from rakkan.store.faults import Damaged
from rakkan.store.streaming import (
    HEADER,
    SEGMENT,
    TAG,
    Decryptor,
    Plaintext,
    ciphertext_size,
    encrypt,
    plaintext_size,
)

KEY = bytes(range(32))
CONTEXT = b"what it is bound to"
SMALL = 128
FIRST, EACH = SMALL - HEADER - TAG, SMALL - TAG
#: Lengths around where segments end.
BORDERS = [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + EACH - 1, FIRST + EACH, FIRST + EACH + 1, 1000]
FIRST_MIB = SEGMENT - HEADER - TAG


class Memory:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def read(self, start: int, length: int) -> bytes:
        return self.data[start : start + length]

    def close(self) -> None:
        pass


class Trickle:
    """A source that answers with less than it is asked for."""

    def __init__(self, data: bytes) -> None:
        self.inner = io.BytesIO(data)

    def read(self, length: int, /) -> bytes:
        return self.inner.read(min(length, 7))


def encrypted(data: bytes, segment: int = SMALL, key: bytes = KEY, context: bytes = CONTEXT) -> bytes:
    return b"".join(encrypt(key, io.BytesIO(data), context, segment))


def decrypted(data: bytes, segment: int = SMALL, size: int | None = None) -> bytes:
    return b"".join(Decryptor(KEY, Memory(data), CONTEXT, "The text", size, segment))


def tinks(segment: int) -> streaming_aead.StreamingAead:
    """Tink with the same key: a keyset of one raw AES-GCM-HKDF key."""
    streaming_aead.register()
    parameters = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
        ciphertext_segment_size=segment, derived_key_size=32, hkdf_hash_type=common_pb2.SHA256
    )
    value = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, params=parameters, key_value=KEY)
    data = tink_pb2.KeyData(
        type_url="type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey",
        value=value.SerializeToString(),
        key_material_type=tink_pb2.KeyData.SYMMETRIC,
    )
    key = tink_pb2.Keyset.Key(
        key_data=data, status=tink_pb2.ENABLED, key_id=42, output_prefix_type=tink_pb2.RAW
    )
    keyset = tink_pb2.Keyset(primary_key_id=42, key=[key])
    handle = tink.proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


class Kept(io.BytesIO):
    """Keeps what was written when Tink closes it."""

    kept = b""

    def close(self) -> None:
        self.kept = self.getvalue()
        super().close()


CASES = [(SMALL, size) for size in BORDERS] + [
    (SEGMENT, size) for size in (0, 5, FIRST_MIB - 1, FIRST_MIB, FIRST_MIB + 1, FIRST_MIB + SEGMENT - TAG)
]


@pytest.mark.parametrize(("segment", "size"), CASES)
def test_tink_reads_what_we_write(segment: int, size: int) -> None:
    data = random.Random(size).randbytes(size)
    ours = io.BytesIO(encrypted(data, segment))
    with tinks(segment).new_decrypting_stream(ours, CONTEXT) as stream:
        assert stream.read() == data


@pytest.mark.parametrize(("segment", "size"), CASES)
def test_we_read_what_tink_writes(segment: int, size: int) -> None:
    data = random.Random(size).randbytes(size)
    file = Kept()
    with tinks(segment).new_encrypting_stream(file, CONTEXT) as stream:
        stream.write(data)
    assert len(file.kept) == ciphertext_size(size, segment)
    assert decrypted(file.kept, segment, size) == data


@pytest.mark.parametrize("size", BORDERS)
def test_a_source_that_trickles_gives_the_same_segments(size: int) -> None:
    data = random.Random(size).randbytes(size)
    pieces = list(encrypt(KEY, Trickle(data), CONTEXT, SMALL))
    assert decrypted(b"".join(pieces)) == data
    assert len(b"".join(pieces)) == ciphertext_size(size, SMALL)
    assert all(len(piece) == SMALL for piece in pieces[:-1])


@given(some.integers(0, 5000), some.sampled_from([SMALL, 100, 1000]))
def test_sizes_convert_both_ways(size: int, segment: int) -> None:
    assert plaintext_size(ciphertext_size(size, segment), segment) == size
    assert plaintext_size(ciphertext_size(size, segment), segment) is not None


def test_no_plaintext_gives_a_size_of_a_header_and_a_bit() -> None:
    assert plaintext_size(HEADER + TAG - 1, SMALL) is None
    assert plaintext_size(SMALL + TAG, SMALL) is None  # a last segment without a byte of text
    assert plaintext_size(0, SMALL) is None


@given(some.integers(0, 600), some.lists(some.tuples(some.integers(0, 700), some.integers(0, 300))))
def test_random_access_reads_the_same_bytes(size: int, reads: list[tuple[int, int]]) -> None:
    data = random.Random(size).randbytes(size)
    source = Memory(encrypted(data))
    with io.BufferedReader(Plaintext(Decryptor(KEY, source, CONTEXT, "x", size, SMALL))) as file:
        for start, length in reads:
            assert file.seek(start) == start
            assert file.read(length) == data[start : start + length]
        assert file.seek(-size, io.SEEK_END) == 0
        assert file.read() == data


def test_every_flipped_bit_is_refused() -> None:
    data = random.Random(0).randbytes(FIRST + EACH + 3)
    good = encrypted(data)
    for place in range(len(good)):
        for bit in (1, 128):
            bad = good[:place] + bytes([good[place] ^ bit]) + good[place + 1 :]
            with pytest.raises(Damaged, match="The text is damaged"):
                decrypted(bad)


def test_every_cut_and_every_addition_is_refused() -> None:
    data = random.Random(0).randbytes(FIRST + EACH + 3)
    good = encrypted(data)
    for end in range(len(good)):
        with pytest.raises(Damaged):
            decrypted(good[:end])
        with pytest.raises(Damaged, match="cut short or too long"):
            Decryptor(KEY, Memory(good[:end]), CONTEXT, "The text", len(data), SMALL)
    with pytest.raises(Damaged):
        decrypted(good + b"\0")


def test_segments_keep_their_order_and_their_text() -> None:
    data = random.Random(0).randbytes(FIRST + 3 * EACH)
    good, other = encrypted(data), encrypted(data)
    one, two = good[SMALL : 2 * SMALL], good[2 * SMALL : 3 * SMALL]
    swapped = good[:SMALL] + two + one + good[3 * SMALL :]
    mixed = good[:SMALL] + other[SMALL : 2 * SMALL] + good[2 * SMALL :]
    shortened = good[: 3 * SMALL]  # ends at a segment's end, so only the mark of the last tells
    for bad in (swapped, mixed, shortened):
        with pytest.raises(Damaged, match="segment"):
            decrypted(bad)


def test_another_key_or_context_opens_nothing() -> None:
    for bad in (encrypted(b"text", key=bytes(32)), encrypted(b"text", context=b"another")):
        with pytest.raises(Damaged):
            decrypted(bad)


def test_equal_texts_have_unequal_ciphertexts() -> None:
    assert encrypted(b"text" * 100) != encrypted(b"text" * 100)
