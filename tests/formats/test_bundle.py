"""Bundles: one writing only, so that nothing can hide in one."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.errors import RakkanError
from rakkan.formats import bundle

FILES = {"a.json": b"{}", "pictures/b.png": b"\x89PNG" * 9, "z": b""}


def packed(files: dict[str, bytes] | None = None) -> bytes:
    return b"".join(bundle.pack(FILES if files is None else files))


def test_a_foreign_reader_reads_it_without_complaint() -> None:
    archive = zipfile.ZipFile(io.BytesIO(packed()))
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == FILES
    assert all(one.compress_type == 0 and one.date_time[0] == 1980 for one in archive.infolist())
    assert archive.namelist() == sorted(FILES)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z0-9]{1,8}(?:[./-][a-z0-9]{1,8}){0,2}", fullmatch=True), st.binary(max_size=64)
    ).filter(bool)
)
def test_what_is_packed_reads_back_and_is_the_same_each_time(files: dict[str, bytes]) -> None:
    data = packed(files)
    assert data == packed(dict(reversed(files.items())))
    listed, payload = bundle.read_bundle(data)
    assert [name for name, _ in listed] == sorted(files)
    assert payload == b"".join(files[name] for name in sorted(files))


def test_the_sandbox_brings_back_the_same() -> None:
    assert bundle.unpack(packed(), "x.rakkan") == FILES


def test_no_byte_can_be_changed_added_or_taken() -> None:
    data = packed()
    for place in range(len(data)):
        for value in (data[place] ^ 1, data[place] ^ 0x80):
            changed = data[:place] + bytes([value]) + data[place + 1 :]
            try:
                found, payload = bundle.read_bundle(changed)
            except RakkanError:
                continue
            # A changed name or content is another sound bundle only with its checksums; none is.
            raise AssertionError((place, found, payload))
    for wrong in (data[:-1], data + b"\0", b"\0" + data, data + data, data[:30], b""):
        with pytest.raises(RakkanError):
            bundle.read_bundle(wrong)


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", how) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return memory.getvalue()


def link() -> zipfile.ZipInfo:
    made = zipfile.ZipInfo("a.json", (1980, 1, 1, 0, 0, 0))
    made.external_attr = 0o120777 << 16
    return made


@pytest.mark.parametrize(
    "data",
    [
        zipped(("a.json", b"\0" * 10_000_000), how=zipfile.ZIP_DEFLATED),
        zipped(("../../etc/passwd", b"x")),
        zipped(("/etc/passwd", b"x")),
        zipped(("a\\b", b"x")),
        zipped(("A.json", b"x")),
        zipped((link(), b"/etc/passwd")),
        zipped(("folder/", b"")),
        zipped(("a.json", b"x")) + b"trailing",
        b"MZ" + zipped(("a.json", b"x")),
        zipped(),
        b"PK\x03\x04" + b"\xff" * 26,
        b"PK\x03\x04",
        b"\x89PNG\r\n\x1a\n",
        os.urandom(64),
        struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 0x21, 0, 2**32 - 1, 2**32 - 1, 1, 0) + b"a",
    ],
    ids=[str(number) for number in range(15)],
)
def test_what_a_bundle_is_not_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(RakkanError) as caught:
        bundle.unpack(data, "x.rakkan")
    assert str(caught.value).startswith("x.rakkan is no sound file") and "\n" not in str(caught.value)


def test_an_entry_that_is_there_twice_is_refused() -> None:
    one, two = packed({"a": b"1"}), packed({"a": b"2"})
    end = one.index(b"PK\1\2")
    with pytest.raises(RakkanError, match="twice"):
        bundle.read_bundle(one[:end] + two)


def test_too_many_and_too_large_are_refused_before_they_are_written() -> None:
    with pytest.raises(RakkanError, match="too many"):
        packed({str(number): b"" for number in range(bundle.MOST_ENTRIES + 1)})
    with pytest.raises(RakkanError, match="larger than 64 MiB"):
        packed({"a": bytes(bundle.LARGEST_FILE)})
    for name in ("", "a/", "a//b", "../a", "a/../b", "A", "a" * 101):
        with pytest.raises(RakkanError, match="cannot stand"):
            packed({name: b""})


@pytest.mark.parametrize("seed", range(30))
def test_noise_in_it_ends_in_one_line(seed: int) -> None:
    random = Random(seed)
    data = bytearray(packed())
    for _ in range(random.randrange(1, 6)):
        data[random.randrange(len(data))] = random.randrange(256)
    if bytes(data) != packed():
        with pytest.raises(RakkanError):
            bundle.read_bundle(bytes(data[: random.choice([len(data), random.randrange(len(data))])]))
