"""``rakkan recipe`` and ``rakkan again``: what is proven, what is claimed, and which tier held."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from tests.around.attempts import noise, photographic
from tests.cli.conftest import Command

from rakkan.corpus.figures import render
from rakkan.corpus.figures.attributes import Attributes
from rakkan.formats import png
from rakkan.recipes.tiers import EXACT, OTHER, SIMILAR, differences, likeness
from rakkan.records import Recipe, canonical_json, recipe_from_json
from rakkan.trust.provenance import pixel_digest

A1111 = (
    "1girl, hat\nNegative prompt: x\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, "
    "Model hash: 1234abcd, Model: anime"
)


def with_text(path: str, **texts: str) -> str:
    info = PngInfo()
    for keyword, text in texts.items():
        info.add_text(keyword, text)
    Image.fromarray(noise(2, 64, 64)).save(path, pnginfo=info)
    return path


def resaved(path: str, to: str, keep: tuple[str, ...] = ()) -> str:
    image = Image.open(path)
    info = PngInfo()
    for keyword in keep:
        info.add_text(keyword, image.info[keyword])
    image.convert("RGB").save(to, pnginfo=info)
    return to


def test_an_own_picture_is_made_again_to_the_bit(command: Command) -> None:
    assert (
        command("create", "1girl, (red hair:1.3), [smile:grin:0.5]", "--seed", "5", "--out", "a.png").status
        == 0
    )
    done = command("recipe", "a.png")
    assert done.status == 0 and "proven by its seal" in done.out and "(red hair:1.3)" in done.out
    done = command("again", "a.png", "--out", "b.png")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("b.png  bit-exact  ") and done.out.count("\n") == 1
    assert command("verify", "b.png").status == 0


@pytest.mark.parametrize("kind", ["identity", "style"])
def test_what_guided_it_is_found_again_by_its_digest(command: Command, tmp_path: Path, kind: str) -> None:
    Image.fromarray(render(Attributes(hair_colour="green"), 7)).save(tmp_path / "friend.png")
    guided = ("--reference", "friend.png", "--reference-kind", kind, "--reference-strength", "0.7")
    assert command("create", "smile", "--seed", "4", *guided, "--out", "a.png").status == 0
    assert command("create", "smile", "--seed", "4", "--out", "alone.png").status == 0
    (tmp_path / "friend.png").unlink()
    done = command("again", "a.png", "--out", "b.png")
    assert done.status == 0 and "bit-exact" in done.out
    assert (tmp_path / "alone.png").read_bytes() != (tmp_path / "a.png").read_bytes()
    told = recipe_of(tmp_path / "b.png")
    assert told == recipe_of(tmp_path / "a.png") and list(told.references.values()) == [f"{kind} 0.7"]


def test_a_variation_is_made_again_with_its_turn(command: Command, tmp_path: Path) -> None:
    assert command("create", "smile", "--seed", "4", "--out", "a.png").status == 0
    turn = ("--strength", "0.3", "--seed", "9")
    assert command("vary", "a.png", *turn, "--out", "b.png").status == 0
    done = command("again", "b.png", "--out", "c.png")
    assert done.status == 0 and "bit-exact" in done.out
    assert recipe_of(tmp_path / "c.png") == recipe_of(tmp_path / "b.png") != recipe_of(tmp_path / "a.png")


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {"variation seed": "x", "variation strength": "0.1"}},
        {"settings": {"variation seed": "1"}},
        {"settings": {"variation seed": "1e300", "variation strength": "0.1"}},
        {"settings": {"variation seed": "1", "variation strength": "nan"}},
        {"references": {"ab" * 32: "identity 1"}},
        {"references": {"../a.png": "identity 1"}},
    ],
)
def test_a_recipe_that_somebody_wrote_by_hand_gets_one_line(
    command: Command, tmp_path: Path, change: dict[str, dict[str, str]]
) -> None:
    command("create", "smile", "--seed", "4", "--out", "a.png")
    written = replace(recipe_of(tmp_path / "a.png"), **change)  # type: ignore[arg-type]
    with_text("b.png", rakkan=canonical_json(written))
    done = command("again", "b.png", "--out", "c.png")
    assert done.status == 2 and done.err.count("\n") == 1 and not (tmp_path / "c.png").exists()


def recipe_of(path: Path) -> Recipe:
    made = recipe_from_json(png.text_of(path.read_bytes())["rakkan"])
    assert isinstance(made, Recipe)
    return made


@pytest.mark.parametrize("level", ["digest", "redacted"])
def test_a_recipe_that_is_kept_back_is_opened_from_the_vault(command: Command, level: str) -> None:
    command("create", "smile", "--seed", "6", "--out", "a.jpg", "--disclosure", level)
    done = command("recipe", "a.jpg", "--json")
    told = json.loads(done.out)
    assert (told["worth"], told["recipe"]["prompt"]) == ("opened", "smile")
    # The pixels of a JPEG are not those that were drawn, but its seal says what those were.
    assert "bit-exact" in command("again", "a.jpg", "--out", "b.png").out


def test_elsewhere_it_stays_kept_back(
    command: Command,
    refused: Command,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    command("create", "smile", "--seed", "6", "--out", "a.png", "--disclosure", "digest")
    command("identity", "--out", "public")
    monkeypatch.setenv("RAKKAN_HOME", str(tmp_path / "other"))
    command("identity", "--trust", "public/root.pem")
    assert json.loads(command("recipe", "a.png", "--json").out)["worth"] == "partly"
    assert "keeps its recipe back" in refused("again", "a.png").err


def test_what_a_text_says_is_a_claim(command: Command) -> None:
    command("create", "smile, hat", "--seed", "7", "--out", "a.png")
    own = resaved("a.png", "b.png", ("rakkan",))
    assert "claimed by its text alone" in command("recipe", own).out
    assert "bit-exact" in command("again", own, "--out", "c.png").out
    text = resaved("a.png", "d.png", ("parameters",))
    assert "tool" in command("recipe", text).out
    assert "bit-exact" in command("again", text, "--out", "e.png").out


def test_a_changed_seal_proves_nothing(command: Command) -> None:
    command("create", "smile", "--seed", "7", "--out", "a.png")
    data = bytearray(Path("a.png").read_bytes())
    place = data.index(b"caBX") + 2000
    data[place] ^= 1
    start = data.index(b"caBX")
    length = int.from_bytes(data[start - 4 : start], "big")
    data[start + 4 + length : start + 8 + length] = zlib.crc32(data[start : start + 4 + length]).to_bytes(
        4, "big"
    )
    Path("a.png").write_bytes(data)
    done = command("recipe", "a.png")
    assert "claimed by its text alone" in done.out and "problem" in done.out


def test_another_picture_is_not_the_same_and_says_why(command: Command) -> None:
    command("create", "smile", "--seed", "8", "--out", "a.png")
    recipe = Image.open("a.png").info["rakkan"]
    other = json.loads(recipe)
    other["seed"], other["model_digest"], other["versions"] = 9, "00" * 32, {"rakkan": "0.0.1"}
    image = Image.open("a.png").convert("RGB")
    info = PngInfo()
    info.add_text("rakkan", json.dumps(other))
    image.save("b.png", pnginfo=info)
    done = command("again", "b.png", "--out", "c.png")
    assert done.status == 1
    assert "not the same" in done.out and "another model" in done.out and "rakkan" in done.out


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({}, "Nothing in this file says how"),
        ({"parameters": A1111}, "The model 'anime' (1234abcd) is not here"),
        ({"parameters": A1111.replace(", Model hash: 1234abcd", "")}, "without a hash"),
        ({"parameters": A1111.replace("Seed: 1,", "")}, "tell no seed"),
        ({"parameters": A1111 + ", Denoising strength: 0.4"}, "out of another picture"),
        ({"parameters": "\nSteps: 20, Sampler: Euler, Seed: 1, Size: 8x8"}, "tell no prompt"),
    ],
)
def test_what_cannot_be_made_again_says_what_to_do(
    texts: dict[str, str], words: str, refused: Command
) -> None:
    assert words in refused("again", with_text("a.png", **texts), "--out", "b.png").err
    assert not Path("b.png").exists()


def test_sheets_and_figures_say_what_to_do(command: Command, refused: Command) -> None:
    command("create", "smile", "--seed", "1", "--count", "2", "--out", "o")
    assert "sheet of 2 pictures" in refused("again", "o/0003-1-sheet-smile.png").err
    assert "a sheet of 2 pictures" in command("recipe", "o/0003-1-sheet-smile.png").out
    command("figures", "sheet", "--seed", "2", "--count", "2", "--out", "f.png")
    assert "rakkan figures sheet --seed 2 --count 2" in refused("again", "f.png").err


def test_a_photograph_is_not_let_in(refused: Command) -> None:
    info = PngInfo()
    info.add_text("parameters", A1111)
    Image.fromarray(photographic(5, 256)).save("photograph.png", pnginfo=info)
    assert "was not let in" in refused("again", "photograph.png", "--model", "rakkan-starter").err


def test_the_words_of_another_tool_pass_the_same_judge(
    refused: Command,
) -> None:
    text = A1111.replace("1girl, hat", "Marie Curie")
    assert (
        "real person"
        in refused("again", with_text("a.png", parameters=text), "--model", "rakkan-starter").err
    )


def test_as_a1111s_text_and_as_json(command: Command, refused: Command) -> None:
    file = with_text("a.png", parameters=A1111)
    assert command("recipe", "--a1111", file).out.startswith(
        "1girl, hat\nNegative prompt: x\nSteps: 20, Sampler: Euler a"
    )
    assert json.loads(command("recipe", "--json", file).out)["claimed"]["seed"] == 1
    refused("recipe", "--json", "--a1111", file)
    bare = with_text("b.png")
    assert command("recipe", bare).status == 3
    refused("recipe", "--a1111", bare)
    refused("recipe", "nowhere.png")


def test_what_a_file_says_moves_no_cursor(command: Command) -> None:
    file = with_text("a.png", parameters=A1111.replace("hat", "h\x1b[2Jat\u202e\x9b"))
    for option in ([], ["--a1111"], ["--json"]):
        out = command("recipe", *option, file).out
        assert all(sign.isprintable() or sign == "\n" for sign in out)


RECIPE = Recipe("a", "", "m", "00" * 32, "euler", "uniform", 4, 1.0, 1, 64, 64, versions={"x": "1"})


def test_differences_are_named() -> None:
    made = Recipe(
        **{**vars(RECIPE), "seed": 2, "engine": "torch", "versions": {"x": "2"}, "adapters": {"11": "vae"},
           "settings": {"batch": "4"}}
    )  # fmt: skip
    assert differences(RECIPE, made) == [
        "another seed",
        "with vae",
        "drawn by torch in f32, not by openvino in f32",
        "x 2, not 1",
        "drawn 4 at once, not 1",
    ]
    assert differences(RECIPE, RECIPE) == []


def test_tiers() -> None:
    picture = noise(3, 256, 256)
    assert likeness(picture, picture.copy()).tier == EXACT
    off = numpy.clip(picture.astype(int) + 1, 0, 255).astype(numpy.uint8)
    near = likeness(off, picture)
    assert near.tier == SIMILAR and near.distance <= 31
    assert likeness(off, picture, pixel_digest(off)).tier == EXACT
    other = likeness(noise(4, 256, 256), picture)
    assert other.tier == OTHER and other.distance > 31
    flat = numpy.full((64, 64, 3), 90, numpy.uint8)
    assert likeness(flat + 1, flat).tier == SIMILAR
    assert likeness(flat + 100, flat).tier == OTHER
