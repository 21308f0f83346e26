"""Nobody gets a picture out but through the gate: every command and every public function is tried.

What this can show and what it cannot: docs/decisions/0019-no-way-around.md.
"""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
import typer
from numpy.typing import NDArray
from tests.around import attempts, calling, functions
from tests.around.reviewed import ENCODERS, HANDED, IMPORTERS, REVIEWED
from tests.around.scanner import files_below, holds_trace, pictures_in, traces
from tests.conftest import ROOT
from tests.test_architecture import imports, read_sources
from tests.trust.made import look

from rakkan.cli.main import app
from rakkan.errors import RakkanError
from rakkan.records import Picture
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
    return places.watch(
        [*attempts.work(places.given), *attempts.REFUSED], ("survey", "training", "measurement")
    )


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
        if [place for _, place in pictures] == [0] and is_sealed(path):
            continue
        found += [f"{path}: {name} at {place}" for name, place in pictures]
        if holds_trace(data, known):
            found.append(f"{path}: the bare pixels of a picture")
    return found


def is_sealed(path: Path) -> bool:
    try:
        return look(path).state == VALID
    except RakkanError:
        return False


def test_every_command_did_its_work_and_what_is_to_be_refused_was(watched: dict[str, Any]) -> None:
    refused = watched["done"][-len(attempts.REFUSED) :]
    worked = watched["done"][: -len(attempts.REFUSED)]
    assert [one for one in worked if one["status"] != 0] == []
    assert [one for one in refused if (one["status"], one["out"], one["err"].count("\n")) != (2, "", 1)] == []


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
        if os.path.lexists(path)  # what could not be opened is seen, too
    ]
    assert elsewhere == []
    assert watched["connected"] == []


# ---- commands that are stopped


@pytest.mark.parametrize(
    ("how", "moment"),
    [(signal.SIGINT, 0.05), (signal.SIGINT, 0.21), (signal.SIGKILL, 0.12), (signal.SIGKILL, 0.33)],
)
def test_what_is_stopped_leaves_whole_sealed_pictures_or_none(
    how: signal.Signals, moment: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stopped(Places(tmp_path), how, moment, monkeypatch) == []


def stopped(places: Places, how: signal.Signals, moment: float, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a process that draws leaves of unsealed pictures when it is stopped ``moment`` seconds after it
    has begun its second picture."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.around.cancelled"],
        cwd=places.work,
        env=places.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        for _ in range(2):
            assert process.stdout.readline() == b"drawing\n"
        time.sleep(moment)
        process.send_signal(how)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == {signal.SIGINT: 130, signal.SIGKILL: -signal.SIGKILL}[how], err
    assert not pictures_in(out + err)
    monkeypatch.setenv("RAKKAN_HOME", str(places.home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(places.config))
    assert list((places.work / "several").glob("*.png"))
    return unsealed(*places.searched)


# ---- functions


def deserving() -> dict[str, list[str]]:
    """The public functions that need a review, and why."""
    questions = (functions.hands_out_pixels, functions.makes_bytes_of_pixels, functions.writes)
    found = {
        name.removeprefix("rakkan."): [one.__name__ for one in questions if one(function)]
        for name, function in functions.public().items()
    }
    return {name: whys for name, whys in found.items() if whys}


def covers(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith(".*") else name == pattern


def test_every_function_that_has_to_do_with_pixels_or_files_is_reviewed() -> None:
    reviewed = [pattern for names in REVIEWED.values() for pattern in names]
    assert len(functions.public()) > 900
    new = {
        name: whys
        for name, whys in deserving().items()
        if not any(covers(pattern, name) for pattern in reviewed)
    }
    assert not new, f"Look at them, then say in tests/around/reviewed.py why they are no way out: {new}"


def test_the_review_is_of_what_is_there() -> None:
    found = set(deserving())
    patterns = [pattern for names in REVIEWED.values() for pattern in names]
    assert len(set(patterns)) == len(patterns)
    assert [one for one in patterns if not any(covers(one, name) for name in found)] == []
    assert found >= ENCODERS


def test_a_new_function_would_need_a_review() -> None:
    def draw(prompt: str) -> NDArray[numpy.uint8]: ...
    def packed(pixels: NDArray[numpy.uint8]) -> bytes: ...
    def text(picture: Picture) -> str: ...
    def count(words: list[str]) -> int: ...

    assert functions.hands_out_pixels(draw)
    assert functions.makes_bytes_of_pixels(packed) and functions.makes_bytes_of_pixels(text)
    assert not any(
        one(count) for one in (functions.hands_out_pixels, functions.makes_bytes_of_pixels, functions.writes)
    )


def test_no_function_makes_a_file_of_a_picture_but_the_encoders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Each that takes pixels is called with a stand-in's picture; what comes back, is printed or lies about
    is searched."""
    monkeypatch.chdir(tmp_path)
    pixels = attempts.noise(9, 48, 40)
    known = traces(pixels)
    called, found = [], set()
    for name, function in functions.public().items():
        if not any(functions.PIXELS.search(one) for one in functions.taken(function).values()):
            continue
        if "self" in function.__code__.co_varnames[:1]:
            continue  # methods: the commands and the tricks below try those of the gate
        given = calling.filled(function, pixels.copy(), tmp_path)
        if given is None:
            continue
        try:
            answer = function(**given)
        except Exception:
            continue
        called.append(name.removeprefix("rakkan."))
        for data in calling.bytes_in(answer):
            if pictures_in(data) or holds_trace(data, known):
                found.add(name.removeprefix("rakkan."))
    assert found == ENCODERS
    assert len(called) >= 10, called
    assert unsealed(tmp_path, known=tuple(known)) == []
    printed = b"".join(capfdbinary.readouterr())
    assert not pictures_in(printed) and not holds_trace(printed, known)


def test_what_seals_encodes_and_places_is_called_by_the_gate_alone() -> None:
    wrong = []
    for name, text in read_sources().items():
        tree = ast.parse(text)
        wrong += [
            f"{name}:{line} imports {target}"
            for line, target in imports(name, tree)
            for guarded, allowed in IMPORTERS.items()
            if f"{target}.".startswith(f"{guarded}.") and name not in allowed
        ]
        if name.startswith(("store/", "formats/", "features/")) or name == "trust/gate.py":
            continue
        wrong += [
            f"{name}:{node.lineno} calls {ast.unparse(node.func)}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in HANDED
        ]
    assert wrong == []


def test_the_gates_parts_are_chosen_where_it_is_wired_and_nowhere_else() -> None:
    """``dataclasses.replace(gate, inspectors={…})`` would be another way to build one."""
    parts = ("inspectors", "markers", "arrival_inspectors")
    wrong = []
    for name, text in read_sources().items():
        for node in ast.walk(ast.parse(text)):
            named = isinstance(node, ast.keyword) and node.arg in parts
            if named and name not in ("assemble.py", "trust/gate.py"):
                wrong.append(f"{name}: {ast.unparse(node)}")
    assert wrong == []
