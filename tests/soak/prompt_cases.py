"""What the soak does to the prompt filter: words hidden in noise, long hostile texts, hostile metadata."""

from __future__ import annotations

import json
import time
from pathlib import Path
from random import Random
from typing import Any

from cases import ROOT, Case, check

from rakkan.trust.safety.prompts import judge, judge_model, tables

_TABLE = ROOT / "tests" / "trust" / "safety" / "prompts" / "teapots.toml"
_PIECES = (
    *"teapo1l|(){}[]<>:,.;_-*#@$!~%&\\/ \n",
    "no ", "without ", "teapo", "kettl", "12 year ", "(x:-1)", "::-1", "&#116;", "%74", "\u200b", "\u0301",
    "ティ", "ポット", "急", "なし", "т", "ᴛ", "𝓽", "🙂", "Tom ", "BREAK", "\ufdfa", "\U000e0074",
)  # fmt: skip
#: Far more than any text of this length takes; a busy machine must not look like a fault.
_SECONDS = 20.0


def any_text_is_judged_in_time_and_alike(random: Random, folder: Path) -> None:
    few = random.sample(_PIECES, random.randint(1, 6))
    pieces = random.choice([_PIECES, few])
    text = "".join(random.choices(pieces, k=random.randint(0, 5000)))[:5000]
    start = time.process_time()
    once = judge(text, text[:500])
    took = time.process_time() - start
    check(took < _SECONDS, f"{took:.1f} s for {text[:200]!r}")
    check(once == judge(text, text[:500]), f"judged otherwise again: {text[:200]!r}")


def a_word_is_found_behind_any_noise(random: Random, folder: Path) -> None:
    table = tables.read(_TABLE.read_text(encoding="utf-8"))
    noise = "".join(random.choices(_PIECES, k=random.randint(0, 300))).replace("BREAK", "")
    word = random.choice(["teapot", "tetera", "Teekanne", "急須", "samovar", "Kettles"])
    for text in (f"{noise}\n{word}", f"{word}\n{noise}"):
        weighted = "(x:" in text or "::" in text or ":-" in text or ":0" in text
        found = {refusal.rule for refusal in judge(text, tables=table)}
        check(weighted or "teapots" in found, f"not found: {text!r}")


def any_metadata_are_judged_in_time(random: Random, folder: Path) -> None:
    value: Any = "teapot"
    for _ in range(random.randint(0, 40)):
        wrapped = {"a" * random.randint(0, 9): value}
        value = random.choice([wrapped, [value], [value, 1], str(value)[:50]])
    text = json.dumps(value)
    damaged = text[: random.randint(0, len(text))]
    tags = random.choice([text, damaged, "[" * 50_000])
    start = time.process_time()
    judge_model({"ss_tag_frequency": tags, "modelspec.title": "x"}, "name")
    took = time.process_time() - start
    check(took < _SECONDS, f"{took:.1f} s for {text[:200]!r}")


CASES = (
    Case("any_text_is_judged_in_time_and_alike", 2, any_text_is_judged_in_time_and_alike),
    Case("a_word_is_found_behind_any_noise", 2, a_word_is_found_behind_any_noise),
    Case("any_metadata_are_judged_in_time", 1, any_metadata_are_judged_in_time),
)
