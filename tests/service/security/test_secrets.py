"""What is secret stays where it belongs: not in logs, figures or faults, and nowhere on the disk."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.service.access.world import World, peopled

from rakkan.service import observing

PROMPT = "1girl, lantern, teal scarf with marker ribbons"


@dataclass
class Said:
    """All that came out of an instance while it ran."""

    world: World
    log: str = ""
    figures: str = ""
    faults: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def said(instance_of_module: pytest.MonkeyPatch) -> Iterator[Said]:
    """An instance through which secrets have gone by every way that there is."""
    heard = io.StringIO()
    with redirect_stderr(heard), peopled() as world:
        told = Said(world)
        password = "marker password of rin 7"
        accounts, client = world.service.accounts, world.client
        accounts.set_password(world.actor("rin"), password, "seven quiet brushes")
        visitor = world.headers("visitor", "")
        for given in (password, password + " wrong"):
            reply = client.post("/sign-in", data={"handle": "walk-rin", "password": given}, headers=visitor)
            told.faults.append(reply.text if reply.status_code >= 400 else "")
        session = reply_cookie(
            client.post(
                "/sign-in", data={"handle": "walk-rin", "password": password}, headers=visitor
            ).headers.get_list("set-cookie")
        )
        world.sessions["rin"] = session
        key = world.key("rin", frozenset({"create", "read"}))
        bearer = {"authorization": f"Bearer {key}"}
        sent = {"prompt": PROMPT, "seed": 7}
        client.post("/api/v1/jobs/create", json=sent, headers=bearer)
        for path in ("/create", "/api/v1/nothing", f"/pictures/{key}/file", f"/welcome?token={session}"):
            told.faults.append(
                client.get(path, headers={**bearer, "x-token": session}).text if "?" not in path else ""
            )
        client.post(
            "/api/v1/jobs/create",
            content=f'{{"prompt": "{PROMPT}"',
            headers={**bearer, "content-type": "application/json"},
        )
        told.faults.append(client.get("/create", headers={"authorization": f"Bearer {key}x"}).text)
        token = accounts.owner_token()
        client.get(f"/welcome?token={token}")
        told.faults.append(
            client.post(
                "/welcome",
                data={"token": token + "x", "handle": "x"},
                headers={**visitor, "accept": "application/json"},
            ).text.replace(token + "x", "")
        )
        try:  # a fault of the service's own that quotes them all
            raise ValueError(f"{password} {session} {key} {PROMPT} {token}")
        except ValueError as error:
            observing.fault("marker", error, heard)
        told.figures = client.get("/metrics", headers=world.headers("owner", "")).text
        keyfile = Path(os.environ["XDG_CONFIG_HOME"])
        material = [one.read_bytes() for one in keyfile.rglob("*") if one.is_file()]
        told.secrets = {
            "password": password,
            "session": session,
            "key": key,
            "prompt": PROMPT,
            "token": token,
            "csrf": accounts.csrf_token(world.credentials["rin"]),
        }
        told.secrets |= {
            f"key file {n}": text.decode("latin-1").strip() for n, text in enumerate(material) if text
        }
        told.log = heard.getvalue()
        yield told


def reply_cookie(given: list[str]) -> str:
    (found,) = (one for one in given if one.startswith("__Host-rakkan="))
    return found.partition("=")[2].partition(";")[0]


def test_nothing_secret_is_logged_or_counted(said: Said) -> None:
    assert '"route"' in said.log and '"fault": "ValueError"' in said.log
    assert "rakkan_requests_total" in said.figures
    for name, secret in said.secrets.items():
        assert secret not in said.log, name
        assert secret not in said.figures, name
    for handle, account in said.world.accounts.items():
        assert account not in said.log and account not in said.figures, handle


def test_no_fault_quotes_what_is_secret(said: Said) -> None:
    for name, secret in said.secrets.items():
        assert not [one for one in said.faults if secret in one], name


def test_nothing_secret_lies_on_the_disk(said: Said) -> None:
    home = Path(os.environ["RAKKAN_HOME"])
    files = [one for one in home.rglob("*") if one.is_file()]
    assert any(one.suffix in (".db", ".sqlite") or "sqlite" in one.name for one in files), files[:20]
    for name, secret in said.secrets.items():
        found = [str(one) for one in files if secret.encode("latin-1", "replace") in one.read_bytes()]
        assert not found, (name, found)


def test_the_looking_finds_what_lies_there(said: Said) -> None:
    home = Path(os.environ["RAKKAN_HOME"])
    assert [one for one in home.rglob("*") if one.is_file() and b"walk-rin" in one.read_bytes()]
