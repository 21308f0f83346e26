"""Combinations kept out of training are few, fixed, and never drawn."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from rakkan.corpus.figures.attributes import GROUPS, Attributes
from rakkan.studio.starter.holdout import PAIRS, held_out, held_out_combinations
from rakkan.studio.starter.renders import BUCKETS, draw_attributes


def test_about_four_per_cent_of_each_pair_is_held_out() -> None:
    for pair in PAIRS:
        whole = len(GROUPS[pair[0]]) * len(GROUPS[pair[1]])
        assert 0.02 < len(held_out_combinations(pair)) / whole < 0.06


def test_the_rule_never_moves() -> None:
    assert ("twin tails", "blue") in held_out_combinations(PAIRS[0])
    assert ("hoodie", "pink") in held_out_combinations(PAIRS[1])
    assert held_out(Attributes(hairstyle="twin tails", hair_colour="blue"))
    assert not held_out(Attributes(hairstyle="twin tails", hair_colour="silver"))


def test_every_value_is_still_shown_in_other_combinations() -> None:
    for first, second in PAIRS:
        hidden = held_out_combinations((first, second))
        for index, name in enumerate((first, second)):
            other = (second, first)[index]
            for value in GROUPS[name]:
                assert sum(pair[index] == value for pair in hidden) <= len(GROUPS[other]) // 4


def test_training_never_draws_a_held_out_figure() -> None:
    random = Random(3)
    for bucket in BUCKETS:
        for _ in range(400):
            attributes = draw_attributes(bucket, random)
            assert attributes.framing in bucket.framings
            for first, second in PAIRS:
                pair = (getattr(attributes, first), getattr(attributes, second))
                assert pair not in held_out_combinations((first, second))
    assert held_out(replace(Attributes(), outfit="hoodie", outfit_colour="pink"))
