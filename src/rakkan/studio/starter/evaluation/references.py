"""Does a reference keep who somebody is, while the prompt says the rest? Every arm is asked the same.

*reference* draws from the picture alone, *as created* from the picture and what the figure reader is sure of,
as ``rakkan create`` does. Beside them stand what words alone can do (*words*: the prompt names all of the
character), what chance does (*neither*), the reference given back as it is (*pasted*), and drawings by the
renderer (*renders*), on which the instruments show their own error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rakkan.corpus.figures.drawing import render
from rakkan.store.vault import Vault
from rakkan.studio.engines.engine import Reference
from rakkan.studio.references import LetIn
from rakkan.studio.starter.completion import complete
from rakkan.studio.starter.evaluation import colours
from rakkan.studio.starter.evaluation.adherence import Errors, Pictures, Progress, own_error, read_values
from rakkan.studio.starter.evaluation.classifier import AttributeClassifier
from rakkan.studio.starter.evaluation.identities import (
    IdentityTrial,
    identity_trials,
    is_copied,
    probabilities,
    ranks,
    told_from_twin,
    told_from_twin_by_pixels,
)
from rakkan.studio.starter.evaluation.protocol import drawn_once
from rakkan.studio.starter.evaluation.statistics import corrected, wilson
from rakkan.studio.starter.evaluation.trials import Trial
from rakkan.studio.starter.guiding import Guide, framed_as_taught, words_for
from rakkan.studio.starter.lexicon import read
from rakkan.studio.starter.renders import Scope
from rakkan.studio.starter.vocabulary import SLOT_VALUES, SLOTS, condition_of

Pixels = NDArray[np.uint8]
#: Draws one bust: condition, seed, and the reference that guides it, or None.
Draw = Callable[[Mapping[str, str], int, Reference | None], Pixels]

#: What is wanted of the arm *as created*, frozen before the published measurement.
WANTED = {"rank 1": 0.7, "told from the near-twin": 0.9, "compliance": 0.6, "copied at most": 0.1}
#: Arms that are drawn by the model, those of them that look at the reference, and all in the order of tables.
_DRAWN = ("as created", "reference", "words", "neither")
_GUIDED = frozenset({"as created", "reference"})
ARMS = (*_DRAWN, "pasted", "renders")


@dataclass(frozen=True)
class ReferencePlan:
    """How much is measured: characters in the ``gallery``, all of them drawn as created; trials of every
    ``other`` arm; trials whose ``pixels`` are measured."""

    gallery: int = 1000
    others: int = 300
    pixels: int = 100
    seed: int = 11

    @staticmethod
    def quick() -> ReferencePlan:
        return ReferencePlan(gallery=4, others=2, pixels=2)


def measure(
    draw: Draw,
    network: AttributeClassifier,
    kept: Path,
    plan: ReferencePlan,
    scope: Scope,
    progress: Progress,
    vault: Vault,
) -> dict[str, Any]:
    """The figures of all arms (shares 0-1, intervals at 95 %). ``kept`` says which blobs of the vault hold
    the pictures of these weights."""
    kept.mkdir(parents=True, exist_ok=True)
    gallery = identity_trials(plan.gallery, plan.seed, scope)
    few = gallery[: plan.others]
    renders = [render(trial.target, 10_000_000 + trial.seed) for trial in few]
    error = own_error(network, [Trial(one.target, one.prompt, one.seed) for one in few], renders)
    progress(f"{len(gallery)} characters, {len(few)} of them in every arm")
    found = {}
    for arm in ARMS:
        trials = gallery if arm == "as created" else few
        if arm in _DRAWN:
            pictures = _drawn(arm, draw, trials, kept, progress, vault)
        else:
            pictures = renders if arm == "renders" else [trial.shown for trial in trials]
        found[arm] = _arm(network, trials, gallery, pictures, error, plan.pixels)
        progress(f"{arm}: rank 1 {found[arm]['rank_1']['share']:.3f}")
    return {"plan": asdict(plan), "scope": scope.name, "wanted": WANTED, "arms": found, "error": error}


def guide_of(trial: IdentityTrial, arm: str) -> Guide:
    """The reference as `guiding.guide` would take it, without a file and a gate."""
    from rakkan.features.figures.reading import read as look

    shown = trial.shown
    seen = look(shown)
    pixels = framed_as_taught(shown, seen.bust)
    return Guide(
        LetIn("", "image/png", b"", shown),
        "identity",
        1.0,
        words_for("identity", seen) if arm == "as created" else {},
        Reference(pixels, "identity", 1.0),
    )


def condition_for(trial: IdentityTrial, arm: str, guide: Guide | None) -> dict[str, str]:
    """What an arm is told in words, by the way that a user's prompt takes."""
    said = {**read(trial.prompt).condition, "framing": trial.target.framing}
    if arm == "words":
        said |= trial.kept
    asked = guide.asked(said) if guide else said
    full = complete(asked, trial.seed)
    return guide.left_open(full, asked) if guide else full


def _drawn(
    arm: str, draw: Draw, trials: Sequence[IdentityTrial], kept: Path, progress: Progress, vault: Vault
) -> Pictures:
    guides = [guide_of(trial, arm) if arm in _GUIDED else None for trial in trials]
    told = [condition_for(trial, arm, guide) for trial, guide in zip(trials, guides, strict=True)]
    keys = [_key(*given) for given in zip(told, trials, guides, strict=True)]

    def one(number: int) -> Pixels:
        guide = guides[number]
        return draw(told[number], trials[number].seed, guide.reference if guide else None)

    return drawn_once(one, keys, kept / f"references {arm}", progress, vault)


def _key(condition: Mapping[str, str], trial: IdentityTrial, guide: Guide | None) -> str:
    shown = guide.reference.pixels.tobytes() if guide and guide.reference else b""
    asked = repr((sorted(condition.items()), trial.seed, hashlib.sha256(shown).hexdigest()))
    return hashlib.sha256(asked.encode()).hexdigest()


def _arm(
    network: AttributeClassifier,
    trials: Sequence[IdentityTrial],
    gallery: Sequence[IdentityTrial],
    pictures: Pictures,
    error: Errors,
    most: int,
) -> dict[str, Any]:
    values, features = read_values(network, pictures)
    likely = probabilities(network, features)
    keeping = _table(values, trials, [trial.kept for trial in trials], error)
    complying = _table(values, trials, [trial.asked for trial in trials], error)
    pairs = list(zip(trials, pictures, strict=True))[:most]
    return {
        "n": len(trials),
        "rank_1": _share([rank == 1 for rank in ranks(likely, trials, gallery)]),
        "twins": _share(told_from_twin(likely, trials)),
        "twins_by_pixels": _share([told_from_twin_by_pixels(trial, pixels) for trial, pixels in pairs]),
        "keeping": keeping,
        "kept": _mean(keeping),
        "compliance": complying,
        "complied": _mean(complying),
        "copied": _share(_told_by_reference(values, trials)),
        "copied_by_pixels": _share([is_copied(trial, pixels) for trial, pixels in pairs]),
        "colours_by_pixels": _colours(pairs),
    }


def _table(
    values: NDArray[np.int64],
    trials: Sequence[IdentityTrial],
    wanted: Sequence[Mapping[str, str]],
    error: Errors,
) -> dict[str, Any]:
    """For each slot how often what is wanted is seen, as read and corrected; bare places are not counted, and
    slots that are the same in all say nothing."""
    table = {}
    for column, slot in enumerate(SLOTS):
        rows = [row for row, one in enumerate(wanted) if one.get(slot, "none") != "none"]
        if not rows or len({wanted[row][slot] for row in rows}) < 2:
            continue
        hits = sum(int(values[row, column]) == SLOT_VALUES[slot].index(wanted[row][slot]) for row in rows)
        own = error[slot]
        share = hits / len(rows)
        table[slot] = {
            "n": len(rows),
            "share": share,
            "interval": list(wilson(hits, len(rows))),
            "corrected": corrected(share, own["sensitivity"], own["specificity"]),
        }
    return table


def _told_by_reference(values: NDArray[np.int64], trials: Sequence[IdentityTrial]) -> list[bool]:
    """For all that the prompt asks for and the reference shows otherwise: whether the picture shows it as the
    reference does."""
    found = []
    for row, trial in enumerate(trials):
        shown = condition_of(trial.other)
        for slot, value in trial.asked.items():
            if slot in shown and shown[slot] != value and slot != "framing":
                told = SLOT_VALUES[slot].index(shown[slot])
                found.append(int(values[row, SLOTS.index(slot)]) == told)
    return found


def _colours(pairs: Sequence[tuple[IdentityTrial, Pixels]]) -> dict[str, Any]:
    """The second instrument on the colours that say who somebody is."""
    right: dict[str, list[bool]] = {"hair_colour": [], "eye_colour": [], "skin": []}
    for trial, pixels in pairs:
        reference = colours.find_reference(trial.target, pixels)
        for slot, found in right.items():
            if colours.measurable(slot, trial.target):
                value = colours.read_colour(slot, trial.target, pixels, reference)
                if value is not None:
                    found.append(value == getattr(trial.target, slot))
    return {slot: _share(found) for slot, found in right.items() if found}


def _share(found: Sequence[bool]) -> dict[str, Any]:
    if not found:
        return {"n": 0, "share": 0.0, "interval": [0.0, 1.0]}
    hits = sum(found)
    return {"n": len(found), "share": hits / len(found), "interval": list(wilson(hits, len(found)))}


def _mean(table: Mapping[str, Any]) -> float:
    """The mean of the best estimates over the slots; 0 of none."""
    best = [row["share"] if row["corrected"] is None else row["corrected"] for row in table.values()]
    return float(np.mean(best)) if best else 0.0
