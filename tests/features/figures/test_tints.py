"""Colours of parts: counted by hand, and told better than by the network alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rakkan.corpus.figures import render
from rakkan.corpus.figures.attributes import Attributes
from rakkan.errors import RakkanError
from rakkan.features.figures import reading, tints

MAPS = ("background", "skin", "face", "hair", "eyes", "mouth", "outfit", "accessories")


def maps(**there: float) -> dict[str, np.ndarray]:
    return {name: np.full((2, 2), there.get(name, 0.0), np.float32) for name in MAPS}


def test_colours_are_counted_by_the_share_they_have_of_a_part() -> None:
    picture = np.zeros((3, 4, 4), np.float32)
    picture[0, :, :2] = 1.0  # the left half pure red, the right black
    numbers = tints.counted(picture, maps(hair=1.0))["hair_colour"]
    # OKLab of sRGB red is L 0.628, chroma 0.258, hue 29.2 degrees: the fourth of six lightnesses, the
    # second of eighteen hues, vivid; black is the first lightness without hue. Each has 8 of 16 pixels,
    # and 4 are added for doubt.
    vivid_red, black = 3 * 37 + 1 + 1 + 18, 0
    assert set(np.flatnonzero(numbers[: tints.BINS])) == {vivid_red, black}
    assert numbers[vivid_red] == numbers[black] == pytest.approx(np.sqrt(8 / 20))
    assert numbers[-1] == pytest.approx(np.log(1 + 1e-4))


def test_what_is_hardly_the_part_hardly_counts() -> None:
    picture = np.ones((3, 4, 4), np.float32)
    likely = maps(eyes=1.0)
    likely["eyes"][0] = 0.5  # an eighth of what is sure
    numbers = tints.counted(picture, likely)["eye_colour"]
    assert numbers[-1] == pytest.approx(np.log((8 + 8 / 8) / 16 + 1e-4))
    assert tints.counted(picture, likely)["skin"][: tints.BINS].sum() == 0


def test_the_skin_is_that_of_the_face_too() -> None:
    numbers = tints.counted(np.zeros((3, 4, 4), np.float32), maps(skin=0.4, face=0.6))
    assert numbers["skin"][-1] == pytest.approx(np.log(1 + 1e-4))


@pytest.mark.parametrize("slot", ["eye_colour", "skin", "hair_colour"])
def test_colours_of_renders_are_told(slot: str) -> None:
    """Renders that nothing has learnt from; the network alone tells the colour of one eye in four."""
    from random import Random

    from rakkan.studio.starter.renders import SCOPES

    chance, right = Random(f"tints {slot}"), 0
    for number in range(12):
        figure = SCOPES["busts"].sample(chance, expression="neutral", view="front", style="cel")
        found = reading.read(render(figure, 50_000_000 + number)).slots[slot][0]
        right += found == getattr(figure, slot)
    assert right >= 9


def test_other_slots_are_left_as_they_are() -> None:
    known = reading.meanings()
    answers = {slot: np.full(len(values) + 1, 0.1, np.float32) for slot, values in known.slots.items()}
    numbers = tints.counted(np.zeros((3, 4, 4), np.float32), maps(hair=1.0))
    found = tints.answered(numbers, answers)
    assert {slot for slot in found if found[slot] is not answers[slot]} == set(tints.PARTS)
    assert all(found[slot].sum() == pytest.approx(1, abs=1e-5) for slot in tints.PARTS)


@pytest.mark.parametrize("way", ["missing", "changed"])
def test_other_layers_than_those_that_shipped_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str
) -> None:
    file = tmp_path / "tints.safetensors"
    if way == "changed":
        file.write_bytes(b"\1" + tints._WEIGHTS.read_bytes()[1:])
    monkeypatch.setattr(tints, "_WEIGHTS", file)
    tints.layers.cache_clear()
    try:
        with pytest.raises(RakkanError, match=r"tints\.safetensors"):
            reading.read(render(Attributes(), 1))
    finally:
        tints.layers.cache_clear()
