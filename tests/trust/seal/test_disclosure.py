"""Recipe commitments: one worked by hand, and every way to cheat."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from tests.trust.seal.samples import FIGURES, RECIPE, SHEET

from rakkan.errors import RakkanError
from rakkan.records import Recipe, recipe_from_json
from rakkan.trust.seal import disclosure
from rakkan.trust.seal.disclosure import Disclosure, check, commit, conceal, disclose, open_with


def salts() -> object:
    """1, 2, 3, … as 32 bytes each."""
    numbers = iter(range(1, 99))
    return lambda size: next(numbers).to_bytes(size, "big")


def test_the_commitment_worked_by_hand() -> None:
    # FiguresRecipe's fields in order of their names, with salts 1 to 8.
    fields = ["columns", "count", "height", "kind", "renderer", "seed", "versions", "width"]
    values = ["1", "1", "512", '"rakkan figures 1"', '"figures 1"', "1", "{}", "512"]
    texts = [
        f'["{number:064x}","{name}",{value}]'
        for number, (name, value) in enumerate(zip(fields, values, strict=True), 1)
    ]
    digests = sorted(hashlib.sha256(b"rakkan recipe field 1\0" + t.encode()).hexdigest() for t in texts)
    joined = '["' + '","'.join(digests) + '"]'
    wanted = hashlib.sha256(b"rakkan recipe 1\0" + joined.encode()).hexdigest()
    opening = commit(FIGURES, salts())  # type: ignore[arg-type]
    assert opening == Disclosure("full", tuple(texts), (), wanted)
    assert check(opening) == wanted


def test_the_texts_are_rfc_8785() -> None:
    for text in commit(replace(RECIPE, prompt='é"\\\n落款\u2028', guidance=7.25)).shown:
        assert rfc8785.dumps(json.loads(text)) == text.encode()


def test_equal_recipes_have_different_commitments() -> None:
    # So a list of likely prompts is of no use to someone who has the digest alone.
    assert len({commit(RECIPE).commitment for _ in range(20)}) == 20
    assert len({text[:68] for text in commit(RECIPE).shown}) == len(commit(RECIPE).shown)


def test_redacted_hides_what_is_personal_and_nothing_else() -> None:
    shown, opening = disclose(RECIPE, "redacted")
    fields = disclosure.fields_of(shown)
    assert set(disclosure.fields_of(opening)) - set(fields) == {"prompt", "negative", "seed"}
    assert len(shown.hidden) == 3
    assert "silver" not in json.dumps(disclosure.to_json(shown))
    sheet, _ = disclose(SHEET, "redacted")
    assert set(disclosure.fields_of(sheet)) == {"kind", "columns", "width", "height"}
    assert "silver" not in json.dumps(disclosure.to_json(sheet))


def test_the_kind_of_recipe_is_never_hidden() -> None:
    shown, _ = disclose(RECIPE, "redacted", hide={"kind", "model"})
    assert "kind" in disclosure.fields_of(shown) and "model" not in disclosure.fields_of(shown)


def test_the_digest_alone_tells_nothing() -> None:
    shown, opening = disclose(RECIPE, "digest")
    assert shown == Disclosure("digest", (), (), opening.commitment)
    assert disclosure.fields_of(shown) == {}


@pytest.mark.parametrize("level", disclosure.LEVELS)
def test_the_maker_can_prove_later_what_was_hidden(level: str) -> None:
    shown, opening = disclose(RECIPE, level)
    fields = open_with(shown, opening)
    assert recipe_from_json(json.dumps(fields)) == RECIPE
    only_prompt = conceal(opening, "redacted", hide={"seed", "negative"})
    assert "seed" not in open_with(shown, only_prompt)
    assert open_with(shown, only_prompt)["prompt"] == RECIPE.prompt


def test_an_opening_of_another_recipe_is_refused() -> None:
    shown, _ = disclose(RECIPE, "digest")
    with pytest.raises(RakkanError, match="another recipe"):
        open_with(shown, commit(RECIPE))


def changed(text: str, **parts: object) -> str:
    salt, name, value = json.loads(text)
    whole = {"salt": salt, "name": name, "value": value, **parts}
    return json.dumps(list(whole.values()), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def cheats() -> dict[str, Disclosure]:
    honest, opening = disclose(RECIPE, "redacted")
    first, *rest = honest.shown
    alien = commit(FIGURES).shown[0]
    return {
        "value": replace(honest, shown=(changed(first, value="other"), *rest)),
        "salt": replace(honest, shown=(changed(first, salt="00" * 32), *rest)),
        "name": replace(honest, shown=(changed(first, name="other"), *rest)),
        "missing": replace(honest, shown=tuple(rest)),
        "missing digest": replace(honest, hidden=honest.hidden[1:]),
        "added": replace(honest, shown=(*honest.shown, alien)),
        "added digest": replace(honest, hidden=(*honest.hidden, "0" * 64)),
        "twice": replace(honest, shown=(*honest.shown, first)),
        "twice by name": replace(honest, shown=(*honest.shown, changed(first, value="other"))),
        "digest twice": replace(honest, hidden=(*honest.hidden, honest.hidden[0])),
        "shown and hidden": replace(honest, hidden=(*honest.hidden, _digest(first))),
        "another commitment": replace(honest, commitment="0" * 64),
        "no commitment": replace(honest, commitment=honest.commitment.upper()),
        "another form": replace(honest, shown=(first.replace(",", ", "), *rest)),
        "short salt": replace(honest, shown=(changed(first, salt="00"), *rest)),
        "not JSON": replace(honest, shown=("[", *rest)),
        "deep": replace(honest, shown=("[" * 100_000, *rest)),
        "no field": replace(honest, shown=('["a"]', *rest)),
        "full but hiding": replace(honest, level="full"),
        "digest but showing": replace(honest, level="digest"),
        "unknown level": replace(honest, level="some"),
        "too many": replace(honest, hidden=tuple(f"{number:064x}" for number in range(65))),
        "no digest": replace(opening, level="redacted", hidden=("x" * 64,)),
    }


def _digest(text: str) -> str:
    return hashlib.sha256(b"rakkan recipe field 1\0" + text.encode()).hexdigest()


@pytest.mark.parametrize("name", list(cheats()))
def test_every_cheat_is_found(name: str) -> None:
    with pytest.raises(RakkanError, match="does not hold"):
        check(cheats()[name])


def committed(*texts: str, hidden: tuple[str, ...] = ()) -> Disclosure:
    """A disclosure whose commitment fits whatever is in it, made without the module under test."""
    digests = sorted([*map(_digest, texts), *hidden])
    joined = json.dumps(digests, separators=(",", ":")).encode()
    commitment = hashlib.sha256(b"rakkan recipe 1\0" + joined).hexdigest()
    return Disclosure("redacted" if hidden else "full", texts, hidden, commitment)


def test_a_maker_cannot_commit_to_something_that_reads_two_ways() -> None:
    salt = "0" * 64
    one, two = f'["{salt}","prompt","a cat"]', f'["{salt}","prompt","a dog"]'
    assert check(committed(one)) == committed(one).commitment
    for forged in (
        committed(one, two),
        committed(one, hidden=(_digest(one),)),
        committed(one, hidden=("1" * 64, "1" * 64)),
        committed(one.replace(",", ", ")),
        committed(f'["{salt}","prompt","a\\u0020cat"]'),
        committed(f'["{salt}","steps",4.0]', f'["{salt}","versions",{{"b":1,"a":2}}]'),
        committed(f'["{salt}","steps",NaN]'),
        committed('["","prompt","a cat"]'),
    ):
        with pytest.raises(RakkanError, match="does not hold"):
            check(forged)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"disclosure": "digest", "commitment": 3, "shown": [], "hidden": []},
        {"disclosure": "digest", "commitment": "0" * 64, "shown": {}, "hidden": []},
        {"disclosure": "digest", "commitment": "0" * 64, "shown": [1], "hidden": []},
        {"disclosure": "digest", "commitment": "0" * 64, "shown": [], "hidden": ["x" * (1 << 20 | 1)]},
        {"disclosure": "digest", "commitment": "0" * 64, "shown": [], "hidden": ["x"] * 65},
    ],
)
def test_another_form_is_refused(value: object) -> None:
    with pytest.raises(RakkanError, match="does not hold"):
        disclosure.from_json(value)


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(RakkanError, match="not a level"):
        disclose(RECIPE, "some")


recipes = st.builds(
    Recipe,
    prompt=st.text(max_size=40).filter(lambda text: text.isprintable()),
    negative=st.just(""),
    model=st.text("abc", max_size=5),
    model_digest=st.just("0" * 64),
    sampler=st.just("euler"),
    schedule=st.just("linear"),
    steps=st.integers(1, 99),
    guidance=st.floats(0.01, 30),
    seed=st.integers(0, 2**53 - 1),
    width=st.just(8),
    height=st.just(8),
)


@given(recipes, st.sampled_from(disclosure.LEVELS), st.sets(st.sampled_from(["prompt", "seed", "model"])))
def test_any_recipe_holds_at_any_level_through_json(recipe: Recipe, level: str, hide: set[str]) -> None:
    shown, opening = disclose(recipe, level, hide)
    carried = disclosure.from_json(json.loads(json.dumps(disclosure.to_json(shown))))
    assert carried == shown
    assert check(carried) == opening.commitment
    assert recipe_from_json(json.dumps(open_with(carried, opening))) == recipe
