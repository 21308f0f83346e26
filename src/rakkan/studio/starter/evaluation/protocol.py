"""The whole measurement, stage by stage; each stage keeps its result, so a stopped run goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rakkan.corpus.figures.drawing import NATIVE_SIZES, render
from rakkan.studio.starter.data import Stock, Supply
from rakkan.studio.starter.evaluation import classifier, colours, distances
from rakkan.studio.starter.evaluation.classifier import AttributeClassifier
from rakkan.studio.starter.evaluation.statistics import corrected, wilson
from rakkan.studio.starter.evaluation.trials import Trial, balanced_trials, held_out_trials
from rakkan.studio.starter.holdout import PAIRS
from rakkan.studio.starter.lexicon import read
from rakkan.studio.starter.renders import BUCKETS, RenderQueue, renderer_version
from rakkan.studio.starter.vocabulary import SLOT_VALUES, SLOTS, condition_of

#: Draws one picture: condition, framing, seed, steps -> uint8 [H, W, 3] at native size.
Draw = Callable[[dict[str, str], str, int, int], NDArray[np.uint8]]
Progress = Callable[[str], None]
Pictures = list[NDArray[np.uint8]]


@dataclass(frozen=True)
class Plan:
    """How much is measured. The published plan is the default; ``quick`` is for the test suite."""

    least: int = 200
    held_out: int = 200
    renders: int = 1200
    many_steps: int = 250
    classifier_seconds: float = 900.0
    seed: int = 1

    @staticmethod
    def quick() -> Plan:
        return Plan(least=2, held_out=2, renders=24, many_steps=4, classifier_seconds=5.0)


def measure(
    draw: Draw, kept: Path, folder: Path, plan: Plan, progress: Progress, steps: int = 4
) -> dict[str, Any]:
    """Run every stage and return the figures (shares 0-1, intervals at 95 %).

    ``kept`` holds the pictures of these weights, ``folder`` the classifier and its renders.
    """
    kept.mkdir(parents=True, exist_ok=True)
    network = obtain_classifier(folder, plan, progress)
    trials, unseen = balanced_trials(plan.least, plan.seed), held_out_trials(plan.held_out, plan.seed)
    fresh = [
        replace(trial, seed=10_000_000 + trial.seed) for trial in balanced_trials(plan.least, plan.seed + 1)
    ][: plan.renders]
    progress(f"{len(trials)} prompts, {len(unseen)} of combinations held out, {len(fresh)} fresh renders")
    renders = [render(trial.attributes, trial.seed) for trial in fresh]
    error = own_error(network, fresh, renders)
    pictures = drawn(draw, trials, steps, kept / "pictures.npz", progress)
    unseen_pictures = drawn(draw, unseen, steps, kept / "unseen.npz", progress)
    patient = trials[: plan.many_steps]
    patient_pictures = drawn(draw, patient, 16, kept / "sixteen.npz", progress)
    return {
        "plan": asdict(plan),
        "renderer": renderer_version(),
        "steps": steps,
        "prompts": len(trials),
        "adherence": adherence(network, trials, pictures, error),
        "instrument_error": error,
        "held_out": held_out_adherence(network, unseen, unseen_pictures, error),
        "steps_compared": {
            "n": len(patient),
            str(steps): mean_adherence(adherence(network, patient, pictures[: len(patient)], error)),
            "16": mean_adherence(adherence(network, patient, patient_pictures, error)),
        },
        "colours_by_pixels": colours_by_pixels(trials, pictures, fresh, renders, plan.least, progress),
        "distance": distance(network, pictures, renders, trials, progress),
        "neighbours": neighbours(pictures, renders, folder),
    }


def obtain_classifier(
    folder: Path, plan: Plan, progress: Progress, *, further: bool = False
) -> AttributeClassifier:
    """The classifier of this renderer, trained now unless the folder holds one.

    With ``further`` one that is there is trained for the plan's time again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"classifier-{renderer_version()}.safetensors"
    earlier = classifier.load(path) if path.exists() else None
    if earlier is not None and not further:
        return earlier
    seconds = plan.classifier_seconds
    before = float(classifier.facts_of(path)["seconds"]) if earlier is not None else 0.0
    # Another seed each time, or further training would see the same figures again.
    with RenderQueue(workers=2, seed=77 + round(before), niceness=5) as queue:
        stocks = {
            bucket.name: Stock(
                (bucket.height, bucket.width, 3), torch.uint8, 4096, "cpu", folder / f"{bucket.name}.stock"
            )
            for bucket in BUCKETS
        }
        network = classifier.train(Supply(queue, stocks), seconds, progress, network=earlier)
    classifier.save(network, path, {"seconds": str(before + seconds)})
    return network


def drawn(draw: Draw, trials: list[Trial], steps: int, store: Path, progress: Progress) -> Pictures:
    """The model's pictures for the trials, read from ``store`` as far as it goes.

    The prompt goes the way a user's does: through the lexicon, not from the attributes.
    """
    done: Pictures = []
    if store.exists():
        with np.load(store) as kept:
            done = [kept[name] for name in kept.files]
    started = time.monotonic()
    for number in range(len(done), len(trials)):
        trial = trials[number]
        done.append(draw(read(trial.prompt).condition, trial.attributes.framing, trial.seed, steps))
        if (number + 1) % 100 == 0 or number + 1 == len(trials):
            _store(done, store)
            progress(f"{store.stem}: {number + 1} of {len(trials)} drawn, {time.monotonic() - started:.0f} s")
    return done[: len(trials)]


def _store(pictures: Pictures, store: Path) -> None:
    partial = store.with_suffix(".part.npz")
    np.savez(partial, *pictures)
    partial.replace(store)


def read_values(
    network: AttributeClassifier, pictures: Pictures
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """What the classifier sees: value indices [n, slots] and features [n, 512], sizes mixed."""
    values = np.zeros((len(pictures), len(SLOTS)), np.int64)
    features = np.zeros((len(pictures), 512), np.float32)
    for shape in {picture.shape for picture in pictures}:
        at = [index for index, picture in enumerate(pictures) if picture.shape == shape]
        values[at], features[at] = classifier.predict(network, np.stack([pictures[index] for index in at]))
    return values, features


def own_error(
    network: AttributeClassifier, trials: list[Trial], renders: Pictures
) -> dict[str, dict[str, float]]:
    """The classifier on renders it has never seen: per slot its sensitivity and specificity.

    Sensitivity: how often it names the true value. Specificity: how often it does not name a given
    value that is not the true one, averaged over those values.
    """
    seen, _ = read_values(network, renders)
    error: dict[str, dict[str, float]] = {}
    for column, slot in enumerate(SLOTS):
        true = [(row, _index(slot, trial)) for row, trial in enumerate(trials) if slot in trial.asked]
        hits = sum(seen[row, column] == value for row, value in true)
        sensitivity = hits / len(true) if true else 0.0
        others = len(SLOT_VALUES[slot]) - 1
        error[slot] = {
            "n": len(true),
            "sensitivity": sensitivity,
            "specificity": 1 - (1 - sensitivity) / others,
        }
    return error


def adherence(
    network: AttributeClassifier, trials: list[Trial], pictures: Pictures, error: dict[str, dict[str, float]]
) -> dict[str, dict[str, Any]]:
    """Per slot: how often the picture shows what the prompt names, as read and corrected."""
    seen, _ = read_values(network, pictures)
    table: dict[str, dict[str, Any]] = {}
    for column, slot in enumerate(SLOTS):
        rows = [row for row, trial in enumerate(trials) if slot in trial.asked]
        if not rows:
            continue
        hits = sum(int(seen[row, column] == _index(slot, trials[row])) for row in rows)
        instrument = error[slot]
        table[slot] = {
            "n": len(rows),
            "share": hits / len(rows),
            "interval": list(wilson(hits, len(rows))),
            "corrected": corrected(hits / len(rows), instrument["sensitivity"], instrument["specificity"]),
        }
    return table


def mean_adherence(table: dict[str, dict[str, Any]]) -> float:
    """The mean over slots of the corrected share (of the share as read where that cannot be had)."""
    shares = [row["share"] if row["corrected"] is None else row["corrected"] for row in table.values()]
    return float(np.mean(shares))


def held_out_adherence(
    network: AttributeClassifier, trials: list[Trial], pictures: Pictures, error: dict[str, dict[str, float]]
) -> dict[str, Any]:
    """Adherence of the two groups of each pair, over the trials that ask for its unseen combinations."""
    each = len(trials) // len(PAIRS)
    result = {}
    for number, pair in enumerate(PAIRS):
        part = slice(number * each, (number + 1) * each)
        table = adherence(network, trials[part], pictures[part], error)
        result[" with ".join(pair)] = {slot: table[slot] for slot in pair}
    return result


def colours_by_pixels(
    trials: list[Trial],
    pictures: Pictures,
    fresh: list[Trial],
    renders: Pictures,
    least: int,
    progress: Progress,
) -> dict[str, dict[str, Any]]:
    """The second instrument on ``least`` pictures a colour slot, beside its own score on fresh renders."""
    table: dict[str, dict[str, Any]] = {}
    for slot in colours.COLOUR_REGIONS:
        drawn_hits, drawn_trials = _pixel_hits(slot, trials, pictures, least)
        own_hits, own_trials = _pixel_hits(slot, fresh, renders, least)
        if not drawn_trials or not own_trials:
            continue
        table[slot] = {
            "n": drawn_trials,
            "share": drawn_hits / drawn_trials,
            "interval": list(wilson(drawn_hits, drawn_trials)),
            "on_renders": own_hits / own_trials,
            "renders": own_trials,
        }
        progress(
            f"colours by pixels: {slot} {drawn_hits} of {drawn_trials}, renders {own_hits} of {own_trials}"
        )
    return table


def _pixel_hits(slot: str, trials: list[Trial], pictures: Pictures, most: int) -> tuple[int, int]:
    hits = count = 0
    for trial, picture in zip(trials, pictures, strict=True):
        if count >= most:
            break
        if not colours.measurable(slot, trial.attributes):
            continue
        shown = colours.read_colour(slot, trial.attributes, picture)
        if shown is not None:
            count += 1
            hits += shown == getattr(trial.attributes, slot)
    return hits, count


def distance(
    network: AttributeClassifier,
    pictures: Pictures,
    renders: Pictures,
    trials: list[Trial],
    progress: Progress,
) -> dict[str, Any]:
    """Fréchet and kernel distance from renders, beside the floor between two sets of renders.

    Features are the classifier's. All three sets have the same size; the second set of renders shows
    the very figures that the model was asked for.
    """
    count = min(len(pictures), len(renders))
    same_figures = [render(trial.attributes, 20_000_000 + trial.seed) for trial in trials[:count]]
    progress(f"distance over {count} pictures")
    made, true, again = (read_values(network, part[:count])[1] for part in (pictures, renders, same_figures))
    return {
        "n": count,
        "frechet": distances.frechet_distance(made, true),
        "frechet_floor": distances.frechet_distance(again, true),
        "kernel": distances.kernel_distance(made, true),
        "kernel_floor": distances.kernel_distance(again, true),
    }


def neighbours(pictures: Pictures, renders: Pictures, folder: Path) -> dict[str, Any]:
    """How near each picture comes to the nearest of many renders, beside how near fresh renders come.

    Square pictures only. A model that had memorised its training set would come nearer than chance.
    """
    size = NATIVE_SIZES["bust"]
    stock = folder / "square.stock"
    square = [picture for picture in pictures if picture.shape[:2] == size]
    fresh = [picture for picture in renders if picture.shape[:2] == size]
    count = min(len(square), len(fresh))
    if not stock.exists() or not count:
        return {"n": 0}
    others = np.memmap(stock, np.uint8, "r").reshape(-1, size[1], size[0], 3)
    others = others[others.reshape(len(others), -1)[:, ::4096].any(1)]
    _, made = distances.nearest(np.stack(square[:count]), np.asarray(others))
    _, true = distances.nearest(np.stack(fresh[:count]), np.asarray(others))
    return {
        "n": count,
        "among": len(others),
        "median": float(np.median(made)),
        "largest": float(made.max()),
        "median_of_renders": float(np.median(true)),
        "largest_of_renders": float(true.max()),
    }


def _index(slot: str, trial: Trial) -> int:
    return SLOT_VALUES[slot].index(condition_of(trial.attributes)[slot])
