"""The grammar of prompts, against answers worked out by hand and A1111's published examples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.errors import RakkanError
from rakkan.studio.clip import grammar, schedule
from rakkan.studio.clip.chunks import chunks
from rakkan.studio.clip.tokenizer import END, START, Tokenizer, encode

CASES: list[tuple[str, list[tuple[str, float]]]] = [
    ("normal text", [("normal text", 1)]),
    ("an (important) word", [("an ", 1), ("important", 1.1), (" word", 1)]),
    ("(unbalanced", [("unbalanced", 1.1)]),
    (r"\(literal\]", [("(literal]", 1)]),
    ("(unnecessary)(parens)", [("unnecessaryparens", 1.1)]),
    (
        "a (((teapot:1.3)) [on] a (tray:0.5), sun, (((sky))).",
        [
            ("a ", 1),
            ("teapot", 1.3 * 1.1 * 1.1),
            (" ", 1.1),
            ("on", 1),
            (" a ", 1.1),
            ("tray", 0.55),
            (", sun, ", 1.1),
            ("sky", 1.1**4),
            (".", 1.1),
        ],
    ),
    ("(a [b) c]", [("a ", 1.1), ("b", 1), (" c", 1 / 1.1)]),
    ("a: b, 16:9)", [("a: b, 16:9)", 1)]),
    (r"c:\d", [("c:d", 1)]),
    (r"\\(x:-.5)", [("\\", 1), ("x", -0.5)]),
    ("", [("", 1)]),
]


@pytest.mark.parametrize(("prompt", "expected"), CASES)
def test_weights_are_a1111s(prompt: str, expected: list[tuple[str, float]]) -> None:
    found = grammar.spans(prompt)
    assert [one.text for one in found] == [text for text, _ in expected]
    assert [one.weight for one in found] == pytest.approx([weight for _, weight in expected])


def test_break_begins_a_chunk_also_inside_brackets() -> None:
    found = grammar.spans("a BREAK (b  BREAK c:1.2)")
    assert [(one.text, one.starts_chunk) for one in found] == [
        ("a", False),
        ("", True),
        ("b", False),
        ("c", True),
    ]
    assert [
        len(chunks(text, Tokenizer())) for text in ("", "a BREAK b", "BREAKS", "a BREAK (b BREAK c)")
    ] == [
        1,
        2,
        1,
        3,
    ]


@pytest.mark.parametrize("prompt", ["(a:1000)", "((a:90):90)", "(a:" + "9" * 400 + ")"])
def test_a_weight_out_of_range_is_refused(prompt: str) -> None:
    with pytest.raises(RakkanError, match="out of range"):
        grammar.spans(prompt)


@given(st.text(alphabet="()[]\\:.1a| ,BREAKND<>", max_size=80))
def test_every_prompt_is_read_or_refused(prompt: str) -> None:
    try:
        plain, _ = grammar.adapters(prompt)
        texts = [schedule.at_step(one.text, 3, 20) for one in grammar.subprompts(plain)]
        found = [chunk for text in texts for chunk in chunks(text, Tokenizer())]
    except RakkanError as error:
        assert error.message and error.hint
        return
    assert all(len(one.ids) == len(one.weights) == 77 for one in found)


def test_adapters_are_taken_out_of_the_prompt() -> None:
    plain, found = grammar.adapters(
        "a teapot <lora:ink:0.7>, <lora:my style:1:0.5><lora:b> <lyco:c:te=0.1:unet=2>"
    )
    assert plain == "a teapot ,  "
    assert found == (
        grammar.Adapter("ink", 0.7, 0.7),
        grammar.Adapter("my style", 0.5, 1.0),
        grammar.Adapter("b", 1.0, 1.0),
        grammar.Adapter("c", 2.0, 0.1),
    )


@pytest.mark.parametrize("prompt", ["<lora:a:much>", "<lora:a:1e9>", "<lora:a:nan>", "<hypernet:a:1>"])
def test_an_adapter_that_cannot_be_is_refused(prompt: str) -> None:
    with pytest.raises(RakkanError) as caught:
        grammar.adapters(prompt)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a teapot", [("a teapot", 1)]),
        ("a picture of 16:9", [("a picture of 16:9", 1)]),
        ("a teapot AND a cat", [("a teapot ", 1), (" a cat", 1)]),
        ("a teapot :1.2AND a", [("a teapot :1.2AND a", 1)]),
        ("a:0.5 AND b :2. AND  c : .25 ", [("a", 0.5), (" b", 2), ("  c", 0.25)]),
        ("a AND b:0", [("a ", 1)]),
        ("a :0 AND b:0", [("a", 0), (" b", 0)]),
        ("(a:1.3) AND [b:c:0.5] :+.5", [("(a:1.3) ", 1), (" [b:c:0.5]", 0.5)]),
        (r"\( AND b", [(r"\( ", 1), (" b", 1)]),
        ("SAND AND ANDY and) AND", [("SAND ", 1), (" ANDY and) ", 1), ("", 1)]),
    ],
)
def test_prompts_joined_by_and(prompt: str, expected: list[tuple[str, float]]) -> None:
    assert [(one.text, one.weight) for one in grammar.subprompts(prompt)] == expected


@pytest.mark.parametrize("prompt", ["(a AND b:-1)", "a (b AND c", "[a AND b:c:0.5]", "a AND b [c|d AND e]"])
def test_and_inside_brackets_is_refused(prompt: str) -> None:
    """It would read brackets apart that were judged together."""
    with pytest.raises(RakkanError, match="inside brackets") as caught:
        grammar.subprompts(prompt)
    assert "small letters" in caught.value.hint


@pytest.mark.parametrize("prompt", ["a AND b :-1", "a :1000 AND b", "a AND b:" + "9" * 400])
def test_a_share_out_of_range_is_refused(prompt: str) -> None:
    """What leads away belongs into the negative prompt, where it is judged as such."""
    with pytest.raises(RakkanError, match="out of range") as caught:
        grammar.subprompts(prompt)
    assert "negative prompt" in caught.value.hint


def test_prompts_change_as_a1111_changes_them() -> None:
    def over(prompt: str) -> list[str]:
        return [schedule.at_step(prompt, step, 4) for step in range(1, 5)]

    assert over("[a:b:0.5]") == ["a", "a", "b", "b"]
    assert over("[a:b:3]") == ["a", "a", "a", "b"]
    assert over("x [b:0.25]") == ["x ", "x b", "x b", "x b"]
    assert over("[a::2]") == ["a", "a", "", ""]
    assert over("[a|b|]") == ["a", "b", "", "a"]
    assert over("[[a|b]:(c:1.2):2]") == ["a", "b", "(c:1.2)", "(c:1.2)"]
    assert over(r"[a] \[a|b\] (x:1.2) [") == [r"[a] \[a|b\] (x:1.2) ["] * 4
    assert [schedule.changes(one) for one in ("[a]", "a|b", "[a|b]", "([x:0.2])", r"\[a|b]")] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_brackets_nested_without_end_are_refused() -> None:
    with pytest.raises(RakkanError, match="nests more"):
        schedule.at_step("[" * 5000 + "]" * 5000, 1, 4)


def test_a_full_chunk_is_cut_after_the_last_comma() -> None:
    tokens = "cat " * 60 + ", " + "dog " * 30
    first, second = chunks(tokens, Tokenizer(0))
    comma, dog = encode(",")[0], encode("dog")[0]
    assert first.ids[61] == comma and first.ids[62] == END and set(first.ids[63:]) == {0}
    assert second.ids[:31] == (START, *(dog,) * 30) and second.ids[31] == END


def test_without_a_near_comma_a_chunk_is_filled() -> None:
    tokens = "cat " * 50 + ", " + "dog " * 30
    first, second = chunks(tokens, Tokenizer())
    assert first.ids[76] == END and first.ids.count(encode("dog")[0]) == 24
    assert second.ids.count(encode("dog")[0]) == 6 and set(second.ids[7:]) == {END}


def test_learned_vectors_take_the_place_of_their_name() -> None:
    inversions = {"ink-style": 2, "ink-style-2": 3}
    (one,) = chunks("a (ink-style:1.5) ink-style-2", Tokenizer(), inversions)
    assert one.vectors == (
        (2, "ink-style", 0),
        (3, "ink-style", 1),
        (4, "ink-style-2", 0),
        (5, "ink-style-2", 1),
        (6, "ink-style-2", 2),
    )
    assert one.weights[2:4] == (1.5, 1.5) and one.ids[7] == END


def test_learned_vectors_that_do_not_fit_begin_a_chunk() -> None:
    first, second = chunks("cat " * 70 + "ink", Tokenizer(), {"ink": 8})
    assert not first.vectors and first.ids[71] == END
    assert [place for place, _, _ in second.vectors] == list(range(1, 9))
