"""What a reference answers, what the prompt answers, and how a reference is framed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rakkan.errors import RakkanError
from rakkan.features.figures import reading as reader
from rakkan.features.figures.framing import Box
from rakkan.studio.references import LetIn
from rakkan.studio.starter.completion import complete
from rakkan.studio.starter.guiding import check_kind, framed_as_taught, guide
from rakkan.studio.starter.pairs import shared_slots
from rakkan.studio.starter.vocabulary import SLOT_VALUES

PIXELS = np.zeros((256, 256, 3), np.uint8)
PICTURE = LetIn("ab" * 32, "image/png", b"file", PIXELS)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A reading that the test fills in."""
    reading = SimpleNamespace(
        slots={slot: (values[0], 0.05) for slot, values in SLOT_VALUES.items()},
        bust=Box(0, 0, 256, 256),
        parts={},
    )
    monkeypatch.setattr(reader, "read", lambda pixels: reading)
    return reading


def test_the_prompt_wins_over_what_was_read(seen: Any) -> None:
    seen.slots |= {"hair_colour": ("silver", 0.9), "eye_colour": ("red", 0.9), "outfit": ("suit", 0.9)}
    seen.slots |= {"accessory face": ("none", 0.89), "skin": ("tan", 0.49)}
    found = guide(PICTURE, "a.png", "identity", 1.0)
    assert found.read == {"hair_colour": "silver", "eye_colour": "red"}  # an outfit is nobody
    seen.slots["accessory face"] = ("none", 0.9)
    assert guide(PICTURE, "a.png", "identity", 1.0).read == {**found.read, "accessory face": "none"}
    asked = found.asked({"hair_colour": "blue", "pose": "waving"})
    assert asked == {"hair_colour": "blue", "eye_colour": "red", "pose": "waving"}


@pytest.mark.parametrize("kind", ["identity", "style", "palette"])
def test_what_only_chance_would_say_is_left_to_the_reference(seen: Any, kind: str) -> None:
    found = guide(PICTURE, "a.png", kind, 1.0)
    asked = found.asked({"expression": "smile", "hair_colour": "blue", "style": "ink"})
    told = found.left_open(complete(asked, 3), asked)
    assert {slot: told[slot] for slot in asked} == asked
    assert not (told.keys() - asked.keys()) & set(shared_slots(kind))
    assert told.keys() | set(shared_slots(kind)) >= complete(asked, 3).keys()


def test_weights_that_cannot_look_are_told_in_words(seen: Any) -> None:
    with pytest.raises(RakkanError, match=r"Nothing about the identity in a\.png is sure"):
        guide(PICTURE, "a.png", "identity", 1.0, looks=False)
    seen.slots["hair_colour"] = ("silver", 0.9)
    found = guide(PICTURE, "a.png", "identity", 0.5, looks=False)
    assert found.reference is None and found.use == "identity 0.5, in words"
    asked = found.asked({"expression": "smile"})
    assert found.left_open(complete(asked, 3), asked) == complete(asked, 3)


def test_a_picture_without_a_face_gives_a_style_and_nothing_else(seen: Any) -> None:
    seen.bust = None
    for kind in ("identity", "palette"):
        with pytest.raises(RakkanError, match=r"No face is seen in a\.png"):
            guide(PICTURE, "a.png", kind, 1.0)
    found = guide(PICTURE, "a.png", "style", 1.0)
    assert found.reference is not None and found.reference.role == "style"
    assert found.use == "style 1"


@pytest.mark.parametrize(
    ("kind", "strength", "message"),
    [
        ("looks", 1.0, "no reference kind 'looks'"),
        ("identity", 0.0, "strength 0 is out of range"),
        ("identity", 2.1, "strength 2.1 is out of range"),
        ("identity", float("nan"), "strength nan is out of range"),
    ],
)
def test_kinds_and_strengths_that_are_none_are_refused(kind: str, strength: float, message: str) -> None:
    with pytest.raises(RakkanError, match=message):
        check_kind(kind, strength)


def test_a_reference_is_framed_around_the_bust_and_past_the_edge_goes_on() -> None:
    pixels = np.zeros((300, 500, 3), np.uint8)
    pixels[:, 250:] = 255
    framed = framed_as_taught(pixels, Box(186, -64, 128, 128))
    assert framed.shape == (256, 256, 3) and framed.dtype == np.uint8
    assert framed[:, :110].max() < 30 and framed[:, 146:].min() > 225
    pixels[0] = 90
    framed = framed_as_taught(pixels, Box(186, -64, 128, 128))
    assert (framed[:100] == 90).all()


@pytest.mark.parametrize("size", [(1, 1), (40, 400), (400, 40), (3000, 2000)])
def test_without_a_bust_the_middle_is_taken(size: tuple[int, int]) -> None:
    pixels = np.full((*size, 3), 7, np.uint8)
    assert (framed_as_taught(pixels, None) == 7).all()
