"""Does a picture show what its prompt names? As the classifier reads it, and as pixels tell."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rakkan.studio.starter.evaluation import classifier, colours
from rakkan.studio.starter.evaluation.classifier import AttributeClassifier
from rakkan.studio.starter.evaluation.statistics import corrected, wilson
from rakkan.studio.starter.evaluation.trials import Trial
from rakkan.studio.starter.holdout import PAIRS
from rakkan.studio.starter.vocabulary import SLOT_VALUES, SLOTS, condition_of

Pictures = list[NDArray[np.uint8]]
Progress = Callable[[str], None]
#: Slot -> ``n``, ``sensitivity`` and ``specificity`` of the classifier.
Errors = dict[str, dict[str, float]]
#: Slot -> what was found for it.
Table = dict[str, dict[str, Any]]


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


def own_error(network: AttributeClassifier, trials: list[Trial], renders: Pictures) -> Errors:
    """The classifier on renders it has never seen: per slot its sensitivity and specificity.

    Sensitivity: how often it names the true value, over the ``n`` renders of which a prompt would name
    it. Specificity: how often it does not name a given value on renders of another one (a bare place
    among them), averaged over the values as often as they are asked for.
    """
    seen, _ = read_values(network, renders)
    error: Errors = {}
    for column, slot in enumerate(SLOTS):
        shown = [row for row, trial in enumerate(trials) if slot in condition_of(trial.attributes)]
        read = seen[shown, column]
        true = np.array([_index(slot, trials[row]) for row in shown], np.int64)
        named = np.array([slot in trials[row].asked for row in shown], np.bool_)
        falsely = 0.0
        for value, times in Counter(true[named].tolist()).items():
            others = true != value
            falsely += times * float((read[others] == value).mean()) if others.any() else 0.0
        count = int(named.sum())
        error[slot] = {
            "n": count,
            "sensitivity": float((read == true)[named].mean()) if count else 0.0,
            "specificity": 1 - falsely / count if count else 0.0,
        }
    return error


def adherence(
    network: AttributeClassifier,
    trials: list[Trial],
    pictures: Pictures,
    error: Errors,
    slots: Sequence[str] = SLOTS,
) -> Table:
    """For each of ``slots``: how often the picture shows what the prompt names, as read and corrected."""
    seen, _ = read_values(network, pictures)
    table: Table = {}
    for slot in slots:
        column = SLOTS.index(slot)
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


def best_estimate(row: dict[str, Any]) -> float:
    """The corrected share of a row, or the share as read where that cannot be had."""
    return float(row["share"] if row["corrected"] is None else row["corrected"])


def mean_adherence(table: Table) -> float:
    """The mean of the best estimates over the slots."""
    return float(np.mean([best_estimate(row) for row in table.values()]))


def worst_slot(table: Table) -> str:
    """The slot of the lowest estimate."""
    return min(table, key=lambda slot: best_estimate(table[slot]))


def held_out_adherence(
    network: AttributeClassifier, trials: list[Trial], pictures: Pictures, renders: Pictures
) -> dict[str, Table]:
    """Adherence of the two groups of each pair, over the trials that ask for its unseen combinations.

    The classifier was not shown those combinations either, so its error is measured on ``renders`` of
    the very figures that are asked for: ``on_renders`` is its sensitivity there.
    """
    each = len(trials) // len(PAIRS)
    result: dict[str, Table] = {}
    for number, pair in enumerate(PAIRS):
        part = slice(number * each, (number + 1) * each)
        error = own_error(network, trials[part], renders[part])
        table = adherence(network, trials[part], pictures[part], error)
        result[" with ".join(pair)] = {
            slot: {**table[slot], "on_renders": error[slot]["sensitivity"]} for slot in pair
        }
    return result


def colours_by_pixels(
    trials: list[Trial],
    pictures: Pictures,
    fresh: list[Trial],
    renders: Pictures,
    least: int,
    progress: Progress,
) -> Table:
    """The second instrument on ``least`` pictures a colour slot, beside its own score on fresh renders."""
    table: Table = {}
    drawn, own = _shown(trials, pictures, least), _shown(fresh, renders, least)
    for slot in colours.COLOUR_REGIONS:
        if not drawn[slot] or not own[slot]:
            continue
        hits, count = sum(drawn[slot]), len(drawn[slot])
        table[slot] = {
            "n": count,
            "share": hits / count,
            "interval": list(wilson(hits, count)),
            "on_renders": sum(own[slot]) / len(own[slot]),
            "renders": len(own[slot]),
        }
        progress(f"colours by pixels: {slot} {hits} of {count}")
    return table


def _shown(trials: list[Trial], pictures: Pictures, most: int) -> dict[str, list[bool]]:
    """Slot -> whether each of up to ``most`` pictures shows the colour asked for."""
    # A region can turn out too small to be read, so a few pictures more than needed are looked at.
    rows = {
        slot: [row for row, trial in enumerate(trials) if colours.measurable(slot, trial.attributes)][
            : most + most // 10 + 1
        ]
        for slot in colours.COLOUR_REGIONS
    }

    def read(row: int) -> dict[str, bool]:
        attributes, picture = trials[row].attributes, pictures[row]
        reference = colours.find_reference(attributes, picture)
        seen = {
            slot: colours.read_colour(slot, attributes, picture, reference)
            for slot, chosen in rows.items()
            if row in chosen
        }
        return {slot: value == getattr(attributes, slot) for slot, value in seen.items() if value is not None}

    looked_at = sorted({row for chosen in rows.values() for row in chosen})
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        found = dict(zip(looked_at, pool.map(read, looked_at), strict=True))
    finally:
        pool.shutdown(cancel_futures=True)
    return {
        slot: [found[row][slot] for row in chosen if slot in found[row]][:most]
        for slot, chosen in rows.items()
    }


def _index(slot: str, trial: Trial) -> int:
    return SLOT_VALUES[slot].index(condition_of(trial.attributes)[slot])
