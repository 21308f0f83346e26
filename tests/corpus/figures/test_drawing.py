"""Whole figures: the same everywhere, labelled pixel by pixel, and frozen with their version."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.corpus import figures
from rakkan.corpus.figures.attributes import FRAMINGS, Attributes, sample
from rakkan.corpus.figures.canvas import REGIONS
from rakkan.corpus.figures.drawing import (
    NATIVE_SIZES,
    RENDERER_VERSION,
    compose,
    draw,
    label_map,
    render,
)
from rakkan.corpus.figures.palette import rgb

DIGEST = """
import hashlib
from random import Random
from rakkan.corpus.figures import draw, label_map
from rakkan.corpus.figures.attributes import sample
whole = hashlib.sha256()
for seed in {seeds}:
    attributes = sample(Random(seed))
    whole.update(draw(attributes, seed).encode())
    whole.update(label_map(attributes, seed).tobytes())
print(whole.hexdigest())
"""

#: Mean colours of the four quarters (rows first) of figures drawn by version 1.
VERSION_1: dict[int, list[list[int]]] = {
    0: [[186, 185, 187], [214, 173, 136], [198, 187, 174], [182, 162, 132]],
    1: [[189, 115, 151], [185, 113, 151], [178, 139, 142], [178, 131, 130]],
    2: [[239, 225, 186], [243, 229, 184], [235, 230, 214], [236, 231, 214]],
    3: [[200, 213, 218], [208, 221, 226], [190, 178, 203], [194, 186, 213]],
    4: [[197, 193, 194], [220, 210, 201], [198, 195, 202], [178, 183, 188]],
    5: [[74, 78, 119], [92, 96, 130], [96, 95, 143], [97, 97, 144]],
}


def digest(environment: dict[str, str], hash_seed: str, seeds: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", DIGEST.format(seeds=seeds)],
        env={**environment, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_every_process_draws_the_same(environment: dict[str, str]) -> None:
    first = digest(environment, "1", "range(12)")
    assert first == digest(environment, "2", "range(12)")
    assert first != digest(environment, "2", "range(1, 13)")


def test_what_was_drawn_before_does_not_matter() -> None:
    attributes = sample(Random(5))
    first = draw(attributes, 9)
    for seed in range(6):
        draw(sample(Random(seed)), seed)
    assert draw(attributes, 9) == first


@settings(max_examples=15)
@given(st.integers(0, 2**32))
def test_another_seed_draws_the_same_figure_otherwise(seed: int) -> None:
    attributes = sample(Random(seed))
    assert draw(attributes, seed) != draw(attributes, seed + 1)


@pytest.mark.parametrize("framing", FRAMINGS)
def test_pictures_and_label_maps_have_one_shape(framing: str) -> None:
    attributes = sample(Random(framing), framing=framing)
    width, height = NATIVE_SIZES[framing]
    picture, labels = render(attributes, 3), label_map(attributes, 3)
    assert picture.shape == (height, width, 3)
    assert labels.shape == (height, width)
    assert picture.dtype == labels.dtype == np.uint8
    assert render(attributes, 3, scale=0.5).shape == (height // 2, width // 2, 3)


def test_native_sizes_are_square_and_two_to_three() -> None:
    assert set(NATIVE_SIZES) == set(FRAMINGS)
    assert {width / height for width, height in NATIVE_SIZES.values()} == {1.0, 2 / 3}


def test_a_larger_picture_is_the_same_picture() -> None:
    attributes = sample(Random(2), framing="bust")
    small, large = render(attributes, 4).astype(float), render(attributes, 4, scale=2).astype(float)
    averaged = large.reshape(256, 2, 256, 2, 3).mean(axis=(1, 3))
    assert np.abs(averaged - small).mean() < 2


def test_every_region_appears_and_nothing_is_left_open() -> None:
    seen: set[str] = set()
    for seed in range(30):
        attributes = sample(Random(f"regions {seed}"), framing="bust")
        seen |= {REGIONS[index] for index in np.unique(label_map(attributes, seed)).tolist()}
    assert seen == set(REGIONS) - {"none", "line"}


def test_labels_say_where_the_colours_are() -> None:
    attributes = Attributes(
        framing="bust", hair_colour="blue", hair_accent="blue", skin="fair", background="plain background"
    )
    scene, picture, labels = compose(attributes, 1), render(attributes, 1) / 255, label_map(attributes, 1)
    for region, colour in (("hair", scene.hair), ("skin", scene.skin), ("outfit", scene.outfit)):
        shown = np.median(picture[labels == REGIONS.index(region)], axis=0)
        assert np.abs(shown - rgb(colour)).max() < 0.2, region


def test_a_change_of_one_attribute_stays_where_it_belongs() -> None:
    attributes = Attributes(framing="bust", view="front", expression="neutral")
    labels = label_map(attributes, 8)
    changed = np.abs(
        render(replace(attributes, outfit_colour="green"), 8).astype(int) - render(attributes, 8)
    ).max(axis=-1)
    elsewhere = np.isin(labels, [REGIONS.index(name) for name in ("background", "iris", "mouth", "brow")])
    assert (changed[elsewhere] > 8).mean() < 0.01
    assert (changed[labels == REGIONS.index("outfit")] > 8).mean() > 0.9


def _quarters(seed: int) -> list[list[int]]:
    picture = render(sample(Random(f"frozen {seed}")), seed)
    height, width = picture.shape[:2]
    cells = picture.reshape(2, height // 2, 2, width // 2, 3).mean(axis=(1, 3)).reshape(4, 3)
    return [[round(value) for value in cell] for cell in cells.tolist()]


@pytest.mark.parametrize("seed", VERSION_1)
def test_a_version_draws_what_it_drew(seed: int) -> None:
    """When this fails the drawings have changed: raise RENDERER_VERSION and write down the new colours."""
    assert RENDERER_VERSION == 1
    np.testing.assert_allclose(_quarters(seed), VERSION_1[seed], atol=2)


def test_the_packages_names_load_when_they_are_used() -> None:
    assert figures.draw is draw
    assert figures.render is render
    with pytest.raises(AttributeError, match="no attribute 'paint'"):
        _ = figures.paint
