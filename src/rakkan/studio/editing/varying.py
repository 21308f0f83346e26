"""More pictures like one that is there: its own noise turned a little, or, where that is not known, a little
of it drawn anew."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.records import Ingredient, Recipe
from rakkan.studio.create import ENLARGEMENT, MODEL, SAMPLER
from rakkan.studio.editing.editing import Edit, Said
from rakkan.studio.editing.opening import Opened, told
from rakkan.studio.editing.passes import redrawn
from rakkan.studio.editing.requests import EditPlan, EditRequest
from rakkan.studio.editing.starter import StarterArtist, starter_recipe
from rakkan.studio.engines.start import Variation, check_strength
from rakkan.studio.requests import Created, Progress, Release, check_numbers, check_place, draw_all
from rakkan.studio.starter.tags import description

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from rakkan.studio.bring import Brought
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


#: Draws a picture of a recipe from noise that is turned: uint8 [height, width, 3].
Again = Callable[[Recipe, Variation, Progress], "Pixels"]


@dataclass(frozen=True)
class Source:
    """How the picture was made, if that can be done here again: its recipe, what draws it, the engine's own
    part of new recipes, and further ingredients."""

    recipe: Recipe
    again: Again
    made_by: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


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
    source: Source,
    release: Release,
    consider: Consider,
    progress: Progress = lambda done, total: None,
) -> list[Created]:
    """Variations of a picture whose recipe is known: the same in all but its noise, which is turned towards
    that of another seed (A1111's variation seed). Raises RakkanError as ``create`` does."""
    request, recipe = planned.request, source.recipe
    consider(recipe.prompt, recipe.negative)

    def draw(index: int) -> tuple[Pixels, Recipe]:
        turn = Variation(planned.seed + index, request.strength)

        def step(done: int, total: int) -> None:
            progress(index * total + done, request.count * total)

        pixels = source.again(recipe, turn, step)
        settings = {
            **recipe.settings,
            "variation seed": str(turn.seed),
            "variation strength": f"{turn.strength:g}",
        }
        now = replace(
            recipe,
            settings=settings,
            references={opened.letin.digest: f"variation {turn.strength:g}"},
            precision=source.made_by.get("precision", recipe.precision),
            engine=source.made_by.get("engine", recipe.engine),
            versions=dict(source.versions) or dict(recipe.versions),
        )
        return pixels, now

    guide = (replace(opened.parent, relationship="reference"),)
    return _released(planned, draw, recipe.prompt, release, guide, "variation")


def starter_source(opened: Opened, artist: StarterArtist) -> Source | None:
    """How the starter model made a picture, None where it did not, or not with these weights, or where the
    picture has been changed since or is of another size."""
    recipe = opened.recipe
    if recipe is None or recipe.model != MODEL or recipe.model_digest != artist.engine.model_digest:
        return None
    if recipe.settings.keys() - {"variation seed", "variation strength"} or recipe.sampler != SAMPLER:
        return None
    if opened.size != (recipe.width, recipe.height) or recipe.width % ENLARGEMENT:
        return None
    drawn = (recipe.width // ENLARGEMENT, recipe.height // ENLARGEMENT)

    def again(known: Recipe, turn: Variation, progress: Progress) -> Pixels:
        from rakkan.studio.starter.lexicon import read
        from rakkan.studio.starter.vocabulary import encode

        avoided = read(known.negative).condition
        pixels = artist.engine.sample(
            encode(told(known)),
            encode(avoided) if avoided else None,
            width=drawn[0],
            height=drawn[1],
            seed=known.seed,
            steps=known.steps,
            guidance=known.guidance,
            progress=progress,
            sampler=SAMPLER,
            variation=turn,
        )
        return artist.upscaler.enlarge(pixels)

    made = starter_recipe(artist.engine, artist.upscaler, recipe.prompt, recipe.seed, opened.size)
    return Source(recipe, again, {"engine": made.engine, "precision": made.precision}, made.versions)


def checkpoint_source(opened: Opened, brought: Brought) -> Source | None:
    """How a checkpoint made a picture, None where another did, or it was changed since."""
    recipe = opened.recipe
    if recipe is None or recipe.model_digest != brought.digest or recipe.references:
        return None
    if opened.size != (recipe.width, recipe.height) or "start" in recipe.settings:
        return None

    def again(known: Recipe, turn: Variation, progress: Progress) -> Pixels:
        return brought.engine.sample(
            known.prompt,
            known.negative,
            width=known.width,
            height=known.height,
            seed=known.seed,
            steps=known.steps,
            guidance=known.guidance,
            sampler=known.sampler,
            schedule=known.schedule,
            clip_skip=int(skip) if (skip := known.settings.get("clip skip", "")).isdigit() else 0,
            noise=known.settings.get("noise", "cpu"),
            variation=turn,
            progress=progress,
        )

    engine = brought.engine
    return Source(recipe, again, {"engine": engine.name, "precision": engine.precision}, engine.versions())


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

        def step(done: int, total: int) -> None:
            progress(index * total + done, request.count * total)

        painter = artist.painter(said, seed, edit, step)
        pixels = redrawn(opened.pixels, opened.pixels, None, request.strength, 0, painter, 0)
        recipe = artist.recipe(said, seed, opened.size)
        settings = {"start": opened.letin.digest, "strength": f"{request.strength:g}"}
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
