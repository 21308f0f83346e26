"""Pairs of values are covered, and a fault in a drawing is found."""

from itertools import combinations, islice

import pytest

from rakkan.corpus.figures import survey
from rakkan.corpus.figures.attributes import GROUPS, Attributes, consistent
from rakkan.corpus.figures.scene import Scene
from rakkan.corpus.figures.survey import Fault, covering_figures, faults, pace, scan, values_of


def test_every_pair_that_can_be_drawn_is_covered() -> None:
    covered = {pair for figure in covering_figures() for pair in combinations(values_of(figure), 2)}
    for first, second in (("hairstyle", "fringe"), ("outfit", "outfit_colour"), ("view", "expression")):
        for one in GROUPS[first]:
            for other in GROUPS[second]:
                figure = consistent(Attributes(**{first: one, second: other}))  # type: ignore[arg-type]
                if getattr(figure, first) == one and getattr(figure, second) == other:
                    assert ((first, one), (second, other)) in covered


def test_figures_of_the_survey_are_without_fault() -> None:
    for number, figure in enumerate(islice(covering_figures(), 0, None, 15)):
        assert faults(figure, number) == []


def test_a_cut_head_and_an_uncovered_place_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = survey.compose

    def spoilt(attributes: Attributes, seed: int) -> Scene:
        scene = whole(attributes, seed)
        left, top, width, height = scene.frame
        scene.frame = (left, top + 40, width, height)
        return scene

    monkeypatch.setattr(survey, "compose", spoilt)
    kinds = {fault.kind for fault in faults(Attributes(hairstyle="spiky hair"), 1)}
    assert "cut off at the top" in kinds and "uncovered" in kinds


def test_a_hole_in_the_head_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = survey.compose

    def holed(attributes: Attributes, seed: int) -> Scene:
        scene = whole(attributes, seed)
        scene.canvas.shape("foreground", "M-12-12H12V12H-12Z", "#ffffff", region="background")
        return scene

    monkeypatch.setattr(survey, "compose", holed)
    assert "background through the head" in {fault.kind for fault in faults(Attributes(), 1)}


def test_a_scan_counts_figures_pairs_and_faulty_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(attributes: Attributes, seed: int) -> list[Fault]:
        kinds = {11: ["uncovered", "cut off at the top"], 12: ["uncovered"]}.get(seed, [])
        return [Fault(attributes, seed, kind, 9) for kind in kinds]

    monkeypatch.setattr(survey, "faults", found)
    result = scan([Attributes(), Attributes(skin="tan"), Attributes()], seed=10)
    assert (result.figures, result.faulty) == (3, 2)
    assert [fault.seed for fault in result.faults] == [11, 11, 12]
    groups = len(values_of(Attributes()))
    # The second figure shows new pairs of its skin with each other group, the third none.
    assert result.pairs == groups * (groups - 1) / 2 + (groups - 1)


def test_the_pace_is_that_of_the_pictures_drawn() -> None:
    result = pace(4)
    assert result.pictures == 4
    assert 0 < result.processor_seconds <= result.seconds * 1.05
