"""Nobody gets a picture out but through the gate: every command and every public function is tried.

What this can show and what it cannot: docs/decisions/0019-no-way-around.md.
"""

from __future__ import annotations

import ast
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
import typer
from numpy.typing import NDArray
from tests.around import attempts, calling, functions
from tests.around.places import Places, instance, stopped, unsealed
from tests.around.reviewed import ENCODERS, HANDED, IMPORTERS, NAMESAKES, REVIEWED
from tests.around.scanner import files_below, holds_trace, pictures_in, traces
from tests.test_architecture import imports, read_sources

from rakkan.cli.main import app
from rakkan.records import Picture

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
        for one in (*attempts.work(Path("x")), *attempts.LAST)
        if one[: len(command)] == command
    }
    assert tried == set(commands(app)), "Say in tests/around/attempts.py how it is made to do its work"


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    made = Places(tmp_path_factory.mktemp("around"))
    attempts.inputs(made.given)
    return made


@pytest.fixture(scope="module")
def watched(places: Places) -> dict[str, Any]:
    """What every command, run in one process under an audit hook, did."""
    return places.watch(
        [*attempts.work(places.given), *attempts.REFUSED, *attempts.LAST],
        ("survey", "training", "measurement", "serving", "hub"),
    )


@pytest.fixture
def here(places: Places) -> Iterator[Places]:
    """The same instance, in this process."""
    with instance(places):
        yield places


def test_every_command_did_its_work_and_what_is_to_be_refused_was(watched: dict[str, Any]) -> None:
    first = len(watched["done"]) - len(attempts.REFUSED) - len(attempts.LAST)
    refused = watched["done"][first : -len(attempts.LAST)]
    worked = [*watched["done"][:first], *watched["done"][-len(attempts.LAST) :]]
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
    how: signal.Signals, moment: float, tmp_path: Path
) -> None:
    assert stopped(Places(tmp_path), how, moment) == []


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
            and not any(
                name.startswith(folder) and ast.unparse(node.func) in namesakes
                for folder, namesakes in NAMESAKES.items()
            )
        ]
    assert wrong == []


def test_the_gates_parts_are_chosen_where_it_is_wired_and_nowhere_else() -> None:
    """``dataclasses.replace(gate, inspectors={…})`` would be another way to build one."""
    parts = ("inspectors", "markers", "arrival_inspectors", "departure_inspectors", "part_inspectors")
    wrong = []
    for name, text in read_sources().items():
        for node in ast.walk(ast.parse(text)):
            named = isinstance(node, ast.keyword) and node.arg in parts
            if named and name not in ("assemble.py", "trust/gate.py"):
                wrong.append(f"{name}: {ast.unparse(node)}")
    assert wrong == []
