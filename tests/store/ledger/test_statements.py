"""Statements as in-toto JSON: every kind comes back, and nothing else gets in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from tests.store.ledger.doubles import generated

from rakkan.errors import RakkanError
from rakkan.store.ledger import typed
from rakkan.store.ledger.statements import (
    Erased,
    Generated,
    Kind,
    Leaked,
    Statement,
    Subject,
    from_payload,
    kind_of,
    kinds,
    statement,
    to_payload,
)

VALID = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)


def values_of(part: typed.Field) -> st.SearchStrategy[Any]:
    text = st.from_regex(part.form.pattern, fullmatch=True) if part.form else VALID
    counts = st.integers(0, 2**53 - 1)
    return {
        str: text,
        int: counts,
        bool: st.booleans(),
        tuple[str, ...]: st.lists(text, max_size=3).map(tuple),
        tuple[int, ...]: st.lists(counts, max_size=3).map(tuple),
        Mapping[str, str]: st.dictionaries(VALID, text, max_size=3),
    }[part.kind]


@given(st.data(), st.sampled_from(kinds()))
def test_any_statement_of_any_kind_comes_back(data: st.DataObject, kind: Kind) -> None:
    parts = {part.name: data.draw(values_of(part)) for part in typed.described(kind.record)}
    said = Statement(
        kind.record(**parts),
        (Subject("work", {"sha256": data.draw(HEX)}),),
        "mika",
        data.draw(st.integers(0, 2**53 - 1)),
    )
    payload = to_payload(said)
    assert from_payload(payload) == said
    assert rfc8785.dumps(json.loads(payload)) == payload
    assert kind_of(said.predicate) == kind


def test_a_payload_is_an_in_toto_statement() -> None:
    value = json.loads(to_payload(generated(1)))
    assert value["_type"] == "https://in-toto.io/Statement/v1"
    assert value["predicateType"] == "urn:rakkan:generated:1"
    assert value["subject"][0]["name"] == "picture"
    assert set(value["subject"][0]["digest"]) == {"sha256"}
    assert value["predicate"]["account"] == "mika"
    assert value["predicate"]["time"] == 1_700_000_000
    assert value["predicate"]["references"] == []


def test_every_kind_has_a_name_of_its_own_and_tells_what_its_fields_mean() -> None:
    assert len({kind.predicate_type for kind in kinds()}) == len(kinds()) == 17
    for kind in kinds():
        assert all(part.meaning for part in typed.described(kind.record)), kind.name


def payload_with(change: Any) -> bytes:
    value = json.loads(to_payload(generated(1)))
    change(value)
    return json.dumps(value).encode()


def put(*path: Any) -> Any:
    """A change that sets the value at the path to its last item."""
    *way, name, new = path

    def change(value: Any) -> None:
        for step in way:
            value = value[step]
        value[name] = new

    return change


HOSTILE = {
    "in-toto": put("_type", "https://in-toto.io/Statement/v0.1"),
    "four fields": put("more", 1),
    "'urn:rakkan:generated:2'": put("predicateType", "urn:rakkan:generated:2"),
    "'urn:rakkan:praised:1'": put("predicateType", "urn:rakkan:praised:1"),
    "is not known": put("predicateType", ["x"]),
    "predicate is not an object": put("predicate", []),
    "'account'": put("predicate", "account", 5),
    "'account' is not a name": put("predicate", "account", ""),
    "'account' is not a name of": put("predicate", "account", "a\nb"),
    "'time'": put("predicate", "time", -1),
    "'time' is": put("predicate", "time", True),
    "'model' is not text": put("predicate", "model", 1),
    "'model' has more than": put("predicate", "model", "x" * 70_000),
    "'model' is not valid Unicode": put("predicate", "model", "\ud800"),
    "'references' is not a list": put("predicate", "references", "abc"),
    "'references' is not text": put("predicate", "references", [1]),
    "'references' has 100001 items": put("predicate", "references", ["a"] * 100_001),
    "unknown field 'extra'": put("predicate", "extra", "x"),
    "1 to 1000 subjects": put("subject", []),
    "subjects": put("subject", {}),
    "subject of the statement has not exactly": put("subject", [{"name": "work"}]),
    "1 to 16 digests": put("subject", 0, "digest", {}),
    "digest is not bytes": put("subject", 0, "digest", {"sha256": "ABCD"}),
    "digest is not text": put("subject", 0, "digest", {"sha256": 5}),
    "algorithm": put("subject", 0, "digest", {"SHA 256": "ab"}),
    "name is not a word": put("subject", 0, "name", "Mika's picture"),
}


@pytest.mark.parametrize("words", HOSTILE)
def test_a_hostile_statement_is_refused_by_the_name_of_what_is_wrong(words: str) -> None:
    with pytest.raises(RakkanError, match=words.replace("(", r"\(")):
        from_payload(payload_with(HOSTILE[words]))


@pytest.mark.parametrize("field", ["account", "time", "recipe", "training", "references"])
def test_a_missing_field_is_named(field: str) -> None:
    with pytest.raises(RakkanError, match=field):
        from_payload(payload_with(lambda value: value["predicate"].pop(field)))


def test_a_payload_past_the_cap_is_not_even_read() -> None:
    with pytest.raises(RakkanError, match="more than 1048576"):
        from_payload(to_payload(generated()) + b" " * 1_048_576)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | VALID,
        lambda inner: st.lists(inner) | st.dictionaries(VALID, inner),
    )
)
def test_any_predicate_is_read_or_a_fault_in_words(value: Any) -> None:
    for path in (("predicate",), ("subject",), ("predicate", "facts"), ("predicateType",)):
        with pytest.raises(RakkanError):
            from_payload(payload_with(put(*path, value)))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Statement("words", (), "mika", 1), "no kind"),
        (Statement(Erased((-1,)), generated().subjects, "mika", 1), "entries"),
        (Statement(Leaked(True, "no digest"), generated().subjects, "mika", 1), "evidence"),
        (Statement(Leaked(1), generated().subjects, "mika", 1), "confirmed"),  # type: ignore[arg-type]
        (Statement(Leaked(True), (), "mika", 1), "subjects"),
        (Statement(Leaked(True), generated().subjects, "mika", 1.5), "time"),  # type: ignore[arg-type]
        (Statement(Erased(tuple([2**52] * 70_000)), generated().subjects, "mika", 1), "1048576"),
        (
            Statement(
                Generated(*["x" * 65_000] * 5, "", ("x" * 65_000,) * 12), generated().subjects, "mika", 1
            ),
            "more than",
        ),
    ],
)
def test_what_could_not_be_read_back_is_not_written(said: Statement, words: str) -> None:
    with pytest.raises(RakkanError, match=words):
        to_payload(said)


def test_a_kind_cannot_take_the_names_every_predicate_has() -> None:
    from dataclasses import make_dataclass

    for name in ("account", "time"):
        with pytest.raises(TypeError):
            statement("newcomer")(make_dataclass("Newcomer", [(name, str)], frozen=True))
    assert len(kinds()) == 17


def test_a_field_of_a_type_that_json_does_not_have_is_a_mistake_of_the_programmer() -> None:
    from dataclasses import make_dataclass

    with pytest.raises(TypeError, match="cannot hold"):
        typed.described(make_dataclass("Newcomer", [("x", bytes)]))
