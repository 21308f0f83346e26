"""``python -m benchmarks.prompt_filter --texts FOLDER``: what the prompt filter finds and wrongly refuses.

Catch rates are of a benign stand-in, the table of teapots the tests use, in disguises written without
looking at the filter (``prompt_evasions``); false positives are of the content table that ships, on captions
of the renderer and on ordinary language (``prompt_texts`` says what FOLDER holds). Seeds and files are those
held out: nothing was changed after looking at them.

A refusal of ordinary language is called *literal* when the word it quotes is written in the text just as the
table has it, or is a listed name in capitals: the text then does speak of what the rule is about. It still
counts as refused.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.bench import machine
from benchmarks.prompt_hostile import KINDS

from benchmarks import prompt_evasions, prompt_texts
from rakkan.checkout import commit
from rakkan.corpus.figures import attributes, captions
from rakkan.studio.starter.evaluation.statistics import wilson
from rakkan.trust.safety.prompts import Refusal, judge, tables

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "prompts.json"
DOCUMENT = ROOT / "docs" / "prompt-filter.md"
TEAPOTS = ROOT / "tests" / "trust" / "safety" / "prompts" / "teapots.toml"
LONGEST_PROMPT = 5000


def share(hits: int, trials: int) -> dict[str, Any]:
    """A share with its Wilson interval at 95 %."""
    low, high = wilson(hits, trials)
    return {"hits": hits, "n": trials, "share": hits / trials, "low": low, "high": high}


def mechanism(each: int, seed: int) -> dict[str, Any]:
    """What the mechanism finds of the stand-in, with ``each`` prompts per disguise and language."""
    table, random = tables.read(TEAPOTS.read_text(encoding="utf-8")), Random(seed)
    caught: dict[tuple[str, str], list[bool]] = {}
    wrongly: list[bool] = []
    for evasion in prompt_evasions.EVASIONS:
        for language, words in prompt_evasions.WORDS.items():
            if not prompt_evasions.applies(evasion, language):
                continue
            for _ in range(each):
                caption = _caption(random)
                for word, found in (
                    (random.choice(words), caught.setdefault((evasion.__name__, language), [])),
                    (random.choice(prompt_evasions.HARMLESS[language]), wrongly),
                ):
                    prompt = prompt_evasions.in_a_prompt(evasion(word, language, random), caption, random)
                    found.append(bool(judge(prompt, tables=table)))
    denied = [
        bool(judge(prompt_evasions.in_a_prompt(shape.format(word), _caption(random), random), tables=table))
        for language, shapes in prompt_evasions.DENIED.items()
        for shape in shapes
        for word in prompt_evasions.WORDS[language]
    ]
    return {
        "caught": share(sum(map(sum, caught.values())), sum(map(len, caught.values()))),
        "by_evasion": _grouped(caught, 0),
        "by_language": _grouped(caught, 1),
        "harmless_refused": share(sum(wrongly), len(wrongly)),
        "denied_refused": share(sum(denied), len(denied)),
    }


def _grouped(caught: dict[tuple[str, str], list[bool]], part: int) -> dict[str, Any]:
    groups: dict[str, list[bool]] = {}
    for key, found in caught.items():
        groups.setdefault(key[part], []).extend(found)
    return {name: share(sum(found), len(found)) for name, found in groups.items()}


def false_positives(folder: Path, count: int, each: int, seed: int) -> dict[str, Any]:
    """Refusals by the content table of ``count`` captions and ``each`` sentences of every language."""
    random = Random(seed)
    refused = [bool(judge(_caption(random))) for _ in range(count)]
    rows: dict[str, Any] = {"captions": {**share(sum(refused), count), "literal": 0}}
    everything, literal_in_all = refused, 0
    for language in prompt_texts.LANGUAGES:
        texts = prompt_texts.sample(folder, language, each, True, random)
        found = [(text, judge(text)) for text, _ in texts]
        literal = sum(bool(refusals) and all(_is_literal(one) for one in refusals) for _, refusals in found)
        hits = [bool(refusals) for _, refusals in found]
        rows[language] = {**share(sum(hits), len(hits)), "literal": literal}
        everything, literal_in_all = everything + hits, literal_in_all + literal
    rows["all"] = {**share(sum(everything), len(everything)), "literal": literal_in_all}
    rows["all_but_literal"] = share(sum(everything) - literal_in_all, len(everything))
    return rows


def _is_literal(refusal: Refusal) -> bool:
    if refusal.rule == "real person" and re.fullmatch(r"[\w'’.\-]+(?: [\w'’.\-]+)+", refusal.term):
        return all(part[:1].isupper() for part in refusal.term.split())
    return refusal.term.lower() in _written()


def _written() -> set[str]:
    concepts = tables.content().concepts.values()
    return {term.written.strip("*!~").lower() for concept in concepts for term in concept.terms}


def _caption(random: Random) -> str:
    return captions.partial_caption(attributes.sample(random), random)


def times(count: int, seed: int) -> dict[str, Any]:
    """Milliseconds of one processor for a judgement: of captions, and of each hostile kind of text."""
    random = Random(seed)
    judge("1girl")
    prompts = [_caption(random) for _ in range(count)]
    usual = [_took(prompt) for prompt in prompts]
    worst = {kind: min(_took(make(LONGEST_PROMPT)) for _ in range(3)) for kind, make in KINDS.items()}
    slowest = max(worst, key=lambda kind: worst[kind])
    return {
        "characters": round(statistics.median(map(len, prompts))),
        "median_milliseconds": statistics.median(usual),
        "slowest_kind": slowest,
        "slowest_milliseconds": worst[slowest],
        "milliseconds_by_kind": worst,
    }


def _took(text: str) -> float:
    start = time.process_time()  # the machine may be busy with other work
    judge(text)
    return 1000 * (time.process_time() - start)


def markdown(report: dict[str, Any]) -> str:
    """The figures as they stand in the document."""
    found, false, took = report["mechanism"], report["false_positives"], report["times"]
    caught, harmless, denied = found["caught"], found["harmless_refused"], found["denied_refused"]
    everything, mechanical = false["all"], false["all_but_literal"]
    shown = {name: row for name, row in false.items() if name != "all_but_literal"}
    lines = [
        f"**Caught: {_percent(caught)} of {caught['n']:,} disguised prompts.** Harmless words in the same "
        f"disguises refused: {_percent(harmless)} of {harmless['n']:,}; plainly denied ones: "
        f"{_percent(denied)} of {denied['n']:,}.",
        "",
        "| disguise | n | caught | interval |",
        "|---|---:|---:|---|",
        *(_row(name.replace("_", " "), row) for name, row in found["by_evasion"].items()),
        "",
        "| language | n | caught | interval |",
        "|---|---:|---:|---|",
        *(_row(name, row) for name, row in found["by_language"].items()),
        "",
        f"**Refused of {everything['n']:,} ordinary texts: {_percent(everything)}**; without those that hold "
        f"a word of the table literally {_percent(mechanical)}.",
        "",
        "| text | n | refused | interval | of these literal |",
        "|---|---:|---:|---|---:|",
        *(f"{_row(name, row)} {row['literal']} |" for name, row in shown.items()),
        "",
        f"A caption of {took['characters']} characters takes {took['median_milliseconds']:.1f} ms of one "
        f"processor (median); the slowest kind of hostile text of {LONGEST_PROMPT:,} characters "
        f"({took['slowest_kind']}) {took['slowest_milliseconds']:.0f} ms.",
    ]
    return "\n".join(lines)


def _percent(row: dict[str, Any]) -> str:
    return f"{100 * row['share']:.2f} % ({100 * row['low']:.2f}–{100 * row['high']:.2f})"


def _row(name: str, row: dict[str, Any]) -> str:
    interval = f"{100 * row['low']:.2f}–{100 * row['high']:.2f}"
    return f"| {name} | {row['n']:,} | {100 * row['share']:.2f} % | {interval} |"


def publish(report: dict[str, Any], document: str) -> str:
    """The document with the figures of a report in its measured block."""
    block = f"<!-- measured: prompts.json -->\n{markdown(report)}\n<!-- end measured -->"
    pattern = r"<!-- measured: prompts\.json -->.*?<!-- end measured -->"
    return re.sub(pattern, lambda _: block, document, count=1, flags=re.DOTALL)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure the prompt filter.")
    parser.add_argument("--texts", type=Path, required=True, help="folder for Debian packages with texts")
    parser.add_argument("--each", type=int, default=60, help="prompts per disguise and language")
    parser.add_argument("--captions", type=int, default=2000)
    parser.add_argument("--sentences", type=int, default=2000, help="per language")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--json", type=Path, default=REPORT)
    parser.add_argument("--document", type=Path, default=DOCUMENT)
    given = parser.parse_args(arguments)
    prompt_texts.fetch(given.texts)
    found = mechanism(given.each, given.seed)
    false = false_positives(given.texts, given.captions, given.sentences, given.seed + 1)
    report: dict[str, Any] = {
        "command": "python -m benchmarks.prompt_filter --texts FOLDER",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(ROOT),
        **machine(),
        "seed": given.seed,
        "n": found["caught"]["n"] + false["all"]["n"],
        "interval": "Wilson, 95 %",
        "longest_prompt": LONGEST_PROMPT,
        "mechanism": found,
        "false_positives": false,
        "times": times(200, given.seed + 2),
    }
    given.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    given.document.write_text(publish(report, given.document.read_text(encoding="utf-8")), encoding="utf-8")
    print(markdown(report))


if __name__ == "__main__":
    main()
