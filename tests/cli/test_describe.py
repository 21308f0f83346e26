"""``rakkan describe``, and drawing from what it says, as a person does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy
import pytest
from PIL import Image
from tests.around.attempts import photographic
from tests.cli.conftest import Command

from rakkan.corpus.figures import render
from rakkan.corpus.figures.attributes import Attributes
from rakkan.formats import png
from rakkan.records import Recipe, recipe_from_json
from rakkan.studio.starter.lexicon import read

FIGURE = Attributes(hairstyle="twin tails", hair_colour="blue", outfit="hoodie", outfit_colour="yellow")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a drawing, and the fake engine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    Image.fromarray(render(FIGURE, 5)).save("figure.png")
    return tmp_path


def test_it_shows_a_prompt_what_is_sure_and_colours(command: Command) -> None:
    done = command("describe", "figure.png")
    assert (done.status, done.err) == (0, "")
    prompt = done.out.splitlines()[0]
    condition = read(prompt).condition
    assert condition["hair_colour"] == "blue" and condition["outfit_colour"] == "yellow"
    assert re.search(r"hair colour +blue +\d+%", done.out)
    assert re.search(r"^ *hair +#[0-9a-f]{6}", done.out, re.MULTILINE)
    assert "\x1b" not in done.out and "█" not in done.out


def test_its_prompt_draws(command: Command) -> None:
    prompt = command("describe", "figure.png", "--prompt").out
    assert prompt.count("\n") == 1
    drawn = command("create", prompt, "--seed", "3", "--out", "a.png")
    assert drawn.status == 0 and not drawn.err


def test_its_json_tells_all(command: Command) -> None:
    told = json.loads(command("describe", "figure.png", "--json").out)
    assert told.keys() == {"prompt", "sure", "unsure", "palette"}
    assert all(0.5 <= one["probability"] <= 1 for one in told["sure"])


def test_its_text_can_be_edited_and_drawn(command: Command) -> None:
    done = command("describe", "figure.png", "--out", "mika.txt")
    assert done.status == 0 and done.out.splitlines()[-1] == "mika.txt"
    text = Path("mika.txt").read_text(encoding="utf-8")
    Path("mika.txt").write_text(text.replace("blue", "red", 1), encoding="utf-8")
    drawn = command("create", "smile", "--prompt-file", "mika.txt", "--seed", "3", "--out", "a.png")
    assert drawn.status == 0 and not drawn.err
    recipe = recipe_from_json(png.text_of(Path("a.png").read_bytes())["rakkan"])
    assert isinstance(recipe, Recipe)
    assert recipe.prompt.endswith(", smile") and "#" not in recipe.prompt


def test_a_text_that_is_there_is_not_written_over(refused: Command) -> None:
    Path("mika.txt").write_text("mine", encoding="utf-8")
    assert "there already" in refused("describe", "figure.png", "--out", "mika.txt").err
    assert Path("mika.txt").read_text(encoding="utf-8") == "mine"
    assert "does not end in .txt" in refused("describe", "figure.png", "--out", "mika.png").err


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nowhere.png", "nowhere.png"),
        ("text.png", "text.png"),
        ("photograph.png", "photograph.png"),
        ("empty.png", "No figure"),
    ],
)
def test_what_is_no_drawing_of_a_figure_is_refused(refused: Command, name: str, told: str) -> None:
    Path("text.png").write_text("no picture", encoding="utf-8")
    Image.fromarray(photographic(4, 256)).save("photograph.png")
    Image.fromarray(numpy.full((300, 300, 3), 240, numpy.uint8)).save("empty.png")
    assert told in refused("describe", name).err
    assert "one of them" in refused("describe", "figure.png", "--prompt", "--json").err


def test_a_prompt_file_must_be_a_short_text(refused: Command) -> None:
    Path("long.txt").write_text("x" * 50_000, encoding="utf-8")
    Path("bytes.txt").write_bytes(b"\xff\xfe\x00")
    for name, told in (
        ("long.txt", "longer than"),
        ("bytes.txt", "no text in UTF-8"),
        ("none.txt", "none.txt"),
    ):
        assert told in refused("create", "--prompt-file", name).err
    assert "prompt is empty" in refused("create").err


def test_a_reference_guides_and_is_told(command: Command) -> None:
    options = ("--reference", "figure.png", "--reference-strength", "0.5", "--reference-kind", "palette")
    done = command("create", "waving", "--seed", "3", "--out", "a.png", *options)
    assert (done.status, done.err) == (0, "")
    recipe = recipe_from_json(png.text_of(Path("a.png").read_bytes())["rakkan"])
    assert isinstance(recipe, Recipe) and list(recipe.references.values()) == ["palette 0.5"]
    told = command("verify", "a.png").out
    assert "guided by" in told


def test_references_that_make_no_sense_are_refused(refused: Command) -> None:
    drawing = ("create", "waving", "--seed", "3", "--out", "b.png")
    given = (*drawing, "--reference", "figure.png")
    Image.fromarray(photographic(4, 256)).save("photograph.png")
    for arguments, told in (
        ((*drawing, "--reference-strength", "0.5"), "--reference-strength goes with a reference"),
        ((*drawing, "--reference-kind", "style"), "--reference-kind goes with a reference"),
        ((*given, "--reference-kind", "looks"), "no reference kind 'looks'"),
        ((*given, "--reference-strength", "3"), "strength 3 is out of range"),
        ((*drawing, "--reference", "photograph.png"), "photograph.png was not let in"),
        ((*drawing, "--reference", "nowhere.png"), "nowhere.png"),
    ):
        assert told in refused(*arguments).err
    assert not Path("b.png").exists()


def test_weights_without_references_say_so(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from rakkan import assemble

    monkeypatch.setattr(assemble, "knows_references", lambda: False)
    done = command("create", "waving", "--seed", "3", "--out", "a.png", "--reference", "figure.png")
    assert done.status == 0
    assert done.err.count("\n") == 1 and "have not learnt from pictures" in done.err
    recipe = recipe_from_json(png.text_of(Path("a.png").read_bytes())["rakkan"])
    assert isinstance(recipe, Recipe) and list(recipe.references.values()) == ["identity 1, in words"]
