"""``rakkan character``: made, shown, revised, compared, drawn, removed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.trust.made import look, release

from rakkan import assemble
from rakkan.records import Recipe, recipe_from_json


@pytest.fixture(autouse=True)
def _fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")


TAGS = "1girl, silver twin tails, red eyes, red hoodie"


def recipe_of(path: Path) -> Recipe:
    from rakkan.formats.inspect import inspect_picture

    recipe = recipe_from_json(inspect_picture(path.read_bytes(), path.name)[0].text["rakkan"])
    assert isinstance(recipe, Recipe)
    return recipe


def test_a_character_is_made_shown_revised_compared_and_removed(command: Command) -> None:
    done = command("character", "new", "Mika", TAGS, "--palette", "#b8c0cc", "--licence", "CC0-1.0")
    assert (done.status, done.err) == (0, "") and done.out.startswith("Mika  version 1  ")
    done = command(
        "character", "revise", "mika", "--add", "glasses", "--remove", "red hoodie", "--because", "new eyes"
    )
    assert (done.status, done.err) == (0, "") and "version 2" in done.out
    shown = command("character", "show", "mika").out
    for text in ("Mika", "2 of 2", "glasses", "████ #b8c0cc", "CC0-1.0", "new eyes"):
        assert text in shown
    assert "red hoodie" in command("character", "show", "mika@1").out
    compared = command("character", "diff", "mika", "1", "2").out
    assert "- red hoodie" in compared and "+ glasses" in compared and "licence" not in compared
    assert command("character", "diff", "mika", "1").out == compared
    listed = command("character", "list").out
    assert listed.endswith("characters: 1\n") and "v2" in listed
    assert "version 3" in command("character", "rename", "mika", "Mikan").out
    assert command("character", "remove", "mikan").out == "mikan: 3 versions removed\n"
    assert command("character", "list").out == "characters: 0\n"


def test_an_unknown_character_is_told_with_the_nearest_in_one_line(
    command: Command, refused: Command
) -> None:
    command("character", "new", "Mika", TAGS)
    for arguments in (
        ("character", "show", "Mikka"),
        ("character", "revise", "Mikka", "--add", "hat"),
        ("character", "diff", "Mikka", "1"),
        ("character", "remove", "Mikka"),
        ("create", "smile", "--character", "Mikka"),
    ):
        assert "Did you mean 'Mika'?" in refused(*arguments).err


def test_what_cannot_be_kept_is_refused_in_one_line(refused: Command, tmp_path: Path) -> None:
    for arguments in (
        ("new", "Mika"),
        ("new", "a/b", TAGS),
        ("new", "Mika", TAGS, "--palette", "red"),
        ("new", "Mika", TAGS, "--seed", "-1"),
        ("new", "Mika", TAGS, "--lora", "nothing"),
        ("new", "Mika", TAGS, "--reference", str(tmp_path / "nowhere.png")),
        ("new", "Mika", "x" * 3000),
    ):
        refused("character", *arguments)
    assert assemble.casting().characters.all() == []


def test_drawn_with_a_prompt_the_recipe_names_the_version(command: Command, tmp_path: Path) -> None:
    command("character", "new", "Mika", TAGS, "--seed", "7")
    out = tmp_path / "a.png"
    done = command("create", "in a kimono, waving, night city", "--character", "mika", "--out", out)
    assert (done.status, done.err) == (0, "")
    recipe, kept = recipe_of(out), assemble.casting().characters.find("mika")
    assert recipe.settings == {"character": f"Mika 1 {kept.digest}"}
    assert recipe.seed == 7
    assert (
        "kimono" in recipe.prompt and "hoodie" not in recipe.prompt and "silver twin tails" in recipe.prompt
    )
    shown = command("verify", out).out
    assert "character" in shown and "Mika, version 1" in shown and kept.digest[:8] in shown


def test_a_recipe_that_is_kept_back_does_not_tell_the_name(command: Command, tmp_path: Path) -> None:
    command("character", "new", "Planted", TAGS)
    out = tmp_path / "a.png"
    command("create", "wink", "--character", "planted", "--disclosure", "redacted", "--out", out)
    assert look(out).state == "valid"
    assert b"Planted" not in out.read_bytes()
    digest = assemble.casting().characters.find("planted").digest
    assert re.search(rf"character +{digest[:16]}…", command("verify", out).out)


def test_a_character_can_be_read_off_a_picture(command: Command, tmp_path: Path) -> None:
    command("create", TAGS, "--seed", "11", "--out", tmp_path / "a.png")
    assert command("character", "new", "Mika", "--from", tmp_path / "a.png").status == 0
    one = assemble.casting().characters.find("mika").version
    assert (one.tags, one.seed, len(one.references)) == (TAGS, "11", 1)
    assert command("character", "revise", "mika", "--drop", one.references[0][:8]).status == 0
    assert assemble.casting().characters.find("mika").version.references == ()


def test_a_photograph_is_no_reference(refused: Command, tmp_path: Path) -> None:
    from PIL import Image
    from tests.around.attempts import photographic

    Image.fromarray(photographic(5, 256)).save(tmp_path / "photograph.png")
    refused("character", "new", "Mika", TAGS, "--reference", tmp_path / "photograph.png")
    assert assemble.casting().characters.all() == []


def test_a_picture_made_here_is_a_reference_of_several(command: Command, tmp_path: Path) -> None:
    paths = [release(tmp_path / f"{number}.png") for number in (1, 2)]
    arguments = [text for path in paths for text in ("--reference", path)]
    assert command("character", "new", "Mika", TAGS, *arguments).status == 0
    assert len(assemble.casting().characters.find("mika").version.references) == 2
