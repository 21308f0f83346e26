"""Where the starter model comes from, as a statement for the ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from rakkan.store.ledger.statements import Trained


def training_of(model_digest: str) -> Trained | None:
    """How the starter model of that digest was trained, by its manifest; None for any other model.

    Raises RakkanError when the manifest of the weights in use cannot be read.
    """
    from rakkan import config
    from rakkan.studio.engines.weights import manifest_digest, read_manifest
    from rakkan.studio.starter import WEIGHTS

    folder = config.load().weights or WEIGHTS
    if not folder.is_dir() or manifest_digest(folder) != model_digest:
        return None
    return training(read_manifest(folder))


def training(manifest: Mapping[str, Any]) -> Trained:
    """The training statement that the manifest of a starter model amounts to.

    The corpus is what the renderer draws, so its digest is that of the renderer's name and the scope.
    """
    stages: Mapping[str, Mapping[str, Any]] = manifest.get("stages", {})
    corpora = sorted({str(stage.get("renderer", "")) for stage in stages.values()})
    corpus = f"rakkan.corpus.figures {', '.join(corpora)}"
    facts = {
        name: f"{round(float(stage.get('seconds', 0)) / 60)} minutes, {stage.get('samples', 0)} samples"
        for name, stage in stages.items()
    }
    return Trained(
        model="rakkan-starter",
        corpus=corpus,
        corpus_digest=hashlib.sha256(json.dumps(corpora).encode()).hexdigest(),
        basis="every picture was drawn by Rakkan's own renderer; no work of anybody else's was used",
        licence="Apache-2.0",
        facts=facts,
    )
