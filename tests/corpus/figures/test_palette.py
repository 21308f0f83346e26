"""Colours: the arithmetic by hand and against colorsys, and names that lie apart."""

from __future__ import annotations

import colorsys
import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.corpus.figures import attributes as space
from rakkan.corpus.figures import palette
from rakkan.corpus.figures.palette import adjust, hexadecimal, luminance, mix, rgb

colours = st.integers(0, 2**24 - 1).map(lambda number: f"#{number:06x}")
shares = st.floats(0, 1)

TABLES = {
    "hair": (palette.HAIR, space.HAIR_COLOURS),
    "eyes": (palette.EYES, space.EYE_COLOURS),
    "skin": (palette.SKIN, space.SKIN_TONES),
    "outfit": (palette.OUTFIT, space.OUTFIT_COLOURS),
    "accessory": (palette.ACCESSORY, space.ACCESSORY_COLOURS),
    "background": (palette.BACKGROUND, space.BACKGROUND_COLOURS),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_colour_of_the_space_has_a_value(name: str) -> None:
    table, names = TABLES[name]
    assert tuple(table) == names
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in table.values())


@pytest.mark.parametrize("name", TABLES)
def test_the_colours_of_a_group_lie_apart(name: str) -> None:
    table, _ = TABLES[name]
    for (one, first), (other, second) in combinations(table.items(), 2):
        distance = sum((a - b) ** 2 for a, b in zip(rgb(first), rgb(second), strict=True)) ** 0.5
        assert distance > 0.09, f"{one} and {other}"


def test_skin_darkens_from_tone_to_tone() -> None:
    tones = [luminance(colour) for colour in palette.SKIN.values()]
    assert tones == sorted(tones, reverse=True)


def test_a_colour_is_three_shares() -> None:
    assert rgb("#ff8000") == (1.0, 128 / 255, 0.0)
    assert hexadecimal((1.0, 128 / 255, 0.0)) == "#ff8000"
    assert hexadecimal((1.7, -0.2, 0.5)) == "#ff0080"


@given(colours)
def test_hexadecimal_is_the_inverse_of_rgb(colour: str) -> None:
    assert hexadecimal(rgb(colour)) == colour


def test_mixing_by_hand() -> None:
    assert mix("#000000", "#ffffff", 0.5) == "#808080"
    assert mix("#204060", "#406080", 0.25) == "#284868"


@given(colours, colours, shares)
def test_a_mixture_lies_between_and_is_the_same_from_both_ends(one: str, other: str, share: float) -> None:
    assert mix(one, other, 0.0) == one
    assert mix(one, other, 1.0) == other
    mixed = rgb(mix(one, other, share))
    for a, b, value in zip(rgb(one), rgb(other), mixed, strict=True):
        assert min(a, b) - 0.002 <= value <= max(a, b) + 0.002
    for value, back in zip(mixed, rgb(mix(other, one, 1 - share)), strict=True):
        assert value == pytest.approx(back, abs=1.01 / 255)


def test_adjusting_by_hand() -> None:
    assert adjust("#ff0000", hue=120) == "#00ff00"
    assert adjust("#ff0000", hue=-120) == "#0000ff"
    assert adjust("#ff0000", saturation=0) == "#808080"
    assert adjust("#ff0000", lightness=0.5) == "#800000"
    assert adjust("#808080", lightness=9) == "#ffffff"
    assert adjust("#804040", saturation=9) == "#c00000"  # saturation 1, the same lightness


@given(colours, st.floats(-180, 180), st.floats(0.2, 1.5), st.floats(0.2, 1.5))
def test_an_adjusted_colour_has_the_hue_and_lightness_asked_for(
    colour: str, hue: float, saturation: float, lightness: float
) -> None:
    assert adjust(colour) == colour
    _, level, _ = colorsys.rgb_to_hls(*rgb(colour))
    _, found, _ = colorsys.rgb_to_hls(
        *rgb(adjust(colour, hue=hue, saturation=saturation, lightness=lightness))
    )
    assert found == pytest.approx(min(level * lightness, 1), abs=1.5 / 255)


def test_luminance_weighs_the_channels() -> None:
    assert luminance("#000000") == 0
    assert luminance("#ffffff") == pytest.approx(1)
    weights = [luminance(colour) for colour in ("#ff0000", "#00ff00", "#0000ff")]
    assert weights == pytest.approx([0.2126, 0.7152, 0.0722])
