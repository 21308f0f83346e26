"""``python -m benchmarks.edits``: whether an edit changes what is asked and keeps the rest.

Figures are known exactly: renders, whose attributes the renderer was given, and pictures of the starter
model, of which is taken what the first instrument reads before the edit. One edit each, of twelve slots in
turn, by the words that a person would type. Two instruments judge, neither of which the edits use: the
evaluation's classifier, its own error measured on fresh renders and taken off (Rogan and Gladen), and colours
read from pixels. Beside them stand two bounds: nothing done, and everything drawn anew.

The protocol and its thresholds are frozen: ``PROTOCOL`` is written into the result.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, cast

import numpy as np
from benchmarks.bench import machine
from numpy.typing import NDArray

from rakkan.checkout import commit
from rakkan.corpus.figures.attributes import COLOURED_BACKGROUNDS, Attributes, visible
from rakkan.corpus.figures.drawing import render
from rakkan.studio.starter.evaluation import colours
from rakkan.studio.starter.evaluation.statistics import corrected, wilson
from rakkan.studio.starter.evaluation.trials import Trial
from rakkan.studio.starter.renders import SCOPES
from rakkan.studio.starter.vocabulary import SLOT_VALUES, SLOTS, condition_of

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "edits.json"
SHEET = ROOT / "docs" / "pictures" / "edits.png"
Pixels = NDArray[np.uint8]

#: What is wanted, said before anything was measured: shares of the asked attributes that are right, and of
#: all others that are kept, over all cases, corrected; and the seam, edited over unedited.
PROTOCOL: dict[str, Any] = {
    "asked_right_at_least": 0.90,
    "others_kept_at_least": 0.95,
    "seam_ratio_at_most": 1.25,
    "slots": [
        "hair_colour",
        "eye_colour",
        "skin",
        "outfit_colour",
        "background_colour",
        "outfit",
        "background",
        "expression",
        "hairstyle",
        "accessory head",
        "accessory face",
        "accessory neck",
    ],
    "renders_of_five": 3,
    "instrument_renders": 600,
    "kept": "of a render the truth is read after the edit; of the model's own picture what was read before",
}
#: Slots that must be seen for an edit of them to mean anything.
_SEEN = {"eye_colour": {"expression": "neutral"}, "expression": {"expression": "neutral"}}


@dataclass(frozen=True)
class Case:
    """One edit: the figure, the seed of its picture, whether that is a render, and what is asked."""

    attributes: Attributes
    seed: int
    is_render: bool
    slot: str
    value: str

    @property
    def words(self) -> str:
        """What a person types."""
        noun = {"hair_colour": "hair", "eye_colour": "eyes", "skin": "skin", "outfit_colour": "outfit"}
        noun |= {"background_colour": "background"}
        if self.slot == "skin":
            return f"{self.value} skin"
        return f"{noun[self.slot]}: {self.value}" if self.slot in noun else self.value


def cases(count: int, seed: int) -> list[Case]:
    """So many edits, slots in turn, each asking for a value that the figure does not have."""
    random, scope = Random(f"edits {seed}"), SCOPES["busts"]
    made: list[Case] = []
    slots: list[str] = PROTOCOL["slots"]
    while len(made) < count:
        slot = slots[len(made) % len(slots)]
        fixed: dict[str, Any] = dict(_SEEN.get(slot, {}))
        if slot == "background_colour":
            fixed["background"] = random.choice(COLOURED_BACKGROUNDS[:2])
        if slot.startswith("accessory") or slot in ("eye_colour", "expression"):
            fixed["accessories"] = ()
        attributes = scope.sample(random, **fixed)
        value = _other(slot, attributes, random)
        is_render = len(made) // len(slots) % 5 < PROTOCOL["renders_of_five"]
        made.append(Case(attributes, random.getrandbits(31), is_render, slot, value))
    return made


def _other(slot: str, attributes: Attributes, random: Random) -> str:
    """Another value of the slot, which can be told from the one there."""
    now = condition_of(attributes).get(slot)
    values = SLOT_VALUES[slot]
    if slot.startswith("accessory"):
        values = tuple(value for value in values if value != "none")
    if slot == "expression":
        values = tuple(value for value in values if value not in ("neutral", "wink"))
    return random.choice([value for value in values if value != now])


def after(case: Case) -> Attributes:
    """The figure as it should be after the edit."""
    if case.slot.startswith("accessory"):
        return replace(case.attributes, accessories=(*case.attributes.accessories, case.value))
    return replace(case.attributes, **cast(dict[str, Any], {case.slot: case.value}))


def unchanged(case: Case) -> list[str]:
    """Slots that a viewer can read before and after, other than the one that is asked for."""
    before, then = condition_of(case.attributes), condition_of(after(case))
    shown = set(visible(case.attributes)) & set(visible(after(case)))
    seen = shown | {slot for slot in before if slot.startswith("accessory ")}
    return [
        slot
        for slot in SLOTS
        if slot in seen and slot != case.slot and before.get(slot) == then.get(slot) and slot in before
    ]


class Workbench:
    """What draws and edits: the starter model in its own size, and the reader."""

    def __init__(self) -> None:
        from rakkan.api import equipment
        from rakkan.features.figures.reading import read
        from rakkan.studio.editing.requests import EditRequest

        self.artist = equipment.starter_artist(EditRequest(Path("x.png")))
        self.read = read

    def picture(self, case: Case) -> Pixels:
        """The picture that is to be edited."""
        if case.is_render:
            return render(case.attributes, case.seed)
        return self.drawn(case.attributes, case.seed)

    def drawn(self, attributes: Attributes, seed: int) -> Pixels:
        """The starter model's own picture of a figure."""
        from rakkan.studio.starter.vocabulary import encode

        artist = self.artist
        return artist.engine.sample(
            encode(condition_of(attributes)),
            width=256,
            height=256,
            seed=seed,
            steps=artist.steps,
            guidance=artist.guidance,
        )

    def edited(self, case: Case, pixels: Pixels) -> tuple[Pixels, NDArray[np.float32]]:
        """The picture after its edit as ``rakkan edit`` does it, and what it touched. Of the model's own
        pictures the figure is known by its recipe, of renders it is read."""
        from rakkan.studio.editing.editing import Edit, changed_picture
        from rakkan.studio.editing.opening import Opened
        from rakkan.studio.editing.requests import EditRequest, plan
        from rakkan.studio.editing.starter import starter_recipe
        from rakkan.studio.references import LetIn
        from rakkan.studio.starter.tags import description

        request = EditRequest(Path("picture.png"), (case.words,), seed=case.seed % 1000)
        recipe = None
        if not case.is_render:
            told = description(condition_of(case.attributes))
            recipe = starter_recipe(self.artist.engine, self.artist.upscaler, told, case.seed, (256, 256))
        opened = Opened("picture.png", LetIn("", "image/png", b"", pixels), recipe)
        edit = Edit(plan(request, lambda prompt, negative: None), opened, self.read)
        said = self.artist.said(opened, lambda: edit.figure, edit.planned)
        painter = self.artist.painter(said, edit.planned.seed, edit, lambda done, total: None)
        made = changed_picture(edit, painter, self.artist.polishes)
        return made.pixels, made.touched


def seam(before: Pixels, made: Pixels, mask: NDArray[np.float32]) -> float | None:
    """How much steeper the picture is across the mask's border than the unedited one is there: the ratio of
    mean differences of luma between neighbours of which one lies under the mask. None without a border."""
    steps = []
    for picture in (made, before):
        luma = picture.astype(float) @ np.array([0.299, 0.587, 0.114])
        across = []
        for axis in (0, 1):
            border = np.diff((mask > 0).astype(np.int8), axis=axis) != 0
            across.append(np.abs(np.diff(luma, axis=axis))[border])
        steps.append(np.concatenate(across))
    if len(steps[0]) < 20:
        return None
    return float((steps[0].mean() + 1) / (steps[1].mean() + 1))


def instrument(network: Any, seed: int) -> dict[str, dict[str, float]]:
    """The classifier's own error, slot by slot, on renders that it has never seen."""
    from rakkan.studio.starter.evaluation.adherence import own_error
    from rakkan.studio.starter.evaluation.trials import chance_trials

    trials: list[Trial] = chance_trials(PROTOCOL["instrument_renders"], seed + 1, SCOPES["busts"])
    return own_error(network, trials, [render(one.attributes, 10_000_000 + one.seed) for one in trials])


def judged(
    chosen: Sequence[Case],
    values: NDArray[np.int64],
    read_before: NDArray[np.int64],
    error: dict[str, dict[str, float]],
) -> dict[str, Any]:
    """Shares of asked attributes that are right and of others that are kept, as read and corrected."""
    asked, kept = dict[str, list[bool]](), dict[str, list[bool]]()
    for row, case in enumerate(chosen):
        column = SLOTS.index(case.slot)
        wanted = SLOT_VALUES[case.slot].index(case.value)
        asked.setdefault(case.slot, []).append(bool(values[row, column] == wanted))
        truth = condition_of(case.attributes)
        for slot in unchanged(case):
            at = SLOTS.index(slot)
            right = SLOT_VALUES[slot].index(truth[slot])
            if not case.is_render:
                right = int(read_before[row, at])  # what the model drew, not what it was asked to
            kept.setdefault(slot, []).append(bool(values[row, at] == right))
    return {"asked": _table(asked, error), "kept": _table(kept, error if chosen[0].is_render else {})}


def _table(found: dict[str, list[bool]], error: dict[str, dict[str, float]]) -> dict[str, Any]:
    """By slot and over all: as read, and corrected by each slot's own error where there is one."""
    rows, estimate = dict[str, Any](), 0.0
    total = sum(len(ones) for ones in found.values())
    for slot in SLOTS:
        if not (ones := found.get(slot)):
            continue
        share = sum(ones) / len(ones)
        best = None
        if slot in error and error[slot]["n"]:
            best = corrected(share, error[slot]["sensitivity"], error[slot]["specificity"])
        rows[slot] = {"n": len(ones), "share": share, "corrected": best}
        estimate += len(ones) * (share if best is None else best)
    hits = sum(sum(ones) for ones in found.values())
    return {
        "n": total,
        "share": hits / total,
        "interval": list(wilson(hits, total)),
        "corrected": estimate / total,
        "slots": rows,
    }


def by_pixels(chosen: Sequence[Case], pictures: Sequence[Pixels]) -> dict[str, Any]:
    """The second instrument: of colours asked for in renders, how often the pixels show them; where things
    lie is known exactly."""
    found: dict[str, list[bool]] = {}
    for case, pixels in zip(chosen, pictures, strict=True):
        then = after(case)
        if not case.is_render or case.slot not in colours.COLOUR_REGIONS:
            continue
        if not colours.measurable(case.slot, then):
            continue
        reference = colours.Reference(case.seed, 0, 0)
        seen = colours.read_colour(case.slot, then, pixels, reference)
        if seen is not None:
            found.setdefault(case.slot, []).append(seen == case.value)
    return _table(found, {}) if found else {}


def run(count: int, seed: int, classifier: Path, progress: bool) -> tuple[dict[str, Any], list[Pixels]]:
    """Everything, and before and after side by side for the first 24 cases."""
    from rakkan.studio.starter.evaluation.adherence import read_values
    from rakkan.studio.starter.evaluation.classifier import load

    network, bench = load(classifier), Workbench()
    chosen = cases(count, seed)
    before, made, anew = list[Pixels](), list[Pixels](), list[Pixels]()
    seams: dict[str, list[float]] = {}
    outside, seconds, failed = 0, list[float](), list[str]()
    for number, case in enumerate(chosen):
        pixels = bench.picture(case)
        started = time.perf_counter()
        try:
            drawn, touched = bench.edited(case, pixels)
        except Exception as error:  # a part that is not found: the edit is not done, and counts so
            failed.append(f"{case.slot}: {error}")
            drawn, touched = pixels, np.zeros(pixels.shape[:2], np.float32)
        seconds.append(time.perf_counter() - started)
        outside += int((drawn[touched == 0] != pixels[touched == 0]).sum())
        ratio = seam(pixels, drawn, touched)
        if ratio is not None:
            seams.setdefault(case.slot, []).append(ratio)
        before.append(pixels)
        made.append(drawn)
        anew.append(bench.drawn(after(case), case.seed + 1))
        if progress and number % 20 == 19:
            print(f"{number + 1} of {count}, {np.mean(seconds):.2f} s each", flush=True)
    error = instrument(network, seed)
    seen = {
        name: read_values(network, ones)[0]
        for name, ones in (("before", before), ("made", made), ("anew", anew))
    }
    results: dict[str, Any] = {}
    for source, wanted in (("renders", True), ("drawn by the model", False)):
        rows = [row for row, case in enumerate(chosen) if case.is_render is wanted]
        part = [chosen[row] for row in rows]
        if not part:
            continue
        results[source] = {
            "cases": len(part),
            "edited": judged(part, seen["made"][rows], seen["before"][rows], error),
            "nothing done": judged(part, seen["before"][rows], seen["before"][rows], error),
            "everything drawn anew": judged(part, seen["anew"][rows], seen["before"][rows], error),
        }
    all_seams = [one for ones in seams.values() for one in ones]
    results["colours by pixels"] = by_pixels(chosen, made)
    results["seam"] = {
        "n": len(all_seams),
        "mean_ratio": float(np.mean(all_seams)),
        "median_ratio": float(np.median(all_seams)),
        "by_slot": {slot: float(np.mean(ones)) for slot, ones in seams.items()},
    }
    results["bits_changed_outside"] = outside
    results["seconds_an_edit"] = float(np.median(seconds))
    results["not_done"] = {"n": len(failed), "reasons": sorted(set(failed))[:12]}
    results["all"] = _overall(results)
    results["instrument_error"] = error
    pairs = [np.concatenate([one, other], axis=1) for one, other in zip(before[:24], made[:24], strict=False)]
    return results, pairs


def _overall(results: dict[str, Any]) -> dict[str, Any]:
    """Both sources together, and whether the thresholds hold."""
    told: dict[str, Any] = {}
    for what in ("edited", "nothing done", "everything drawn anew"):
        parts = [results[source][what] for source in ("renders", "drawn by the model") if source in results]
        told[what] = {}
        for which in ("asked", "kept"):
            n = sum(part[which]["n"] for part in parts)
            told[what][which] = sum(part[which]["n"] * part[which]["corrected"] for part in parts) / n
    told["holds"] = {
        "asked": told["edited"]["asked"] >= PROTOCOL["asked_right_at_least"],
        "kept": told["edited"]["kept"] >= PROTOCOL["others_kept_at_least"],
        "seam": results["seam"]["mean_ratio"] <= PROTOCOL["seam_ratio_at_most"],
    }
    return told


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write the figures and a sheet."""
    parser = argparse.ArgumentParser(description="Whether edits change what is asked and keep the rest.")
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--classifier", type=Path, required=True, help="of the evaluation: classifier-*.safetensors"
    )
    parser.add_argument("--out", type=Path, default=REPORT)
    parser.add_argument("--sheet", type=Path, help="a PNG of the first 24 before and after, through the gate")
    given = parser.parse_args(arguments)
    from rakkan import assemble

    found, pairs = run(given.cases, given.seed, given.classifier, True)
    found |= {
        "protocol": PROTOCOL,
        "measured": {
            "command": f"python -m benchmarks.edits --cases {given.cases} --classifier FILE",
            "seed": given.seed,
            "commit": commit(ROOT),
            "n": given.cases,
            "interval": "Wilson, 95 %",
            "processor": machine()["processor"],
            "model_digest": assemble.engine().model_digest,
            "date": datetime.now(UTC).date().isoformat(),
        },
    }
    given.out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if given.sheet:
        _release(pairs, given.sheet)
    print(json.dumps(found["all"], indent=1), given.out)


def _release(pairs: list[Pixels], place: Path) -> None:
    """The sheet, through the gate as every picture."""
    from rakkan import assemble
    from rakkan.records import Recipe
    from rakkan.studio.requests import release_sheet

    recipe = Recipe(
        "edits before and after",
        "",
        "rakkan-starter",
        assemble.engine().model_digest,
        "euler",
        "uniform",
        4,
        1.0,
        0,
        512,
        256,
    )
    release_sheet(pairs, [recipe] * len(pairs), 3, place, assemble.release())


if __name__ == "__main__":
    main()

__all__ = ["PROTOCOL", "Case", "after", "cases", "judged", "main", "run", "seam", "unchanged"]
