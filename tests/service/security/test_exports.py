"""What people take along: whatever things are called, the names in an archive lead nowhere."""

from __future__ import annotations

import io
import json
import re
import secrets
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from tests.service.access.world import World, peopled
from tests.service.instance import PASSWORD

from rakkan import assemble
from rakkan.service.routes import importing

NAMES = [
    "../../../../tmp/climbed",
    "/etc/climbed",
    "..\\..\\climbed",
    "C:\\climbed",
    "..",
    ".",
    "~root",
    "hat/../../climbed",
    "-rf climbed",
    "climbed\u202egnp.exe",
    "climbed\u2044..\u2044climbed",
    "．．／climbed",
    "x" * 200,
    "con.png",
    '"><script>alert(1)</script>',
    "=climbed()",
]


@pytest.fixture(scope="module")
def world(instance_of_module: pytest.MonkeyPatch) -> Iterator[World]:
    with peopled() as made:
        yield made


def own(world: World) -> dict[str, str]:
    return {"accept": "application/json", **world.headers("member", "account")}


def exported(world: World) -> zipfile.ZipFile:
    """Everything of mika's."""
    asked = world.client.post("/account/export", headers=own(world))
    assert asked.status_code == 200, asked.text
    reply = world.client.get(asked.json()["export"], headers=own(world))
    assert reply.status_code == 200
    assert reply.headers["content-disposition"] == 'attachment; filename="rakkan-account.zip"'
    return zipfile.ZipFile(io.BytesIO(reply.content))


def filled(world: World) -> int:
    """Give everything that can have a name a hostile one; how many characters were taken."""
    taken, key = 0, world.key("mika", frozenset({"create", "share"}))
    bearer = {"authorization": f"Bearer {key}"}
    for name in NAMES:
        sent = {"name": name, "tags": "1girl, hat"}
        made = world.client.post("/api/v1/characters", json=sent, headers=bearer)
        assert made.status_code in (201, 422), made.text
        taken += made.status_code == 201
        picture = world.picture("mika", False)
        told = {"title": name[:100], "tags": []}
        answer = world.client.post(f"/api/v1/pictures/{picture}/publish", json=told, headers=bearer)
        assert answer.status_code in (200, 422), answer.text
        said = {"text": name}
        other = world.picture("rin", True)
        world.client.post(f"/api/v1/pictures/{other}/comments", json=said, headers=bearer)
        world.client.post("/account/profile", data={"name": name[:60], "about": name}, headers=own(world))
        world.client.post("/account/keys", data={"label": name, "scopes": "read"}, headers=own(world))
    return taken


def test_no_name_in_an_archive_leads_anywhere(world: World, tmp_path: Path) -> None:
    taken = filled(world)
    assert taken >= 5, "some of these names are a character's"
    archive = exported(world)
    names = archive.namelist()
    assert len([name for name in names if name.startswith("characters/")]) == taken
    assert len([name for name in names if name.startswith("pictures/")]) >= 2 * len(NAMES)
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        posix, windows = PurePosixPath(name), PureWindowsPath(name)
        assert not posix.is_absolute() and not windows.is_absolute() and not windows.drive, name
        assert ".." not in posix.parts and not any(part.startswith(("-", "~")) for part in posix.parts), name
        assert len(posix.parts) <= 2 and len(posix.name.encode()) <= 255, name
        assert "\\" not in name and ":" not in name and name.isprintable(), name
        assert re.fullmatch(r"(?:\w+/)?[\w.-]+", name), name
    inside = tmp_path / "inside"
    archive.extractall(inside)
    for one in tmp_path.rglob("*"):
        assert inside in (one, *one.parents)
    for name in names:
        if name.endswith(".json"):
            json.loads(archive.read(name))


def test_an_archive_holds_nothing_that_lets_anybody_in(world: World) -> None:
    key = world.key("mika", frozenset({"read"}))
    session = world.sessions["mika"]
    archive = exported(world)
    whole = b"\n".join(archive.read(name) for name in archive.namelist())
    service = assemble.keyring().secret("service", lambda: secrets.token_bytes(32))
    for secret in (PASSWORD.encode(), key.encode(), key[3:].encode(), session.encode(), service):
        assert secret not in whole and secret.hex().encode() not in whole
    assert b"argon2" not in whole and b"walk-mika" in whole


def test_what_a_picture_is_saved_as_is_made_of_its_identifier(world: World) -> None:
    picture = world.picture("mika", False)
    bearer = {"authorization": f"Bearer {world.key('mika', frozenset({'read', 'share'}))}"}
    for title in ('a"; filename="climbed.exe', "../climbed", "a\r\nX-Injected: 1", "ふ" * 50):
        told = {"title": title, "tags": []}
        world.client.post(f"/api/v1/pictures/{picture}/publish", json=told, headers=bearer)
        link = world.client.post(f"/pictures/{picture}/download", headers=own(world)).json()["url"]
        for path in (link, f"/api/v1/pictures/{picture}/file", f"/pictures/{picture}/file"):
            reply = world.client.get(path, headers=bearer)
            assert reply.status_code == 200 and "x-injected" not in reply.headers
            told_name = reply.headers["content-disposition"]
            assert re.fullmatch(rf'inline|attachment; filename="(rakkan-)?{picture}\.png"', told_name)


@pytest.mark.parametrize("name", [*NAMES, "a\0.png", "a\nb.png", ""])
def test_what_is_brought_in_a_zip_is_called_by_its_last_part_alone(world: World, name: str) -> None:
    plain = importing._plain(name)
    assert "/" not in plain and "\\" not in plain and plain.isprintable() and len(plain) <= 200
