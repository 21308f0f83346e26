"""References measured by hand: characters, near-twins, galleries, and arms whose answer is known."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.studio.starter.evaluation.figures import made_up, made_up_references
from tests.test_docs import unfounded

from rakkan import assemble
from rakkan.corpus.figures.attributes import consistent
from rakkan.corpus.figures.drawing import render
from rakkan.studio.engines.engine import Reference
from rakkan.studio.starter.evaluation import adherence, identities, references, report
from rakkan.studio.starter.evaluation.identities import (
    IDENTITY,
    IdentityTrial,
    identity_trials,
    is_copied,
    near_twin,
    ranks,
    told_from_twin,
    told_from_twin_by_pixels,
)
from rakkan.studio.starter.evaluation.references import ARMS, ReferencePlan, measure
from rakkan.studio.starter.lexicon import read
from rakkan.studio.starter.renders import SCOPES
from rakkan.studio.starter.vocabulary import SLOT_VALUES, SLOTS, condition_of

BUSTS = SCOPES["busts"]


@pytest.fixture(scope="module")
def trials() -> list[IdentityTrial]:
    return identity_trials(12, 3, BUSTS)


def likely_of(conditions: list[dict[str, str]]) -> list[NDArray[np.float64]]:
    """What a classifier that cannot err would say: 0 for what is there, -9 for all else."""
    made = []
    for slot in SLOTS:
        scores = np.full((len(conditions), len(SLOT_VALUES[slot])), -9.0)
        for row, condition in enumerate(conditions):
            if slot in condition:
                scores[row, SLOT_VALUES[slot].index(condition[slot])] = 0.0
        made.append(scores)
    return made


def test_a_prompt_says_nothing_of_who_it_is(trials: list[IdentityTrial]) -> None:
    for trial in trials:
        condition = read(trial.prompt).condition
        assert condition.items() >= trial.asked.items()
        assert not condition.keys() & set(IDENTITY)
        for name in ("hair_colour", "hairstyle", "eye_colour", "skin", "presentation"):
            assert getattr(trial.target, name) == getattr(trial.other, name)
    assert sum(trial.target.outfit != trial.other.outfit for trial in trials) > 6


def test_a_near_twin_differs_in_one_thing_that_can_be_seen() -> None:
    for seed in range(40):
        figure = consistent(BUSTS.sample(Random(seed)))
        own, twin = condition_of(figure), condition_of(near_twin(figure, Random(seed)))
        differing = {slot for slot in {*own, *twin} if own.get(slot) != twin.get(slot)}
        assert len(differing - {"accessory_colour"}) == 1 and differing <= set(IDENTITY)


def test_the_right_answer_has_rank_one_and_a_wrong_one_not(trials: list[IdentityTrial]) -> None:
    right = likely_of([condition_of(trial.target) for trial in trials])
    assert ranks(right, trials, trials) == [1] * len(trials)
    others = [*trials[1:], trials[0]]
    wrong = likely_of([condition_of(trial.target) for trial in others])
    assert min(ranks(wrong, trials, trials)) > 1
    blank = [np.zeros_like(scores) for scores in right]
    assert ranks(blank, trials, trials) == [len(trials)] * len(trials)  # ties count against it


def test_a_twin_is_told_by_the_one_thing(trials: list[IdentityTrial]) -> None:
    assert all(told_from_twin(likely_of([condition_of(trial.target) for trial in trials]), trials))
    assert not any(told_from_twin(likely_of([condition_of(trial.twin) for trial in trials]), trials))


def test_pixels_tell_twins_and_copies(trials: list[IdentityTrial]) -> None:
    own = [told_from_twin_by_pixels(trial, render(trial.target, 9)) for trial in trials]
    other = [told_from_twin_by_pixels(trial, render(trial.twin, 9)) for trial in trials]
    assert sum(own) >= 11 and sum(other) <= 1
    assert all(is_copied(trial, trial.shown) for trial in trials)
    assert not any(is_copied(trial, render(trial.target, 9)) for trial in trials)


class World:
    """Draws what it is told exactly, taking who it is from the reference, and reads it without fail."""

    def __init__(self, trials: list[IdentityTrial]) -> None:
        self.known: dict[bytes, dict[str, str]] = {}
        self.shown = {trial.shown.tobytes(): trial for trial in trials}
        self.drawn: list[tuple[dict[str, str], Reference | None]] = []

    def note(self, pixels: NDArray[np.uint8], condition: dict[str, str]) -> NDArray[np.uint8]:
        self.known[pixels.tobytes()] = condition
        return pixels

    def draw(self, condition: Any, seed: int, shown: Reference | None) -> NDArray[np.uint8]:
        self.drawn.append((dict(condition), shown))
        pixels = np.random.default_rng([seed, len(self.drawn)]).integers(0, 256, (256, 256, 3), np.uint8)
        kept = self.shown[shown.pixels.tobytes()].kept if shown else {}
        return self.note(pixels, {**kept, **condition})

    def read(self, network: object, pictures: Any) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        values = np.zeros((len(pictures), len(SLOTS)), np.int64)
        for row, pixels in enumerate(pictures):
            for slot, value in self.known[pixels.tobytes()].items():
                values[row, SLOTS.index(slot)] = SLOT_VALUES[slot].index(value)
        return values, values.astype(np.float32)


def test_every_arm_gets_its_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = ReferencePlan(gallery=6, others=6, pixels=1, seed=3)
    trials = identity_trials(6, 3, BUSTS)
    world = World(trials)
    for trial in trials:
        world.note(trial.shown, condition_of(trial.other))
        world.note(render(trial.target, 10_000_000 + trial.seed), condition_of(trial.target))

    def likely(network: object, values: NDArray[np.float32]) -> list[NDArray[np.float64]]:
        made = []
        for column, slot in enumerate(SLOTS):
            scores = np.full((len(values), len(SLOT_VALUES[slot])), -9.0)
            scores[np.arange(len(values)), values[:, column].astype(int)] = 0.0
            made.append(scores)
        return made

    for module in (adherence, references):
        monkeypatch.setattr(module, "read_values", world.read)
    monkeypatch.setattr(references, "probabilities", likely)
    monkeypatch.setattr(references, "framed_as_taught", lambda pixels, bust: pixels)
    arguments = (world.draw, None, tmp_path / "kept", plan, BUSTS, lambda line: None, assemble.vault())
    figures = measure(*arguments)
    arms = figures["arms"]
    assert tuple(arms) == ARMS
    for name in ("reference", "words", "renders"):
        assert (arms[name]["rank_1"]["share"], arms[name]["complied"], arms[name]["copied"]["share"]) == (
            1,
            1,
            0,
        )
    assert arms["pasted"]["copied"]["share"] == 1 and arms["pasted"]["complied"] < 0.7
    assert arms["neither"]["rank_1"]["share"] < 0.5
    assert arms["as created"]["complied"] == 1
    before = len(world.drawn)
    assert measure(*arguments)["arms"].keys() == arms.keys()
    assert len(world.drawn) == before  # what the vault keeps is not drawn again
    alone = [told for told, shown in world.drawn[6:12] if shown]
    assert len(alone) == 6 and not any(set(IDENTITY) & told.keys() for told in alone)


def test_the_card_says_what_was_found_and_no_figure_of_its_own() -> None:
    figures = made_up_references()
    text = report.card(made_up(), None, figures)
    assert "## Does a reference keep who somebody is?" in text
    assert not unfounded(text, {"starter.json": made_up(), "references.json": figures})
    assert "(missed)" in text
    figures["arms"]["as created"]["rank_1"]["share"] = 0.71
    assert "rank 1 of 70.0 % (met)" in report.card(made_up(), None, figures)


def test_identities_are_what_a_reference_answers() -> None:
    assert "hair_colour" in identities.IDENTITY and "outfit" not in identities.IDENTITY
