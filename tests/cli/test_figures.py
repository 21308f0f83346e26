"""``rakkan figures``: the renderer's figures through the gate, and the survey of its drawings."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from rakkan import checkout
from rakkan.formats import png
from rakkan.formats.unsealed import without_seal
from rakkan.records import FiguresRecipe, recipe_from_json

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_the_same_seed_draws_the_same_sheet(rakkan: Run, tmp_path: Path) -> None:
    paths = []
    for name in ("a.png", "b.png"):
        done = rakkan("figures", "sheet", "--seed", "3", "--count", "2", "--out", name)
        assert (done.returncode, done.stderr) == (0, "")
        paths.append(tmp_path / done.stdout.strip())
    one, other = (without_seal(path.read_bytes()) for path in paths)
    assert one == other
    recipe = recipe_from_json(png.text_of(paths[0].read_bytes())["rakkan"])
    assert isinstance(recipe, FiguresRecipe)
    assert (recipe.seed, recipe.count, recipe.columns) == (3, 2, 2)


def test_another_seed_draws_another_sheet_into_the_pictures_folder(rakkan: Run, tmp_path: Path) -> None:
    for seed in ("1", "2"):
        rakkan("figures", "sheet", "--seed", seed, "--count", "1", RAKKAN_PICTURES="shots")
    one, two = sorted((tmp_path / "shots").iterdir())
    assert (one.name, two.name) == ("figures-1.png", "figures-2.png")
    assert one.read_bytes() != two.read_bytes()


def test_a_place_that_cannot_be_written_to_is_one_line(rakkan: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = rakkan("figures", "sheet", "--count", "1", "--out", "file/a.png")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("rakkan: file/a.png was not written: ")
    assert done.stderr.count("\n") == 1
    done = rakkan("figures", "sheet", "--count", "1", "--out", "a.gif")
    assert done.returncode == 2
    assert "does not end in .png" in done.stderr


def test_a_survey_finds_no_fault_and_writes_down_what_it_measured(rakkan: Run, tmp_path: Path) -> None:
    done = rakkan("figures", "survey", "--quick", "--seed", "3", "--out", "new/r.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "new/r.json"
    found = json.loads((tmp_path / "new/r.json").read_text())
    assert {"command", "seed", "commit", "n", "interval", "processor"} <= set(found["measured"])
    assert found["measured"]["command"] == "rakkan figures survey --seed 3 --quick"
    assert found["measured"]["commit"] == checkout.commit(Path(checkout.__file__).parent)
    assert (found["pairs"]["n"], found["pairs"]["faulty"]) == (16, 0)
    low, high = found["pairs"]["interval"]
    assert low == 0 < high < 0.25
    told = found["silhouettes"]
    assert told["pairs"] == 24 * 23 / 2
    assert told["one_of_all"]["n"] == sum(view["n"] for view in told["by_view"]) == 24 * 5
    assert len(told["worst_pair"]["names"]) == 2
    assert found["speed"]["pictures_per_second"] > 0


def test_a_survey_that_cannot_be_written_down_is_not_begun(rakkan: Run, tmp_path: Path) -> None:
    done = rakkan("figures", "survey", "--out", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"rakkan: {tmp_path}: is a directory")
    assert done.stderr.count("\n") == 1
