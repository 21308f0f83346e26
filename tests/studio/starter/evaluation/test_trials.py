"""Trials ask for enough, for what they say, and for what training has or has not shown."""

from __future__ import annotations

from collections import Counter

from rakkan.corpus.figures.words import BARE
from rakkan.studio.starter.completion import complete
from rakkan.studio.starter.evaluation.trials import (
    balanced_trials,
    chance_trials,
    held_out_trials,
    slots_of,
)
from rakkan.studio.starter.holdout import PAIRS, held_out, held_out_combinations
from rakkan.studio.starter.lexicon import read
from rakkan.studio.starter.renders import SCOPES
from rakkan.studio.starter.vocabulary import SLOTS, condition_of


def test_every_slot_is_asked_for_often_enough_and_no_trial_is_superfluous() -> None:
    trials = balanced_trials(25, 3)
    counts = Counter(slot for trial in trials for slot in trial.asked)
    assert set(counts) == set(SLOTS)
    assert min(counts.values()) == 25
    without_last = Counter(slot for trial in trials[:-1] for slot in trial.asked)
    assert min(without_last.values()) == 24


def test_two_hundred_of_each_take_about_a_thousand_prompts() -> None:
    assert 600 < len(balanced_trials(200, 1)) <= 1200


def test_prompts_are_read_back_to_exactly_what_is_asked() -> None:
    trials = balanced_trials(60, 4) + held_out_trials(40, 4) + chance_trials(60, 4)
    assert any(". " in trial.prompt for trial in trials)  # sentences as well as tags
    for trial in trials:
        reading = read(trial.prompt)
        assert not reading.unknown, trial.prompt
        assert reading.condition == trial.asked, trial.prompt
        # What the engine is given in the end is the whole figure, bare places and all.
        assert complete(reading.condition, trial.seed) == condition_of(trial.attributes), trial.prompt


def test_a_bare_place_is_not_asked_for() -> None:
    trials = chance_trials(40, 1)
    assert all(BARE not in trial.asked.values() for trial in trials)
    assert any(BARE in condition_of(trial.attributes).values() for trial in trials)


def test_balanced_trials_hold_nothing_that_was_held_out() -> None:
    assert not any(held_out(trial.attributes) for trial in balanced_trials(60, 5))


def test_held_out_trials_hold_nothing_else() -> None:
    trials = held_out_trials(30, 5)
    assert len(trials) == 30 * len(PAIRS)
    for number, pair in enumerate(PAIRS):
        asked = [
            (getattr(trial.attributes, pair[0]), getattr(trial.attributes, pair[1]))
            for trial in trials[30 * number : 30 * (number + 1)]
        ]
        unseen = held_out_combinations(pair)
        assert set(asked) <= set(unseen)
        assert len(set(asked)) == min(30, len(unseen))  # each in turn
        assert all(set(pair) <= trial.asked.keys() for trial in trials)


def test_the_same_seed_asks_the_same_and_another_does_not() -> None:
    assert balanced_trials(5, 1) == balanced_trials(5, 1)
    assert held_out_trials(5, 1) == held_out_trials(5, 1)
    assert chance_trials(5, 1) == chance_trials(5, 1)
    assert balanced_trials(5, 1) != balanced_trials(5, 2)
    assert held_out_trials(5, 1) != held_out_trials(5, 2)
    assert chance_trials(5, 1) != chance_trials(5, 2)


def test_a_narrower_scope_is_asked_for_its_own_figures_only() -> None:
    scope = SCOPES["busts"]
    assert set(SLOTS) - set(slots_of(scope)) == {
        "hair_accent",
        "pose",
        "framing",
        "hair_tone",
        "outfit_pattern",
    }
    assert slots_of(SCOPES["all"]) == SLOTS
    balanced, held = balanced_trials(30, 1, scope), held_out_trials(30, 1, scope)
    for trial in [*balanced, *held, *chance_trials(60, 1, scope)]:
        assert read(trial.prompt).condition == trial.asked
        for field, values in scope.choices.items():
            assert getattr(trial.attributes, field) in values
    counts = Counter(slot for trial in balanced for slot in trial.asked)
    assert min(counts.values()) >= 30 and set(counts) >= set(slots_of(scope))
    assert all(held_out(trial.attributes) for trial in held)


def test_chance_leaves_nothing_out() -> None:
    trials = chance_trials(200, 9)
    assert len(trials) == 200 and len({trial.seed for trial in trials}) == 200
    assert {trial.attributes.framing for trial in trials} == {"bust", "half body", "full body"}
    assert any(held_out(trial.attributes) for trial in trials)
