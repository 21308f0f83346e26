"""The attribute space, frozen: whatever widens it must be written down here as well."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import chain
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.corpus.figures.attributes import (
    ACCESSORIES,
    ACCESSORY_PLACES,
    COLOURED_ACCESSORIES,
    COLOURED_BACKGROUNDS,
    GROUPS,
    SCENES,
    Attributes,
    consistent,
    sample,
    visible,
)

#: All that can be drawn. The space is what keeps every picture safe for all audiences (adults and ageless
#: cartoon figures, fully clothed), so nothing enters it by accident: a change here is a decision.
SPACE = {
    "presentation": "woman, man, androgynous",
    "framing": "bust, half body, full body",
    "view": "front, three-quarter left, three-quarter right, profile left, profile right, head tilt",
    "style": "cel, soft, pastel, ink",
    "hairstyle": (
        "pixie cut, short hair, bob cut, long bob, hime cut, long straight hair, long wavy hair, curly hair, "
        "afro, spiky hair, messy hair, undercut, mohawk, high ponytail, low ponytail, side ponytail, "
        "twin tails, low twin tails, drill twin tails, single braid, twin braids, hair bun, double bun, "
        "half updo"
    ),
    "fringe": (
        "blunt fringe, parted fringe, swept fringe, wispy fringe, choppy fringe, curtain fringe, "
        "crossed fringe, one eye covered, no fringe"
    ),
    "hair_colour": (
        "black, brown, light brown, blonde, orange, red, pink, purple, blue, light blue, teal, green, "
        "silver, white"
    ),
    "hair_tone": "plain, dipped tips, streaks, split colour",
    "hair_accent": (
        "black, brown, light brown, blonde, orange, red, pink, purple, blue, light blue, teal, green, "
        "silver, white"
    ),
    "eye_shape": (
        "round eyes, almond eyes, upturned eyes, drooping eyes, narrow eyes, wide eyes, half-lidded eyes, "
        "sharp eyes"
    ),
    "eye_colour": "black, grey, brown, red, amber, yellow, lime, green, aqua, blue, purple, pink",
    "expression": (
        "neutral, smile, grin, laughing, closed eyes, sad, crying, angry, surprised, wink, pout, embarrassed"
    ),
    "skin": "porcelain, fair, peach, golden, tan, brown, dark brown, deep",
    "outfit": (
        "t-shirt, shirt, hoodie, turtleneck, cardigan, suit, waistcoat, leather jacket, trench coat, "
        "puffer jacket, track jacket, dungarees, dress, kimono, wizard robe, armour, lab coat, poncho"
    ),
    "outfit_colour": "white, black, grey, red, orange, yellow, green, teal, blue, purple, pink, brown",
    "outfit_pattern": "plain, striped, checked, dotted, floral",
    "pose": (
        "arms at sides, hand on hip, arms crossed, waving, hands clasped, peace sign, hand on chin, "
        "arms behind back"
    ),
    "accessory_colour": "red, orange, yellow, green, blue, purple, pink, white, black",
    "background": (
        "plain background, gradient background, dotted background, rays, blue sky, night sky, sunset, city, "
        "night city, forest, cherry blossoms, beach, mountains, snow, library, room"
    ),
    "background_colour": "white, grey, red, orange, yellow, green, teal, blue, purple, pink",
}
WORN = {
    "head": (
        "cat ears, fox ears, rabbit ears, horns, halo, headphones, beret, witch hat, beanie, straw hat, "
        "crown, hairband"
    ),
    "hair": "hair bow, hair flower, hair clip",
    "face": "glasses, round glasses, sunglasses, eyepatch",
    "ears": "earrings",
    "neck": "scarf, necklace, choker, bow tie",
}
#: Parts of words that no value may hold, whatever the lists above come to say.
NEVER = (
    "school", "uniform", "sailor", "gym", "swim", "bikini", "lingerie", "underwear", "panties", "bra ",
    "nude", "naked", "topless", "bare", "leotard", "bunny suit", "child", "kid", "baby", "toddler", "teen",
    "loli", "shota", "girl", "boy", "young", "blood", "gun", "weapon", "gore", "chest", "breast", "tongue",
)  # fmt: skip

figures = st.builds(
    Attributes,
    **{name: st.sampled_from(values) for name, values in GROUPS.items()},
    accessories=st.lists(st.sampled_from(ACCESSORIES), max_size=6).map(tuple),
)


def test_the_space_is_exactly_this() -> None:
    assert {name: ", ".join(values) for name, values in GROUPS.items()} == SPACE
    assert {place: ", ".join(names) for place, names in ACCESSORY_PLACES.items()} == WORN


def test_the_groups_are_the_fields() -> None:
    names = [field.name for field in fields(Attributes)]
    assert [name for name in names if name != "accessories"] == list(GROUPS)
    assert all(getattr(Attributes(), name) in values for name, values in GROUPS.items())


def test_nothing_in_it_is_for_some_audiences_only() -> None:
    for value in chain(*GROUPS.values(), ACCESSORIES):
        assert not [part for part in NEVER if part in f"{value} "]


def test_values_are_named_once() -> None:
    for values in (*GROUPS.values(), ACCESSORIES):
        assert len(set(values)) == len(values)
    assert set(ACCESSORIES) >= COLOURED_ACCESSORIES
    assert not set(SCENES) & set(COLOURED_BACKGROUNDS)


# ---- consistent


def within(attributes: Attributes) -> bool:
    return all(getattr(attributes, name) in values for name, values in GROUPS.items()) and all(
        name in ACCESSORIES for name in attributes.accessories
    )


@given(figures)
def test_mending_twice_is_mending_once(attributes: Attributes) -> None:
    mended = consistent(attributes)
    assert consistent(mended) == mended
    assert within(mended)


@given(figures)
def test_each_place_holds_one_accessory_in_order(attributes: Attributes) -> None:
    worn = consistent(attributes).accessories
    places = [next(place for place, names in ACCESSORY_PLACES.items() if name in names) for name in worn]
    assert places == [place for place in ACCESSORY_PLACES if place in places]
    assert set(worn) <= set(attributes.accessories)


@given(figures)
def test_mending_leaves_alone_what_does_not_clash(attributes: Attributes) -> None:
    mended = consistent(attributes)
    changed = {field.name for field in fields(Attributes)} - {
        field.name
        for field in fields(Attributes)
        if getattr(mended, field.name) == getattr(attributes, field.name)
    }
    assert changed <= {
        "pose", "hair_tone", "hair_accent", "outfit_pattern", "expression", "fringe", "accessories"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given_", "mended"),
    [
        ({"pose": "arms crossed"}, {"pose": "arms at sides"}),
        ({"pose": "waving"}, {"pose": "waving"}),
        ({"pose": "arms crossed", "framing": "half body"}, {"pose": "arms crossed"}),
        ({"hair_tone": "streaks", "hair_accent": "brown"}, {"hair_tone": "plain"}),
        ({"hair_tone": "streaks", "hair_accent": "pink"}, {"hair_tone": "streaks", "hair_accent": "pink"}),
        ({"hair_tone": "plain", "hair_accent": "pink"}, {"hair_accent": "brown"}),
        ({"outfit": "armour", "outfit_pattern": "floral"}, {"outfit_pattern": "plain"}),
        ({"outfit": "kimono", "outfit_pattern": "floral"}, {"outfit_pattern": "floral"}),
        ({"expression": "wink", "view": "profile left"}, {"expression": "smile"}),
        ({"expression": "wink", "fringe": "one eye covered"}, {"fringe": "swept fringe"}),
        ({"hairstyle": "mohawk", "accessories": ("beanie",)}, {"accessories": ()}),
        ({"hairstyle": "mohawk", "accessories": ("crown", "scarf")}, {"accessories": ("scarf",)}),
        ({"hairstyle": "afro", "accessories": ("crown",)}, {"accessories": ("crown",)}),
        ({"hairstyle": "hair bun", "accessories": ("witch hat",)}, {"accessories": ()}),
        ({"fringe": "one eye covered", "accessories": ("eyepatch",)}, {"accessories": ()}),
        ({"expression": "wink", "accessories": ("eyepatch",)}, {"accessories": ()}),
        ({"expression": "closed eyes", "accessories": ("sunglasses",)}, {"accessories": ()}),
        ({"expression": "grin", "accessories": ("sunglasses",)}, {"accessories": ("sunglasses",)}),
        ({"view": "profile right", "accessories": ("bow tie", "earrings")}, {"accessories": ("earrings",)}),
        ({"accessories": ("scarf", "cat ears")}, {"accessories": ("cat ears", "scarf")}),
        ({"accessories": ("beret", "cat ears")}, {"accessories": ("cat ears",)}),
        ({"accessories": ("scarf", "scarf")}, {"accessories": ("scarf",)}),
    ],
)
def test_clashes_by_hand(given_: dict[str, object], mended: dict[str, object]) -> None:
    result = consistent(Attributes(**given_))  # type: ignore[arg-type]
    assert {name: getattr(result, name) for name in mended} == mended


# ---- sample


@given(st.integers(0, 2**32))
def test_samples_are_always_consistent(seed: int) -> None:
    attributes = sample(Random(seed))
    assert consistent(attributes) == attributes
    assert within(attributes)
    assert sample(Random(seed)) == attributes


def test_every_value_is_reached() -> None:
    random = Random(0)
    drawn = [sample(random) for _ in range(4000)]
    for name, values in GROUPS.items():
        assert {getattr(attributes, name) for attributes in drawn} == set(values)
    assert set(chain.from_iterable(attributes.accessories for attributes in drawn)) == set(ACCESSORIES)
    assert () in {attributes.accessories for attributes in drawn}


@given(st.integers(0, 2**32), st.sampled_from(sorted(GROUPS)), st.data())
def test_a_given_value_is_kept_unless_it_clashes(seed: int, name: str, data: st.DataObject) -> None:
    value = data.draw(st.sampled_from(GROUPS[name]))
    attributes = sample(Random(seed), **{name: value})
    assert consistent(attributes) == attributes
    if name in ("presentation", "framing", "view", "style", "hairstyle", "hair_colour", "eye_shape",
                "eye_colour", "skin", "outfit", "outfit_colour", "accessory_colour", "background",
                "background_colour"):  # fmt: skip
        assert getattr(attributes, name) == value


def test_a_name_that_is_no_field_is_refused() -> None:
    with pytest.raises(TypeError):
        sample(Random(0), tail="long")


# ---- visible


@pytest.mark.parametrize(
    ("values", "hidden"),
    [
        ({}, {"hair_accent", "accessory_colour", "pose"}),
        ({"hair_tone": "streaks", "hair_accent": "pink"}, {"accessory_colour", "pose"}),
        ({"expression": "laughing"}, {"eye_colour", "eye_shape", "hair_accent", "accessory_colour", "pose"}),
        (
            {"expression": "closed eyes", "pose": "waving"},
            {"eye_colour", "eye_shape", "hair_accent", "accessory_colour"},
        ),
        ({"expression": "wink", "pose": "waving"}, {"hair_accent", "accessory_colour"}),
        (
            {"accessories": ("sunglasses",), "framing": "half body"},
            {"eye_colour", "eye_shape", "hair_accent", "accessory_colour"},
        ),
        (
            {"accessories": ("sunglasses",), "expression": "laughing", "framing": "half body"},
            {"eye_colour", "eye_shape", "hair_accent", "accessory_colour"},
        ),
        ({"accessories": ("eyepatch",)}, {"hair_accent", "accessory_colour", "pose"}),
        ({"accessories": ("cat ears",)}, {"hair_accent", "accessory_colour", "pose"}),
        ({"accessories": ("cat ears", "scarf")}, {"hair_accent", "pose"}),
        ({"background": "beach"}, {"hair_accent", "accessory_colour", "background_colour", "pose"}),
        ({"background": "rays"}, {"hair_accent", "accessory_colour", "pose"}),
        ({"framing": "full body"}, {"hair_accent", "accessory_colour"}),
    ],
)
def test_what_cannot_be_seen_is_not_named(values: dict[str, object], hidden: set[str]) -> None:
    attributes = Attributes(**values)  # type: ignore[arg-type]
    seen = visible(attributes)
    assert {*GROUPS, "accessories"} - set(seen) == hidden
    assert all(value == getattr(attributes, name) for name, value in seen.items())


def test_every_coloured_accessory_shows_its_colour_and_no_other_does() -> None:
    for name in ACCESSORIES:
        seen = visible(replace(Attributes(), accessories=(name,)))
        assert ("accessory_colour" in seen) == (name in COLOURED_ACCESSORIES)
