"""Open slots are filled, given ones kept."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.corpus.figures.attributes import sample
from rakkan.corpus.figures.captions import slots, subset
from rakkan.studio.starter.completion import MODEST, complete
from rakkan.studio.starter.vocabulary import SLOT_VALUES, condition_of, encode


@given(st.integers(0, 10_000), st.integers(0, 10_000))
@settings(max_examples=200, deadline=None)
def test_what_is_given_is_kept_and_the_rest_is_a_figure(figure: int, seed: int) -> None:
    told = subset(slots(sample(Random(figure))), Random(figure))
    full = complete(told, seed)
    assert told.items() <= full.items()
    assert {"presentation", "framing", "view", "hairstyle", "hair_colour", "outfit", "background"} <= set(
        full
    )
    encode(full)


def test_the_same_seed_completes_the_same_way_and_another_does_not() -> None:
    told = {"hair_colour": "silver", "hairstyle": "twin tails"}
    assert complete(told, 3) == complete(told, 3)
    assert len({tuple(sorted(complete(told, seed).items())) for seed in range(20)}) > 15


def test_a_full_condition_is_left_alone() -> None:
    full = condition_of(sample(Random(5)))
    assert complete(full, 1) == full


def test_what_is_avoided_is_not_chosen() -> None:
    assert all(complete({}, seed, {"expression": "smile"})["expression"] == "neutral" for seed in range(20))
    only = complete({}, 1, {"hair_tone": "plain"})["hair_tone"]
    assert only != "plain" and only in SLOT_VALUES["hair_tone"]


def test_what_is_chosen_goes_with_what_is_given() -> None:
    for seed in range(200):
        hatted = complete({"accessory head": "witch hat"}, seed)
        assert hatted["hairstyle"] not in ("mohawk", "afro", "hair bun", "double bun")
        assert complete({"outfit_pattern": "striped"}, seed)["outfit"] not in ("armour", "puffer jacket")
        dipped = complete({"hair_tone": "dipped tips", "hair_colour": "blue"}, seed)
        assert dipped["hair_accent"] != "blue"
        assert complete({}, seed, {"outfit_pattern": "plain"})["outfit_pattern"] != "plain"


def test_what_cannot_be_drawn_together_is_kept_all_the_same() -> None:
    told = {"accessory head": "witch hat", "hairstyle": "mohawk"}
    assert told.items() <= complete(told, 1).items()


def test_an_accent_colour_shows() -> None:
    assert complete({"hair_accent": "pink", "hair_colour": "blue"}, 1)["hair_tone"] == "dipped tips"
    assert complete({"background_colour": "green"}, 1)["background"] == "plain background"


def test_modest_values_exist() -> None:
    assert all(set(values) <= set(SLOT_VALUES[group]) for group, values in MODEST.items())
