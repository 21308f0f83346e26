"""The four ways of drawing keep the order of shadow, colour and light."""

from __future__ import annotations

from itertools import combinations

import pytest

from rakkan.corpus.figures import attributes as space
from rakkan.corpus.figures import palette
from rakkan.corpus.figures.drawing_styles import DRAWING_STYLES, DrawingStyle
from rakkan.corpus.figures.palette import luminance, mix, rgb

COLOURS = sorted(
    {colour for table in (palette.HAIR, palette.SKIN, palette.OUTFIT) for colour in table.values()}
)
every_style = pytest.mark.parametrize("style", DRAWING_STYLES.values(), ids=lambda style: style.name)


def _apart(one: str, other: str) -> float:
    return sum((a - b) ** 2 for a, b in zip(rgb(one), rgb(other), strict=True)) ** 0.5


def test_there_is_one_for_each_name_of_the_space() -> None:
    assert tuple(DRAWING_STYLES) == space.STYLES
    assert all(name == style.name for name, style in DRAWING_STYLES.items())
    assert len({style.shading for style in DRAWING_STYLES.values()}) == len(DRAWING_STYLES)


@every_style
def test_a_shadow_is_darker_and_a_light_lighter(style: DrawingStyle) -> None:
    for name in COLOURS:
        colour = style.colour(name)
        assert luminance(style.shadow(colour)) < luminance(colour)
        assert luminance(style.light(colour)) >= luminance(colour) - 0.01  # white has nothing above it
        assert luminance(style.shadow(colour, 1.3)) < luminance(style.shadow(colour, 0.5))


@every_style
def test_without_strength_nothing_changes(style: DrawingStyle) -> None:
    for name in COLOURS:
        assert style.light(name, 0) == name
        # Saturation rises a little in any shadow; the rest is nothing at no depth.
        assert abs(luminance(style.shadow(name, 0)) - luminance(name)) < 0.02


@every_style
def test_lines_are_darker_than_what_they_surround(style: DrawingStyle) -> None:
    for name in COLOURS:
        colour = style.colour(name)
        assert luminance(style.line(colour)) < luminance(colour)


@every_style
def test_the_light_never_bleaches(style: DrawingStyle) -> None:
    for name in COLOURS:
        assert style.light(name, 100) == mix(name, "#fffaf0", 0.75)


def test_each_style_paints_in_its_own_way() -> None:
    for name in COLOURS:
        assert DRAWING_STYLES["cel"].colour(name) == name
        assert luminance(DRAWING_STYLES["pastel"].colour(name)) >= luminance(name)
    for one, other in combinations(DRAWING_STYLES.values(), 2):
        assert _apart(one.colour("#c92f35"), other.colour("#c92f35")) > 0.02


def test_ink_has_the_heaviest_and_blackest_lines() -> None:
    ink = DRAWING_STYLES["ink"]
    assert ink.line_width == max(style.line_width for style in DRAWING_STYLES.values())
    assert all(luminance(ink.line(colour)) < 0.15 for colour in COLOURS)


def test_lines_of_the_others_keep_the_hue_of_the_fill() -> None:
    for name in ("cel", "soft", "pastel"):
        red, blue = (DRAWING_STYLES[name].line(colour) for colour in ("#e03030", "#3030e0"))
        assert rgb(red)[0] > rgb(blue)[0]
        assert rgb(blue)[2] > rgb(red)[2]
