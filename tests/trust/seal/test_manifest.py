"""What stands in a manifest definition, word for word."""

from __future__ import annotations

import base64
import json

import pytest
from tests.trust.seal.samples import Proof, ingredient, picture, request

from rakkan.errors import RakkanError
from rakkan.trust.seal import manifest
from rakkan.trust.seal.disclosure import Disclosure
from rakkan.trust.seal.manifest import Ingredient, ModelFacts, definition

AGENT = {"name": "Rakkan", "version": "0.2"}
WHEN = "2026-05-28T20:26:40Z"
IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def data_of(made: dict, label: str) -> dict:  # type: ignore[type-arg]
    (found,) = [one for one in made["assertions"] if one["label"] == label]
    assert found["created"] is True
    return dict(found["data"])


def actions_of(made: dict) -> list:  # type: ignore[type-arg]
    return list(data_of(made, "c2pa.actions.v2")["actions"])


def test_a_created_picture_word_for_word() -> None:
    reference = Ingredient("inputTo", "cd" * 32, "image/png")
    made = definition(request(ingredients=(reference,), recipe=None, model=None, maker=""), "ef" * 32)
    assert made["claim_generator_info"] == [{**AGENT, "org.rakkan.root": "ef" * 32}]
    assert (made["title"], made["format"]) == ("A test", "image/png")
    assert actions_of(made) == [
        {
            "action": "c2pa.created",
            "digitalSourceType": IPTC + "trainedAlgorithmicMedia",
            "parameters": {"ingredientIds": ["ingredient-0"]},
            "when": WHEN,
            "softwareAgent": AGENT,
        }
    ]
    assert made["ingredients"] == [
        {
            "title": "Picture cdcdcdcdcdcd",
            "format": "image/png",
            "relationship": "inputTo",
            "label": "ingredient-0",
            "instance_id": "urn:rakkan:sha256:" + "cd" * 32,
        }
    ]
    labels = [one["label"] for one in made["assertions"]]
    assert labels == ["c2pa.actions.v2", "cawg.training-mining", "org.rakkan.ledger"]


@pytest.mark.parametrize(
    ("outside", "source"),
    [(False, "trainedAlgorithmicMedia"), (True, "compositeWithTrainedAlgorithmicMedia")],
)
def test_an_edit_says_whether_its_parent_came_from_outside(outside: bool, source: str) -> None:
    parent = ingredient("parentOf", None, "cd" * 32, outside=outside)
    reference = ingredient("inputTo", None, "ef" * 32, outside=True)
    opened, edited = actions_of(definition(request("edit", ingredients=(reference, parent)), ""))
    assert opened["action"] == "c2pa.opened" and "digitalSourceType" not in opened
    assert opened["parameters"] == {"ingredientIds": ["ingredient-1"]}
    assert edited["action"] == "c2pa.edited" and edited["digitalSourceType"] == IPTC + source
    assert edited["parameters"] == {"ingredientIds": ["ingredient-0"]}


def test_a_sheet_places_its_pictures_when_it_has_them() -> None:
    alone = actions_of(definition(request("sheet"), ""))
    parts = tuple(ingredient("componentOf", None, digit * 64) for digit in "ab")
    placed = actions_of(definition(request("sheet", ingredients=parts), ""))
    assert [action["action"] for action in alone] == ["c2pa.created"]
    assert [action["action"] for action in placed] == ["c2pa.created", "c2pa.placed"]
    assert placed[1]["parameters"] == {"ingredientIds": ["ingredient-0", "ingredient-1"]}


def test_a_protected_file_is_called_nobodys_work_but_its_artists() -> None:
    made = definition(request("protect", recipe=None, model=None), "")
    (opened,) = actions_of(made)
    assert set(opened) == {"action", "parameters", "when", "softwareAgent"}
    assert "digitalSourceType" not in json.dumps(made)


def test_unless_told_otherwise_training_and_mining_are_refused() -> None:
    assert data_of(definition(request(), ""), "cawg.training-mining") == {
        "entries": {
            "cawg.data_mining": {"use": "notAllowed"},
            "cawg.ai_training": {"use": "notAllowed"},
            "cawg.ai_generative_training": {"use": "notAllowed"},
        }
    }


def test_a_constraint_is_explained_where_it_holds() -> None:
    uses = {"cawg.ai_training": "constrained", "cawg.ai_inference": "allowed", "org.example.print": "allowed"}
    made = definition(request(uses=uses, constraint="ask me"), "")
    assert data_of(made, "cawg.training-mining")["entries"] == {
        "cawg.ai_training": {"use": "constrained", "constraint_info": "ask me"},
        "cawg.ai_inference": {"use": "allowed"},
        "org.example.print": {"use": "allowed"},
    }


@pytest.mark.parametrize(
    "uses",
    [
        {},
        {"cawg.ai_training": "perhaps"},
        {"cawg.invented": "allowed"},
        {"c2pa.ai_training": "allowed"},
        {"print": "allowed"},
    ],
)
def test_a_use_that_the_specification_does_not_allow_is_refused(uses: dict[str, str]) -> None:
    with pytest.raises(RakkanError):
        definition(request(uses=uses), "")


def test_maker_model_and_evidence_stand_there_as_given() -> None:
    made = definition(request(), "")
    assert data_of(made, "cawg.metadata")["dc:creator"] == ["Someone"]
    assert data_of(made, "org.rakkan.model") == {
        "name": "starter",
        "digest": "ab" * 32,
        "training": '{"payload":"e30="}',
    }
    evidence = data_of(made, "org.rakkan.ledger")
    assert evidence["envelope"].encode() == Proof().envelope and evidence["proof"] == Proof().proof
    assert base64.b64decode(evidence["salt"]) == Proof().salt
    assert base64.b64decode(evidence["leaf"]) == Proof().leaf


def test_no_name_is_given_away_unasked() -> None:
    made = definition(request(maker=""), "")
    assert not [one for one in made["assertions"] if one["label"] == "cawg.metadata"]


@pytest.mark.parametrize(
    ("operation", "changes", "words"),
    [
        ("import", {}, "makes no seal"),
        ("create", {"media_type": "image/gif"}, "cannot be sealed"),
        ("create", {"ingredients": (ingredient("parentOf", None, "a" * 64),)}, "takes 0 to 0"),
        ("create", {"ingredients": (ingredient("inputTo", None, "a" * 64),) * 65}, "takes 0 to 64"),
        ("create", {"ingredients": (ingredient("friendOf", None, "a" * 64),)}, "takes 0 to 0"),
        ("edit", {"ingredients": ()}, "takes 1 to 1"),
        ("edit", {"ingredients": (ingredient("parentOf", None, "a" * 64),) * 2}, "takes 1 to 1"),
        ("variation", {"ingredients": ()}, "takes 1 to 64"),
        ("create", {"ingredients": (ingredient("inputTo", None, "A" * 64),)}, "not a SHA-256"),
        ("create", {"ingredients": (ingredient("inputTo", picture(), media_type="x"),)}, "media type"),
        ("create", {"model": ModelFacts("m", "")}, "not a SHA-256"),
        ("create", {"model": ModelFacts("m", "a" * 64, b"\xff")}, "not JSON text"),
        ("create", {"model": ModelFacts("m", "a" * 64, b"x" * (1 << 18 | 1))}, "too large"),
        ("create", {"evidence": Proof(proof="x" * (1 << 18 | 1))}, "too large"),
        ("create", {"title": "x" * 201}, "cannot stand"),
        ("create", {"maker": "a\0b"}, "cannot stand"),
        ("create", {"recipe": Disclosure("full", (), (), "0" * 64)}, "does not hold"),
    ],
)
def test_what_a_seal_cannot_hold_is_refused_in_words(
    operation: str, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(RakkanError, match=words):
        definition(request(operation, **changes), "")


def test_only_identifiers_of_our_own_give_a_digest() -> None:
    assert manifest.digest_of("urn:rakkan:sha256:" + "ab" * 32) == "ab" * 32
    for other in ("", "ab" * 32, "urn:rakkan:sha256:AB", "xmp.iid:" + "ab" * 32):
        assert manifest.digest_of(other) == ""
