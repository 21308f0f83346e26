"""Pairs of figures, and how the model is taught to read one of them."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from rakkan.corpus.figures.attributes import ACCESSORY_PLACES, Attributes
from rakkan.studio.starter.holdout import held_out
from rakkan.studio.starter.pairs import (
    SHARED_FIELDS,
    draw_pair,
    draw_pair_item,
    shared_slots,
    told_by_reference,
)
from rakkan.studio.starter.renders import BUCKETS, SCOPES
from rakkan.studio.starter.roles import ROLES
from rakkan.studio.starter.vocabulary import SLOTS, UNSPECIFIED, condition_of, encode


def worn(attributes: Attributes, *places: str) -> set[str]:
    return {name for place in places for name in ACCESSORY_PLACES[place]} & set(attributes.accessories)


@pytest.mark.parametrize("scope", ["busts", "all"])
@pytest.mark.parametrize("role", ROLES)
def test_a_pair_shares_what_its_role_says_and_little_else(role: str, scope: str) -> None:
    random = Random(5)
    pairs = [draw_pair(SCOPES[scope].buckets[0], random, SCOPES[scope], role)[:2] for _ in range(120)]
    for target, other in pairs:
        assert not held_out(target) and not held_out(other)
        for field in SHARED_FIELDS[role]:
            assert getattr(target, field) == getattr(other, field), field
        if role == "identity":
            assert worn(target, "head", "hair", "face", "ears") == worn(other, "head", "hair", "face", "ears")
    free = {"expression", "outfit", "view", "background"} - set(SHARED_FIELDS[role])
    for field in free:
        same = sum(getattr(target, field) == getattr(other, field) for target, other in pairs)
        assert same < 0.5 * len(pairs), field
    if role != "identity":
        differ = sum(target.hairstyle != other.hairstyle for target, other in pairs)
        assert differ > 0.8 * len(pairs)


def test_all_roles_are_practised() -> None:
    random = Random(6)
    found = [draw_pair(BUCKETS[0], random)[2] for _ in range(300)]
    assert set(found) == set(ROLES) and found.count("identity") > 200


def test_a_silent_caption_leaves_the_reference_all_that_it_answers() -> None:
    reference_training = pytest.importorskip("rakkan.studio.starter.reference_training")
    target, _, _ = draw_pair(BUCKETS[0], Random(7), role="identity")
    ids = np.stack([encode(condition_of(target))] * 2000)
    roles = np.zeros(len(ids), np.int32)
    told = reference_training.silence(ids, roles, np.random.default_rng(1))
    answered = told_by_reference("identity")
    silent = (told[:, answered] == UNSPECIFIED[answered]).all(axis=1)
    nothing = (told == UNSPECIFIED).all(axis=1)
    whole = (told == ids).all(axis=1)
    # 0.7 silent, 0.2 partly, 0.1 told in full; a tenth of each says nothing at all.
    assert 0.69 < silent.mean() < 0.78
    assert 0.07 < nothing.mean() < 0.13
    assert 0.06 < whole.mean() < 0.12
    assert (told[:, ~answered] == ids[:, ~answered])[~nothing].all()


def test_the_slots_of_an_identity_are_those_that_stay_when_one_changes_clothes() -> None:
    answered = set(shared_slots("identity"))
    assert {"hair_colour", "eye_colour", "skin", "accessory face"} <= answered
    assert not {"outfit", "outfit_colour", "expression", "pose", "background", "accessory neck"} & answered
    assert answered <= set(SLOTS)


def test_a_share_of_the_characters_is_shown_as_the_scope_further_holds() -> None:
    """Pairs to learn from show faces from the side, pairs to be examined on do not."""
    scope, random = SCOPES["busts"], Random(5)
    items = [draw_pair_item(scope.buckets[0], random, scope) for _ in range(300)]
    aside = [one for one in items if one.figures[0].view in scope.further["view"]]
    assert 0.25 < len(aside) / len(items) < 0.45
    assert {one.figures[0].view for one in aside} == {"profile left", "profile right"}
    assert not any(one.figures[1].view in scope.further["view"] for one in items)
    for target, other, role in (draw_pair(scope.buckets[0], random, scope) for _ in range(100)):
        assert role in ROLES and not {target.view, other.view} & {*scope.further["view"]}
