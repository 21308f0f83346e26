"""CLIP's tokenizer against transformers' own, which is built here from the same merges."""

from __future__ import annotations

import gzip
import random
import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.studio.clip import tokenizer

ORDINARY = (
    "a watercolour of a teapot on a wooden table",
    "1girl, solo, masterpiece, best quality, (looking at viewer:1.2), absurdres, highres, newest",
    "score_9, score_8_up, source_anime, rating_safe",
    "it's the dog's, they'll say; we've 12345 cats, I'm sure he'd know we're late, don't",
    "髪の長い女の子、桜の木の下で",
    "İstanbul ΟΔΥΣΣΕΥΣ straße ÅNGSTRÖM e\u0301 ﬁ",
)
HOSTILE = (
    "",
    " \t\n\x0b\x0c\r ",
    "\x00\x1c\x1d\x7f\x85\u200b\u2028\ufeff",
    "<|endoftext|><|startoftext|> <|ENDOFTEXT|> <|endoftext|",
    "''' 's's't'RE''ll !'s",
    "a" * 500 + "!" * 300 + "9" * 50,
    "👩‍👩‍👧‍👦🏴‍☠️🇯🇵",
    "½ ² Ⅷ 〇 ٣ ๓",
    "\u0f77\u1e9b\u0323 \u2126",
)


@pytest.fixture(scope="module")
def peer() -> Any:
    from transformers import CLIPTokenizer

    lines = gzip.decompress(tokenizer._MERGES.read_bytes()).decode().split("\n")
    _, ids = tokenizer._vocabulary()
    vocabulary = {**ids, "<|startoftext|>": tokenizer.START, "<|endoftext|>": tokenizer.END}
    merges = [tuple(line.split(" ")) for line in lines]
    return CLIPTokenizer(vocab=vocabulary, merges=merges)


def test_known_ids_are_those_clip_was_published_with() -> None:
    assert tokenizer.encode("a photo of a cat") == [320, 1125, 539, 320, 2368]
    assert tokenizer.encode("!") == [256]
    assert len(tokenizer._vocabulary()[1]) == tokenizer.START


@pytest.mark.parametrize("text", ORDINARY + HOSTILE)
def test_tokens_are_transformers_own(peer: Any, text: str) -> None:
    assert tokenizer.encode(text) == peer(text, add_special_tokens=False)["input_ids"]


def test_tokens_of_every_kind_of_letter_are_transformers_own(peer: Any) -> None:
    chosen = random.Random(5)
    assigned = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co")
    ]
    for _ in range(300):
        text = "".join(chosen.choice(assigned) for _ in range(12))
        assert tokenizer.encode(text) == peer(text, add_special_tokens=False)["input_ids"], ascii(text)


@given(st.text(max_size=60))
def test_every_text_has_tokens_in_range(text: str) -> None:
    assert all(0 <= token <= tokenizer.END for token in tokenizer.encode(text))
