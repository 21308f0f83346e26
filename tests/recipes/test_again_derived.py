"""What was made out of another picture is made again from that picture, which the vault keeps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from PIL import Image
from tests.cli.conftest import Command
from tests.recipes.test_again import recipe_of, with_text

from rakkan.corpus.figures import render
from rakkan.corpus.figures.attributes import Attributes
from rakkan.formats import png
from rakkan.records import UpscaleRecipe, canonical_json, recipe_from_json

EDITS: dict[str, tuple[str, ...]] = {
    "words": ("hair: blue; smile", "--seed", "5"),
    "strength": ("smile", "red eyes", "--strength", "0.3", "--mask", "10%,10%,60%,60%"),
    "region": ("--prompt", "1girl, green hair", "--mask", "hair", "--grow", "3", "--feather", "0"),
    "file": ("--prompt", "smile", "--mask", "mask.png", "--invert", "--steps", "3", "--guidance", "2"),
    "over": ("--prompt", "smile, night sky", "--strength", "0.5", "--negative", "glasses"),
    "extend": ("--extend", "left=24,top=10%"),
    "restore": ("--restore", "--mask", "90,90,40,9"),
}


def drawing(path: Path, size: int = 256) -> None:
    Image.fromarray(render(Attributes(hair_colour="green"), 7)).resize((size, size)).save(path)


def test_an_edit_is_made_again_from_the_picture_it_began_with(command: Command, tmp_path: Path) -> None:
    drawing(tmp_path / "in.png")
    mask = numpy.zeros((256, 256), numpy.uint8)
    mask[40:120, 60:200] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    for name, asked in EDITS.items():
        done = command("edit", "in.png", *asked, "--out", f"{name}.png")
        assert done.status == 0, (name, done.err)
    assert command("vary", "in.png", "--strength", "0.2", "--out", "little.png").status == 0
    (tmp_path / "in.png").unlink()
    (tmp_path / "mask.png").unlink()
    for name in (*EDITS, "little"):
        done = command("again", f"{name}.png", "--out", f"{name}-again.png")
        assert (done.status, done.err) == (0, "") and "bit-exact" in done.out, (name, done)
        assert recipe_of(tmp_path / f"{name}-again.png") == recipe_of(tmp_path / f"{name}.png"), name
    assert command("verify", "words-again.png").status == 0


@pytest.mark.parametrize("kind", ["png", "webp", "jpg"])
def test_an_enlargement_is_made_again(command: Command, tmp_path: Path, kind: str) -> None:
    drawing(tmp_path / "in.png", 40)
    image = Image.open(tmp_path / "in.png")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(tmp_path / "in.png")
    asked = ("--scale", "2", "--denoise", "1")
    assert command("upscale", "in.png", *asked, "--out", f"a.{kind}").status == 0
    (tmp_path / "in.png").unlink()
    done = command("again", f"a.{kind}", "--out", "b.png")
    assert (done.status, done.err) == (0, "") and "bit-exact" in done.out
    made = recipe_from_json(png.text_of((tmp_path / "b.png").read_bytes())["rakkan"])
    assert isinstance(made, UpscaleRecipe) and (made.scale, made.denoise) == (2, 1)


def test_a_variation_keeps_what_guided_the_picture(command: Command, tmp_path: Path) -> None:
    drawing(tmp_path / "friend.png")
    assert (
        command("create", "smile", "--seed", "4", "--reference", "friend.png", "--out", "a.png").status == 0
    )
    (tmp_path / "friend.png").unlink()
    turn = ("--strength", "0.3", "--seed", "9")
    assert command("vary", "a.png", *turn, "--out", "b.png").status == 0
    first, turned = recipe_of(tmp_path / "a.png"), recipe_of(tmp_path / "b.png")
    assert first.references.items() < turned.references.items()
    assert sorted(use.split(" ")[0] for use in turned.references.values()) == ["identity", "variation"]
    assert "bit-exact" in command("again", "b.png", "--out", "c.png").out
    assert command("verify", "c.png").status == 0


MADE_UP: tuple[dict[str, str], ...] = (
    {"start": "ab" * 32},
    {"start": "../in.png"},
    {"strength": "much"},
    {"strength": ""},
    {"grow": "1e9"},
    {"grow": "0.5"},
    {"mask": f"file {'ab' * 32}"},
    {"mask": "in.png"},
    {"edit": "hair: perpendicular"},
    {"edit": "; ".join(["smile"] * 9)},
)


def test_an_edit_that_somebody_made_up_gets_one_line(command: Command, tmp_path: Path) -> None:
    drawing(tmp_path / "in.png")
    assert command("edit", "in.png", "smile", "--mask", "9,9,99,99", "--out", "a.png").status == 0
    told = recipe_of(tmp_path / "a.png")
    for change in MADE_UP:
        written = replace(told, settings={**told.settings, **change})
        with_text("b.png", rakkan=canonical_json(written))
        done = command("again", "b.png", "--out", "c.png")
        assert (done.status, done.out, done.err.count("\n")) == (2, "", 1), (change, done)
        assert not (tmp_path / "c.png").exists()
    with_text("b.png", rakkan=canonical_json(told))
    assert "bit-exact" not in command("again", "b.png", "--out", "c.png").out
