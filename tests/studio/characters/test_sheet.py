"""Sheets: laid out around a contact sheet, all words told, every cell scored, and through the gate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from tests.trust.made import look, recipe

from rakkan import assemble
from rakkan.casting import Casting
from rakkan.errors import RakkanError
from rakkan.features.figures.reading import digest
from rakkan.formats.sheet import PAPER
from rakkan.records import LabelledSheetRecipe, Picture, canonical_json, recipe_from_json
from rakkan.studio.characters import consistency, sheet
from rakkan.studio.characters.cast import Cast
from rakkan.studio.characters.consistency import Score, percent_of, percentiles
from rakkan.studio.characters.layout import Label, Title, laid_out, percent
from rakkan.studio.characters.sheet import cells, shows
from rakkan.trust.checks import well_formed
from rakkan.trust.gate import Destination

TO = Destination(Path("a.png"))


def cell(number: int, side: int = 64) -> Picture:
    fields = numpy.random.default_rng(number).integers(0, 200, (4, 4, 3), numpy.uint8)
    pixels = fields.repeat(side // 4, 0).repeat(side // 4, 1)
    return Picture(pixels, recipe(f"1girl, {number}", number, width=side, height=side))


def laid(count: int = 6, columns: int = 3, **title: object) -> tuple[Picture, list[Picture]]:
    drawn = [cell(number) for number in range(count)]
    labels = [Label(f"label {number}", 97.3) for number in range(count)]
    pixels, made = laid_out(Title("Mika", **title), drawn, ("one", "two"), labels, columns)  # type: ignore[arg-type]
    return Picture(pixels, made, "sheet"), drawn


def test_every_picture_stands_on_it_whole_and_nothing_lies_over_one() -> None:
    page, drawn = laid()
    for picture in drawn:
        height, width = picture.pixels.shape[:2]
        found = any(
            (page.pixels[top : top + height, left : left + width] == picture.pixels).all()
            for top in range(page.pixels.shape[0] - height + 1)
            for left in (8, 8 + 72, 8 + 144)
        )
        assert found
    assert tuple(page.pixels[-1, -1]) == PAPER


def test_all_that_is_written_stands_in_the_recipe() -> None:
    page, _ = laid(beside="v1", paragraph="A courier", palette=("#b8c0cc",), below="What it means")
    assert isinstance(page.recipe, LabelledSheetRecipe)
    told = set(page.recipe.words)
    assert {"Mika", "v1", "A courier", "#B8C0CC", "What it means", "ONE", "TWO", "97 %"} <= told
    assert recipe_from_json(canonical_json(page.recipe)) == page.recipe


def test_a_labelled_sheet_names_every_picture_it_shows() -> None:
    page, _ = laid()
    made = page.recipe
    assert isinstance(made, LabelledSheetRecipe)
    assert well_formed(page, TO)[0].allowed
    for wrong in (
        replace(made, recipes=made.recipes[:3]),
        replace(made, recipes=(*made.recipes, *made.recipes[:3])),
        replace(made, head=made.head - 1),
        replace(made, recipes=made.recipes[:3], head=made.head + 64 + 8 + made.band),
        replace(made, recipes=made.recipes[:3], head=481),
        replace(made, band=-1),
        replace(made, words=("x" * 9000,)),
        replace(made, columns=0),
    ):
        found = well_formed(replace(page, recipe=wrong), TO)[0]
        allowed = (wrong.head, len(wrong.recipes)) == (made.head + 64 + 8 + made.band, 3)
        assert found.allowed == allowed, wrong


def test_the_words_on_a_sheet_are_judged(tmp_path: Path) -> None:
    page, _ = laid(paragraph="A drawing of Emma Watson")
    with pytest.raises(RakkanError, match="real person"):
        assemble.gate().release(page, Destination(tmp_path / "a.png"))
    assert not list(tmp_path.iterdir())


def test_long_names_are_cut_and_not_written_over_what_stands_beside() -> None:
    page, _ = laid(beside="y" * 200)
    assert isinstance(page.recipe, LabelledSheetRecipe)
    cut = next(word for word in page.recipe.words if word.startswith("y"))
    assert cut.endswith("…") and len(cut) < 60


def test_there_are_five_of_each_and_what_is_asked_for_comes_first() -> None:
    found = cells(("wink",), ("armour", "blue kimono"))
    assert [one.row for one in found] == ["angles"] * 5 + ["expressions"] * 5 + ["outfits"] * 5
    assert [one.label for one in found[:5]][::3] == ["front", "profile left"]
    assert found[5].label == "wink" and [one.label for one in found[10:12]] == ["armour", "blue kimono"]
    with pytest.raises(RakkanError, match="6 outfits"):
        cells((), tuple("abcdef"))


def test_scores_are_told_in_whole_and_never_as_more_than_they_are() -> None:
    assert (percent(99.96), percent(0.4)) == ("99 %", "0 %")
    known = percentiles()
    assert len(known) == 101 and list(known) == sorted(known)
    assert percent_of(-1.0) == 0 and percent_of(1.0) == 100
    assert percent_of(known[50]) == pytest.approx(50, abs=1)


def test_the_scores_were_measured_with_this_reader_and_are_published(root: Path) -> None:
    report = json.loads((root / "docs" / "measurements" / "consistency.json").read_text())
    assert report["reader"] == digest(), "python -m benchmarks.consistency"
    assert tuple(report["different characters, percentiles 0 to 100"]) == percentiles()


def test_the_same_renders_score_above_different_ones() -> None:
    from random import Random

    from rakkan.studio.starter.pairs import draw_pair
    from rakkan.studio.starter.renders import BUCKETS, render_figure

    random = Random(3)
    pairs = [draw_pair(BUCKETS[0], random, role="identity")[:2] for _ in range(4)]
    drawn = [render_figure(other, number, 256, 256) for number, (_, other) in enumerate(pairs)]
    found = consistency.scores(drawn, [render_figure(pairs[0][0], 9, 256, 256)])
    assert found[0].cosine == max(one.cosine for one in found)
    assert found[0].percent > 95


def test_a_cell_shows_what_it_asks_for_unless_the_reader_is_sure_of_something_else() -> None:
    angle = sheet.Cell("angles", "profile left", "")
    assert shows(angle, Score(1, 100, {"view": "profile left"})) and shows(angle, Score(1, 100, {}))
    assert not shows(angle, Score(1, 100, {"view": "front"}))
    assert shows(sheet.Cell("outfits", "space suit of glass", ""), Score(1, 100, {"hairstyle": "afro"}))


def test_a_sheet_goes_through_the_gate_with_the_recipe_of_each_cell(
    casting: Casting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from random import Random

    from rakkan.corpus.figures.attributes import sample
    from rakkan.studio.starter.renders import render_figure

    def scored(drawings: Sequence[object], references: Sequence[object] = ()) -> list[Score]:
        return [Score(0.9, 88.8)] * len(drawings)

    monkeypatch.setattr(consistency, "scores", scored)
    kept = casting.characters.new(
        "Mika", description="A courier", tags="1girl, silver hair", palette=("#b8c0cc",), seed="7"
    )
    asked: list[Cast] = []
    done: list[tuple[int, int]] = []

    def drawing(cast: Cast) -> Picture:
        asked.append(cast)
        pixels = render_figure(sample(Random(len(asked))), len(asked), 96, 96)
        return Picture(pixels, recipe(cast.prompt, 7, width=96, height=96, settings=cast.settings))

    made = casting.sheet(
        "mika",
        drawing,
        tmp_path / "s.png",
        assemble.release(),
        progress=lambda at, of: done.append((at, of)),
    )
    assert look(made.path).state == "valid"
    assert len(made.recipe.recipes) == len(made.cells) == 15 and done[-1] == (15, 15)
    assert {one.settings["character"] for one in made.recipe.recipes} == {f"Mika 1 {kept.digest}"}
    assert "silver hair" in asked[0].prompt and {one.seed for one in asked} == {7}
    assert {"Mika", "A courier", "#B8C0CC", "front", "88 %"} <= set(made.recipe.words)


def test_a_drawing_that_is_stopped_leaves_nothing(casting: Casting, tmp_path: Path) -> None:
    casting.characters.new("Mika", tags="1girl", seed="7")
    size = casting.ledger.size()

    def drawing(cast: Cast) -> Picture:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        casting.sheet("mika", drawing, tmp_path / "s.png", assemble.release())
    assert not list(tmp_path.iterdir()) and casting.ledger.size() == size
