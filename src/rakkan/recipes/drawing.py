"""Drawing a recipe once more with the models that are here, to compare it or to turn its noise."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.records import Ingredient, Recipe
from rakkan.studio.editing.varying import TURN, VARIATION, turn_of
from rakkan.studio.ranges import told_integer, told_number

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from rakkan.models.card import Kept
    from rakkan.models.reach import Models
    from rakkan.studio.bring import BringPlan, Brought
    from rakkan.studio.create import Upscaler
    from rakkan.studio.engines.engine import Engine
    from rakkan.studio.engines.start import Variation
    from rakkan.studio.references import Asked, LetIn
    from rakkan.studio.requests import Consider, Progress, Release
    from rakkan.studio.starter.guiding import Guide

    #: What was drawn, uint8 [height, width, 3], its recipe, and the pictures that this names.
    Drawn = tuple[NDArray[numpy.uint8], Recipe, tuple[Ingredient, ...]]

#: A LoRA as prompts call it.
LORA = re.compile(r"<(lora|lyco):([^:<>]+)")


@dataclass(frozen=True)
class Workshop:
    """What a picture is made again with: the models of this instance, what draws with the starter model and
    with one of those, the words' judge and the way out.

    ``bring`` takes a model's name, the prompts, the name of a VAE ("" for the model's own), and the pictures
    that the drawing is shown, each under the digest that recipes know it by as its file. ``recall`` gives
    such a picture itself, and ``looks`` says whether the starter model's weights have learnt to look at one.
    """

    registry: Models
    engine: Callable[[], Engine]
    upscaler: Callable[[], Upscaler]
    bring: Callable[[str, tuple[str, str], str, tuple[Asked, ...], tuple[int, int]], Brought]
    consider: Consider
    release: Release
    recall: Callable[[str], LetIn]
    looks: Callable[[], bool]


def redrawn(
    wanted: Recipe, kept: Kept | None, workshop: Workshop, notes: list[str], progress: Progress, vae: str = ""
) -> Drawn:
    """The picture that a recipe tells, drawn by the model ``kept``, None the starter model; not released.

    ``vae`` names one to decode with in place of the recipe's. What is not here goes into ``notes``. Raises
    RakkanError for a recipe that asks for what cannot be drawn: anybody may write one.
    """
    turn = turn_of(wanted)
    told = {name: wanted.settings[name] for name in TURN if turn is not None}
    if kept is None:
        pixels, made, pictures = _starter(wanted, turn, workshop, progress)
    else:
        pixels, made, pictures = _brought(wanted, turn, kept, vae, workshop, notes, progress)
    made = replace(
        made,
        settings={**made.settings, **told},
        references={**wanted.references, **made.references},
    )
    return pixels, made, pictures


def _starter(wanted: Recipe, turn: Variation | None, workshop: Workshop, progress: Progress) -> Drawn:
    from rakkan.studio.create import CreateRequest, drawn, plan
    from rakkan.studio.together import BATCH, batch_of, drawn_together

    request: CreateRequest = CreateRequest(
        wanted.prompt,
        wanted.negative,
        wanted.seed,
        1,
        wanted.steps,
        wanted.guidance,
        size_of(wanted),
        settings={name: text for name, text in wanted.settings.items() if name not in (*TURN, BATCH)},
    )
    planned = plan(request, workshop.consider)
    guide, pictures = _guides(wanted, workshop)
    engine, upscaler = workshop.engine(), workshop.upscaler()
    company = batch_of(wanted.settings)
    if company > 1 and guide is None and turn is None:
        # What is drawn beside it changes nothing, how many there are may: copies keep it company.
        return *next(drawn_together([planned] * company, engine, upscaler, progress)), pictures
    return *drawn(planned, 0, engine, upscaler, progress, guide, turn), pictures


def _guides(wanted: Recipe, workshop: Workshop) -> tuple[Guide | None, tuple[Ingredient, ...]]:
    """What guided a picture of the starter model, and all pictures that its recipe refers to."""
    from rakkan.studio.starter.guiding import guide

    found, pictures = None, []
    for digest, use in wanted.references.items():
        picture = workshop.recall(digest)
        pictures.append(picture.ingredient)
        told, _, in_words = use.partition(", ")
        kind, _, strength = told.partition(" ")
        if kind != VARIATION:
            looks = workshop.looks() and not in_words
            found = guide(picture, digest[:10], kind, told_number(use, strength), looks)
    return found, tuple(pictures)


def _brought(
    wanted: Recipe,
    turn: Variation | None,
    kept: Kept,
    vae: str,
    workshop: Workshop,
    notes: list[str],
    progress: Progress,
) -> Drawn:
    from rakkan.studio.bring import drawn

    planned = bring_plan(wanted, size_of(wanted), workshop, notes)
    shown = _shown(wanted, workshop.registry)
    size = planned.size or (kept.card.resolution, kept.card.resolution)
    words = (planned.request.prompt, wanted.negative)
    brought = workshop.bring(
        kept.card.name, words, vae or vae_of(wanted, workshop.registry, notes), shown, size
    )
    turned_from = [digest for digest, use in wanted.references.items() if use.startswith(f"{VARIATION} ")]
    pictures = (*brought.ingredients, *(workshop.recall(digest).ingredient for digest in turned_from))
    return *drawn(planned, brought, 0, progress, turn), pictures


def bring_plan(wanted: Recipe, size: str | None, workshop: Workshop, notes: list[str]) -> BringPlan:
    """How a checkpoint's recipe is drawn at a ``size`` (``WIDTHxHEIGHT``, None the model's own)."""
    from rakkan.studio.bring import BringRequest, plan

    request: BringRequest = BringRequest(
        _with_names(wanted, workshop.registry, notes),
        wanted.negative,
        wanted.seed,
        1,
        wanted.steps,
        wanted.guidance,
        size,
        sampler=wanted.sampler,
        schedule=wanted.schedule,
        clip_skip=told_integer("clip skip", wanted.settings.get("clip skip", "0")),
        noise=wanted.settings.get("noise", "cpu"),
        settings={name: text for name, text in wanted.settings.items() if name == "template"},
    )
    return plan(request, workshop.consider)


def size_of(wanted: Recipe) -> str | None:
    """As a request names it; None where the recipe tells none."""
    return f"{wanted.width}x{wanted.height}" if wanted.width and wanted.height else None


def vae_of(wanted: Recipe, registry: Models, notes: list[str]) -> str:
    """The name that the VAE of a checkpoint's recipe has here; "" for the model's own."""
    for digest, use in wanted.adapters.items():
        if use in ("vae", "tiny decoder"):
            name = _by_digest(registry, digest)
            if not name:
                notes.append(f"the {use} {digest[:10]} is not here: the model's own is taken")
            return name
    return ""


def _with_names(wanted: Recipe, registry: Models, notes: list[str]) -> str:
    """The prompt, with each LoRA that it calls under the name that its digest has here."""
    called = {use.split(" ", 1)[1].rpartition(" ")[0]: digest
              for digest, use in wanted.adapters.items() if use.startswith("lora ")}  # fmt: skip

    def renamed(found: re.Match[str]) -> str:
        digest = called.get(found[2].strip(), "")
        if not digest:
            return found[0]
        name = _by_digest(registry, digest)
        if not name:
            notes.append(f"the LoRA {found[2]} of {digest[:10]} is not here: the one of its name is taken")
        return f"<{found[1]}:{name or found[2]}"

    return LORA.sub(renamed, wanted.prompt)


def _by_digest(registry: Models, digest: str) -> str:
    """The name of the model with this hash, or with one that begins so; "" where it is not here."""
    try:
        return registry.find(digest).card.name if digest else ""
    except RakkanError:
        return ""


def _shown(wanted: Recipe, registry: Models) -> tuple[Asked, ...]:
    """The pictures that guided, each under its digest, through the models that are here."""
    from rakkan.studio.references import REFERENCE, Asked

    through = {use: _by_digest(registry, digest) for digest, use in wanted.adapters.items()}
    found = []
    for digest, joined in wanted.references.items():
        for use in joined.split("; "):
            name, _, strength = use.rpartition(" ")
            if name == VARIATION:
                continue
            what = name.split(" ", 1)[0]
            model = "" if what == REFERENCE else through.get(name, "")
            found.append(Asked(what, Path(digest), told_number(use, strength), model))
    return tuple(found)
