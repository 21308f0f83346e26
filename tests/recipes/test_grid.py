"""``rakkan grid``: one labelled sheet, sealed, with every recipe; single pictures; going on after a stop."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pytest
from PIL import Image
from tests.cli.conftest import Command

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.sheet import contact_sheet, sheet_size
from rakkan.studio.create import CreateRequest
from rakkan.studio.engines.fake_engine import FakeEngine
from rakkan.studio.grid.axes import axis, cells
from rakkan.studio.grid.drawing import Plot, check_size

ARGUMENTS = ("grid", "1girl, smile", "--x", "S/R: smile, grin", "--y", "seed: 1-2", "--steps", "2")


def test_a_grid_is_one_sealed_sheet_with_its_recipes(command: Command) -> None:
    done = command(*ARGUMENTS, "--out", "g.png")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("g.png  all of them")
    assert command("verify", "g.png").status == 0
    recipe = json.loads(Image.open("g.png").info["rakkan"])
    assert [(one["prompt"], one["seed"]) for one in recipe["recipes"]] == [
        ("1girl, smile", 1), ("1girl, grin", 1), ("1girl, smile", 2), ("1girl, grin", 2),
    ]  # fmt: skip
    assert recipe["labels"] == {
        "title": "1girl, smile | 2 steps, guidance 1",
        "column 1": "smile", "column 2": "grin", "row 1": "seed 1", "row 2": "seed 2",
    }  # fmt: skip
    assert sorted(path.name for path in Path().iterdir()) == ["g.png"]


def test_a_grid_that_was_stopped_goes_on_from_its_single_pictures(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []

    class Counting(FakeEngine):
        def sample(self, *given: object, seed: int, **more: object) -> object:  # type: ignore[override]
            if len(drawn) == stop:
                raise KeyboardInterrupt
            drawn.append(seed)
            return super().sample(*given, seed=seed, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(assemble, "engine", Counting)
    stop = 3
    done = command(*ARGUMENTS, "--out", "g.png", "--singles", "cells")
    assert (done.status, len(drawn)) == (130, 3)
    assert "3 finished pictures were kept" in done.err
    image = Image.open("cells/z01-y01-x01.png")
    image.save("cells/z01-y01-x01.png")  # no longer what its seal says
    stop = 99
    assert command(*ARGUMENTS, "--out", "g.png", "--singles", "cells").status == 0
    assert len(drawn) == 5  # the one that was missing, and the one that was changed
    changed = ("--steps", "3", "--out", "h.png", "--singles", "cells")
    assert command(*ARGUMENTS[:-2], *changed).status == 0
    assert len(drawn) == 9


def test_pages(command: Command) -> None:
    assert command(*ARGUMENTS, "--z", "guidance: 1, 2", "--out", "g.png").status == 0
    assert sorted(path.name for path in Path().iterdir()) == ["g-2.png", "g.png"]
    told = json.loads(Image.open("g-2.png").info["rakkan"])
    assert told["labels"]["title"].endswith("(guidance 2)") and told["recipes"][0]["guidance"] == 2


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--y", "sampler: Euler"), "models that you bring"),
        (("--y", "sed: 1"), "Did you mean 'seed'"),
        (("--sampler", "Euler"), "--sampler is for models"),
        (("--size", "1x1"), "Sizes are"),
        (("--out", "g.gif"), "PNG"),
        (("--y", "prompt: Marie Curie"), "real person"),
        (("--disclosure", "some"), "full, redacted, digest"),
    ],
)
def test_bad_grids_are_refused_before_anything_is_drawn(
    more: tuple[str, str], words: str, refused: Command
) -> None:
    assert words in refused("grid", "1girl, smile", "--x", "seed: 1-2", *more).err
    assert list(Path().iterdir()) == []


def test_labels_stand_in_their_own_room() -> None:
    white = numpy.full((64, 48, 3), 255, numpy.uint8)
    labels = {
        "title": "a title " * 40,
        "column 1": "one",
        "column 2": "two",
        "row 1": "x" * 300,
        "row 2": "b",
    }
    sheet = contact_sheet([white] * 4, 2, labels)
    assert (sheet.shape[1], sheet.shape[0]) == sheet_size([(48, 64)] * 4, 2, labels)
    plain = contact_sheet([white] * 4, 2)
    height, width = plain.shape[:2]
    assert (sheet[-height:, -width:] == plain).all()  # no letter lies over a picture or between two
    paper = sheet[0, 0]
    beside, above = sheet[-height:, :-width], sheet[:-height, -width:]
    assert (beside != paper).any() and (above != paper).any()
    assert sheet_size([(48, 64)] * 4, 2) == (width, height)


def test_a_sheet_that_no_file_holds_is_refused_before_drawing() -> None:
    axes = (axis("seed: 1-20"), axis("steps: 1-10"), None)
    request = CreateRequest("smile", seed=1)
    plot = Plot(*axes, cells(request, axes), "")
    with pytest.raises(RakkanError, match="too large"):
        check_size(plot, [(1024, 1024)] * 200)
    check_size(plot, [(256, 256)] * 200)
