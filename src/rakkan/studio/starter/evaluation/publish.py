"""Run the measurement and write what is published: the figures, the model card and a sheet."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rakkan.corpus.figures.drawing import NATIVE_SIZES
from rakkan.studio.create import CreateRequest, Release, draft, plan, release_sheet
from rakkan.studio.engines.engine import Engine
from rakkan.studio.engines.openvino_engine import STARTER_WEIGHTS
from rakkan.studio.engines.weights import read_manifest
from rakkan.studio.starter.evaluation import protocol, report
from rakkan.studio.starter.evaluation.trials import balanced_trials
from rakkan.studio.starter.loop import processor_name
from rakkan.studio.starter.vocabulary import encode

FIGURES = "starter.json"
BY_EYE = "starter-by-eye.json"
CARD = "starter-model.md"
SHEET = "starter-sheet.png"
SHEET_SEED = 24


def run(
    engine: Engine,
    release: Release,
    folder: Path,
    documents: Path,
    settings: protocol.Plan,
    progress: protocol.Progress,
) -> Path:
    """Measure ``engine``, write figures, sheet and card below ``documents``; the path of the card."""

    def draw(condition: dict[str, str], framing: str, seed: int, steps: int) -> NDArray[np.uint8]:
        width, height = NATIVE_SIZES[framing]
        return engine.sample(
            encode(condition), None, width=width, height=height, seed=seed, steps=steps, guidance=1.0
        )

    # Pictures of other weights must not be taken for these.
    kept = folder / engine.model_digest[:12]
    figures = protocol.measure(draw, kept, folder, settings, progress)
    figures["training"] = training(read_manifest(STARTER_WEIGHTS))
    figures["measured"] = {
        "command": "rakkan starter evaluate",
        "seed": settings.seed,
        "commit": _commit(),
        "n": figures["prompts"],
        "interval": "Wilson, 95 %",
        "processor": processor_name("cpu"),
        "model_digest": engine.model_digest,
        "date": datetime.now(UTC).date().isoformat(),
    }
    measurements = documents / "measurements"
    measurements.mkdir(parents=True, exist_ok=True)
    (measurements / FIGURES).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    write_sheet(engine, release, documents / "pictures" / SHEET)
    return write_card(documents)


def training(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What the card says of the training, from the weights' manifest."""
    stages = {
        name: {"minutes": stage["seconds"] / 60, "steps": stage["steps"], "samples": stage["samples"]}
        for name, stage in manifest["stages"].items()
    }
    return {
        "megabytes": sum(entry["bytes"] for entry in manifest["files"].values()) / 1e6,
        "processors": list(dict.fromkeys(stage["processor"] for stage in manifest["stages"].values())),
        "stages": stages,
        "baked_guidance": manifest["guidance"],
    }


def write_card(documents: Path) -> Path:
    """Write the model card anew from the figures on disk; the path of the card."""
    path = documents / CARD
    path.write_text(card_text(documents), encoding="utf-8")
    return path


def card_text(documents: Path) -> str:
    """The model card that belongs to the figures on disk."""
    measurements = documents / "measurements"
    by_eye = measurements / BY_EYE
    return report.card(
        json.loads((measurements / FIGURES).read_text(encoding="utf-8")),
        json.loads(by_eye.read_text(encoding="utf-8")) if by_eye.exists() else None,
    )


def write_sheet(engine: Engine, release: Release, place: Path) -> None:
    """Release six by four pictures of random prompts, unselected, through the gate."""
    drawn, recipes = [], []
    trials = sorted(
        balanced_trials(3, SHEET_SEED)[:24], key=lambda trial: trial.attributes.framing == "full body"
    )
    for trial in trials:
        pixels, recipe = draft(plan(CreateRequest(trial.prompt, seed=trial.seed)), engine)
        drawn.append(pixels)
        recipes.append(recipe)
    place.unlink(missing_ok=True)
    release_sheet(drawn, recipes, 6, place, release)


def _commit() -> str:
    """The commit measured, or "unknown" outside a checkout."""
    try:
        found = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()
