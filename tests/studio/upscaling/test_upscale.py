"""Pictures enlarged from file to file, through the gate as it is assembled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.around.attempts import noise, photographic
from tests.trust.made import look, release, stated

from rakkan import assemble
from rakkan.api import equipment
from rakkan.corpus.figures import attributes, render
from rakkan.errors import RakkanError
from rakkan.formats import png
from rakkan.formats.inspect import deep_pixels, inspect, pixels
from rakkan.records import UpscaleRecipe, recipe_from_json
from rakkan.studio import metadata
from rakkan.studio.upscaling import enlarge, waifu2x
from rakkan.studio.upscaling import upscale as module
from rakkan.studio.upscaling.upscale import STEPS, Outcome, UpscaleRequest, upscale, upscale_all
from rakkan.studio.upscaling.works import works
from rakkan.trust.examination import recipe_fields
from rakkan.trust.provenance import digest_of_file
from rakkan.trust.verification import VALID


def drawn(folder: Path, name: str = "a.png", seed: int = 3) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise(seed, 24, 40)).save(path)
    return path


def transparent(folder: Path, name: str = "t.png") -> Path:
    picture = np.dstack([noise(4, 40, 48), np.zeros((40, 48), np.uint8)])
    picture[8:32, 8:40, 3] = 255
    Image.fromarray(picture).save(folder / name)
    return folder / name


def deep(folder: Path) -> Path:
    rows = noise(5, 30, 30).astype(np.uint16) * 257 + 99
    (folder / "d.png").write_bytes(png.encode(rows, {}))
    return folder / "d.png"


def outcomes(
    given: list[str], out: Path, request: UpscaleRequest | None = None, **more: Any
) -> list[Outcome]:
    request = request or UpscaleRequest()
    found = works(given, out, module.FORMATS[request.format], **more)
    return list(upscale_all(found, out, request, equipment.doors()))


def test_an_enlarged_picture_is_sealed_and_says_how_it_was_made(tmp_path: Path) -> None:
    source = drawn(tmp_path)
    made = upscale(source, tmp_path / "out" / "a.png", UpscaleRequest(2, 1), equipment.doors())
    assert made.path == tmp_path / "out" / "a.png"
    got = pixels(made.path.read_bytes())
    assert np.array_equal(got, enlarge(np.asarray(Image.open(source)), 2, 1))
    verification = look(made.path)
    assert verification.state == VALID and verification.report is not None
    (parent,) = verification.report.ingredients
    assert parent.relationship == "parentOf" and parent.digest == digest_of_file(source.read_bytes())
    assert verification.report.model and verification.report.model.name == "waifu2x upconv_7 anime noise1 2x"
    text = png.text_of(made.path.read_bytes())
    recipe = recipe_from_json(text["rakkan"])
    assert recipe == made.recipe and isinstance(recipe, UpscaleRecipe)
    assert (recipe.source, recipe.scale, recipe.denoise) == (parent.digest, 2, 1)
    assert recipe_fields(verification, assemble.vault(), assemble.ledger())["scale"] == 2
    details = metadata.read(text["parameters"]).details
    assert details["Postprocess upscale by"] == "2"
    assert details["Postprocess upscaler"] == "waifu2x upconv_7 anime noise1 2x"
    assert (details["Size-1"], details["Size-2"]) == ("80", "48")


def test_what_rakkan_made_keeps_its_recipe_by_the_ingredient(tmp_path: Path) -> None:
    source = release(tmp_path / "mine.png")
    made = upscale(source, tmp_path / "large.png", UpscaleRequest(), equipment.doors())
    assert made.path is not None
    report = look(made.path).report
    assert report is not None and report.ingredients[0].state in ("valid", "trusted")
    assert b"silver hair" in made.path.read_bytes()


@pytest.mark.parametrize("kind", ["png", "webp", "jpg"])
def test_transparent_pictures_stay_so_but_in_a_jpeg(kind: str, tmp_path: Path) -> None:
    source = transparent(tmp_path)
    out = tmp_path / f"out{module.FORMATS[kind]}"
    made = upscale(source, out, UpscaleRequest(2, -1, kind), equipment.doors())
    assert made.path is not None and look(made.path).state == VALID
    got = pixels(made.path.read_bytes())
    assert got.shape == (80, 96, 3 if kind == "jpg" else 4)
    assert (got[:6, :6, :3] > 250).all() if kind == "jpg" else (got[:6, :6, 3] == 0).all()


def test_sixteen_bits_stay_sixteen_in_a_png_and_are_said_to_be_lost_elsewhere(tmp_path: Path) -> None:
    source = deep(tmp_path)
    made = upscale(source, tmp_path / "a.png", UpscaleRequest(2, -1), equipment.doors())
    assert made.path is not None and made.note == "" and made.recipe and made.recipe.precision == "f32"
    data = made.path.read_bytes()
    assert inspect(data).depth == 16
    assert np.array_equal(deep_pixels(data), enlarge(deep_pixels(source.read_bytes()), 2, -1))
    assert look(made.path).state == VALID
    other = upscale(source, tmp_path / "a.webp", UpscaleRequest(2, -1, "webp"), equipment.doors())
    assert "8 of its 16 bits" in other.note


def test_a_palette_and_a_grey_picture_are_enlarged(tmp_path: Path) -> None:
    random = Random(5)
    figure = render(attributes.sample(random), 5, scale=0.5)
    for mode in ("P", "L"):
        image = Image.fromarray(figure)
        image = image.quantize(64, dither=Image.Dither.NONE) if mode == "P" else image.convert(mode)
        image.save(tmp_path / f"{mode}.png")
        assert inspect((tmp_path / f"{mode}.png").read_bytes()).colour in ("palette", "grey")
        made = upscale(
            tmp_path / f"{mode}.png", tmp_path / f"{mode}-2x.png", UpscaleRequest(), equipment.doors()
        )
        assert made.path is not None
        got = pixels(made.path.read_bytes())
        assert got.shape == (2 * len(figure), 2 * figure.shape[1], 3)
        assert mode == "P" or (got[..., 0] == got[..., 2]).all()


def test_a_picture_in_bands_is_the_same_picture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = upscale(transparent(tmp_path), tmp_path / "whole.png", UpscaleRequest(4, 0), equipment.doors())
    monkeypatch.setattr(module, "BANDED_FROM", 1)
    banded = upscale(tmp_path / "t.png", tmp_path / "banded.png", UpscaleRequest(4, 0), equipment.doors())
    assert whole.path is not None and banded.path is not None and whole.recipe == banded.recipe
    assert np.array_equal(pixels(whole.path.read_bytes()), pixels(banded.path.read_bytes()))
    assert look(banded.path).state == VALID
    assert list(tmp_path.glob(".*")) == []


def test_a_photograph_is_refused_in_a_line(tmp_path: Path) -> None:
    Image.fromarray(photographic(5, 256)).save(tmp_path / "photograph.png")
    (one,) = outcomes([str(tmp_path / "photograph.png")], tmp_path / "out")
    assert (one.path is None and "drawing" in one.note) or "photograph" in one.note
    assert not (tmp_path / "out").exists()


def test_a_recipe_that_names_another_source_is_refused(tmp_path: Path) -> None:
    doors = equipment.doors()

    def pretended(picture: Any, path: Path) -> Path:
        return doors.release(replace(picture, recipe=replace(picture.recipe, source="0" * 64)), path)

    with pytest.raises(RakkanError, match="names another picture"):
        upscale(drawn(tmp_path), tmp_path / "b.png", UpscaleRequest(), replace(doors, release=pretended))


def test_what_is_too_large_is_refused_before_it_is_computed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "MOST_BANDED_PIXELS", 48 * 80 - 1)
    monkeypatch.setattr(waifu2x, "enlarge", None)
    with pytest.raises(RakkanError, match="80x48 pixels are more than"):
        upscale(drawn(tmp_path), tmp_path / "b.png", UpscaleRequest(), equipment.doors())


# ---- folders, patterns, resuming


def test_folders_and_patterns_name_their_pictures_once(tmp_path: Path) -> None:
    art, out = tmp_path / "art", tmp_path / "art" / "enlarged"
    for name in ("a.png", "b.JPG", "sub/c.webp", ".hidden/d.png", "enlarged/e.png", "sub/.f.png"):
        drawn(art, name)
    (art / "notes.txt").write_text("none")
    (art / "link.png").symlink_to(art / "a.png")

    def names(*given: str, recursive: bool = False) -> list[str]:
        return [str(one.name) for one in works(given, out, ".png", recursive)]

    assert names(str(art)) == ["a.png", "b.png"]
    assert names(str(art), recursive=True) == ["a.png", "b.png", "sub/c.png"]
    assert names(str(art / "*.png"), str(art / "a.png")) == ["a.png"]
    assert names(str(art / "**" / "*.webp")) == ["c.png"]
    drawn(art, "odd[1].png")
    assert names(str(art / "odd[1].png")) == ["odd[1].png"]
    for nothing in (str(art / "*.gif"), str(art / ".hidden" / "none")):
        (art / ".hidden" / "none").mkdir(exist_ok=True)
        with pytest.raises(RakkanError):
            works([nothing], out, ".png")
    with pytest.raises(RakkanError, match="same folder"):
        works([str(art)], art, ".png")  # the next time its results would be enlarged


def test_one_bad_file_is_an_outcome_and_the_rest_goes_on(tmp_path: Path) -> None:
    drawn(tmp_path, "in/a.png")
    (tmp_path / "in/b.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    drawn(tmp_path, "in/c.png", 8)
    told: list[tuple[int, int]] = []
    found = works([str(tmp_path / "in"), str(tmp_path / "nowhere.png")], tmp_path / "out", ".png")
    made = list(
        upscale_all(
            found,
            tmp_path / "out",
            UpscaleRequest(),
            equipment.doors(),
            lambda done, total: told.append((done, total)),
        )
    )
    assert [one.path is None for one in made] == [False, True, False, True]
    assert "sound PNG" in made[1].note and "nowhere.png" in made[3].note
    assert {total for _, total in told} == {4 * STEPS} and told[-1][0] == 4 * STEPS
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_what_is_there_is_known_by_what_it_was_made_of(tmp_path: Path) -> None:
    source, out = drawn(tmp_path, "in/a.png"), tmp_path / "out"
    (first,) = outcomes([str(source)], out)
    (again,) = outcomes([str(source)], out)
    assert (again.path, again.recipe, again.note) == (first.path, None, "is there already")
    said = stated()
    (other,) = outcomes([str(source)], out, UpscaleRequest(2, 3))
    assert other.path == out / "a-2.png" and stated() == said + 2  # it came in, and another went out
    assert [one.path for one in outcomes([str(source)], out)] == [out / "a.png"]
    assert [one.path for one in outcomes([str(source)], out, UpscaleRequest(2, 3))] == [out / "a-2.png"]
    drawn(tmp_path, "in/a.png", 9)  # another picture under the same name
    (changed,) = outcomes([str(source)], out)
    assert changed.path == out / "a-3.png" and changed.recipe is not None


def test_a_file_that_only_has_the_name_is_not_taken_for_the_result(tmp_path: Path) -> None:
    source, out = drawn(tmp_path), tmp_path / "out"
    drawn(out, "a.png")
    (made,) = outcomes([str(source)], out)
    assert made.path == out / "a-2.png"
    data = bytearray(made.path.read_bytes())
    data[-20] ^= 1
    made.path.write_bytes(data)  # damaged since
    (again,) = outcomes([str(source)], out)
    assert again.path == out / "a-3.png"


def test_resuming_needs_no_recipe_in_the_file(tmp_path: Path) -> None:
    found = works([str(drawn(tmp_path))], tmp_path / "out", ".png")
    for note in ("", "is there already"):
        (one,) = upscale_all(found, tmp_path / "out", UpscaleRequest(), equipment.doors("digest"))
        assert one.note == note
    assert "rakkan" not in png.text_of((tmp_path / "out" / "a.png").read_bytes())


def test_two_pictures_of_one_name_are_both_there_and_both_found_again(tmp_path: Path) -> None:
    drawn(tmp_path, "in/a.png", 1)
    drawn(tmp_path, "in/a.webp", 2)
    out = tmp_path / "out"
    assert [one.path for one in outcomes([str(tmp_path / "in")], out)] == [out / "a.png", out / "a-2.png"]
    again = outcomes([str(tmp_path / "in")], out)
    assert [(one.path, one.recipe) for one in again] == [(out / "a.png", None), (out / "a-2.png", None)]


def test_what_is_interrupted_keeps_what_is_finished_and_goes_on(tmp_path: Path) -> None:
    for number in range(3):
        drawn(tmp_path, f"in/{number}.png", number)
    out, doors = tmp_path / "out", equipment.doors()

    def interrupting() -> Iterator[Any]:
        yield doors.release
        raise KeyboardInterrupt

    ways = interrupting()
    broken = replace(doors, release=lambda picture, path: next(ways)(picture, path))
    found = works([str(tmp_path / "in")], out, ".png")
    with pytest.raises(KeyboardInterrupt):
        list(upscale_all(found, out, UpscaleRequest(), broken))
    assert [path.name for path in out.iterdir()] == ["0.png"]
    made = list(upscale_all(found, out, UpscaleRequest(), doors))
    assert [one.note for one in made] == ["is there already", "", ""]


# ---- the command


def test_the_command(rakkan: Any, tmp_path: Path) -> None:
    drawn(tmp_path, "art/one.png")
    drawn(tmp_path, "art/more/two.png", 6)
    (tmp_path / "art/bad.png").write_bytes(b"no picture")
    run = rakkan("upscale", "art", "--recursive", "--scale", "1", "--denoise", "2", "--out", "clean")
    assert run.returncode == 2
    assert [line.split()[:2] for line in run.stdout.splitlines()] == [
        ["clean/more/two.png", "40x24"],
        ["clean/one.png", "40x24"],
    ]
    assert run.stderr.count("\n") == 1 and "bad.png" in run.stderr
    again = rakkan("upscale", "art/*.png", "--scale", "1", "--denoise", "2", "--out", "clean")
    assert "clean/one.png  is there already" in again.stdout
    shown = rakkan("verify", "clean/one.png")
    assert "upscale" in shown.stdout and "scale 1, denoise 2" in shown.stdout
    told = json.loads(rakkan("verify", "--recipe", "clean/one.png").stdout)
    assert told["kind"] == "rakkan upscale 1" and told["model"] == "waifu2x vgg_7 anime noise2"


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("a.png", "--scale", "3"), "scale 3"),
        (("a.png", "--denoise", "4"), "denoise level 4"),
        (("a.png", "--scale", "1", "--denoise", "-1"), "changes nothing"),
        (("a.png", "--format", "gif"), "gif"),
        (("a.png", "--out", "a.gif"), "gif"),
        (("nowhere.png",), "nowhere.png"),
        (("*.gif",), "*.gif"),
        (("a.png", "b.png", "--out", "one.png"), "one.png"),
        (("a.png", "--disclosure", "some"), "disclosed"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    arguments: tuple[str, ...], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    from rakkan.cli import entry

    monkeypatch.chdir(tmp_path)
    drawn(tmp_path), drawn(tmp_path, "b.png")
    assert entry(["upscale", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and what in said.err
    assert not (tmp_path / "enlarged").exists() and not (tmp_path / "one.png").exists()
