"""The gate: what it refuses, and that a file appears whole or not at all."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy
import pytest

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats import png
from rakkan.records import FiguresRecipe, Picture, recipe_from_json
from rakkan.trust import gate as gate_module
from rakkan.trust.checks import recipe_text, well_formed
from rakkan.trust.gate import Context, Finding, Gate


def picture(width: int = 6, height: int = 4, stated_width: int | None = None) -> Picture:
    stated = width if stated_width is None else stated_width
    recipe = FiguresRecipe(seed=1, count=1, columns=1, renderer="test", width=stated, height=height)
    return Picture(numpy.full((height, width, 3), 200, numpy.uint8), recipe, {"parameters": "a\nSteps: 4"})


def gate() -> Gate:
    return Gate({"well formed": well_formed}, {"recipe": recipe_text})


def test_a_released_picture_states_its_recipe(tmp_path: Path) -> None:
    path = gate().release(picture(), tmp_path / "new" / "folder" / "a.png")
    text = png.text_of(path.read_bytes())
    assert path == tmp_path / "new" / "folder" / "a.png"
    assert recipe_from_json(text["rakkan"]) == picture().recipe
    assert text["parameters"] == "a\nSteps: 4"
    assert [entry.name for entry in path.parent.iterdir()] == ["a.png"]


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    opened = gate()
    paths = [opened.release(picture(), tmp_path / "a.png") for _ in range(3)]
    assert [path.name for path in paths] == ["a.png", "a-2.png", "a-3.png"]
    assert opened.released == paths
    (tmp_path / "b.png").symlink_to(tmp_path / "nowhere")
    assert opened.release(picture(), tmp_path / "b.png").name == "b-2.png"
    assert not (tmp_path / "nowhere").exists()


def test_a_file_system_without_hard_links_is_served_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    names = [gate().release(picture(), tmp_path / "a.png").name for _ in range(2)]
    assert names == ["a.png", "a-2.png"]
    assert len(list(tmp_path.iterdir())) == 2


def test_the_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    previous = os.umask(0o027)
    try:
        path = gate().release(picture(), tmp_path / "a.png")
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def allow(subject: Picture, context: Context) -> list[Finding]:
    return [Finding(True, "fine")]


def silent(subject: Picture, context: Context) -> list[Finding]:
    return []


def refuse(subject: Picture, context: Context) -> list[Finding]:
    return [Finding(True, "so far so good"), Finding(False, "it is forbidden")]


@pytest.mark.parametrize(
    ("wired", "reason"),
    [
        (Gate({}, {"recipe": recipe_text}), "'well formed' is missing"),
        (Gate({"well formed": allow}, {}), "'recipe' is missing"),
        (Gate({"well formed": silent}, {"recipe": recipe_text}), "no answer"),
        (Gate({"well formed": allow}, {"recipe": silent}), "no answer"),
        (Gate({"well formed": allow, "more": refuse}, {"recipe": recipe_text}), "it is forbidden"),
        (Gate({"well formed": allow}, {"recipe": recipe_text, "more": refuse}), "it is forbidden"),
    ],
)
def test_what_is_missing_silent_or_refusing_denies(wired: Gate, reason: str, tmp_path: Path) -> None:
    with pytest.raises(RakkanError, match=reason):
        wired.release(picture(), tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_an_optional_check_may_stay_silent(tmp_path: Path) -> None:
    wired = Gate({"well formed": well_formed, "more": silent}, {"recipe": recipe_text})
    assert wired.release(picture(), tmp_path / "a.png").is_file()


def test_the_assembled_gate_has_all_that_is_required() -> None:
    wired = assemble.gate()
    assert wired.required_inspectors == gate_module.REQUIRED_INSPECTORS <= set(wired.inspectors)
    assert wired.required_markers == gate_module.REQUIRED_MARKERS <= set(wired.markers)
    assert assemble.gate() is wired


@pytest.mark.parametrize(
    ("subject", "name", "reason"),
    [
        (picture(6, 4, stated_width=7), "a.png", "7x4"),
        (picture(), "a.jpg", "does not end in .png"),
        (picture(), "a", "does not end in .png"),
        (Picture(numpy.zeros((4, 6), numpy.uint8), picture().recipe), "a.png", "8-bit RGB"),
        (Picture(numpy.zeros((4, 6, 4), numpy.uint8), picture().recipe), "a.png", "8-bit RGB"),
        (Picture(numpy.zeros((4, 6, 3), numpy.float32), picture().recipe), "a.png", "8-bit RGB"),
        (picture(0, 0), "a.png", "none"),
    ],
)
def test_what_is_not_well_formed_stays_in(subject: Picture, name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(RakkanError, match=reason):
        gate().release(subject, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "disk is full"),
        (errno.EACCES, "may not be written to"),
        (errno.EROFS, "may not be written to"),
        (errno.EIO, "input/output error"),
    ],
)
@pytest.mark.parametrize("call", ["open", "fsync", "link"])
def test_a_failing_disk_leaves_nothing(
    call: str, number: int, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(gate_module.os, call, fail)
    with pytest.raises(RakkanError, match=reason):
        gate().release(picture(), tmp_path / "a.png")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_for_real(tmp_path: Path) -> None:
    """A process that may write no file past 100 bytes gets the same one line, and leaves nothing."""
    code = (
        "import resource, signal, numpy; from pathlib import Path\n"
        "from rakkan import assemble; from rakkan.errors import RakkanError\n"
        "from rakkan.records import FiguresRecipe, Picture\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "made = FiguresRecipe(1, 1, 1, 64, 64, 'test')\n"
        "try: assemble.gate().release(Picture(numpy.zeros((64, 64, 3), numpy.uint8), made), Path('a.png'))\n"
        "except RakkanError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=tmp_path, env=_environment(), capture_output=True, text=True
    )
    assert done.stdout.startswith("a.png was not written: the disk is full"), done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file/a.png", "folder.png", "x" * 300 + ".png", "/proc/none/a.png"])
def test_impossible_places_are_refused_in_words(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder.png").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RakkanError, match=r"was not written|is a folder"):
        gate().release(picture(), tmp_path / name)
    assert sorted(tmp_path.rglob("*")) == before


def test_ctrl_c_at_any_moment_leaves_only_whole_files(tmp_path: Path) -> None:
    code = (
        "import numpy; from pathlib import Path\n"
        "from rakkan import assemble; from rakkan.records import FiguresRecipe, Picture\n"
        "pixels = numpy.random.default_rng(1).integers(0, 255, (256, 256, 3), numpy.uint8)\n"
        "made = FiguresRecipe(1, 1, 1, 256, 256, 'test')\n"
        "print('ready', flush=True)\n"
        "while True: assemble.gate().release(Picture(pixels, made), Path('a.png'))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-B", "-c", code],
        cwd=tmp_path,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.4)
    process.send_signal(signal.SIGINT)
    process.wait(30)
    files = list(tmp_path.iterdir())
    assert files
    assert not [file for file in files if file.suffix != ".png"]
    for file in files:
        assert "rakkan" in png.text_of(file.read_bytes())


def _environment() -> dict[str, str]:
    source = Path(gate_module.__file__).parent.parent.parent
    return {**os.environ, "PYTHONPATH": str(source)}
