"""The measurement from end to end, by an instrument that cannot err: what it finds is the model's doing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.studio.starter.stand_in import render as draw_quickly

from rakkan import assemble
from rakkan.corpus.figures.attributes import GROUPS, Attributes
from rakkan.corpus.figures.drawing import NATIVE_SIZES
from rakkan.corpus.figures.words import ACCESSORY_SLOTS, BARE
from rakkan.errors import RakkanError
from rakkan.studio.starter.evaluation import adherence, classifier, colours, protocol
from rakkan.studio.starter.evaluation.protocol import Plan, drawn, measure
from rakkan.studio.starter.evaluation.trials import balanced_trials
from rakkan.studio.starter.renders import SCOPES, Bucket, Scope
from rakkan.studio.starter.vocabulary import SLOT_VALUES, SLOTS, condition_of

Condition = dict[str, str]
PLAN = replace(Plan.quick(), least=6, held_out=3, many_steps=5)


def figure_of(condition: Condition) -> Attributes:
    """The figure that a full condition describes."""
    given: dict[str, Any] = {slot: value for slot, value in condition.items() if slot in GROUPS}
    worn = (condition.get(slot, BARE) for slot in ACCESSORY_SLOTS)
    accessories = tuple(name for name in worn if name != BARE)
    if "hair_accent" not in given:
        given["hair_accent"] = given["hair_colour"]
    return Attributes(accessories=accessories, **given)


class World:
    """Draws flat figures and remembers what each picture shows, so that it can be read without fail."""

    def __init__(self) -> None:
        self.shown: dict[bytes, Condition] = {}
        self.draws = 0

    def render(self, attributes: Attributes, seed: int) -> NDArray[np.uint8]:
        width, height = NATIVE_SIZES[attributes.framing]
        picture = draw_quickly(attributes, seed, width, height).copy()
        # A figure's signature in the corner keeps pictures of different figures apart.
        signature = hash((attributes, seed)) & 0xFFFFFF
        picture[0, 0] = signature & 0xFF, signature >> 8 & 0xFF, signature >> 16
        self.shown[picture.tobytes()] = condition_of(attributes)
        return picture

    def obedient(self, condition: Condition, framing: str, seed: int, steps: int) -> NDArray[np.uint8]:
        self.draws += 1
        assert condition["framing"] == framing
        return self.render(figure_of(condition), seed + 1)

    def deaf(self, condition: Condition, framing: str, seed: int, steps: int) -> NDArray[np.uint8]:
        self.draws += 1
        return self.render(Attributes(framing=framing), seed + 1)

    def read(
        self, network: object, pictures: list[NDArray[np.uint8]]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        values = np.zeros((len(pictures), len(SLOTS)), np.int64)
        features = np.zeros((len(pictures), 512), np.float32)
        for row, picture in enumerate(pictures):
            for slot, value in self.shown[picture.tobytes()].items():
                values[row, SLOTS.index(slot)] = SLOT_VALUES[slot].index(value)
            features[row, :192] = picture[:256].reshape(8, 32, 8, 32, 3).mean((1, 3)).ravel() / 255
        return values, features

    def read_colour(
        self, slot: str, attributes: Attributes, pixels: NDArray[np.uint8], known: object = None
    ) -> str | None:
        return self.shown[pixels.tobytes()].get(slot)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(protocol, "render", made.render)
    monkeypatch.setattr(protocol, "obtain_classifier", lambda folder, plan, progress, scope: None)
    monkeypatch.setattr(protocol, "renderer_version", lambda: "stand-in")
    monkeypatch.setattr(protocol, "read_values", made.read)
    monkeypatch.setattr(adherence, "read_values", made.read)
    monkeypatch.setattr(colours, "find_reference", lambda attributes, pixels: colours.Reference(0, 0, 0))
    monkeypatch.setattr(colours, "read_colour", made.read_colour)
    return made


def silent(line: str) -> None:
    pass


def measured(draw: protocol.Draw, tmp_path: Path, plan: Plan = PLAN) -> dict[str, Any]:
    return measure(draw, tmp_path / "kept", tmp_path, tmp_path / "no-run", plan, silent, assemble.vault())


def test_a_model_that_draws_what_is_asked_is_found_perfect(world: World, tmp_path: Path) -> None:
    figures = measured(world.obedient, tmp_path)
    assert set(figures["adherence"]) == set(SLOTS)
    assert all(row["share"] == row["corrected"] == 1 for row in figures["adherence"].values())
    assert all(row["n"] >= PLAN.least for row in figures["adherence"].values())
    assert figures["mean"] == figures["worst"]["share"] == 1
    assert figures["steps_compared"] == {"n": 5, "4": 1, "16": 1}
    assert all(row["share"] == 1 for table in figures["held_out"].values() for row in table.values())
    assert all(row["share"] == row["on_renders"] == 1 for row in figures["colours_by_pixels"].values())
    assert set(figures["colours_by_pixels"]) == set(colours.COLOUR_REGIONS)
    assert figures["distance"]["frechet"] < 3 * figures["distance"]["frechet_floor"]
    assert figures["neighbours"] == {"n": 0}
    assert figures["plan"]["least"] == PLAN.least and figures["prompts"] == len(balanced_trials(6, 1))
    assert json.loads(json.dumps(figures)) == figures


def test_a_model_of_busts_is_asked_for_busts(world: World, tmp_path: Path) -> None:
    scope = SCOPES["busts"]
    figures = measure(
        world.obedient, tmp_path, tmp_path, tmp_path, Plan.quick(), silent, assemble.vault(), scope=scope
    )
    assert figures["scope"] == "busts" and figures["mean"] == 1
    assert set(figures["adherence"]) == set(SLOTS) - {
        "hair_accent",
        "pose",
        "framing",
        "hair_tone",
        "outfit_pattern",
    }
    assert {condition["framing"] for condition in world.shown.values()} == {"bust"}


def test_a_model_that_does_not_listen_is_found_out(world: World, tmp_path: Path) -> None:
    figures = measured(world.deaf, tmp_path)
    assert figures["adherence"]["framing"]["share"] == 1  # all it was told
    assert figures["mean"] < 0.35
    assert figures["worst"]["share"] == 0
    assert figures["adherence"]["accessory head"]["share"] == 0
    blue = figures["adherence"]["eye_colour"]["share"]
    assert figures["colours_by_pixels"]["eye_colour"]["share"] <= blue + 0.3
    assert all(row["on_renders"] == 1 for row in figures["colours_by_pixels"].values())
    assert all(row["share"] < 0.5 for table in figures["held_out"].values() for row in table.values())
    assert figures["distance"]["frechet"] > 3 * figures["distance"]["frechet_floor"]


def test_a_measurement_goes_on_without_drawing_again(world: World, tmp_path: Path) -> None:
    first = measured(world.obedient, tmp_path)
    draws, world.draws = world.draws, 0
    assert draws == len(balanced_trials(6, 1)) + 2 * 3 + 5
    assert measured(world.obedient, tmp_path) == first
    assert world.draws == 0


# ---- the store of drawn pictures


def test_the_engine_is_given_the_whole_figure(world: World, tmp_path: Path) -> None:
    trials = balanced_trials(2, 1)
    given: list[Condition] = []

    def draw(condition: Condition, framing: str, seed: int, steps: int) -> NDArray[np.uint8]:
        given.append(condition)
        return world.obedient(condition, framing, seed, steps)

    drawn(draw, trials, 4, tmp_path / "a", silent, assemble.vault())
    assert given == [condition_of(trial.attributes) for trial in trials]


def test_pictures_of_other_questions_are_not_taken_for_these(world: World, tmp_path: Path) -> None:
    store, trials = tmp_path / "a", balanced_trials(2, 1)
    drawn(world.obedient, trials, 4, store, silent, assemble.vault())

    def draws_for(asked: list[Any], steps: int) -> int:
        world.draws = 0
        pictures = drawn(world.obedient, asked, steps, store, silent, assemble.vault())
        values, _ = world.read(None, pictures)
        expected = [
            SLOT_VALUES["hairstyle"].index(condition_of(trial.attributes)["hairstyle"]) for trial in asked
        ]
        assert values[:, SLOTS.index("hairstyle")].tolist() == expected
        return world.draws

    assert draws_for(trials, 4) == 0
    assert draws_for(list(reversed(trials)), 4) == 0
    assert draws_for(trials, 16) == len(trials)
    assert draws_for([replace(trial, seed=trial.seed + 1) for trial in trials], 4) == len(trials)
    more = balanced_trials(4, 2)
    assert draws_for([*trials, *more], 4) == len(more)


@pytest.mark.parametrize("fault", [KeyboardInterrupt, RakkanError("no picture")])
def test_a_stop_in_between_loses_nothing(fault: Any, world: World, tmp_path: Path) -> None:
    store, trials = tmp_path / "a", balanced_trials(2, 1)

    def stopping(condition: Condition, framing: str, seed: int, steps: int) -> NDArray[np.uint8]:
        if world.draws == 5:
            raise fault
        return world.obedient(condition, framing, seed, steps)

    with pytest.raises((KeyboardInterrupt, RakkanError)):
        drawn(stopping, trials, 4, store, silent, assemble.vault())
    world.draws = 0
    assert len(drawn(world.obedient, trials, 4, store, silent, assemble.vault())) == len(trials)
    assert world.draws == len(trials) - 5


@pytest.mark.parametrize("content", [b"", b"no digest", b"ab" * 32, b"PK\x03\x04torn", b"\xff\0"])
def test_a_damaged_store_is_drawn_anew(content: bytes, world: World, tmp_path: Path) -> None:
    store, trials = tmp_path / "a", balanced_trials(2, 1)[:3]
    store.write_bytes(content)
    assert len(drawn(world.obedient, trials, 4, store, silent, assemble.vault())) == 3


@pytest.mark.parametrize("content", [b"no archive", b"PK\x03\x04torn"])
def test_a_damaged_blob_is_drawn_anew(content: bytes, world: World, tmp_path: Path) -> None:
    store, trials = tmp_path / "a", balanced_trials(2, 1)[:3]
    store.write_text(assemble.vault().put(protocol.ACCOUNT, content).digest)
    assert len(drawn(world.obedient, trials, 4, store, silent, assemble.vault())) == 3


def test_what_was_drawn_lies_in_the_vault_alone_and_once(world: World, tmp_path: Path) -> None:
    trials = balanced_trials(2, 1)[:3]
    for count in (2, 3):
        drawn(world.obedient, trials[:count], 4, tmp_path / "a", silent, assemble.vault())
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    [blob] = assemble.vault().list(protocol.ACCOUNT)
    assert (tmp_path / "a").read_text() == f"{blob.digest}\n"


def test_nothing_to_draw_writes_nothing(tmp_path: Path, world: World) -> None:
    assert drawn(world.obedient, [], 4, tmp_path / "a", silent, assemble.vault()) == []
    assert not (tmp_path / "a").exists()


# ---- the classifier of a folder


def test_a_classifier_is_trained_once_for_a_renderer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[tuple[float | str, ...]] = []

    class Queue:
        take = None

        def __init__(self, workers: int, seed: int, niceness: int, scope: Scope) -> None: ...

        def __enter__(self) -> Queue:
            return self

        def __exit__(self, *fault: object) -> None: ...

    def train(
        take: object,
        seconds: float,
        progress: Callable[[str], None],
        *,
        renders: int,
        buckets: Sequence[Bucket],
    ) -> classifier.AttributeClassifier:
        trained.append((seconds, renders, *(bucket.name for bucket in buckets)))
        return classifier.AttributeClassifier()

    monkeypatch.setattr(protocol, "RenderQueue", Queue)
    monkeypatch.setattr(protocol, "renderer_version", lambda: "first")
    monkeypatch.setattr(classifier, "train", train)
    plan = Plan(classifier_seconds=7, classifier_renders=9)
    first = protocol.obtain_classifier(tmp_path / "new", plan, silent)
    again = protocol.obtain_classifier(tmp_path / "new", plan, silent)
    assert trained == [(7, 9, "square", "tall")]
    same = zip(first.state_dict().values(), again.state_dict().values(), strict=True)
    assert all(bool((one == other).all()) for one, other in same)
    monkeypatch.setattr(protocol, "renderer_version", lambda: "second")
    protocol.obtain_classifier(tmp_path / "new", plan, silent)
    assert len(trained) == 2
    protocol.obtain_classifier(tmp_path / "new", plan, silent, SCOPES["busts"])
    assert trained[2] == (7, 9, "square"), "another scope is read by a classifier of its own"
