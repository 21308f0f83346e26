"""Making a picture again from what its file tells, and saying how near it came."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError
from rakkan.recipes.telling import NOTHING, PARTLY, Told
from rakkan.recipes.tiers import EXACT, Likeness, differences, likeness
from rakkan.records import (
    FiguresRecipe,
    Picture,
    Recipe,
    SheetRecipe,
    TrainingGridRecipe,
    UpscaleRecipe,
)

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from rakkan.models.card import Kept
    from rakkan.models.registry import Registry
    from rakkan.studio.bring import BringRequest, Brought
    from rakkan.studio.create import CreateRequest, Upscaler
    from rakkan.studio.engines.engine import Engine
    from rakkan.studio.metadata import Claimed
    from rakkan.studio.references import Asked, LetIn
    from rakkan.studio.requests import Consider, Progress, Release
    from rakkan.studio.starter.guiding import Guide

    Pixels = NDArray[numpy.uint8]

#: Operations that draw from words alone, or guided by pictures.
_DRAWN = ("create", "variation", "")
#: What says of a picture that the noise of its seed was turned towards another's: that seed, and how far.
_TURNED = ("variation seed", "variation strength")
_LORA = re.compile(r"<(lora|lyco):([^:<>]+)")


@dataclass(frozen=True)
class Workshop:
    """What a picture is made again with: the models of this instance, what draws with the starter model and
    with one of those, the words' judge and the way out.

    ``bring`` takes a model's name, the prompts, the name of a VAE ("" for the model's own), and the pictures
    that the drawing is shown, each under the digest that recipes know it by as its file. ``recall`` gives
    such a picture itself, and ``looks`` says whether the starter model's weights have learnt to look at one.
    """

    registry: Registry
    engine: Callable[[], Engine]
    upscaler: Callable[[], Upscaler]
    bring: Callable[[str, tuple[str, str], str, tuple[Asked, ...], tuple[int, int]], Brought]
    consider: Consider
    release: Release
    recall: Callable[[str], LetIn]
    looks: Callable[[], bool]


@dataclass(frozen=True)
class Again:
    """A picture made again: its file, how near it came to the one given, and why it came no nearer."""

    path: Path
    likeness: Likeness
    reasons: tuple[str, ...]
    recipe: Recipe
    seconds: float


def again(
    told: Told,
    given: Pixels,
    out: Path,
    workshop: Workshop,
    model: str = "",
    telling: bool = True,
    progress: Progress = lambda done, total: None,
) -> Again:
    """Draw what ``told`` tells once more and compare it with ``given``, uint8 [height, width, 3].

    ``model`` names the one to draw with where the recipe's is not here, or is not known. Raises RakkanError
    for what tells too little, sheets among it, and says what to do then.
    """
    from rakkan.studio.requests import check_place, destination

    check_place(out, 1)
    started = time.perf_counter()
    recipe = told.recipe
    if told.worth in (NOTHING, PARTLY):
        raise _silent(told)
    if recipe is not None and not isinstance(recipe, Recipe):
        raise _several(recipe)
    if told.operation not in _DRAWN or (recipe and "strength" in recipe.settings):
        what = told.operation or "edit"
        raise RakkanError(
            f"This picture was made out of another ({what}), which has to be there first",
            "Make the one it came from again, then do the same to it; rakkan recipe shows what was done",
        )
    notes: list[str] = []
    wanted = recipe or _recipe_of(told.claimed, notes)
    kept = _model(wanted, told, workshop.registry, model)
    if kept is None:
        pixels, made, ingredients = _starter(wanted, workshop, progress)
    else:
        pixels, made, ingredients = _brought(wanted, kept, workshop, notes, progress)
    place = destination(out, made.prompt, str(made.seed), telling)
    path = workshop.release(Picture(pixels, made, ingredients=ingredients), place)
    near = likeness(pixels, given, told.pixels)
    reasons = [] if near.tier == EXACT else [*notes, *_reasons(told, wanted, made)]
    return Again(path, near, tuple(dict.fromkeys(reasons)), made, time.perf_counter() - started)


def _silent(told: Told) -> RakkanError:
    if told.worth == PARTLY:
        return RakkanError(
            "This picture keeps its recipe back, and this instance's vault does not open it",
            "Only the instance that made it can make it again",
        )
    return RakkanError(
        "Nothing in this file says how it was made", "Give one with its metadata, as it was first saved"
    )


def _several(recipe: SheetRecipe | FiguresRecipe | TrainingGridRecipe | UpscaleRecipe) -> RakkanError:
    if isinstance(recipe, UpscaleRecipe):
        return RakkanError(
            f"This picture is the one of SHA-256 {recipe.source[:12]}…, enlarged",
            f"Enlarge that again: rakkan upscale FILE --scale {recipe.scale} --denoise {recipe.denoise}",
        )
    if isinstance(recipe, FiguresRecipe):
        return RakkanError(
            "This is a sheet of the renderer's figures",
            f"Draw it again: rakkan figures sheet --seed {recipe.seed} --count {recipe.count}",
        )
    if isinstance(recipe, SheetRecipe) and recipe.recipes:
        first = recipe.recipes[0]
        return RakkanError(
            f"This is a sheet of {len(recipe.recipes)} pictures, each with a recipe of its own",
            f"Give one of them, or see them with rakkan recipe; the first has the seed {first.seed}",
        )
    return RakkanError("This shows how far a training had come", "Give a picture that rakkan create drew")


def _recipe_of(claimed: Claimed | None, notes: list[str]) -> Recipe:
    """The recipe that a claim amounts to, with what it leaves out filled in and noted."""
    assert claimed is not None
    if not claimed.prompt:
        raise RakkanError("Its metadata tell no prompt", "See rakkan recipe for what they do tell")
    if claimed.seed is None:
        raise RakkanError("Its metadata tell no seed", "Draw anew: rakkan create, with the prompt they tell")
    if claimed.strength is not None and claimed.strength < 1:
        raise RakkanError(
            "Its metadata say that it was made out of another picture",
            "Draw anew: rakkan create, with the prompt they tell",
        )
    from rakkan.studio.bring import GUIDANCE, SAMPLER, STEPS

    told = {"steps": claimed.steps, "guidance": claimed.guidance, "sampler": claimed.sampler or None}
    usual = {"steps": STEPS, "guidance": GUIDANCE, "sampler": SAMPLER}
    for name, value in told.items():
        if value is None:
            notes.append(f"its metadata tell no {name} that is known here: {usual[name]} is taken")
    settings = {"noise": claimed.noise or "cpu"}
    if claimed.clip_skip:
        settings["clip skip"] = str(claimed.clip_skip)
    filled: dict[str, Any] = {name: usual[name] if told[name] is None else told[name] for name in told}
    called = {found[2].strip() for found in _LORA.finditer(claimed.prompt)}
    tags = "".join(f" <lora:{one.name}:{one.weight:g}>" for one in claimed.loras if one.name not in called)
    return Recipe(
        prompt=claimed.prompt + tags,
        negative=claimed.negative,
        model=claimed.model,
        model_digest=claimed.model_hash,
        schedule=claimed.schedule,
        seed=claimed.seed,
        width=claimed.width or 0,
        height=claimed.height or 0,
        engine=claimed.tool,
        adapters={one.digest: f"lora {one.name} {one.weight:g}" for one in claimed.loras if one.digest},
        settings=settings,
        **filled,
    )


def _model(wanted: Recipe, told: Told, registry: Registry, named: str) -> Kept | None:
    """The model to draw with; None is the starter model."""
    from rakkan.studio.create import MODEL

    if named and named != MODEL:
        return registry.resolve(named)
    if named == MODEL or wanted.model == MODEL:
        return None
    shown, digits = repr(wanted.model[:60]) if wanted.model else "of no name", wanted.model_digest
    if not digits:
        raise RakkanError(
            f"Its metadata tell a model {shown} without a hash", "Name the one to draw with: --model NAME"
        )
    try:
        return registry.find(digits)
    except RakkanError as error:
        raise RakkanError(
            f"The model {shown} ({digits[:10]}) is not here",
            "Add it with rakkan model add, or name another to draw with: --model NAME",
        ) from error


def _starter(
    wanted: Recipe, workshop: Workshop, progress: Progress
) -> tuple[Pixels, Recipe, tuple[Any, ...]]:
    from rakkan.studio.create import CreateRequest, drawn, plan
    from rakkan.studio.engines.start import Variation

    size = f"{wanted.width}x{wanted.height}" if wanted.width and wanted.height else None
    turn = {name: wanted.settings[name] for name in _TURNED if name in wanted.settings}
    request: CreateRequest = CreateRequest(
        wanted.prompt,
        wanted.negative,
        wanted.seed,
        1,
        wanted.steps,
        wanted.guidance,
        size,
        settings={name: text for name, text in wanted.settings.items() if name not in turn},
    )
    planned = plan(request, workshop.consider)
    guide, ingredients = _guides(wanted, workshop)
    numbers = [_number(name, turn.get(name, "")) for name in _TURNED] if turn else []
    variation = Variation(int(numbers[0]), numbers[1]) if turn else None
    engine, upscaler = workshop.engine(), workshop.upscaler()
    pixels, recipe = drawn(planned, 0, engine, upscaler, progress, guide, variation)
    references = {**wanted.references, **recipe.references}
    return pixels, replace(recipe, settings={**recipe.settings, **turn}, references=references), ingredients


def _guides(wanted: Recipe, workshop: Workshop) -> tuple[Guide | None, tuple[Any, ...]]:
    """What guided a picture of the starter model, and all pictures that its recipe refers to."""
    from rakkan.studio.starter.guiding import guide

    found, pictures = None, []
    for digest, use in wanted.references.items():
        picture = workshop.recall(digest)
        pictures.append(picture.ingredient)
        told, _, in_words = use.partition(", ")
        kind, _, strength = told.partition(" ")
        if kind != "variation":
            looks = workshop.looks() and not in_words
            found = guide(picture, digest[:10], kind, _number(use, strength), looks)
    return found, tuple(pictures)


def _number(what: str, text: str) -> float:
    """Raises RakkanError for what is no number that can be drawn with: anybody may write a recipe."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise RakkanError(f"The recipe's {what[:60]!r} is no number", "Give a picture that Rakkan made")
    return found


def _brought(
    wanted: Recipe, kept: Kept, workshop: Workshop, notes: list[str], progress: Progress
) -> tuple[Pixels, Recipe, tuple[Any, ...]]:
    from rakkan.studio.bring import BringRequest, drawn, plan

    prompt = _with_names(wanted, workshop.registry, notes)
    vae = _named(wanted.adapters, ("vae", "tiny decoder"), workshop.registry, notes)
    size = f"{wanted.width}x{wanted.height}" if wanted.width and wanted.height else None
    request: BringRequest = BringRequest(
        prompt,
        wanted.negative,
        wanted.seed,
        1,
        wanted.steps,
        wanted.guidance,
        size,
        sampler=wanted.sampler,
        schedule=wanted.schedule,
        clip_skip=int(wanted.settings.get("clip skip", "0")),
        noise=wanted.settings.get("noise", "cpu"),
        settings={name: text for name, text in wanted.settings.items() if name == "template"},
    )
    planned = plan(request, workshop.consider)
    shown = _shown(wanted, workshop.registry)
    size_of = planned.size or (kept.card.resolution, kept.card.resolution)
    brought = workshop.bring(kept.card.name, (prompt, wanted.negative), vae, shown, size_of)
    pixels, recipe = drawn(planned, brought, 0, progress)
    return pixels, recipe, brought.ingredients


def _with_names(wanted: Recipe, registry: Registry, notes: list[str]) -> str:
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

    return _LORA.sub(renamed, wanted.prompt)


def _named(adapters: Mapping[str, str], uses: tuple[str, ...], registry: Registry, notes: list[str]) -> str:
    for digest, use in adapters.items():
        if use in uses:
            name = _by_digest(registry, digest)
            if not name:
                notes.append(f"the {use} {digest[:10]} is not here: the model's own is taken")
            return name
    return ""


def _by_digest(registry: Registry, digest: str) -> str:
    """The name of the model with this hash, or with one that begins so; "" where it is not here."""
    try:
        return registry.find(digest).card.name if digest else ""
    except RakkanError:
        return ""


def _shown(wanted: Recipe, registry: Registry) -> tuple[Asked, ...]:
    """The pictures that guided, each under its digest, through the models that are here."""
    from rakkan.studio.references import REFERENCE, Asked

    through = {use: _by_digest(registry, digest) for digest, use in wanted.adapters.items()}
    found = []
    for digest, joined in wanted.references.items():
        for use in joined.split("; "):
            name, _, strength = use.rpartition(" ")
            what = name.split(" ", 1)[0]
            model = "" if what == REFERENCE else through.get(name, "")
            found.append(Asked(what, Path(digest), _number(use, strength), model))
    return tuple(found)


def _reasons(told: Told, wanted: Recipe, made: Recipe) -> list[str]:
    if told.recipe is None:
        reasons = [f"{told.tool} drew it; other programs round otherwise"]
        if wanted.model_digest and not made.model_digest.startswith(wanted.model_digest):
            reasons.append(f"it names the model {wanted.model_digest}, not {made.model_digest[:10]}")
        if told.claimed is not None:
            reasons += told.claimed.remarks
        return reasons
    reasons = differences(replace(wanted, prompt=made.prompt), made)
    if told.inspected.kind == "jpeg" and not told.pixels:
        reasons.append("the file is a JPEG, which keeps no pixel as it was")
    return reasons or ["all that the recipe names is the same: another processor, or the file was changed"]
