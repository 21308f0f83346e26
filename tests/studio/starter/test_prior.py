"""Characters that nobody asked for: by a temperature, in words that are read back, the same for a seed."""

from __future__ import annotations

from collections import Counter

import pytest

from rakkan.corpus.figures.attributes import GROUPS
from rakkan.corpus.figures.captions import slots
from rakkan.errors import RakkanError
from rakkan.studio.starter.completion import MODEST
from rakkan.studio.starter.lexicon import read
from rakkan.studio.starter.prior import common, imagined, inverse_temperature, tempered, words_of


@pytest.mark.parametrize("creativity", [0.0, 0.5, 1.0])
def test_its_words_are_read_back_to_the_same_figure(creativity: float) -> None:
    for seed in range(60):
        figure = imagined(seed, creativity)
        reading = read(words_of(figure))
        assert reading.condition == slots(figure)
        assert not reading.unknown and not reading.notes


def test_temperatures_are_what_they_say() -> None:
    odds = {"a": 0.64, "b": 0.32, "c": 0.04}
    assert [inverse_temperature(one) for one in (0, 0.5, 1)] == [2, 1, 0]
    assert tempered(odds, 1) == pytest.approx(odds)
    assert tempered(odds, 0) == pytest.approx(dict.fromkeys(odds, 1 / 3))
    total = 0.64**2 + 0.32**2 + 0.04**2
    assert tempered(odds, 2)["a"] == pytest.approx(0.64**2 / total)
    for group in GROUPS:
        assert sum(common(group).values()) == pytest.approx(1)


def test_the_more_creative_the_rarer() -> None:
    def rare(creativity: float) -> float:
        figures = [imagined(seed, creativity) for seed in range(150)]
        views = Counter(one.view in MODEST["view"] for one in figures)
        worn = sum(len(one.accessories) for one in figures)
        return views[False] + worn

    amounts = [rare(one) for one in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert amounts == sorted(amounts)
    assert amounts[0] < 60 < 500 < amounts[-1]


def test_a_seed_imagines_the_same_again() -> None:
    assert imagined(7, 0.4) == imagined(7, 0.4)
    assert len({imagined(seed, 0.4) for seed in range(50)}) == 50


@pytest.mark.parametrize("creativity", [-0.1, 1.1, float("nan")])
def test_a_creativity_out_of_range_is_refused(creativity: float) -> None:
    with pytest.raises(RakkanError, match="out of range"):
        imagined(1, creativity)
