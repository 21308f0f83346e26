"""All hashes of one read, against separate reads with the plain functions, and published answers."""

from __future__ import annotations

import binascii
import hashlib
import io
import random

import blake3
import pytest

from rakkan.errors import RakkanError
from rakkan.models import hashes
from rakkan.models.hashes import read_hashes

MIB = 1024 * 1024
SIZES = (0, 1, 100, MIB - 1, MIB, MIB + 1, MIB + 65536, MIB + 65537, 4 * MIB, 9 * MIB + 17)


def made(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("header", [0, 8, 77, MIB + 3, 5 * MIB])
def test_each_hash_is_what_a_read_of_its_own_gives(size: int, header: int) -> None:
    data = made(size)
    found = read_hashes(io.BytesIO(data), size, header)
    sha256 = hashlib.sha256(data).hexdigest()
    assert found.sha256 == sha256 and found.autov2 == sha256[:10]
    assert found.autov1 == hashlib.sha256(data[0x100000:0x110000]).hexdigest()[:8]
    assert found.tensors == hashlib.sha256(data[header:]).hexdigest()
    assert found.autov3 == found.tensors[:12]
    assert found.crc32 == f"{binascii.crc32(data):08x}"
    assert found.blake3 == blake3.blake3(data).hexdigest()


def test_the_answers_published_for_three_letters() -> None:
    """FIPS 180-4's example; BLAKE3's and CRC-32's as their authors' tools print them."""
    found = read_hashes(io.BytesIO(b"abc"), 3, 0)
    assert found.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert found.blake3 == "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"
    assert found.crc32 == "352441c2"
    assert (found.autov2, found.autov3) == ("ba7816bf8f", "ba7816bf8f01")
    assert found.autov1 == "e3b0c442"  # of nothing: the file is shorter than where AutoV1 looks


def test_progress_comes_to_the_end_and_every_byte_is_handed_on_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashes, "_PIECE", 1000)
    data, seen, told = made(5500), [], []
    read_hashes(io.BytesIO(data), 5500, 8, lambda done, of: told.append((done, of)), seen.append)
    assert b"".join(seen) == data
    assert told == [(min(n, 5500), 5500) for n in range(1000, 6001, 1000)]


def test_a_file_that_grew_or_shrank_is_refused() -> None:
    for size in (99, 101):
        with pytest.raises(RakkanError, match="changed"):
            read_hashes(io.BytesIO(bytes(100)), size, 8)
