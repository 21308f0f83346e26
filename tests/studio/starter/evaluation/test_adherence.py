"""Shares by hand: a stand-in for the classifier whose readings are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rakkan.corpus.figures.attributes import Attributes
from rakkan.corpus.figures.drawing import render
from rakkan.studio.starter.evaluation import adherence as module
from rakkan.studio.starter.evaluation.adherence import (
    adherence,
    best_estimate,
    colours_by_pixels,
    held_out_adherence,
    mean_adherence,
    own_error,
    read_values,
    worst_slot,
)
from rakkan.studio.starter.evaluation.classifier import AttributeClassifier
from rakkan.studio.starter.evaluation.statistics import wilson
from rakkan.studio.starter.evaluation.trials import Trial, held_out_trials
from rakkan.studio.starter.vocabulary import SLOT_VALUES, SLOTS

Read = Callable[[list[dict[str, str]]], None]
NETWORK: Any = None


def trial(**attributes: Any) -> Trial:
    return Trial(replace(Attributes(), **attributes), "", 0)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Read:
    """Let the classifier see what is told, and the first value of every slot that is not."""

    def set_to(seen: list[dict[str, str]]) -> None:
        values = np.zeros((len(seen), len(SLOTS)), np.int64)
        for row, told in enumerate(seen):
            for slot, value in told.items():
                values[row, SLOTS.index(slot)] = SLOT_VALUES[slot].index(value)

        def read(network: object, pictures: object) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            return values, np.zeros((len(seen), 512), np.float32)

        monkeypatch.setattr(module, "read_values", read)

    return set_to


def exact(slots: tuple[str, ...] = SLOTS) -> dict[str, dict[str, float]]:
    return {slot: {"n": 100, "sensitivity": 1.0, "specificity": 1.0} for slot in slots}


def test_known_hits_give_the_known_share(reads: Read) -> None:
    trials = [trial(hair_colour=colour) for colour in ("red", "red", "blue", "green")]
    reads([{"hair_colour": colour} for colour in ("red", "black", "blue", "green")])
    row = adherence(NETWORK, trials, [], exact())["hair_colour"]
    assert (row["n"], row["share"], row["corrected"]) == (4, 0.75, 0.75)
    assert row["interval"] == list(wilson(3, 4))


def test_the_share_is_corrected_by_the_instruments_error(reads: Read) -> None:
    trials = [trial(hair_colour="red")] * 10
    reads([{"hair_colour": "red"}] * 6 + [{"hair_colour": "blue"}] * 4)
    error = {**exact(), "hair_colour": {"n": 50, "sensitivity": 0.8, "specificity": 0.9}}
    row = adherence(NETWORK, trials, [], error)["hair_colour"]
    assert row["corrected"] == pytest.approx((0.6 + 0.9 - 1) / (0.8 + 0.9 - 1))


def test_only_what_is_asked_for_counts(reads: Read) -> None:
    trials = [
        trial(expression="closed eyes"),
        trial(accessories=("glasses",)),
        trial(accessories=("round glasses",)),
    ]
    reads([{}, {"accessory face": "glasses"}, {"accessory face": "glasses"}])
    table = adherence(NETWORK, trials, [], exact())
    assert table["eye_colour"]["n"] == 2  # closed eyes have none
    assert (table["accessory face"]["n"], table["accessory face"]["share"]) == (2, 0.5)
    assert "accessory ears" not in table and "hair_accent" not in table


def test_the_mean_and_the_worst_are_over_the_slots() -> None:
    table = {
        "a": {"share": 0.5, "corrected": 0.9},
        "b": {"share": 0.4, "corrected": None},
        "c": {"share": 0.9, "corrected": 0.8},
    }
    assert best_estimate(table["b"]) == 0.4
    assert mean_adherence(table) == pytest.approx((0.9 + 0.4 + 0.8) / 3)
    assert worst_slot(table) == "b"


def test_the_classifiers_error_by_hand(reads: Read) -> None:
    true = ["red", "red", "red", "red", "blue", "blue"]
    seen = ["red", "red", "red", "blue", "red", "blue"]
    reads([{"hair_colour": colour} for colour in seen])
    row = own_error(NETWORK, [trial(hair_colour=colour) for colour in true], [])["hair_colour"]
    assert row["n"] == 6 and row["sensitivity"] == pytest.approx(4 / 6)
    # Red (asked for four times) is seen on one of two that are not red, blue (twice) on one of four.
    assert row["specificity"] == pytest.approx(1 - (4 * (1 / 2) + 2 * (1 / 4)) / 6)


def test_an_accessory_seen_on_a_bare_place_is_a_false_positive(reads: Read) -> None:
    """A classifier that sees earrings everywhere is always right where they are asked for, and no use."""
    trials = [trial(accessories=("earrings",))] * 2 + [trial()] * 8
    reads([{"accessory ears": "earrings"}] * 10)
    row = own_error(NETWORK, trials, [])["accessory ears"]
    assert (row["n"], row["sensitivity"], row["specificity"]) == (2, 1.0, 0.0)
    reads([{"accessory ears": "earrings"}] * 2)
    found = adherence(NETWORK, trials[:2], [], {**exact(), "accessory ears": row})["accessory ears"]
    assert (found["share"], found["corrected"]) == (1.0, None)


def test_a_slot_that_was_never_shown_cannot_be_measured(reads: Read) -> None:
    reads([{}])
    assert own_error(NETWORK, [trial()], [])["hair_accent"] == {
        "n": 0,
        "sensitivity": 0.0,
        "specificity": 0.0,
    }


def test_held_out_pairs_are_counted_apart(reads: Read) -> None:
    trials = held_out_trials(4, 2)
    truth = [dict(one.asked) for one in trials]
    reads([{**told, "outfit": "hoodie"} for told in truth])
    # Renders and pictures are read alike here, so the instrument is as wrong as the model.
    table = held_out_adherence(NETWORK, trials, [], [])
    assert list(table) == ["hairstyle with hair_colour", "outfit with outfit_colour"]
    hair, outfits = table.values()
    assert set(hair) == {"hairstyle", "hair_colour"} and set(outfits) == {"outfit", "outfit_colour"}
    assert hair["hairstyle"]["share"] == hair["hairstyle"]["on_renders"] == 1.0
    hoodies = sum(one.attributes.outfit == "hoodie" for one in trials[4:])
    assert outfits["outfit"]["share"] == outfits["outfit"]["on_renders"] == hoodies / 4
    assert outfits["outfit"]["n"] == 4


def test_pictures_of_two_sizes_are_read_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def predict(
        network: AttributeClassifier, pixels: NDArray[np.uint8]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        marks = pixels[:, 0, 0, 0].astype(np.int64)
        return marks[:, None].repeat(len(SLOTS), 1), marks[:, None].repeat(512, 1).astype(np.float32)

    monkeypatch.setattr(module.classifier, "predict", predict)
    sizes = [(8, 8), (8, 12), (8, 8), (8, 12), (8, 8)]
    pictures = [np.full((*size, 3), mark, np.uint8) for mark, size in enumerate(sizes)]
    values, features = read_values(NETWORK, pictures)
    assert values[:, 3].tolist() == features[:, 7].tolist() == [0, 1, 2, 3, 4]


def test_colours_are_counted_on_pictures_and_on_renders(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that paints all hair blue, read by an instrument that sees the truth."""
    monkeypatch.setattr(module.colours, "COLOUR_REGIONS", {"hair_colour": "hair"})
    looked_for: list[int] = []
    monkeypatch.setattr(
        module.colours,
        "find_reference",
        lambda attributes, picture: looked_for.append(1) or module.colours.Reference(1, 0, 0),
    )
    monkeypatch.setattr(
        module.colours, "read_colour", lambda slot, attributes, picture, known: picture.tobytes().decode()
    )

    def picture(colour: str) -> NDArray[np.uint8]:
        return np.frombuffer(colour.encode(), np.uint8)

    asked = ["blue", "red", "blue", "green", "blue"]
    trials = [trial(hair_colour=colour) for colour in asked]
    streaked = trial(hair_colour="red", hair_tone="streaks", hair_accent="pink")
    table = colours_by_pixels(
        [streaked, *trials],
        [picture("red"), *[picture("blue")] * 5],
        trials,
        [picture(colour) for colour in asked],
        4,
        lambda line: None,
    )
    assert table == {
        "hair_colour": {
            "n": 4,
            "share": 0.5,
            "interval": list(wilson(2, 4)),
            "on_renders": 1.0,
            "renders": 4,
        }
    }
    assert len(looked_for) == 10, "once a picture, whatever is read off it"


def test_colours_of_renders_and_of_renders_of_others() -> None:
    """The same with nothing replaced: perfect pictures, and one painted against the prompt."""
    asked = trial(background="plain background", hair_colour="red", outfit_colour="blue")
    good = render(asked.attributes, 3)
    bad = render(replace(asked.attributes, hair_colour="blue", outfit_colour="yellow"), 4)
    table = colours_by_pixels([asked, asked], [good, bad], [asked], [good], 2, lambda line: None)
    shares = {slot: row["share"] for slot, row in table.items()}
    assert shares["hair_colour"] == shares["outfit_colour"] == 0.5
    assert shares["skin"] == shares["background_colour"] == 1.0
