"""Nothing that is to be secret ever lies on the disk in the clear, whatever is done with it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy
import openvino
import pytest
from openvino import opset13
from PIL import Image
from tests.test_erasure import holding, home, key_folder

from rakkan import assemble
from rakkan.cli import entry
from rakkan.studio.engines.device import compile_model, core

MARKER = "planted marker of a crane"
#: A word that nothing else here is called by.
WORD = "plantedstorkword"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """The working folder and the one for temporary files, both empty."""
    made = [tmp_path / "work", tmp_path / "temporary"]
    for folder in made:
        folder.mkdir()
    monkeypatch.chdir(made[0])
    monkeypatch.setenv("TMPDIR", str(made[1]))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield made
    tempfile.tempdir = None


def run(*arguments: str) -> None:
    assemble.forget()
    assert entry(arguments) == 0, arguments
    assemble.forget()


def test_no_step_leaves_what_is_secret_in_the_clear(
    folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    picture = tmp_path / "marked.jpg"
    Image.fromarray(numpy.zeros((64, 64, 3), numpy.uint8)).save(picture, comment=MARKER.encode() * 2000)
    assert picture.stat().st_size > 16 * 1024  # too large to lie in its entry
    key = tmp_path / "keys" / "new.key"
    key.parent.mkdir()
    steps = (
        ("import", str(picture)),
        ("create", f"1girl, {WORD}", "--disclosure", "digest", "--out", "out"),
        ("vault", "rotate"),
        ("vault", "rotate", "--key", str(key)),
        ("vault", "sweep"),
        ("vault", "verify"),
        ("ledger", "check"),
    )
    for step in steps:
        run(*step)
        if "--key" in step:
            monkeypatch.setenv("RAKKAN_KEY", str(key))
        places = (home(), key_folder(), key.parent, *folders)
        assert holding((MARKER, WORD), *places) == [], step
    assert list((folders[0] / "out").glob("*.png"))
    assert list(folders[1].iterdir()) == []


def test_bytes_stopped_half_way_into_the_vault_are_not_in_the_clear_either(folders: list[Path]) -> None:
    class Stopping:
        left = 3

        def read(self, length: int) -> bytes:
            self.left -= 1
            assert not holding((MARKER,), home())
            if not self.left:
                raise OSError(5, "Input/output error")
            return (MARKER.encode() * length)[:length]

    vault = assemble.vault()
    vault.put("local", b"something")
    with pytest.raises(Exception, match="could not be read"):
        vault.put("local", Stopping())  # type: ignore[arg-type]
    assert holding((MARKER,), home()) == []


def _graph() -> openvino.Model:
    given = opset13.parameter([1, 4], numpy.float32)
    weights = opset13.constant(numpy.arange(16, dtype=numpy.float32).reshape(4, 4))
    return openvino.Model([opset13.matmul(given, weights, False, False)], [given], "tiny")


def test_a_compiled_graph_is_not_cached(folders: list[Path]) -> None:
    def files() -> set[Path]:
        return {path for folder in (home(), *folders) for path in folder.rglob("*")}

    before = files()
    for _ in range(2):
        compiled = compile_model(_graph(), "f32", threads=1)
        assert core().get_property("CACHE_DIR") == ""
        ones = numpy.ones((1, 4), numpy.float32)
        assert compiled(ones)[0].tolist() == [[24, 28, 32, 36]]
    assert files() == before


def test_a_cache_would_be_seen(folders: list[Path]) -> None:
    """The check above is not blind: with a cache, such a graph does leave a file."""
    caching = openvino.Core()
    caching.set_property({"CACHE_DIR": str(folders[0] / "cache")})
    caching.compile_model(_graph(), "CPU")
    assert [path for path in folders[0].rglob("*") if path.is_file()]


def test_no_cache_is_asked_for_anywhere(root: Path) -> None:
    wanted = re.compile("cache_?dir", re.IGNORECASE)
    found = [path for path in (root / "src").rglob("*.py") if wanted.search(path.read_text("utf-8"))]
    assert found == []
    assert wanted.search('"CACHE_DIR"') and wanted.search("ov.cache_dir(x)")
    assert not os.environ.get("OV_CACHE_DIR")
