"""Run the measurement and write what is published: the figures, the model card and a sheet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rakkan.checkout import commit
from rakkan.corpus.figures.drawing import NATIVE_SIZES
from rakkan.errors import RakkanError
from rakkan.store.vault import Vault
from rakkan.studio.create import CreateRequest, draft, plan
from rakkan.studio.engines.engine import Engine, Reference
from rakkan.studio.engines.weights import MANIFEST, manifest_digest, read_manifest
from rakkan.studio.requests import Release, release_sheet
from rakkan.studio.starter.evaluation import protocol, references, report
from rakkan.studio.starter.evaluation.adherence import Progress
from rakkan.studio.starter.evaluation.trials import ALL, chance_trials
from rakkan.studio.starter.loop import processor_name
from rakkan.studio.starter.renders import Scope, scope_of
from rakkan.studio.starter.vocabulary import encode

FIGURES = "starter.json"
BY_EYE = "starter-by-eye.json"
REFERENCES = "references.json"
CARD = "starter-model.md"
SHEET = "starter-sheet.png"
SHEET_SEED = 24
SHEET_COLUMNS, SHEET_ROWS = 6, 4


def run(
    engine: Engine,
    release: Release,
    folder: Path,
    documents: Path,
    training_run: Path,
    settings: protocol.Plan,
    progress: Progress,
    vault: Vault,
    *,
    weights: Path,
    rehearsal: bool = False,
) -> Path:
    """Measure ``engine``, write figures, sheet and card below ``documents``; the path of the card.

    ``folder`` and ``vault`` keep what a stopped run goes on from, ``training_run`` is the run the weights
    come from, ``weights`` the folder that ``engine`` loaded. Only a ``rehearsal`` may do without weights.
    Raises RakkanError before anything is measured when the manifest does not belong to the engine.
    """
    facts = None if rehearsal and engine.name == "fake" else training(engine, weights)
    scope = scope_of(facts["scope"] if facts else "all")

    def draw(condition: dict[str, str], framing: str, seed: int, steps: int) -> NDArray[np.uint8]:
        width, height = NATIVE_SIZES[framing]
        return engine.sample(
            encode(condition), None, width=width, height=height, seed=seed, steps=steps, guidance=1.0
        )

    # Pictures of other weights must not be taken for these.
    kept = folder / f"{engine.model_digest[:12]}-{engine.precision}"
    figures = protocol.measure(draw, kept, folder, training_run, settings, progress, vault, scope=scope)
    figures["training"] = facts
    figures["measured"] = _measured(engine, settings.seed, figures["prompts"], rehearsal)
    write_sheet(engine, release, documents / "pictures" / SHEET, scope)
    _write(figures, documents / "measurements" / FIGURES)
    if facts is not None and "reference" not in facts["stages"]:
        progress("these weights have not learnt from references: nothing of those is measured")
    else:
        guided = _guided(engine, facts, kept, folder, settings, progress, vault, scope, rehearsal)
        _write(guided, documents / "measurements" / REFERENCES)
    return write_card(documents)


def _guided(
    engine: Engine,
    facts: Mapping[str, Any] | None,
    kept: Path,
    folder: Path,
    settings: protocol.Plan,
    progress: Progress,
    vault: Vault,
    scope: Scope,
    rehearsal: bool,
) -> dict[str, Any]:
    """The figures of references, drawn as the weights draw best."""
    steps, guidance = (4, 1.0) if facts is None or facts["distilled"] else (16, 2.0)

    def draw(condition: Mapping[str, str], seed: int, shown: Reference | None) -> NDArray[np.uint8]:
        return engine.sample(
            encode(condition),
            None,
            width=256,
            height=256,
            seed=seed,
            steps=steps,
            guidance=guidance,
            reference=shown,
        )

    network = protocol.obtain_classifier(folder, settings, progress, scope)
    plan = references.ReferencePlan.quick() if rehearsal else references.ReferencePlan()
    figures = references.measure(draw, network, kept, plan, scope, progress, vault)
    figures["steps"] = steps
    figures["measured"] = _measured(engine, plan.seed, plan.gallery, rehearsal)
    return figures


def _measured(engine: Engine, seed: int, count: int, rehearsal: bool) -> dict[str, Any]:
    """How figures came about."""
    return {
        "command": "rakkan starter evaluate" + (" --quick" if rehearsal else ""),
        "seed": seed,
        "commit": commit(Path(__file__).parent),
        "n": count,
        "interval": "Wilson, 95 %",
        "processor": processor_name("cpu"),
        "engine": engine.name,
        "precision": engine.precision,
        "model_digest": engine.model_digest,
        "date": datetime.now(UTC).date().isoformat(),
    }


def _write(figures: Mapping[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def training(engine: Engine, weights: Path) -> dict[str, Any]:
    """What the card says of the training, from the manifest of the weights that ``engine`` draws with.

    Raises RakkanError when the engine draws with others, or the manifest says too little.
    """
    if engine.name == "fake":
        raise RakkanError(
            "The fake engine has no weights, so nothing can be published of it",
            "Leave RAKKAN_ENGINE out, or rehearse with --quick",
        )
    if manifest_digest(weights) != engine.model_digest:
        raise RakkanError(f"The weights in {weights} are not those that the engine draws with", "Start again")
    try:
        return _facts(read_manifest(weights))
    except (KeyError, TypeError, AttributeError) as fault:
        raise RakkanError(
            f"{weights / MANIFEST} does not tell how the weights were trained ({fault!r})",
            "Measure the weights of a finished training run",
        ) from None


def _facts(manifest: Mapping[str, Any]) -> dict[str, Any]:
    stages = {
        name: {"minutes": stage["seconds"] / 60, "steps": stage["steps"], "samples": stage["samples"]}
        for name, stage in manifest["stages"].items()
    }
    return {
        "megabytes": sum(entry["bytes"] for entry in manifest["files"].values()) / 1e6,
        "processors": list(dict.fromkeys(stage["processor"] for stage in manifest["stages"].values())),
        "stages": stages,
        "distilled": manifest["distilled"],
        "scope": _scope(manifest),
        "baked_guidance": manifest["guidance"],
    }


def _scope(manifest: Mapping[str, Any]) -> str:
    """The scope of the last stage that drew figures: its renderer is "<version> <scope>"."""
    last = [stage["renderer"] for name, stage in manifest["stages"].items() if name != "autoencoder"][-1:]
    return last[0].partition(" ")[2] or "all" if last else "all"


def write_card(documents: Path) -> Path:
    """Write the model card anew from the figures on disk; the path of the card."""
    path = documents / CARD
    path.write_text(card_text(documents), encoding="utf-8")
    return path


def card_text(documents: Path) -> str:
    """The model card that belongs to the figures on disk."""
    measurements = documents / "measurements"
    figures = json.loads((measurements / FIGURES).read_text(encoding="utf-8"))
    weights = figures["measured"]["model_digest"]
    guided, by_eye = _read(measurements / REFERENCES), _read(measurements / BY_EYE)
    if guided and guided["measured"]["model_digest"] != weights:
        guided = None  # they are of other weights
    if by_eye and by_eye["model"] != weights:
        by_eye = None
    return report.card(figures, by_eye, guided)


def _read(path: Path) -> dict[str, Any] | None:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def write_sheet(engine: Engine, release: Release, place: Path, scope: Scope = ALL) -> None:
    """Release six by four pictures of random prompts, unselected, through the gate; tall ones last."""
    drawn, recipes = [], []
    trials = sorted(
        chance_trials(SHEET_COLUMNS * SHEET_ROWS, SHEET_SEED, scope),
        key=lambda trial: trial.attributes.framing == "full body",
    )
    for trial in trials:
        request = CreateRequest(trial.prompt, seed=trial.seed, out=place)
        pixels, recipe = draft(plan(request), engine)
        drawn.append(pixels)
        recipes.append(recipe)
    place.unlink(missing_ok=True)  # the gate overwrites nothing
    release_sheet(drawn, recipes, SHEET_COLUMNS, place, release)
