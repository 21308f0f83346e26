"""More pictures like one that is there: its own noise turned a little, or, where that is not known, a little
of it drawn anew."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.records import START, Ingredient, Recipe
from rakkan.studio.editing.editing import Edit, Said
from rakkan.studio.editing.opening import Opened
from rakkan.studio.editing.passes import redrawn
from rakkan.studio.editing.requests import EditPlan, EditRequest
from rakkan.studio.editing.starter import StarterArtist
from rakkan.studio.engines.start import Variation, check_strength, check_variation
from rakkan.studio.ranges import told_integer, told_number
from rakkan.studio.requests import (
    Created,
    Progress,
    Release,
    check_numbers,
    check_place,
    draw_all,
    part_of,
)
from rakkan.studio.starter.tags import description

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from rakkan.studio.editing.regions import Read
    from rakkan.studio.editing.requests import Consider

    Pixels = NDArray[numpy.uint8]


@dataclass(frozen=True)
class VaryRequest:
    """What a person asks for: ``count`` pictures like that of ``file``, as far from it as ``strength`` says,
    above 0 to 1; ``seed`` is that of the first variation, None drawn at random."""

    file: Path
    strength: float = 0.1
    seed: int | None = None
    count: int = 1
    out: Path = Path("pictures")
    telling: bool = True


@dataclass(frozen=True)
class VaryPlan:
    """A request that has been checked, with the seed of the first variation."""

    request: VaryRequest
    seed: int


#: What says of a picture that the noise of its seed was turned towards another's: that seed, and how far.
TURN = ("variation seed", "variation strength")
#: What a recipe calls the picture whose noise it turned.
VARIATION = "variation"
#: Draws what a recipe tells, its turn too: pixels, uint8 [height, width, 3], how they were made, and the
#: pictures that the drawing was shown.
Redraw = Callable[[Recipe, Progress], "tuple[Pixels, Recipe, tuple[Ingredient, ...]]"]


def turn_of(recipe: Recipe) -> Variation | None:
    """How a recipe turns its noise, None where it does not. Raises RakkanError for what is no turn."""
    if not any(name in recipe.settings for name in TURN):
        return None
    seed, strength = (recipe.settings.get(name, "") for name in TURN)
    turn = Variation(told_integer(TURN[0], seed), told_number(TURN[1], strength))
    check_variation(turn)
    return turn


def guides_of(recipe: Recipe) -> dict[str, str]:
    """The pictures that a recipe's drawing was shown, and what for, by their digests."""
    return {digest: use for digest, use in recipe.references.items() if not use.startswith(f"{VARIATION} ")}


def plan(request: VaryRequest) -> VaryPlan:
    """Check a request. Raises RakkanError, before anything is read, for what cannot be done."""
    check_numbers(request.count, 1, 1, request.seed)
    check_place(request.out, request.count)
    check_strength(request.strength)
    seed = secrets.randbelow(2**32) if request.seed is None else request.seed
    return VaryPlan(request, seed)


def turned(
    planned: VaryPlan,
    opened: Opened,
    recipe: Recipe,
    guides: tuple[Ingredient, ...],
    redraw: Redraw,
    release: Release,
    progress: Progress = lambda done, total: None,
) -> list[Created]:
    """Variations of a picture whose ``recipe`` is known: the same in all but its noise, which is turned
    towards that of another seed (A1111's variation seed). ``guides`` are the pictures that the first drawing
    was shown, as ``guides_of`` names them. Raises RakkanError as ``create`` does."""
    request, strength = planned.request, f"{planned.request.strength:g}"
    shown = guides_of(recipe) | {opened.letin.digest: f"{VARIATION} {strength}"}

    def draw(index: int) -> tuple[Pixels, Recipe]:
        turn = dict(zip(TURN, (str(planned.seed + index), strength), strict=True))
        wanted = replace(recipe, settings={**recipe.settings, **turn}, references=shown)
        pixels, made, _ = redraw(wanted, part_of(progress, index, request.count))
        return pixels, made

    return _released(planned, draw, recipe.prompt, release, (opened.letin.ingredient, *guides), VARIATION)


def own_recipe(opened: Opened, model_digest: str) -> Recipe | None:
    """The recipe of a picture that the model of this digest drew from noise, at this size; None where it did
    not, or where the picture has been changed since."""
    recipe = opened.recipe
    if recipe is None or recipe.model_digest != model_digest or START in recipe.settings:
        return None
    return recipe if opened.size == (recipe.width, recipe.height) else None


def redrawn_a_little(
    planned: VaryPlan,
    opened: Opened,
    artist: StarterArtist,
    read: Read,
    release: Release,
    consider: Consider,
    progress: Progress = lambda done, total: None,
) -> list[Created]:
    """Variations of a picture whose recipe is not known: what is read off it, drawn over it with little
    strength. Raises RakkanError as ``create`` does."""
    request = planned.request
    edit = Edit(EditPlan(EditRequest(request.file), (), {}, planned.seed), opened, read)
    said = Said(edit.figure, description(edit.figure))
    consider(said.prompt, "")

    def draw(index: int) -> tuple[Pixels, Recipe]:
        seed = planned.seed + index
        painter = artist.painter(said, seed, edit, part_of(progress, index, request.count))
        pixels = redrawn(opened.pixels, opened.pixels, None, request.strength, 0, painter, 0)
        recipe = artist.recipe(said, seed, opened.size)
        settings = {START: opened.letin.digest, "strength": f"{request.strength:g}"}
        return pixels, replace(recipe, settings={**recipe.settings, **settings})

    return _released(planned, draw, said.prompt, release, (opened.parent,), "edit")


def _released(
    planned: VaryPlan,
    draw: Callable[[int], tuple[Pixels, Recipe]],
    prompt: str,
    release: Release,
    ingredients: tuple[Ingredient, ...],
    operation: str,
) -> list[Created]:
    request = planned.request
    return draw_all(
        request.count, draw, request.out, prompt, request.telling, release, ingredients, operation
    )
