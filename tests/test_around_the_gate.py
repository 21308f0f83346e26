"""Nobody gets a picture out but through the gate: every command and every public function is tried.

What this can show and what it cannot: docs/decisions/0019-no-way-around.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.around import attempts
from tests.around.scanner import files_below, holds_trace, pictures_in
from tests.conftest import ROOT
from tests.trust.made import look

from rakkan.cli.main import app
from rakkan.errors import RakkanError
from rakkan.trust.verification import VALID

# ---- commands


def commands(group: typer.Typer, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command there is, by the words that call it."""
    for command in group.registered_commands:
        assert command.callback is not None
        yield (*prefix, str(command.name or command.callback.__name__.replace("_", "-")))
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from commands(inner.typer_instance, (*prefix, str(inner.name)))


def test_every_command_is_tried() -> None:
    tried = {
        command
        for command in commands(app)
        for one in attempts.work(Path("x"))
        if one[: len(command)] == command
    }
    assert tried == set(commands(app)), "Say in tests/around/attempts.py how it is made to do its work"


class Places:
    """Where a watched process may leave things, all of it searched afterwards."""

    def __init__(self, folder: Path) -> None:
        names = ("work", "home", "config", "temporary", "kept", "given")
        self.work, self.home, self.config, self.temporary, self.kept, self.given = (
            folder / name for name in names
        )
        for path in (self.work, self.temporary, self.kept):
            path.mkdir(parents=True)
        self.searched = (self.work, self.home, self.config, self.temporary, self.kept)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RAKKAN_")},
            "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "RAKKAN_HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.config),
            "TMPDIR": str(self.temporary),
            "HOME": str(folder),
        }

    def watch(self, commands: list[tuple[str, ...]], shortened: tuple[str, ...] = ()) -> dict[str, Any]:
        plan, report = self.given / "plan.json", self.given / "report.json"
        told = {"commands": commands, "shortened": shortened, "kept": str(self.kept)}
        plan.write_text(json.dumps({**told, "said": str(self.given / "said")}))
        done = subprocess.run(
            [sys.executable, "-m", "tests.around.watched", plan, report],
            cwd=self.work,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr.decode()
        assert (done.stdout, done.stderr) == (b"", b"")
        found: dict[str, Any] = json.loads(report.read_text())
        return found


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    made = Places(tmp_path_factory.mktemp("around"))
    attempts.inputs(made.given)
    return made


@pytest.fixture(scope="module")
def watched(places: Places) -> dict[str, Any]:
    """What every command, run in one process under an audit hook, did."""
    return places.watch(attempts.work(places.given), ("training", "measurement"))


@pytest.fixture
def here(places: Places, monkeypatch: pytest.MonkeyPatch) -> Places:
    """The same instance, in this process."""
    monkeypatch.setenv("RAKKAN_HOME", str(places.home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(places.config))
    return places


def unsealed(*folders: Path, known: tuple[bytes, ...] = ()) -> list[str]:
    """What lies in these folders of a picture that the gate has not sealed."""
    found = []
    for path in files_below(*folders):
        data = path.read_bytes()
        pictures = pictures_in(data)
        if [place for _, place in pictures] == [0] and is_sealed(path, data):
            continue
        found += [f"{path}: {name} at {place}" for name, place in pictures]
        if holds_trace(data, known):
            found.append(f"{path}: the bare pixels of a picture")
    return found


def is_sealed(path: Path, data: bytes) -> bool:
    if not path.suffix or path.suffix == ".part":
        path = path.with_name(f"{path.name}.{data[1:4].decode('latin-1').lower()}")
        path.write_bytes(data)
    try:
        return look(path).state == VALID
    except RakkanError:
        return False


def test_every_command_did_its_work(watched: dict[str, Any]) -> None:
    failed = [one for one in watched["done"] if one["status"] != 0]
    assert not failed, failed


def test_no_command_leaves_a_picture_that_is_not_sealed(here: Places, watched: dict[str, Any]) -> None:
    known = tuple(bytes.fromhex(trace) for trace in watched["traces"])
    assert len(known) > 100
    assert unsealed(*here.searched, known=known) == []
    assert len([path for path in files_below(here.work) if path.suffix.lower() in (".png", ".jpeg")]) >= 8


def test_no_command_prints_a_picture(watched: dict[str, Any]) -> None:
    known = tuple(bytes.fromhex(trace) for trace in watched["traces"])
    for one in watched["done"]:
        for text in (one["out"], one["err"]):
            assert not pictures_in(text.encode()), one["arguments"]
            assert not holds_trace(text.encode(), known), one["arguments"]


def test_no_command_writes_elsewhere_or_calls_anyone(here: Places, watched: dict[str, Any]) -> None:
    roots = [*here.searched, here.given]
    elsewhere = [
        path
        for path in watched["written"]
        if not any(Path(path).is_relative_to(root) for root in roots) and path != os.devnull
    ]
    assert elsewhere == []
    assert watched["connected"] == []
