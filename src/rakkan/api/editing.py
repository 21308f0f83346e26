"""Changing pictures that are there, with the starter model or one that somebody brought."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan import assemble
from rakkan.api import equipment
from rakkan.api.behalf import SELF, Behalf
from rakkan.api.creating import ModelOptions, consider, place_and_disclosure
from rakkan.api.listening import SILENT, Listener
from rakkan.errors import RakkanError
from rakkan.studio.editing.requests import EditRequest

if TYPE_CHECKING:
    from rakkan.recipes.drawing import Drawn
    from rakkan.records import Recipe
    from rakkan.studio.editing.editing import Edit
    from rakkan.studio.editing.requests import EditPlan
    from rakkan.studio.requests import Created, Progress


@dataclass(frozen=True)
class EditOptions:
    """``request`` as for ``studio.editing.requests.plan``, but for ``out`` and ``telling``, which follow from
    ``out`` and ``disclosure`` here: None as the settings say."""

    request: EditRequest
    out: Path | None = None
    disclosure: str | None = None
    model: ModelOptions = field(default_factory=ModelOptions)


@dataclass(frozen=True)
class VaryOptions:
    """``strength`` is above 0 to 1: how far the picture's own noise is turned towards another."""

    file: Path
    strength: float = 0.1
    count: int = 1
    seed: int | None = None
    out: Path | None = None
    disclosure: str | None = None
    model: ModelOptions = field(default_factory=ModelOptions)


def edit(options: EditOptions, listener: Listener = SILENT, behalf: Behalf = SELF) -> list[Created]:
    """Change a picture as asked; one file for each of ``count``, as ``creating.create`` does."""
    from rakkan.studio.editing.requests import plan

    place, told = place_and_disclosure(options.out, options.disclosure)
    model, request = options.model, replace(options.request, out=place, telling=told == "full")
    if not model.name:
        model.check_unused()
    loras = "".join(f" <lora:{one}>" for one in model.loras)
    if request.prompt:
        request = replace(request, prompt=request.prompt + loras)
    planned = plan(request, consider, any_words=bool(model.name))
    if model.name:
        return _with_model(planned, model, told, "" if request.prompt else loras, listener, behalf)
    return _with_starter(planned, told, listener, behalf)


def _with_starter(planned: EditPlan, told: str, listener: Listener, behalf: Behalf) -> list[Created]:
    from rakkan.studio.editing.editing import perform

    release = assemble.release(told, behalf.account)
    ready = _opened(planned, behalf)
    return perform(ready, equipment.starter_artist(planned.request), release, consider, listener.drawing)


def _with_model(
    planned: EditPlan, model: ModelOptions, told: str, loras: str, listener: Listener, behalf: Behalf
) -> list[Created]:
    from rakkan.studio import bring
    from rakkan.studio.editing.checkpoints import CheckpointArtist, prompt_for
    from rakkan.studio.editing.editing import perform

    release = assemble.release(told, behalf.account)
    ready, request = _opened(planned, behalf), planned.request
    prompt = prompt_for(ready.opened, lambda: ready.figure, planned) + loras
    usual = {"steps": request.steps, "guidance": request.guidance}
    numbers = {name: value for name, value in usual.items() if value is not None} | model.chosen()
    drawing = bring.plan(
        bring.BringRequest(prompt, request.negative, planned.seed, request.count, out=request.out, **numbers),
        consider,
    )
    words = (prompt, request.negative)
    brought = assemble.bring(
        model.name, words, model.vae, listener.reading, listener.say, account=behalf.account
    )
    return perform(ready, CheckpointArtist(drawing, brought), release, consider, listener.drawing)


def _opened(planned: EditPlan, behalf: Behalf) -> Edit:
    from rakkan.features.figures.reading import read
    from rakkan.studio.editing.editing import prepare
    from rakkan.studio.editing.opening import opened

    return prepare(planned, opened(planned.request.file, behalf.let_in), read, behalf.let_in)


def vary(options: VaryOptions, listener: Listener = SILENT, behalf: Behalf = SELF) -> list[Created]:
    """More pictures like one: its own noise turned a little or, where that is not known, redrawn."""
    from rakkan.features.figures.reading import read
    from rakkan.recipes.drawing import redrawn
    from rakkan.studio.editing import varying
    from rakkan.studio.editing.opening import opened

    place, told = place_and_disclosure(options.out, options.disclosure)
    model = options.model
    if not model.name:
        model.check_unused()
    planned = varying.plan(
        varying.VaryRequest(
            options.file, options.strength, options.seed, options.count, place, told == "full"
        )
    )
    release, picture = assemble.release(told, behalf.account), opened(options.file, behalf.let_in)
    kept = assemble.reach(behalf.account).resolve(model.name) if model.name else None
    recipe = varying.own_recipe(picture, kept.card.digest if kept else assemble.engine().model_digest)
    if recipe is not None:
        workshop = equipment.workshop(told, listener.reading, listener.say, behalf)

        def redraw(wanted: Recipe, progress: Progress) -> Drawn:
            return redrawn(wanted, kept, workshop, [], progress, model.vae)

        guides = tuple(workshop.recall(digest).ingredient for digest in varying.guides_of(recipe))
        return varying.turned(planned, picture, recipe, guides, redraw, release, listener.drawing)
    if kept is not None:
        raise RakkanError(
            f"{picture.name} does not say that {model.name} made it, as it is",
            'Draw over it: rakkan edit FILE --model MODEL --prompt "…" --strength 0.3',
        )
    artist = equipment.starter_artist(EditRequest(options.file))
    return varying.redrawn_a_little(planned, picture, artist, read, release, consider, listener.drawing)
