"""Files made to do harm, through every route that takes one: bombs, exhausting heads, names that climb."""

from __future__ import annotations

import io
import json
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from tests.service.access.documents import DOCUMENT
from tests.service.access.fillers import FILLERS, MAKERS, picture_file
from tests.service.access.walking import Filler
from tests.service.access.world import World

from rakkan.service.access.table import read

ROUTES = [
    (row, FILLERS[row.method, row.path])
    for row in read(DOCUMENT)
    if FILLERS.get((row.method, row.path), Filler()).files is not None
]
CLIMBING = [
    "../../../../tmp/climbed.png",
    "/tmp/climbed.png",
    "..\\..\\climbed.png",
    "a\0.png",
    "%2e%2e%2fclimbed.png",
    "x" * 5000,
    '"><script>alert(1)</script>.png',
    "a\r\nX-Injected: 1.png",
]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *more: bytes, data: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    end = chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(more) + chunk(b"IDAT", data) + end


def zipped() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../../tmp/climbed.png", picture_file())
        archive.writestr("large.png", bytes(30_000_000))
    return held.getvalue()


def safetensors(length: int, head: bytes = b"") -> bytes:
    return struct.pack("<Q", length) + head


BOMBS = {
    "a picture of a terapixel": png(2**20, 2**20, data=zlib.compress(bytes(1000))),
    "a picture that unpacks for ever": png(64, 64, data=zlib.compress(bytes(60_000_000), 9)),
    "a text that unpacks for ever": png(
        64,
        64,
        chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(60_000_000), 9)),
        data=zlib.compress(bytes(12352)),
    ),
    "ten thousand chunks": png(64, 64, *[chunk(b"tEXt", b"a\0b")] * 10_000, data=zlib.compress(bytes(12352))),
    "an archive": zipped(),
    "a drawing with a script": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a head of all memory": safetensors(2**63 - 1),
    "a head of a gigabyte": safetensors(2**30, b"{"),
    "a head of a million tensors": safetensors(
        60_000_000,
        json.dumps(
            {f"t{n}": {"dtype": "F16", "shape": [0], "data_offsets": [0, 0]} for n in range(20_000)}
        ).encode(),
    ),
    "a pickle": b"\x80\x04cposix\nsystem\n(S'touch /tmp/climbed.png'\ntR.",
    "nothing": b"",
}


def sent(world: World, row: Any, filler: Filler, name: str, body: bytes) -> Any:
    """A route's own form with another file in place of each of its files."""
    who: Any = "moderator" if row.role == "moderator" else "member"
    path = row.path
    for parameter, maker in MAKERS.items():
        if f"{{{parameter}}}" in path:
            path = path.replace(
                f"{{{parameter}}}", maker(world, "moderator" if who == "moderator" else "mika", False)
            )
    files = filler.files(world, who)  # type: ignore[misc]
    pairs = files.items() if isinstance(files, dict) else files
    sending = [(field, (name, body, "image/png")) for field, _ in pairs]
    data = filler.data(world, who) if filler.data else None
    headers = {"accept": "application/json", **world.headers(who, row.scope)}
    return world.client.request(row.method, path, files=sending, data=data, headers=headers)


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize(("row", "filler"), ROUTES, ids=lambda one: getattr(one, "path", ""))
def test_what_is_made_to_exhaust_is_refused(world: World, row: Any, filler: Filler, bomb: str) -> None:
    name = "hat.csv" if row.path == "/account/prompts" else "hat.png"
    reply = sent(world, row, filler, name, BOMBS[bomb])
    is_refused = 400 <= reply.status_code < 500 or reply.status_code in (202, 303)
    # Words that are read at once are refused file by file.
    assert is_refused or (reply.json()["kept"] == {} and reply.json()["remarks"]), reply.text
    assert reply.elapsed.total_seconds() < 60
    assert world.client.get("/healthz").status_code == 200


@pytest.mark.parametrize("name", CLIMBING)
@pytest.mark.parametrize(("row", "filler"), ROUTES, ids=lambda one: getattr(one, "path", ""))
def test_no_name_of_a_file_leads_anywhere(
    world: World, row: Any, filler: Filler, name: str, tmp_path: Path
) -> None:
    before = set(Path(tempfile.gettempdir()).glob("climbed*"))
    reply = sent(world, row, filler, name, picture_file())
    assert reply.status_code < 500 or reply.status_code in filler.also, reply.text
    assert "x-injected" not in reply.headers
    assert set(Path(tempfile.gettempdir()).glob("climbed*")) == before
    kept = (
        [one.name for one in world.service.vault.root.rglob("*")]
        if hasattr(world.service.vault, "root")
        else []
    )
    assert not [one for one in kept if "climbed" in one or "script" in one]


@pytest.mark.parametrize(("row", "filler"), ROUTES, ids=lambda one: getattr(one, "path", ""))
def test_forms_have_only_so_many_parts(world: World, row: Any, filler: Filler) -> None:
    headers = {"accept": "application/json", **world.headers("member", row.scope)}
    path = row.path.replace("{picture}", "x")
    many = [("picture", (f"{n}.png", b"x", "image/png")) for n in range(600)]
    assert world.client.post(path, files=many, headers=headers).status_code in (400, 404)
    fields = {f"field{n}": "x" for n in range(200)}
    assert world.client.post(path, data=fields, headers=headers).status_code in (400, 404)


def test_addresses_of_things_lead_nowhere_else(world: World) -> None:
    mine = world.headers("member", "")
    secret = "version = "
    for climb in (
        "..%2f..%2f..%2fpyproject.toml",
        "%2e%2e/%2e%2e/core.py",
        "a%00b",
        "a" * 3000,
        "....//",
        "~",
        "C:%5c",
    ):
        for path in (
            f"/static/0/{climb}",
            f"/pictures/{climb}/file",
            f"/pictures/{climb}/thumbnail",
            f"/studio/jobs/{climb}/events",
        ):
            reply = world.client.get(path, headers=mine)
            assert reply.status_code == 404, (path, reply.status_code)
            assert secret not in reply.text
