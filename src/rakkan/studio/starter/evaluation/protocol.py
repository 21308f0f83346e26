"""The whole measurement, stage by stage; each stage keeps its result, so a stopped run goes on."""

from __future__ import annotations

import hashlib
import io
import re
import time
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rakkan.corpus.figures.drawing import render
from rakkan.store.faults import Damaged, Missing
from rakkan.store.vault import Vault
from rakkan.studio.starter.completion import complete
from rakkan.studio.starter.evaluation import classifier, distances
from rakkan.studio.starter.evaluation.adherence import (
    Pictures,
    Progress,
    adherence,
    best_estimate,
    colours_by_pixels,
    held_out_adherence,
    mean_adherence,
    own_error,
    read_values,
    worst_slot,
)
from rakkan.studio.starter.evaluation.classifier import AttributeClassifier
from rakkan.studio.starter.evaluation.neighbours import neighbours
from rakkan.studio.starter.evaluation.trials import ALL, Trial, balanced_trials, held_out_trials, slots_of
from rakkan.studio.starter.lexicon import read
from rakkan.studio.starter.renders import RenderQueue, Scope, renderer_version

#: Draws one picture: condition, framing, seed, steps -> uint8 [H, W, 3] at native size.
Draw = Callable[[dict[str, str], str, int, int], NDArray[np.uint8]]
#: Pictures drawn between two savings.
_SAVED_EVERY = 100
#: Whose part of the vault keeps what was drawn: a model's bare pictures may lie in no other file.
ACCOUNT = "measurement"


@dataclass(frozen=True)
class Plan:
    """How much is measured. The published plan is the default; ``quick`` is for the test suite."""

    least: int = 200
    held_out: int = 200
    renders: int = 1200
    many_steps: int = 250
    classifier_renders: int = classifier.RENDERS
    classifier_seconds: float = 300.0
    seed: int = 1

    @staticmethod
    def quick() -> Plan:
        return Plan(
            least=2, held_out=2, renders=24, many_steps=4, classifier_renders=64, classifier_seconds=5.0
        )


def measure(
    draw: Draw,
    kept: Path,
    folder: Path,
    training: Path,
    plan: Plan,
    progress: Progress,
    vault: Vault,
    steps: int = 4,
    scope: Scope = ALL,
) -> dict[str, Any]:
    """Run every stage and return the figures (shares 0-1, intervals at 95 %).

    Only figures of ``scope`` are asked for: what the model was trained on.

    ``kept`` says which blobs of the vault hold the pictures of these weights, ``folder`` has the
    classifier, ``training`` is the run that the weights come from (see `neighbours`).
    """
    kept.mkdir(parents=True, exist_ok=True)
    network = obtain_classifier(folder, plan, progress, scope)
    trials = balanced_trials(plan.least, plan.seed, scope)
    unseen = held_out_trials(plan.held_out, plan.seed, scope)
    others = balanced_trials(plan.least, plan.seed + 1, scope)[: plan.renders]
    fresh = [replace(trial, seed=10_000_000 + trial.seed) for trial in others]
    progress(f"{len(trials)} prompts, {len(unseen)} of combinations held out, {len(fresh)} fresh renders")
    renders = [render(trial.attributes, trial.seed) for trial in fresh]
    error = own_error(network, fresh, renders)
    pictures = drawn(draw, trials, steps, kept / "pictures", progress, vault)
    unseen_pictures = drawn(draw, unseen, steps, kept / "unseen", progress, vault)
    unseen_renders = [render(trial.attributes, 10_000_000 + trial.seed) for trial in unseen]
    patient = trials[: plan.many_steps]
    patient_pictures = drawn(draw, patient, 16, kept / "sixteen", progress, vault)
    slots = slots_of(scope)
    table = adherence(network, trials, pictures, error, slots)
    worst = worst_slot(table)
    return {
        "plan": asdict(plan),
        "renderer": renderer_version(),
        "scope": scope.name,
        "steps": steps,
        "prompts": len(trials),
        "adherence": table,
        "mean": mean_adherence(table),
        "worst": {"group": worst, "share": best_estimate(table[worst])},
        "instrument_error": error,
        "held_out": held_out_adherence(network, unseen, unseen_pictures, unseen_renders),
        "steps_compared": {
            "n": len(patient),
            str(steps): mean_adherence(adherence(network, patient, pictures[: len(patient)], error, slots)),
            "16": mean_adherence(adherence(network, patient, patient_pictures, error, slots)),
        },
        "colours_by_pixels": colours_by_pixels(trials, pictures, fresh, renders, plan.least, progress),
        "distance": distance(network, pictures, renders, trials, progress),
        "neighbours": neighbours(pictures, renders, training),
    }


def obtain_classifier(
    folder: Path, plan: Plan, progress: Progress, scope: Scope = ALL
) -> AttributeClassifier:
    """The classifier of this renderer's figures of a scope, trained now unless the folder holds one."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"classifier-{scope.name}-{renderer_version()}.safetensors"
    if path.exists():
        return classifier.load(path)
    with RenderQueue(workers=2, seed=77, niceness=5, scope=scope) as queue:
        network = classifier.train(
            queue.take,
            plan.classifier_seconds,
            progress,
            renders=plan.classifier_renders,
            buckets=scope.buckets,
        )
    partial = path.with_suffix(".part")
    classifier.save(network, partial, {"seconds": str(plan.classifier_seconds)})
    partial.replace(path)
    return network


def drawn(
    draw: Draw, trials: list[Trial], steps: int, store: Path, progress: Progress, vault: Vault
) -> Pictures:
    """The model's pictures for the trials; those that the vault keeps are not drawn again.

    The file ``store`` says which blob they are.

    The prompt goes the way a user's does: through the lexicon and its completion, not from the
    attributes. A stored picture serves only who asks for the very same condition, seed and steps.
    """
    asked = [complete(read(trial.prompt).condition, trial.seed) for trial in trials]
    keys = [_key(condition, trial, steps) for condition, trial in zip(asked, trials, strict=True)]

    def one(number: int) -> NDArray[np.uint8]:
        trial = trials[number]
        return draw(asked[number], trial.attributes.framing, trial.seed, steps)

    return drawn_once(one, keys, store, progress, vault)


def drawn_once(
    draw: Callable[[int], NDArray[np.uint8]], keys: list[str], store: Path, progress: Progress, vault: Vault
) -> Pictures:
    """Pictures by number, each drawn unless the vault keeps one of its key, which says all that made it.

    The file ``store`` says which blob they are.
    """
    done = _stored(store, vault)
    missing = [number for number, key in enumerate(keys) if key not in done]
    started = time.monotonic()
    unsaved = 0
    try:
        for count, number in enumerate(missing, 1):
            done[keys[number]] = draw(number)
            unsaved += 1
            if unsaved == _SAVED_EVERY or count == len(missing):
                _store(done, store, vault)
                unsaved = 0
                there, spent = len(keys) - len(missing) + count, time.monotonic() - started
                progress(f"{store.stem}: {there} of {len(keys)} drawn, {spent:.0f} s")
    finally:
        if unsaved:  # stopped in between: what has been drawn need not be drawn again
            _store(done, store, vault)
    return [done[key] for key in keys]


def _key(condition: dict[str, str], trial: Trial, steps: int) -> str:
    asked = repr((sorted(condition.items()), trial.attributes.framing, trial.seed, steps))
    return hashlib.sha256(asked.encode()).hexdigest()


def _stored(store: Path, vault: Vault) -> dict[str, NDArray[np.uint8]]:
    """The pictures of a store by key; a store that is missing or damaged holds none."""
    digest = _blob_of(store)
    try:
        with np.load(io.BytesIO(vault.read(ACCOUNT, digest) if digest else b"")) as kept:
            return {key: kept[key] for key in kept.files}
    except (Missing, Damaged, ValueError, EOFError, zipfile.BadZipFile):
        return {}


def _blob_of(store: Path) -> str:
    """The digest that a store names, "" when it names none."""
    found = store.read_bytes().decode("latin-1").strip() if store.exists() else ""
    return found if re.fullmatch("[0-9a-f]{64}", found) else ""


def _store(pictures: dict[str, NDArray[np.uint8]], store: Path, vault: Vault) -> None:
    packed = io.BytesIO()
    np.savez(packed, allow_pickle=False, **pictures)
    before = _blob_of(store)
    digest = vault.put(ACCOUNT, packed.getvalue()).digest
    partial = store.with_suffix(".part")
    partial.write_text(f"{digest}\n", encoding="ascii")
    partial.replace(store)
    if before not in ("", digest):
        vault.shred(ACCOUNT, before)


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
