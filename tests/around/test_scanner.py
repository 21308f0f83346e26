"""The search is not blind: planted pictures are found wherever they hide, and what is none is left alone."""

from __future__ import annotations

import base64
import gzip
import io
import json
import random
import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
from PIL import Image
from tests.around.attempts import noise
from tests.around.places import unsealed
from tests.around.scanner import holds_trace, pictures_in, traces
from tests.trust.made import release

from rakkan.formats import png

PIXELS = noise(4, 40, 48)


def saved(form: str) -> bytes:
    memory = io.BytesIO()
    Image.fromarray(PIXELS).save(memory, format=form)
    return memory.getvalue()


def arrays(**named: object) -> bytes:
    memory = io.BytesIO()
    numpy.savez_compressed(memory, **named)  # type: ignore[arg-type]
    return memory.getvalue()


def array() -> bytes:
    memory = io.BytesIO()
    numpy.save(memory, PIXELS)
    return memory.getvalue()


def zipped(data: bytes) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside", data)
    return memory.getvalue()


def database(data: bytes) -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (a BLOB)")
    connection.execute("INSERT INTO t VALUES (?)", (data,))
    connection.commit()
    return bytes(connection.serialize())


FORMS = ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM")
WRAPPED: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda data: data,
    "in the middle": lambda data: b"some bytes" * 99 + data + b"and more",
    "zip": zipped,
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "base64 in JSON": lambda data: json.dumps({"a": base64.b64encode(data).decode()}).encode(),
    "base64 for addresses": lambda data: b'"' + base64.urlsafe_b64encode(data) + b'"',
    "base64 in lines": base64.encodebytes,
    "hexadecimal": lambda data: b"x = " + data.hex().encode(),
    "a database": database,
    "zip in base64": lambda data: base64.b64encode(zipped(data)),
}


@pytest.mark.parametrize("wrap", WRAPPED)
@pytest.mark.parametrize("form", FORMS)
def test_a_planted_picture_is_found(form: str, wrap: str) -> None:
    assert pictures_in(WRAPPED[wrap](saved(form)))


@pytest.mark.parametrize("data", [array(), arrays(a=PIXELS), arrays(a=PIXELS.astype(numpy.float32))])
def test_a_planted_array_is_found(data: bytes) -> None:
    assert pictures_in(data)


@pytest.mark.parametrize("wrap", WRAPPED)
def test_bare_pixels_are_found(wrap: str) -> None:
    for shape in (PIXELS, PIXELS[:, :, ::-1], PIXELS[:, :, 0], PIXELS.astype(numpy.float32) / 255):
        data = WRAPPED[wrap](numpy.ascontiguousarray(shape).tobytes())
        assert holds_trace(data, traces(PIXELS))
        assert not pictures_in(data)
        assert not holds_trace(data, traces(noise(5, 40, 48)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\r\n\x1a\n and no more",
        b"\xff\xd8\xff",
        b"BM" * 500,
        saved("PNG")[:-200],
        random.Random(1).randbytes(100_000),
        b"abc" * 1000,
        base64.b64encode(random.Random(2).randbytes(5000)),
        arrays(a=numpy.arange(5000)),
        database(b"x" * 5000),
        json.dumps(list(range(5000))).encode(),
    ],
)
def test_what_is_no_picture_is_left_alone(data: bytes) -> None:
    assert pictures_in(data) == []


def test_only_what_the_gate_sealed_and_nobody_changed_passes(tmp_path: Path) -> None:
    release(tmp_path / "sealed.png")
    assert unsealed(tmp_path) == []
    sealed = (tmp_path / "sealed.png").read_bytes()
    for name, data in {
        "bare.png": png.encode(PIXELS, {}),
        "changed.png": sealed[:-20] + bytes([sealed[-20] ^ 1]) + sealed[-19:],
        "two.png": sealed + sealed,
        "other.bin": b"12345678" + sealed,
        "pixels.raw": PIXELS.tobytes(),
    }.items():
        (tmp_path / name).write_bytes(data)
        found = unsealed(tmp_path, known=tuple(traces(PIXELS)))
        assert (found and all(name in one for one in found)) or name == "changed.png", name
        (tmp_path / name).unlink()
