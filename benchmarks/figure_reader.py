"""``python -m benchmarks.figure_reader``: how often the figure reader is right, and how well it knows.

On renders that no run has seen, whose truth is exact: every slot, the parts' overlap, and its probabilities.
On pictures that the shipped starter model draws from prompts, where the truth is what two other instruments
see: colours read from pixels without a network, and with ``--classifier`` the model card's classifier.
Writes ``docs/measurements/reader.json`` and the tables of ``docs/references.md``.
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy
from benchmarks.bench import machine
from numpy.typing import NDArray

from rakkan import assemble
from rakkan.checkout import commit
from rakkan.corpus.figures.canvas import PARTS as OWN_PARTS
from rakkan.features.figures.parts import PARTS
from rakkan.features.figures.reading import digest, read
from rakkan.studio.create import CreateRequest, draft, plan
from rakkan.studio.starter.evaluation import classifier, colours
from rakkan.studio.starter.evaluation.statistics import wilson
from rakkan.studio.starter.evaluation.trials import Trial, chance_trials
from rakkan.studio.starter.renders import BUCKETS, SCOPES, render_with_parts
from rakkan.studio.starter.vocabulary import SLOT_VALUES, SLOTS, condition_of

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "reader.json"
PAGE = ROOT / "docs" / "references.md"
#: Bounds of the probabilities that are compared with how often the reader is right.
BOUNDS = (0.0, 0.5, 0.7, 0.9, 1.01)
BUSTS = SCOPES["busts"]


def on_renders(trials: list[Trial]) -> dict[str, Any]:
    """Slots, parts and probabilities on renders."""
    right: dict[str, list[bool]] = {slot: [] for slot in SLOTS}
    overlap: dict[str, list[float]] = {part: [] for part in PARTS}
    told: list[tuple[float, bool]] = []
    own = list(OWN_PARTS)
    for trial in trials:
        size = next((one.width, one.height) for one in BUCKETS if trial.attributes.framing in one.framings)
        drawn = render_with_parts(trial.attributes, 40_000_000 + trial.seed, *size)
        found, true = read(drawn[..., :3]), condition_of(trial.attributes)
        for slot, (value, probability) in found.slots.items():
            if slot in true:
                right[slot].append(value == true[slot])
            told.append((probability, true.get(slot) == value))
        for part, seen in overlap.items():
            there = numpy.isin(drawn[..., 3], [own.index(name) for name in PARTS[part]])
            if there.sum() > 30:
                said = found.parts[part] >= 0.5
                seen.append(float((said & there).sum() / (said | there).sum()))
    return {
        "n": len(trials),
        "slots": {slot: share(seen) for slot, seen in right.items() if seen},
        "parts": {part: round(float(numpy.mean(seen)), 4) for part, seen in overlap.items()},
        "probabilities": [
            {
                "from": low,
                "n": len(inside),
                "told": float(numpy.mean([one[0] for one in inside])),
                "right": float(numpy.mean([one[1] for one in inside])),
            }
            for low, high in pairwise(BOUNDS)
            if (inside := [one for one in told if low <= one[0] < high])
        ],
    }


def on_the_starters(trials: list[Trial], network: Any) -> dict[str, Any]:
    """Agreement with other instruments on pictures of the starter model."""
    steps, guidance = assemble.usual_sampling()
    pixels: dict[str, list[bool]] = {}
    agreed: dict[str, list[bool]] = {}
    for trial in trials:
        request = CreateRequest(trial.prompt, seed=trial.seed, steps=steps, guidance=guidance)
        picture = draft(plan(request), assemble.engine())[0]
        found = read(picture)
        reference = colours.find_reference(trial.attributes, picture)
        for slot in colours.COLOUR_REGIONS:
            if colours.measurable(slot, trial.attributes):
                value = colours.read_colour(slot, trial.attributes, picture, reference)
                if value is not None:
                    pixels.setdefault(slot, []).append(found.slots[slot][0] == value)
        if network is not None:
            for slot, value in seen_by(network, picture).items():
                if slot in condition_of(trial.attributes):
                    agreed.setdefault(slot, []).append(found.slots[slot][0] == value)
    return {
        "n": len(trials),
        "colours by pixels": {slot: share(seen) for slot, seen in pixels.items()},
        "classifier": {slot: share(agreed[slot]) for slot in SLOTS if slot in agreed},
    }


def seen_by(network: Any, picture: NDArray[numpy.uint8]) -> dict[str, str]:
    """What the model card's classifier sees."""
    values, _ = classifier.predict(network, picture[None])
    return {slot: SLOT_VALUES[slot][int(values[0, column])] for column, slot in enumerate(SLOTS)}


def share(found: list[bool]) -> dict[str, Any]:
    return {
        "n": len(found),
        "share": round(sum(found) / len(found), 4),
        "interval": [round(edge, 4) for edge in wilson(sum(found), len(found))],
    }


def tables(report: dict[str, Any]) -> str:
    """The measured block of the page."""
    busts, every = report["busts"], report["all"]
    lines = [
        f"On {every['n']} renders of every framing, view and style, and on {busts['n']} of the busts that "
        "the starter model draws, all unseen: how often the most likely value is the true one, where it can "
        "be seen.",
        "",
        "| slot | all | interval | busts | interval |",
        "|---|---:|---|---:|---|",
    ]
    for slot, row in every["slots"].items():
        other = busts["slots"].get(slot)
        lines.append(f"| {slot.replace('_', ' ')} | {cell(row)} | {cell(other)} |")
    lines += ["", "| part | overlap, all | busts |", "|---|---:|---:|"]
    lines += [
        f"| {part} | {100 * value:.1f} % | {100 * busts['parts'][part]:.1f} % |"
        for part, value in every["parts"].items()
    ]
    lines += ["", "| told with | n | probability | right |", "|---|---:|---:|---:|"]
    lines += [
        f"| `{one['from']:g}` and more | {one['n']} | {100 * one['told']:.1f} % "
        f"| {100 * one['right']:.1f} % |"
        for one in every["probabilities"]
    ]
    starter = report["starter"]
    lines += [
        "",
        f"On {starter['n']} pictures of the starter model nothing is known exactly; how often the reader "
        "agrees with colours read from pixels, and with the model card's classifier (whose early layers are "
        "the same):",
        "",
        "| slot | by pixels | interval | classifier | interval |",
        "|---|---:|---|---:|---|",
    ]
    for slot in starter["classifier"] or starter["colours by pixels"]:
        pair = (starter["colours by pixels"].get(slot), starter["classifier"].get(slot))
        lines.append(f"| {slot.replace('_', ' ')} | {cell(pair[0])} | {cell(pair[1])} |")
    return "\n".join(lines) + "\n"


def cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return "– | –"
    low, high = row["interval"]
    return f"{100 * row['share']:.1f} % | {100 * low:.1f}–{100 * high:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--renders", type=int, default=400)
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--classifier", type=Path, help="A classifier that rakkan starter evaluate trained.")
    parser.add_argument("--seed", type=int, default=6)
    given = parser.parse_args()
    network = classifier.load(given.classifier) if given.classifier else None
    report = {
        "command": "python -m benchmarks.figure_reader",
        **machine(),
        "commit": commit(ROOT),
        "reader": digest(),
        "seed": given.seed,
        "n": given.renders,
        "interval": "Wilson, 95 %",
        "all": on_renders(chance_trials(given.renders, given.seed)),
        "busts": on_renders(chance_trials(given.renders, given.seed + 1, BUSTS)),
        "starter": on_the_starters(chance_trials(given.pictures, given.seed + 2, BUSTS), network),
        "model": assemble.engine().model_digest,
    }
    REPORT.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition("<!-- measured: reader.json -->\n")
    after = rest.partition("<!-- end measured -->\n")[2]
    block = f"<!-- measured: reader.json -->\n{tables(report)}<!-- end measured -->\n"
    PAGE.write_text(before + block + after, encoding="utf-8")
    print(block)


if __name__ == "__main__":
    main()
