"""The instrument that reads colours from pixels, tried on the renderer's own drawings."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from rakkan.corpus.figures.attributes import GROUPS, Attributes
from rakkan.corpus.figures.drawing import render
from rakkan.studio.starter.evaluation.colours import (
    COLOUR_REGIONS,
    Reference,
    find_reference,
    measurable,
    read_colour,
)
from rakkan.studio.starter.evaluation.trials import chance_trials

SAMPLE = 10


def repainted(attributes: Attributes, slot: str, colour: str) -> Attributes:
    return replace(attributes, **cast(dict[str, Any], {slot: colour}))


@pytest.fixture(scope="module")
def pictures() -> list[tuple[Attributes, NDArray[np.uint8], Reference]]:
    """Random figures drawn by the renderer with seeds of their own."""
    attributes = [trial.attributes for trial in chance_trials(28, 21)]
    # Chance has scenes in most; every other figure gets a background with a colour.
    backgrounds = itertools.cycle(("plain background", "gradient background"))
    attributes[::2] = [replace(one, background=next(backgrounds)) for one in attributes[::2]]
    drawn = [render(one, 5000 + number) for number, one in enumerate(attributes)]
    return [
        (one, picture, find_reference(one, picture)) for one, picture in zip(attributes, drawn, strict=True)
    ]


@pytest.mark.parametrize("slot", COLOUR_REGIONS)
def test_the_colours_of_renders_are_read(
    slot: str, pictures: list[tuple[Attributes, NDArray[np.uint8], Reference]]
) -> None:
    cases = [case for case in pictures if measurable(slot, case[0])][:SAMPLE]
    right = sum(read_colour(slot, one, picture, known) == getattr(one, slot) for one, picture, known in cases)
    assert len(cases) == SAMPLE
    assert right >= 0.9 * len(cases), f"{right} of {len(cases)}"


@pytest.mark.parametrize("slot", COLOUR_REGIONS)
def test_a_picture_in_a_wrong_colour_is_read_as_wrong(
    slot: str, pictures: list[tuple[Attributes, NDArray[np.uint8], Reference]]
) -> None:
    """The picture shows another colour than the prompt asked for."""
    for number, (asked, _, _) in enumerate([case for case in pictures if measurable(slot, case[0])][:2]):
        colours, right = GROUPS[slot], getattr(asked, slot)
        wrong = colours[(colours.index(right) + len(colours) // 2) % len(colours)]
        picture = render(repainted(asked, slot, wrong), 6000 + number)
        assert read_colour(slot, asked, picture) != right


def test_hair_repainted_blue_is_read_as_blue() -> None:
    asked = Attributes(hairstyle="long straight hair", hair_colour="red")
    picture = render(replace(asked, hair_colour="blue"), 9)
    assert read_colour("hair_colour", asked, picture) == "blue"
    assert read_colour("outfit_colour", asked, picture) == asked.outfit_colour


def test_irises_are_found_where_they_were_not_expected() -> None:
    asked = Attributes(eye_colour="green")
    picture = np.roll(render(asked, 9), (5, -4), (0, 1))
    assert read_colour("eye_colour", asked, picture) == "green"


def test_the_reference_is_the_drawing_most_like_the_picture() -> None:
    asked = Attributes(view="head tilt", hair_colour="blue")
    assert find_reference(asked, render(asked, 404)) == Reference(404, 0, 0)
    other = np.roll(render(replace(asked, hair_colour="red"), 404), (4, -8), (0, 1))
    assert find_reference(asked, other) == Reference(404, 4, -8)


def test_what_has_no_area_of_its_own_is_not_measured() -> None:
    plain = Attributes(background="plain background")
    assert all(measurable(slot, plain) for slot in COLOUR_REGIONS)
    assert not measurable("hair_colour", replace(plain, hair_tone="streaks", hair_accent="blue"))
    assert not measurable("eye_colour", replace(plain, expression="closed eyes"))
    assert not measurable("eye_colour", replace(plain, accessories=("sunglasses",)))
    assert not measurable("eye_colour", replace(plain, framing="full body"))
    assert not measurable("eye_colour", replace(plain, view="profile left"))
    assert not measurable("outfit_colour", replace(plain, outfit_pattern="striped"))
    assert not measurable("background_colour", replace(plain, background="beach"))


def test_a_region_of_too_few_pixels_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    from rakkan.studio.starter.evaluation import colours

    nothing = np.zeros((256, 256), np.uint8)
    monkeypatch.setattr(colours, "label_map", lambda attributes, seed: nothing)
    assert read_colour("hair_colour", Attributes(), render(Attributes(), 1)) is None
    assert read_colour("eye_colour", Attributes(), render(Attributes(), 1)) is None
