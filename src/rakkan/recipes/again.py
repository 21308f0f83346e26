"""Making a picture again from what its file tells, and saying how near it came."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError
from rakkan.recipes.derived import edited, enlarged
from rakkan.recipes.drawing import LORA, Workshop, redrawn
from rakkan.recipes.telling import NOTHING, PARTLY, Told
from rakkan.recipes.tiers import EXACT, Likeness, differences, differences_of_enlargements, likeness
from rakkan.records import (
    START,
    AnyRecipe,
    FiguresRecipe,
    Picture,
    Recipe,
    SheetRecipe,
    ThumbnailRecipe,
    TrainingGridRecipe,
    UpscaleRecipe,
)

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from rakkan.models.card import Kept
    from rakkan.models.reach import Models
    from rakkan.studio.metadata import Claimed
    from rakkan.studio.requests import Progress

    Pixels = NDArray[numpy.uint8]


#: Operations that leave a recipe of one picture behind; "" where no seal tells.
_MADE_AGAIN = ("create", "variation", "edit", "")


@dataclass(frozen=True)
class Again:
    """A picture made again: its file, how near it came to the one given, and why it came no nearer."""

    path: Path
    likeness: Likeness
    reasons: tuple[str, ...]
    recipe: AnyRecipe
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

    What it was made out of, or was shown, is taken from the vault. ``model`` names the one to draw with
    where the recipe's is not here, or is not known. Raises RakkanError
    for what tells too little, sheets among it, and says what to do then.
    """
    from rakkan.studio.requests import check_place, destination

    check_place(out, 1)
    started = time.perf_counter()
    recipe = told.recipe
    if told.worth in (NOTHING, PARTLY):
        raise _silent(told)
    if recipe is not None and not isinstance(recipe, Recipe | UpscaleRecipe):
        raise _several(recipe)
    notes: list[str] = []
    wanted = recipe or _recipe_of(told.claimed, notes)
    if isinstance(wanted, UpscaleRecipe):
        picture, named = (
            enlarged(wanted, told.inspected.kind, workshop, progress),
            (f"{wanted.scale}x", "enlarged"),
        )
    else:
        picture = _drawn(wanted, told, workshop, model, notes, progress)
        named = (wanted.prompt, str(wanted.seed))
    path = workshop.release(picture, destination(out, *named, telling))
    near = likeness(picture.pixels, given, told.pixels)
    reasons = [] if near.tier == EXACT else [*notes, *_reasons(told, wanted, picture.recipe)]
    return Again(path, near, tuple(dict.fromkeys(reasons)), picture.recipe, time.perf_counter() - started)


def _drawn(
    wanted: Recipe, told: Told, workshop: Workshop, model: str, notes: list[str], progress: Progress
) -> Picture:
    if told.operation not in _MADE_AGAIN:
        raise RakkanError(
            f"This picture was made as {told.operation!r}, which is done in one go with others",
            "Give a picture that was created, varied, edited or enlarged",
        )
    kept = _model(wanted, told, workshop.registry, model)
    if told.operation == "edit" or START in wanted.settings:
        return edited(wanted, kept, workshop, notes, progress)
    pixels, made, pictures = redrawn(wanted, kept, workshop, notes, progress)
    return Picture(pixels, made, told.operation or "create", pictures)


def _silent(told: Told) -> RakkanError:
    if told.worth == PARTLY:
        return RakkanError(
            "This picture keeps its recipe back, and this instance's vault does not open it",
            "Only the instance that made it can make it again",
        )
    return RakkanError(
        "Nothing in this file says how it was made", "Give one with its metadata, as it was first saved"
    )


def _several(recipe: SheetRecipe | FiguresRecipe | TrainingGridRecipe | ThumbnailRecipe) -> RakkanError:
    if isinstance(recipe, ThumbnailRecipe):
        return RakkanError("This is the thumbnail of a picture", "Give the picture itself")
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
    called = {found[2].strip() for found in LORA.finditer(claimed.prompt)}
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


def _model(wanted: Recipe, told: Told, registry: Models, named: str) -> Kept | None:
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


def _reasons(told: Told, wanted: Recipe | UpscaleRecipe, made: AnyRecipe) -> list[str]:
    if told.recipe is None and isinstance(made, Recipe):
        reasons = [f"{told.tool} drew it; other programs round otherwise"]
        if wanted.model_digest and not made.model_digest.startswith(wanted.model_digest):
            reasons.append(f"it names the model {wanted.model_digest}, not {made.model_digest[:10]}")
        if told.claimed is not None:
            reasons += told.claimed.remarks
        return reasons
    if isinstance(wanted, Recipe) and isinstance(made, Recipe):
        reasons = differences(replace(wanted, prompt=made.prompt), made)
    else:
        assert isinstance(wanted, UpscaleRecipe) and isinstance(made, UpscaleRecipe)
        reasons = differences_of_enlargements(wanted, made)
    if told.inspected.kind == "jpeg" and not told.pixels:
        reasons.append("the file is a JPEG, which keeps no pixel as it was")
    return reasons or ["all that the recipe names is the same: another processor, or the file was changed"]
