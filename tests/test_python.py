"""``rakkan.Studio``: as its page tells, through the gate, and with errors that can be acted on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import rakkan
from rakkan import assemble
from rakkan.api.creating import CreateOptions, ModelOptions, ReferenceOptions
from rakkan.api.listening import Listener
from rakkan.api.pictures import SealedPicture
from rakkan.corpus.figures import render
from rakkan.corpus.figures.attributes import Attributes
from rakkan.errors import RakkanError
from rakkan.records import SheetRecipe, UpscaleRecipe

PAGE = Path(__file__).resolve().parent.parent / "docs" / "python.md"


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> rakkan.Studio:
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    monkeypatch.chdir(tmp_path)
    assemble.forget()
    return rakkan.Studio(pictures=tmp_path / "drawn")


@pytest.fixture
def figure(tmp_path: Path) -> Path:
    path = tmp_path / "figure.png"
    Image.fromarray(render(Attributes(hair_colour="green"), 7)).save(path)
    return path


def test_the_page_can_be_run_from_top_to_bottom(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 5
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, PAGE.name, "exec"), names)
    said = capsys.readouterr().out.splitlines()
    assert said[:4] == ["drawn/0001-7-silver-twin-tails.png", "(512, 512, 3)", "7", "valid"]
    assert "twin tails" in said[4]
    assert said[5:11] == ["2 1", "1 of 4", "2 of 4", "3 of 4", "4 of 4", "2 2"]
    assert len(said) == 13 and "teapots" in said[11]


def test_a_picture_is_what_its_file_says(studio: rakkan.Studio) -> None:
    made = studio.create("smile", seed=3)
    assert made.path.is_file() and made.seconds > 0
    assert made.seal.state == "valid" and made.recipe.seed == 3  # type: ignore[union-attr]
    assert np.array_equal(made.pixels, np.asarray(Image.open(made.path)))
    with pytest.raises(ValueError, match="read-only"):
        made.pixels[0, 0] = 0
    made.path.write_bytes(made.path.read_bytes()[:-200])
    assert SealedPicture(made.path, made.recipe).seal.state == "invalid"
    made.path.unlink()
    with pytest.raises(RakkanError, match="There is no file"):
        _ = SealedPicture(made.path, made.recipe).seal


def test_one_call_draws_what_another_takes(studio: rakkan.Studio, figure: Path, tmp_path: Path) -> None:
    guided = studio.create(
        "smile", reference=figure, reference_kind="palette", reference_strength=0.5, seed=1
    )
    assert list(guided.recipe.references.values()) == ["palette 0.5"]  # type: ignore[union-attr]
    large = studio.upscale(guided, denoise=-1, out=tmp_path / "large.png")
    assert isinstance(large.recipe, UpscaleRecipe) and large.pixels.shape == (1024, 1024, 3)
    assert large.seal.report is not None and len(large.seal.report.ingredients) == 1
    assert studio.upscale(figure, scale=1, denoise=0).path == Path("enlarged/figure.png")
    blue = studio.edit(figure, "hair: blue", seed=2)
    assert blue.recipe.settings["edit"] == "hair: blue"  # type: ignore[union-attr]
    assert studio.vary(guided, strength=0.3, seed=4).seal.state == "valid"
    seen = studio.describe(str(figure))
    assert "green" in seen.prompt


def test_several_come_with_their_sheet_where_the_options_say(studio: rakkan.Studio, tmp_path: Path) -> None:
    made = studio.draw(CreateOptions("smile", seed=3, count=2, out=tmp_path / "other"))
    assert [one.path.parent.name for one in made] == ["other"] * 3
    assert isinstance(made[-1].recipe, SheetRecipe)
    assert made[-1].recipe.recipes == tuple(one.recipe for one in made[:-1])


def test_a_studio_keeps_recipes_back_where_it_is_told_to(tmp_path: Path, studio: rakkan.Studio) -> None:
    quiet = rakkan.Studio(pictures=tmp_path / "quiet", disclosure="digest")
    made = quiet.create("smile", seed=3)
    assert made.seal.state == "valid" and "smile" not in made.path.name
    assert b"smile" not in made.path.read_bytes()
    with pytest.raises(RakkanError, match="cannot be disclosed 'loudly'"):
        rakkan.Studio(disclosure="loudly").create("smile")


def test_progress_and_remarks_are_told_and_can_end_the_work(tmp_path: Path, studio: rakkan.Studio) -> None:
    told: list[tuple[int, int]] = []
    lines: list[str] = []
    listening = rakkan.Studio(tmp_path, listener=Listener(say=lines.append))
    listening.create("smile, qwertyuiop", seed=1, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert lines and lines[0].startswith("'qwertyuiop' is not a known word")

    def stop(done: int, total: int) -> None:
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        studio.draw(CreateOptions("smile", seed=1, count=3, out=tmp_path / "stopped"), stop)
    assert len(list((tmp_path / "stopped").iterdir())) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (CreateOptions("teacup qwx"), "No word of the prompt is known"),
        (CreateOptions("smile", model=ModelOptions(vae="x")), "--vae is for models that you bring"),
        (CreateOptions("smile", model=ModelOptions(clip_skip=0)), "--clip-skip is for models that you bring"),
        (CreateOptions("smile", reference=ReferenceOptions(kind="style")), "--reference-kind goes with"),
        (CreateOptions("smile", reference=ReferenceOptions(strength=0.5)), "--reference-strength goes with"),
        (CreateOptions("smile", reference=ReferenceOptions("gone.png")), "gone.png"),
        (CreateOptions("smile", character="nobody"), "nobody"),
        (CreateOptions("smile", count=65), "Cannot draw 65 pictures"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_drawn(
    studio: rakkan.Studio, options: CreateOptions, message: str, tmp_path: Path
) -> None:
    with pytest.raises(RakkanError, match=message):
        studio.draw(options)
    assert not (tmp_path / "drawn").exists()


def test_importing_rakkan_loads_no_engine() -> None:
    code = "import sys, rakkan; assert not {'numpy', 'openvino', 'rakkan.api'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="has no attribute 'Atelier'"):
        rakkan.Atelier  # noqa: B018
