"""The gate: what it asks for, what it refuses, and that nothing passes it unsealed or uninspected."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats import png
from rakkan.records import FiguresRecipe, Picture, Recipe, SheetRecipe, recipe_from_json
from rakkan.trust import gate as gate_module
from rakkan.trust.checks import recipe_text, well_formed
from rakkan.trust.gate import Arrival, Destination, Finding, Gate, Source


def picture(width: int = 6, height: int = 4, stated_width: int | None = None) -> Picture:
    stated = width if stated_width is None else stated_width
    recipe = FiguresRecipe(seed=1, count=1, columns=1, renderer="test", width=stated, height=height)
    return Picture(numpy.full((height, width, 3), 200, numpy.uint8), recipe, "figure")


def allow(subject: Any, context: Any) -> list[Finding]:
    return [Finding(True, "fine")]


def silent(subject: Any, context: Any) -> list[Finding]:
    return []


def refuse(subject: Any, context: Any) -> list[Finding]:
    return [Finding(True, "so far so good"), Finding(False, "it is forbidden")]


def seal(picture: Picture, to: Destination, encoded: bytes) -> bytes:
    return encoded + b"sealed"


def parse(path: Path) -> Arrival:
    if path.name == "broken.png":
        raise RakkanError("This is not a sound PNG")
    return Arrival("inspected", path.read_bytes(), io.BytesIO(), "digest")  # type: ignore[arg-type]


class Kept(list[tuple[bytes, str]]):
    """What a gate kept of arrivals: their bytes and for whom."""

    def __call__(self, arrival: Arrival, source: Source, findings: list[Finding]) -> tuple[str, int]:
        self.append((arrival.start, source.account))
        return "digest", len(self)


ALLOWED = dict.fromkeys(gate_module.REQUIRED_INSPECTORS, allow)
ALLOWED_IN = dict.fromkeys(gate_module.REQUIRED_ARRIVAL_INSPECTORS, allow)


def gate(**changes: Any) -> Gate:
    usual: dict[str, Any] = {
        "word_inspectors": dict.fromkeys(gate_module.REQUIRED_WORD_INSPECTORS, allow),
        "inspectors": {**ALLOWED, "well formed": well_formed},
        "markers": {"recipe": recipe_text},
        "arrival_inspectors": ALLOWED_IN,
        "seal": seal,
        "parse": parse,
        "keep": Kept(),
        "endorse": lambda arrival, source, to: b"endorsed " + arrival.start,
        "overturned": lambda finding: False,
        "refuse": lambda action, finding: finding.hint,
    }
    return Gate(**{**usual, **changes})


def test_what_is_released_is_sealed_and_states_what_the_markers_say(tmp_path: Path) -> None:
    more = {"recipe": recipe_text, "more": lambda *_: [Finding(True, "", {"more": "text"})]}
    opened = gate(markers=more)
    path = opened.release(picture(), Destination(tmp_path / "a.png"))
    assert path == tmp_path / "a.png"
    assert opened.released == [path]
    content = path.read_bytes()
    assert content.endswith(b"sealed")
    assert png.text_of(content)["more"] == "text"
    assert recipe_from_json(png.text_of(content)["rakkan"]) == picture().recipe


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.png", b"\x89PNG"), ("a.JPG", b"\xff\xd8"), ("a.jpeg", b"\xff\xd8"), ("a.webp", b"RIFF")],
)
def test_the_ending_of_the_name_chooses_the_format(name: str, start: bytes, tmp_path: Path) -> None:
    assert gate().release(picture(), Destination(tmp_path / name)).read_bytes().startswith(start)


def test_a_picture_that_cannot_be_sealed_is_not_written(tmp_path: Path) -> None:
    def broken(*_: object) -> bytes:
        raise RakkanError("The ledger cannot be written to")

    with pytest.raises(RakkanError, match="ledger"):
        gate(seal=broken).release(picture(), Destination(tmp_path / "a.png"))
    assert list(tmp_path.iterdir()) == []


def test_a_gate_without_a_seal_cannot_be_built() -> None:
    parts = {name: getattr(gate(), name) for name in ("inspectors", "markers", "arrival_inspectors")}
    with pytest.raises(TypeError, match="seal"):
        Gate(**parts, parse=parse, keep=Kept(), endorse=seal, overturned=bool, refuse=max)  # type: ignore[call-arg]


def without(checks: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: check for key, check in checks.items() if key != name}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        *(({"inspectors": without(ALLOWED, name)}, f"{name!r} is missing") for name in sorted(ALLOWED)),
        *(
            ({"inspectors": {**ALLOWED, name: silent}}, f"{name!r} gave no answer")
            for name in sorted(ALLOWED)
        ),
        ({"inspectors": {}}, "is missing"),
        ({"markers": {}}, "'recipe' is missing"),
        ({"markers": {"recipe": silent}}, "no answer"),
        ({"inspectors": {**ALLOWED, "more": refuse}}, "it is forbidden"),
        ({"markers": {"recipe": recipe_text, "more": refuse}}, "it is forbidden"),
    ],
)
def test_what_is_missing_silent_or_refusing_denies(
    changes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(RakkanError, match=reason):
        gate(**changes).release(picture(), Destination(tmp_path / "a.png"))
    assert list(tmp_path.iterdir()) == []


def test_an_optional_check_may_stay_silent(tmp_path: Path) -> None:
    wired = gate(inspectors={**ALLOWED, "more": silent})
    assert wired.release(picture(), Destination(tmp_path / "a.png")).is_file()


def test_what_comes_in_is_kept_for_its_account(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(b"a file")
    kept = Kept()
    admission = gate(keep=kept).admit(Source(file, "someone"))
    assert kept == [(b"a file", "someone")]
    assert (admission.digest, admission.entry, admission.remarks) == (
        "digest",
        1,
        ("fine",) * len(ALLOWED_IN),
    )


@pytest.mark.parametrize(
    ("changes", "name", "reason"),
    [
        *(
            ({"arrival_inspectors": without(ALLOWED_IN, name)}, "a.png", f"{name!r} is missing")
            for name in sorted(ALLOWED_IN)
        ),
        *(
            ({"arrival_inspectors": {**ALLOWED_IN, name: silent}}, "a.png", f"{name!r} gave no answer")
            for name in sorted(ALLOWED_IN)
        ),
        ({"arrival_inspectors": {**ALLOWED_IN, "policy": refuse}}, "a.png", "it is forbidden"),
        ({}, "broken.png", "not a sound PNG"),
    ],
)
def test_nothing_comes_in_uninspected(
    changes: dict[str, Any], name: str, reason: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(b"a file")
    kept = Kept()
    with pytest.raises(RakkanError, match=reason):
        gate(keep=kept, **changes).admit(Source(tmp_path / name))
    assert kept == []


def test_a_missing_inspector_denies_before_a_file_is_parsed(tmp_path: Path) -> None:
    def never(path: Path) -> Arrival:
        raise AssertionError("parsed all the same")

    with pytest.raises(RakkanError, match="is missing"):
        gate(arrival_inspectors={}, parse=never).admit(Source(tmp_path / "a.png"))


def test_words_are_refused_before_anything_is_drawn() -> None:
    with pytest.raises(RakkanError, match=r"Nothing was drawn \(prompt\): it is forbidden"):
        gate(word_inspectors={"prompt": refuse}).consider("a hat")
    with pytest.raises(RakkanError, match="'prompt' is missing"):
        gate(word_inspectors={}).consider("a hat")
    with pytest.raises(RakkanError, match="'prompt' gave no answer"):
        gate(word_inspectors={"prompt": silent}).consider("a hat")
    gate().consider("a hat", "no hat")


def test_the_assembled_gate_has_all_that_is_required() -> None:
    wired = assemble.gate()
    assert set(wired.word_inspectors) >= gate_module.REQUIRED_WORD_INSPECTORS
    assert set(wired.inspectors) >= gate_module.REQUIRED_INSPECTORS
    assert set(wired.markers) >= gate_module.REQUIRED_MARKERS
    assert set(wired.arrival_inspectors) >= gate_module.REQUIRED_ARRIVAL_INSPECTORS
    assert assemble.gate() is wired


@pytest.mark.parametrize("role", ["inspectors", "markers"])
def test_the_assembled_gate_without_one_of_its_parts_releases_nothing(role: str, tmp_path: Path) -> None:
    wired = assemble.gate()
    required = {"inspectors": gate_module.REQUIRED_INSPECTORS, "markers": gate_module.REQUIRED_MARKERS}[role]
    for name in required:
        rest = {key: check for key, check in getattr(wired, role).items() if key != name}
        with pytest.raises(RakkanError, match=f"{name!r} is missing"):
            replace(wired, **{role: rest}).release(picture(), Destination(tmp_path / "a.png"))
    assert list(tmp_path.iterdir()) == []


def test_a_picture_of_the_assembled_gate_states_its_recipe(tmp_path: Path) -> None:
    path = assemble.release()(picture(), tmp_path / "a.png")
    assert recipe_from_json(png.text_of(path.read_bytes())["rakkan"]) == picture().recipe


SINGLE = Recipe("a", "", "m", "0" * 64, "euler", "uniform", 4, 1.0, 1, 6, 4)


@pytest.mark.parametrize(
    ("subject", "to", "reason"),
    [
        (picture(6, 4, stated_width=7), Destination(Path("a.png")), "7x4"),
        (picture(), Destination(Path("a.gif")), "does not end in .png"),
        (picture(), Destination(Path("a")), "does not end in .png"),
        (picture(), Destination(Path("a.png"), disclosure="some"), "not 'some'"),
        (
            Picture(numpy.zeros((4, 6), numpy.uint8), picture().recipe),
            Destination(Path("a.png")),
            "8-bit RGB",
        ),
        (
            Picture(numpy.zeros((4, 6, 5), numpy.uint8), picture().recipe),
            Destination(Path("a.png")),
            "8-bit RGB",
        ),
        (
            Picture(numpy.zeros((4, 6, 3), numpy.float32), picture().recipe),
            Destination(Path("a.png")),
            "8-bit RGB",
        ),
        (picture(0, 0), Destination(Path("a.png")), "none"),
        # A model's picture may not pass for a renderer's, nor the other way round.
        (replace(picture(), operation="create"), Destination(Path("a.png")), "'create' leaves behind"),
        (replace(picture(), recipe=SINGLE), Destination(Path("a.png")), "'figure' leaves behind"),
        (
            replace(picture(), recipe=SheetRecipe(1, 6, 4, (SINGLE,))),
            Destination(Path("a.png")),
            "'figure' leaves behind",
        ),
    ],
)
def test_what_is_not_well_formed_stays_in(
    subject: Picture, to: Destination, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(RakkanError, match=reason):
        gate().release(subject, replace(to, path=tmp_path / to.path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("disclosure", ["redacted", "digest"])
def test_a_recipe_that_is_not_told_in_full_stays_out_of_the_text(disclosure: str, tmp_path: Path) -> None:
    subject = replace(picture(), recipe=replace(SINGLE, prompt="planted words"), operation="create")
    path = gate().release(subject, Destination(tmp_path / "a.png", disclosure=disclosure))
    assert b"planted" not in path.read_bytes()
    told = gate().release(subject, Destination(tmp_path / "b.png"))
    assert b"planted words" in told.read_bytes()


def test_a_full_disk_for_real(tmp_path: Path) -> None:
    """A process that may write no file past 1 MB gets one line, and leaves no picture."""
    code = (
        "import resource, signal, numpy; from pathlib import Path\n"
        "from rakkan import assemble; from rakkan.errors import RakkanError\n"
        "from rakkan.records import FiguresRecipe, Picture\n"
        "made = FiguresRecipe(1, 1, 1, 1024, 1024, 'test')\n"
        "random = numpy.random.default_rng(1)\n"
        "pixels = random.integers(0, 244, (128, 128, 3), numpy.uint8).repeat(8, 0).repeat(8, 1)\n"
        "pixels = pixels + random.integers(0, 12, (1024, 1024, 3), numpy.uint8)\n"
        "release = assemble.release()\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        "try: release(Picture(pixels, made, 'figure'), Path('a.png'))\n"
        "except RakkanError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=tmp_path, env=_environment(), capture_output=True, text=True
    )
    assert "disk is full" in done.stdout, done.stdout + done.stderr
    assert done.stdout.count("\n") == 1
    assert not list(tmp_path.glob("*.png"))
    assert not list(tmp_path.glob(".*.part"))


def test_ctrl_c_at_any_moment_leaves_only_whole_files(tmp_path: Path) -> None:
    code = (
        "import numpy; from pathlib import Path\n"
        "from rakkan import assemble; from rakkan.records import FiguresRecipe, Picture\n"
        "random = numpy.random.default_rng(1)\n"
        "pixels = random.integers(0, 244, (32, 32, 3), numpy.uint8).repeat(8, 0).repeat(8, 1)\n"
        "pixels = pixels + random.integers(0, 12, (256, 256, 3), numpy.uint8)\n"
        "made = FiguresRecipe(1, 1, 1, 256, 256, 'test')\n"
        "release = assemble.release()\n"
        "release(Picture(pixels, made, 'figure'), Path('out/a.png'))\n"
        "print('ready', flush=True)\n"
        "while True: release(Picture(pixels, made, 'figure'), Path('out/a.png'))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-B", "-c", code],
        cwd=tmp_path,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.4)
        process.send_signal(signal.SIGINT)
        process.wait(30)
    finally:
        process.kill()
    files = list((tmp_path / "out").iterdir())
    assert files
    assert not [file for file in files if file.suffix != ".png"]
    for file in files:
        assert "rakkan" in png.text_of(file.read_bytes())


def _environment() -> dict[str, str]:
    source = Path(gate_module.__file__).parent.parent.parent
    return {**os.environ, "PYTHONPATH": str(source)}
