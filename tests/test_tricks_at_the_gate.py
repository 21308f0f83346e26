"""Tricks at the gate: every one ends with a refusal, or with a file that is what the inspectors saw, sealed.

What they are given may change while they look at it, lie about itself, or lead somewhere odd.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import FrozenInstanceError, replace
from pathlib import Path, PosixPath
from typing import Any

import numpy
import pytest
from numpy.typing import NDArray
from tests.around.attempts import noise
from tests.around.scanner import files_below, pictures_in
from tests.trust.made import ingredient, look, picture, recipe, release

from rakkan import assemble
from rakkan.cli import entry
from rakkan.cli.main import app
from rakkan.errors import RakkanError
from rakkan.formats.inspect import pixels as pixels_of
from rakkan.records import Ingredient, Picture, Recipe, SheetRecipe, recipe_from_json
from rakkan.studio.create import CreateRequest, create, plan
from rakkan.studio.engines.fake_engine import FakeEngine
from rakkan.studio.samplers import find_sampler
from rakkan.trust import gate as gate_module
from rakkan.trust.gate import Destination, Finding, Gate, Source
from rakkan.trust.verification import VALID

Check = Callable[[Picture, Destination], list[Finding]]


def watching(look_on: Check, role: str = "inspectors", first: bool = True) -> Gate:
    """The assembled gate with one more inspector or marker, asked before all others or after them."""
    wired = assemble.gate()
    more = {"watching": look_on}
    there = dict(getattr(wired, role))
    return replace(wired, **{role: {**more, **there} if first else {**there, **more}})


def shown(path: Path) -> NDArray[numpy.uint8]:
    """The pixels of a released file, which must be sealed."""
    assert look(path).state == VALID
    return pixels_of(path.read_bytes())


def fine(*_: object) -> list[Finding]:
    return [Finding(True, "fine")]


# ---- pixels that change, or lie


@pytest.mark.parametrize("role", ["inspectors", "markers"])
@pytest.mark.parametrize("first", [True, False])
def test_pixels_that_change_while_they_are_inspected_change_nothing(
    role: str, first: bool, tmp_path: Path
) -> None:
    base = noise(1, 16, 24)
    before = base.copy()

    def change(subject: Picture, to: Destination) -> list[Finding]:
        base[:] = 255 - base  # through the array that the picture's read-only view is of
        return fine()

    path = watching(change, role, first).release(
        replace(picture(), pixels=base), Destination(tmp_path / "a.png")
    )
    assert (base != before).any()
    assert (shown(path) == before).all()


def test_pixels_that_another_thread_keeps_changing_leave_as_they_were_inspected(tmp_path: Path) -> None:
    base = numpy.zeros((256, 256, 3), numpy.uint8)
    subject = Picture(base, recipe(width=256, height=256))
    seen: list[NDArray[numpy.uint8]] = []
    stop = threading.Event()

    def flip() -> None:
        while not stop.is_set():
            numpy.bitwise_not(base, out=base)

    def remember(inspected: Picture, to: Destination) -> list[Finding]:
        seen.append(inspected.pixels.copy())
        return fine()

    thread = threading.Thread(target=flip)
    thread.start()
    try:
        paths = [
            watching(remember, first=bool(number % 2)).release(subject, Destination(tmp_path / "a.png"))
            for number in range(4)
        ]
    finally:
        stop.set()
        thread.join()
    for path, inspected in zip(paths, seen, strict=True):
        assert (shown(path) == inspected).all()


def test_what_inspectors_are_shown_cannot_be_written_to(tmp_path: Path) -> None:
    tried = []

    def write(subject: Picture, to: Destination) -> list[Finding]:
        whole: Any = subject.pixels
        while isinstance(whole, numpy.ndarray):
            with pytest.raises(ValueError, match=r"(?i)writeable"):
                whole.setflags(write=True)
            whole = whole.base
        assert isinstance(whole, bytes)
        with pytest.raises(ValueError, match="read-only"):
            subject.pixels[0, 0] = 1
        tried.append(1)
        return fine()

    watching(write).release(picture(), Destination(tmp_path / "a.png"))
    assert tried


class Lying(numpy.ndarray):
    """An array that shows itself otherwise to whoever asks by a method."""

    def tobytes(self, *given: Any, **named: Any) -> bytes:
        return bytes(super().tobytes().__len__())

    def astype(self, *given: Any, **named: Any) -> Any:
        return numpy.zeros(super().shape, *given)

    def __getitem__(self, key: Any) -> Any:
        return numpy.zeros_like(numpy.asarray(self))[key]

    def __array__(self, *given: Any, **named: Any) -> Any:
        return numpy.zeros(super().shape, numpy.uint8)

    def view(self, *given: Any) -> Any:
        return self

    def setflags(self, *given: Any, **named: Any) -> None:
        return None

    def copy(self, *given: Any) -> Any:
        return self


def test_an_array_that_lies_about_itself_is_taken_at_its_bytes(tmp_path: Path) -> None:
    base = noise(2, 16, 24)
    seen: list[Any] = []

    def remember(subject: Picture, to: Destination) -> list[Finding]:
        assert type(subject.pixels) is numpy.ndarray
        seen.append(subject.pixels.copy())
        return fine()

    subject = replace(picture(), pixels=base.view(Lying))
    path = watching(remember).release(subject, Destination(tmp_path / "a.png"))
    assert (shown(path) == seen[0]).all()
    assert (seen[0] == base).all()


@pytest.mark.parametrize(
    "pixels",
    [
        numpy.full((4, 6, 3), 0.5, numpy.float32),
        numpy.full((4, 6, 3), None, object),
        numpy.zeros((4, 6, 2), numpy.uint8),
        numpy.zeros((4, 6, 3), ">u2"),
        numpy.zeros((4, 6), numpy.uint8),
        numpy.zeros((0, 0, 3), numpy.uint8),
        numpy.zeros((4, 6, 3), numpy.int64),
        numpy.zeros(4 * 6, "V3"),
    ],
)
def test_what_is_no_picture_is_refused(pixels: NDArray[Any], tmp_path: Path) -> None:
    subject = Picture(pixels, replace(recipe(), width=6, height=4))
    with pytest.raises(RakkanError):
        release(tmp_path / "a.png", subject)
    assert files_below(tmp_path) == []


# ---- recipes, words and files that change, or lie


class LyingText(str):
    """A text that shows itself otherwise to whoever looks at it by its methods."""

    def lower(self) -> str:
        return "nothing"

    casefold = upper = strip = __str__ = __repr__ = lower  # type: ignore[assignment]

    def __iter__(self) -> Iterator[str]:
        return iter("nothing")

    def __contains__(self, other: object) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def encode(self, *given: Any) -> bytes:
        return b"nothing"


def test_inspectors_read_the_words_that_are_written(tmp_path: Path) -> None:
    seen: list[Any] = []

    def remember(subject: Picture, to: Destination) -> list[Finding]:
        assert isinstance(subject.recipe, Recipe)
        for text in (subject.recipe.prompt, subject.recipe.negative, subject.operation, to.account, to.maker):
            assert type(text) is str
        seen.append((subject.recipe.prompt, to.account))
        return fine()

    told = recipe(LyingText("a crane"), negative=LyingText("a hat"))
    to = Destination(tmp_path / "a.png", LyingText("ann"), maker=LyingText("Ann"))  # type: ignore[arg-type]
    path = watching(remember).release(replace(picture(), recipe=told), to)
    assert seen == [("a crane", "ann")]
    found = look(path)
    assert found.report is not None and found.report.maker == "Ann"
    assert b'"prompt":"a crane"' in path.read_bytes()


def test_a_recipe_that_is_changed_while_it_is_inspected_stays_as_it_was(tmp_path: Path) -> None:
    told = recipe("a crane")
    sealed: dict[str, str] = {"cawg.ai_training": "notAllowed"}
    to = Destination(tmp_path / "a.png", uses=sealed)

    def change(subject: Picture, given: Destination) -> list[Finding]:
        object.__setattr__(told, "prompt", "another bird")
        object.__setattr__(to, "account", "someone else")
        sealed["cawg.ai_training"] = "allowed"
        return fine()

    path = watching(change).release(replace(picture(), recipe=told), to)
    assert b"another bird" not in path.read_bytes()
    found = look(path)
    assert found.report is not None
    assert found.report.uses["cawg.ai_training"].permission == "notAllowed"


class Changing(Mapping[str, str]):
    """A mapping that answers otherwise each time."""

    def __init__(self) -> None:
        self.asked = 0

    def __getitem__(self, key: str) -> str:
        self.asked += 1
        return str(self.asked)

    def __iter__(self) -> Iterator[str]:
        return iter(("rakkan",))

    def __len__(self) -> int:
        return 1


def test_a_mapping_that_answers_otherwise_each_time_is_asked_once(tmp_path: Path) -> None:
    seen: list[str] = []

    def remember(subject: Picture, to: Destination) -> list[Finding]:
        assert isinstance(subject.recipe, Recipe)
        seen.extend(subject.recipe.versions["rakkan"] for _ in range(2))
        return fine()

    path = watching(remember).release(
        replace(picture(), recipe=recipe(versions=Changing())), Destination(tmp_path / "a.png")
    )
    assert len(set(seen)) == 1
    assert f'"versions":{{"rakkan":"{seen[0]}"}}'.encode() in path.read_bytes()


class OtherRecipe(Recipe):
    """A class of the caller's own, which could answer as it likes."""


@pytest.mark.parametrize(
    "changes",
    [
        {"recipe": OtherRecipe(**vars(recipe()))},
        {"recipe": {"prompt": "a crane"}},
        {"recipe": None},
        {"recipe": replace(recipe(), steps="many")},  # type: ignore[arg-type]
        {"recipe": replace(recipe(), prompt="\ud800")},
        {"operation": None},
        {"operation": "publish"},
        {"ingredients": None},
        {"ingredients": (1,)},
        {"ingredients": (Ingredient("reference", "image/png", None),)},  # type: ignore[arg-type]
        {"ingredients": (Ingredient("reference", "image/png", b"no picture"),)},
        {"ingredients": (Ingredient("reference", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(65 * 2**20)),)},
        {"ingredients": (Ingredient("component", "image/png", b""),)},
        {"ingredients": (Ingredient("reference", "image/png", b""),) * 65},
        {"pixels": [[1, 2, 3]]},
    ],
)
def test_what_is_not_made_as_a_picture_is_gets_a_refusal(changes: dict[str, Any], tmp_path: Path) -> None:
    made = picture()
    for name, value in changes.items():
        object.__setattr__(made, name, value)
    with pytest.raises(RakkanError):
        release(tmp_path / "a.png", made)
    assert files_below(tmp_path) == []


def test_an_ingredient_that_changes_while_it_is_inspected_stays_as_it_was(tmp_path: Path) -> None:
    own = ingredient("reference", release(tmp_path / "own.png"))
    data = bytearray(own.data)

    def change(subject: Picture, to: Destination) -> list[Finding]:
        assert type(subject.ingredients[0].data) is bytes
        data[:] = bytes(len(data))
        return fine()

    subject = replace(picture("create", 7, "smile", own), ingredients=(replace(own, data=data),))  # type: ignore[arg-type]
    found = look(watching(change).release(subject, Destination(tmp_path / "a.png")))
    assert found.state == VALID and found.report is not None
    assert [one.state for one in found.report.ingredients] == ["trusted"]


CELL = replace(recipe(), width=24, height=16)


@pytest.mark.parametrize(
    ("recipes", "columns", "fits"),
    [
        ((CELL, CELL), 2, True),
        ((CELL, CELL), 3, True),  # three columns, of which two are needed
        ((), 2, False),
        ((CELL,), 2, False),
        ((CELL, CELL, CELL), 2, False),
        ((CELL, replace(CELL, width=25)), 2, False),
        ((CELL, CELL), 0, False),
        ((CELL, CELL), 1, False),
    ],
)
def test_a_sheet_names_as_many_pictures_as_it_has_room_for(
    recipes: tuple[Recipe, ...], columns: int, fits: bool, tmp_path: Path
) -> None:
    pixels = noise(1, 16 + 2 * 8, 2 * 24 + 3 * 8)
    sheet = Picture(pixels, SheetRecipe(columns, pixels.shape[1], pixels.shape[0], recipes), "sheet")
    if fits:
        assert look(release(tmp_path / "a.png", sheet)).state == VALID
        return
    with pytest.raises(RakkanError, match="sheet"):
        release(tmp_path / "a.png", sheet)


# ---- the gate's own parts


@pytest.mark.parametrize("role", ["inspectors", "markers", "arrival_inspectors"])
def test_what_a_gate_asks_cannot_be_changed_once_it_is_built(role: str) -> None:
    wired = assemble.gate()
    parts: Any = getattr(wired, role)
    name = next(iter(parts))
    with pytest.raises(TypeError):
        parts[name] = fine
    with pytest.raises((TypeError, AttributeError)):
        parts.clear()
    with pytest.raises(FrozenInstanceError):
        setattr(wired, role, {})


def test_a_dictionary_that_a_gate_was_built_from_is_no_handle_on_it() -> None:
    parts = dict(assemble.gate().inspectors)
    built = replace(assemble.gate(), inspectors=parts)
    parts.clear()
    assert set(built.inspectors) >= gate_module.REQUIRED_INSPECTORS


@pytest.mark.parametrize("role", ["inspectors", "markers"])
def test_a_gate_without_what_is_required_lets_nothing_out(role: str, tmp_path: Path) -> None:
    with pytest.raises(RakkanError, match="is missing"):
        replace(assemble.gate(), **{role: {}}).release(picture(), Destination(tmp_path / "a.png"))
    assert files_below(tmp_path) == []


def raising(*_: object) -> list[Finding]:
    raise ZeroDivisionError("a defect")


def nothing(*_: object) -> Any:
    return None


def empty(*_: object) -> Any:
    return (one for one in ())


@pytest.mark.parametrize("broken", [raising, nothing, empty])
@pytest.mark.parametrize("name", sorted(gate_module.REQUIRED_INSPECTORS))
def test_a_required_inspector_that_breaks_or_says_nothing_lets_nothing_out(
    name: str, broken: Check, tmp_path: Path
) -> None:
    wired = assemble.gate()
    opened = replace(wired, inspectors={**wired.inspectors, name: broken})
    with pytest.raises((ZeroDivisionError, TypeError, RakkanError)):
        opened.release(picture(), Destination(tmp_path / "a.png"))
    assert files_below(tmp_path) == []


def test_no_marker_overwrites_what_another_wrote(tmp_path: Path) -> None:
    def collide(subject: Picture, to: Destination) -> list[Finding]:
        return [Finding(True, "", {"rakkan": '{"kind":"rakkan recipe 1"}'})]

    for first in (True, False):
        with pytest.raises(RakkanError, match="two markers write the text 'rakkan'"):
            watching(collide, "markers", first).release(picture(), Destination(tmp_path / "a.png"))
    assert files_below(tmp_path) == []


@pytest.mark.parametrize("keyword", ["", " x", "a\0b", "k" * 80, "\n", "落"])
def test_a_marker_cannot_write_past_its_text(keyword: str, tmp_path: Path) -> None:
    def mark(subject: Picture, to: Destination) -> list[Finding]:
        return [Finding(True, "", {keyword: "text"})]

    with pytest.raises(RakkanError):
        watching(mark, "markers").release(picture(), Destination(tmp_path / "a.png"))
    assert files_below(tmp_path) == []


# ---- places


class OddPath(PosixPath):
    """A path that leads elsewhere the next time it is asked."""

    asked = 0

    def __fspath__(self) -> str:
        OddPath.asked += 1
        return super().__fspath__().replace("a.png", f"a-{OddPath.asked}.png")

    @property
    def suffix(self) -> str:
        return ".png"


def test_a_path_that_changes_is_asked_once(tmp_path: Path) -> None:
    seen: list[Path] = []

    def remember(subject: Picture, to: Destination) -> list[Finding]:
        seen.append(to.path)
        return fine()

    OddPath.asked = 0
    path = watching(remember).release(picture(), Destination(OddPath(tmp_path / "a.png")))
    assert type(seen[0]) is PosixPath and seen == [path]
    assert files_below(tmp_path) == [path]


def odd_places(folder: Path) -> dict[str, Path]:
    """Places that are no ordinary file in an ordinary folder."""
    (folder / "taken.png").write_bytes(b"someone's file")
    (folder / "folder.png").mkdir()
    (folder / "link.png").symlink_to("/dev/stdout")
    (folder / "dangling.png").symlink_to(folder / "nowhere.png")
    (folder / "elsewhere").symlink_to(folder / "other", target_is_directory=True)
    (folder / "other").mkdir()
    os.link(folder / "taken.png", folder / "hard.png")
    os.mkfifo(folder / "pipe.png")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(folder / "s.png"))
    return {
        "a file that is taken": folder / "taken.png",
        "a folder": folder / "folder.png",
        "a link to a device": folder / "link.png",
        "a link to nothing": folder / "dangling.png",
        "a linked folder": folder / "elsewhere" / "a.png",
        "a hard link": folder / "hard.png",
        "a named pipe": folder / "pipe.png",
        "a socket": folder / "s.png",
        "a way up": folder / "other" / ".." / "up.png",
        "an ending in capitals": folder / "A.PNG",
        "a name of an ending": folder / ".png",
        "a file as a folder": folder / "taken.png" / "a.png",
        "a NUL": folder / "a\0.png",
        "half a character": folder / "a\ud800.png",
        "a long name": folder / ("a" * 300 + ".png"),
        "a long path": Path(str(folder) + "/a" * 3000 + "/a.png"),
        "an open file": Path("/dev/fd/1.png"),
        "an open file, by process": Path("/proc/self/fd/1.png"),
        "a folder of the system's": Path("/proc/self/a.png"),
        "a device": Path("/dev/stdout"),
        "a device with an ending": Path("/dev/stdout/a.png"),
        "nothing": Path(""),
        "a folder with a slash": Path(f"{folder}/folder.png/"),
        "control characters": folder / "a\n\x1b[2J.png",
        "another format": folder / "a.gif",
        "a double ending": folder / "a.png.bmp",
    }


REFUSED = {
    "a folder",
    "a name of an ending",
    "a file as a folder",
    "a NUL",
    "half a character",
    "a long name",
    "a long path",
    "an open file",
    "an open file, by process",
    "a folder of the system's",
    "a device",
    "a device with an ending",
    "nothing",
    "a folder with a slash",
    "another format",
    "a double ending",
}


def test_wherever_a_picture_is_sent_it_arrives_sealed_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    places, refused = odd_places(tmp_path), set()
    for what, place in places.items():
        try:
            path = release(place)
        except RakkanError:
            refused.add(what)
            continue
        assert path.is_file() and not path.is_symlink() and path.stat().st_nlink == 1, what
        assert look(path).state == VALID, what
    assert refused == REFUSED
    assert (tmp_path / "taken.png").read_bytes() == (tmp_path / "hard.png").read_bytes() == b"someone's file"
    assert capfdbinary.readouterr() == (b"", b"")
    for path in files_below(tmp_path):
        assert path.read_bytes() == b"someone's file" or look(path).state == VALID, path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PICTURES", "/dev/stdout"),
        ("PICTURES", "/dev/fd"),
        ("PICTURES", "/proc/self/fd"),
        ("WEIGHTS", "/dev/null"),
        ("HOME", "/proc/self"),
        ("KEY", "/dev/stdout"),
        ("VAULT", "file:///tmp/x"),
        ("ENGINE", "none"),
        ("DISCLOSURE", "nothing"),
    ],
)
def test_settings_that_lead_somewhere_odd_lead_to_one_line(
    name: str,
    value: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAKKAN_ENGINE", "openvino" if name == "WEIGHTS" else "fake")
    monkeypatch.setenv(f"RAKKAN_{name}", value)
    assemble.forget()
    assert entry(["create", "smile", "--seed", "1"]) == 2
    out, err = capfdbinary.readouterr()
    assert out == b"" and err.count(b"\n") == 1 and err.startswith(b"rakkan: ")
    assert files_below(tmp_path) == []


# ---- what happens on the way


def test_progress_tells_counts_and_nothing_of_the_picture(tmp_path: Path) -> None:
    told: list[tuple[Any, ...]] = []
    create(
        plan(CreateRequest("smile", seed=1, count=2, out=tmp_path)),
        FakeEngine(),
        assemble.upscaler(),
        assemble.release(),
        lambda *given: told.append(given),
    )
    assert told and all(type(one) is int for given in told for one in given)


@pytest.mark.parametrize("name", ["euler", "heun"])
def test_a_samplers_progress_tells_counts_and_nothing_of_the_latents(name: str) -> None:
    told: list[tuple[Any, ...]] = []
    latents = numpy.ones((1, 2, 2), numpy.float32)
    times = [1.0, 0.5, 0.0]
    find_sampler(name)(lambda x, t, s: x, latents, times, lambda *given: told.append(given))
    assert told and all(type(one) is int for given in told for one in given)


def test_a_fault_says_nothing_of_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert app.pretty_exceptions_enable is False  # which would print what stands in every variable

    def refuse(subject: Picture, to: Destination) -> list[Finding]:
        return [Finding(False, "no")]

    with pytest.raises(RakkanError) as refused:
        watching(refuse).release(picture(), Destination(tmp_path / "a.png"))
    told = f"{refused.value!r} {refused.value.args} {vars(refused.value)}"
    assert "array" not in told and len(told) < 400
    assert capfdbinary.readouterr() == (b"", b"")


# ---- the way in and back


def test_a_file_that_is_exchanged_after_it_was_inspected_is_not_what_is_sealed(tmp_path: Path) -> None:
    path = tmp_path / "work.png"
    release(path)
    inspected = path.read_bytes()
    wired = assemble.gate()

    def exchange(arrival: Any, source: Source) -> list[Finding]:
        path.unlink()
        release(path, picture(seed=99))
        return fine()

    checks = {"exchange": exchange, **wired.arrival_inspectors}
    sealed = replace(wired, arrival_inspectors=checks).protect(
        Source(path), Destination(tmp_path / "out.png")
    )
    assert look(sealed).state == VALID
    assert (pixels_of(sealed.read_bytes()) == pixels_of(inspected)).all()


def test_what_was_admitted_comes_back_by_no_command(tmp_path: Path, capfdbinary: Any) -> None:
    """The vault gives pictures to nobody: its commands list, check, wrap and shred."""
    path = release(tmp_path / "a.png")
    admitted = assemble.gate().admit(Source(path)).digest
    before = files_below(tmp_path)
    for command in (
        ["vault", "list"],
        ["vault", "verify"],
        ["vault", "rotate"],
        ["vault", "shred", admitted],
    ):
        assemble.forget()
        assert entry(command) == 0
    said = b"".join(capfdbinary.readouterr())
    assert not pictures_in(said)
    assert files_below(tmp_path) == before


def test_a_released_file_tells_the_recipe_that_was_inspected(tmp_path: Path) -> None:
    from rakkan.formats import png

    path = release(tmp_path / "a.png")
    assert recipe_from_json(png.text_of(path.read_bytes())["rakkan"]) == picture().recipe
