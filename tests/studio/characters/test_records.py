"""Versions of characters and styles: one JSON text each, read strictly, named by its digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from rakkan.errors import RakkanError
from rakkan.studio.characters import records
from rakkan.studio.characters.records import Character, Style

MIKA = Character(
    "Mika",
    2,
    "ab" * 32,
    "better",
    1_800_000_000,
    tags="1girl, silver hair",
    palette=("#b8c0cc",),
    references=("cd" * 32,),
    adapters={"ef" * 32: "lora pastel 0.8"},
    seed="7",
    licence="CC0-1.0",
)


def test_the_json_is_the_one_text_and_its_digest_the_name() -> None:
    expected = (
        f'{{"adapters":{{"{"ef" * 32}":"lora pastel 0.8"}},"because":"better","description":"",'
        '"kind":"rakkan character 1","licence":"CC0-1.0","name":"Mika","number":2,"palette":["#b8c0cc"],'
        f'"parent":"{"ab" * 32}","references":["{"cd" * 32}"],"seed":"7","tags":"1girl, silver hair",'
        '"time":1800000000}'
    )
    assert records.to_json(MIKA).decode() == expected
    assert records.digest(MIKA) == hashlib.sha256(expected.encode()).hexdigest()
    assert records.from_json(expected.encode()) == MIKA


def test_a_style_reads_back() -> None:
    style = Style("Misty", 1, "", "", 5, tags="pastel colours", sampler="euler", guidance="7.5", steps="20")
    assert records.from_json(records.to_json(style)) == style
    assert records.sort_of(style) == "style"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"palette": ["red"]}, "palette"),
        ({"palette": ["#ffffff"] * 13}, "13 colours"),
        ({"references": ["ab"]}, "references"),
        ({"references": [f"{n:064x}" for n in range(9)]}, "9 references"),
        ({"adapters": {"ef": "lora x 1"}}, "adapter"),
        ({"adapters": {"ef" * 32: "lora a:9> 1"}}, "adapters"),
        ({"seed": "-1"}, "seed"),
        ({"number": 0}, "version 0"),
        ({"number": 1}, "version 1"),
        ({"number": 2, "parent": ""}, "version 2"),
        ({"parent": "zz"}, "parent"),
        ({"name": " Mika"}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": ""}, "name"),
        ({"tags": "x" * 2001}, "tags"),
        ({"tags": "a\u0007b"}, "tags"),
        ({"time": -1}, "time"),
        ({"kind": "rakkan character 2"}, "rakkan character 2"),
        ({"more": "x"}, "more"),
    ],
)
def test_what_no_version_may_say_is_refused_by_name(change: dict[str, Any], said: str) -> None:
    value = {**json.loads(records.to_json(MIKA)), **change}
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    with pytest.raises(RakkanError, match=said) as caught:
        records.from_json(text.encode())
    assert caught.value.hint and "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"[" * 100_000, b"\xff", b'{"a":1,"a":2}', b"1e999"])
def test_what_is_no_json_of_ours_is_refused_in_a_line(text: bytes) -> None:
    with pytest.raises(RakkanError):
        records.from_json(text)


def test_another_writing_of_the_same_is_refused() -> None:
    with pytest.raises(RakkanError, match="one form"):
        records.from_json(records.to_json(MIKA).replace(b'","', b'", "', 1))


def test_all_words_are_told() -> None:
    told = records.words(replace(MIKA, description="A courier"))
    assert {"Mika", "A courier", "1girl, silver hair", "better", "pastel"} < set(told)
    assert "Mika, A courier, 1girl, silver hair" in told


def test_names_are_kept_in_one_form() -> None:
    assert records.checked_name("  Mi\u0065\u0301a   B ") == "Mi\u00e9a B"
