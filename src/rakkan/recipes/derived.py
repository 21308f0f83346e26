"""Making again what was made out of another picture: edits and enlargements, from the picture itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.recipes.drawing import Workshop, bring_plan, vae_of
from rakkan.records import START, Picture, Recipe, UpscaleRecipe

if TYPE_CHECKING:
    from rakkan.models.card import Kept
    from rakkan.studio.editing.editing import Artist
    from rakkan.studio.editing.requests import EditRequest
    from rakkan.studio.references import LetIn
    from rakkan.studio.requests import Progress


def edited(
    wanted: Recipe, kept: Kept | None, workshop: Workshop, notes: list[str], progress: Progress
) -> Picture:
    """The picture that an edit's recipe tells, drawn once more over the one it began with; not released.

    ``kept`` is the model to draw with, None the starter model; what is not here goes into ``notes``. Raises
    RakkanError where what it began with is not in the vault, and for a recipe of what no edit does.
    """
    from rakkan.features.figures.reading import read
    from rakkan.studio.editing.editing import considered, drawn, prepare
    from rakkan.studio.editing.opening import opened
    from rakkan.studio.editing.passes import rounds
    from rakkan.studio.editing.requests import plan
    from rakkan.studio.editing.settings import request_of, texts_of
    from rakkan.studio.editing.wording import changes

    def recall(path: Path) -> LetIn:
        return workshop.recall(path.name)

    any_words = kept is not None
    usual = [one.strength for one in rounds(changes(texts_of(wanted), any_words), None, any_words)]
    planned = plan(request_of(wanted, usual), workshop.consider, any_words)
    begun = opened(Path(wanted.settings.get(START, "")), recall)
    edit = prepare(planned, begun, read, recall)
    if kept is None:
        artist = _starter(planned.request, workshop)
    else:
        artist = _checkpoint(wanted, kept, workshop, notes)
    pixels, recipe = drawn(edit, artist, considered(edit, artist, workshop.consider), 0, progress)
    return Picture(pixels, recipe, "edit", (begun.parent,))


def _starter(request: EditRequest, workshop: Workshop) -> Artist:
    from rakkan.studio.editing.starter import artist_for

    usual = (request.steps or 1, 1.0 if request.guidance is None else request.guidance)
    return artist_for(request, workshop.engine(), workshop.upscaler(), usual, workshop.looks())


def _checkpoint(wanted: Recipe, kept: Kept, workshop: Workshop, notes: list[str]) -> Artist:
    from rakkan.studio.editing.checkpoints import CheckpointArtist

    planned = bring_plan(wanted, None, workshop, notes)
    words = (planned.request.prompt, planned.request.negative)
    size = (kept.card.resolution, kept.card.resolution)
    vae = vae_of(wanted, workshop.registry, notes)
    return CheckpointArtist(planned, workshop.bring(kept.card.name, words, vae, (), size))


def enlarged(wanted: UpscaleRecipe, kind: str, workshop: Workshop, progress: Progress) -> Picture:
    """The picture that an enlargement's recipe tells, computed once more, as a file of this ``kind`` holds it
    (``png``, ``webp``, ``jpeg``); not released. Raises RakkanError where the one it was made of is not in
    the vault."""
    from rakkan.studio.upscaling.upscale import UpscaleRequest
    from rakkan.studio.upscaling.upscale import enlarged as compute

    source = workshop.recall(wanted.source)
    request = UpscaleRequest(wanted.scale, wanted.denoise, kind.replace("jpeg", "jpg"))
    return compute(source.data, source.media_type, request, progress)
