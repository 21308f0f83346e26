"""Pairs of values are covered, and a fault in a drawing is found."""

from itertools import combinations, islice

import pytest

from rakkan.corpus.figures import survey
from rakkan.corpus.figures.attributes import GROUPS, Attributes, consistent
from rakkan.corpus.figures.scene import Scene
from rakkan.corpus.figures.survey import covering_figures, faults, values_of


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
