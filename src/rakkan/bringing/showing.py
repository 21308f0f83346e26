"""Pictures that a drawing is shown besides its prompt: their models are checked, then they are let in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError

if TYPE_CHECKING:
    from pathlib import Path

    from rakkan.formats.checkpoints.architecture import Architecture
    from rakkan.formats.checkpoints.ip_adapters import AdapterShape
    from rakkan.models.card import Kept
    from rakkan.models.reach import Models
    from rakkan.records import Ingredient
    from rakkan.studio.references import Asked, LetIn, Shown


@dataclass(frozen=True)
class Wanted:
    """What a person wants a drawing to be shown: the pictures ``asked`` for, the image encoder's name ("" for
    the one that fits), and the drawing's ``size``, width and height in pixels, None the model's own.

    ``kept`` are pictures that came in before, by the paths that ``asked`` names them by.
    """

    asked: tuple[Asked, ...] = ()
    image_encoder: str = ""
    size: tuple[int, int] | None = None
    kept: Mapping[Path, LetIn] = field(default_factory=dict)


@dataclass(frozen=True)
class Showing:
    """Pictures that have been let in, ready for the engine, and the models they go through by digest.

    ``adapters`` and ``references`` are what recipes say of the models and of the pictures, ``ingredients``
    what seals do.
    """

    shown: tuple[Shown, ...] = ()
    kept: Mapping[str, Kept] = field(default_factory=dict)
    adapters: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    ingredients: tuple[Ingredient, ...] = ()


def showing(
    registry: Models, let_in: Callable[[Path], LetIn], architecture: Architecture, wanted: Wanted
) -> Showing:
    """Check the models against the checkpoint, then let the pictures in and fit them.

    ``let_in`` is ``studio.references.let_in`` with the gate and the vault. Raises RakkanError before a
    picture is let in when a model is missing, of another kind, or does not fit; and for what the gate
    refuses.
    """
    from rakkan.studio.references import Shown, fitted

    kept: dict[str, Kept] = {}
    adapters: dict[str, str] = {}
    models = [_models(registry, architecture, one, wanted.image_encoder) for one in wanted.asked]
    for found in models:
        for use, needed in found.items():
            kept[needed.card.digest] = needed
            adapters[needed.card.digest] = f"{use} {needed.card.name}"
    files = dict.fromkeys(one.file for one in wanted.asked)
    pictures = {file: wanted.kept.get(file) or let_in(file) for file in files}
    shown, references = [], dict[str, str]()
    size = wanted.size or (architecture.resolution, architecture.resolution)
    for one, found in zip(wanted.asked, models, strict=True):
        picture, model, encoder = pictures[one.file], found.get(one.use), found.get(_ENCODER)
        name = f"{one.use} {model.card.name}" if model else one.use
        before = references.get(picture.digest)
        use = f"{name} {one.strength:g}"
        references[picture.digest] = f"{before}; {use}" if before else use
        shown.append(
            Shown(
                one.use,
                fitted(one.use, picture.pixels, size, one.file.name),
                one.strength,
                model.card.digest if model else "",
                encoder.card.digest if encoder else "",
            )
        )
    ingredients = {one.digest: one.ingredient for one in pictures.values()}
    return Showing(tuple(shown), kept, adapters, references, tuple(ingredients.values()))


_ENCODER = "image encoder"


def _models(registry: Models, architecture: Architecture, one: Asked, encoder: str) -> dict[str, Kept]:
    """The models that a picture goes through, by what they are used as, checked to fit."""
    from rakkan.formats.checkpoints import kinds
    from rakkan.formats.checkpoints.controlnets import check_controlnet
    from rakkan.formats.checkpoints.ip_adapters import check_ip_adapter
    from rakkan.studio.references import CONTROL, IMAGE_PROMPT

    if one.use == CONTROL:
        kept = _of_kind(registry, one.model, kinds.CONTROLNET)
        with registry.opened(kept) as tensors:
            check_controlnet(tensors, architecture, kept.card.name)
        return {CONTROL: kept}
    if one.use == IMAGE_PROMPT:
        kept = _of_kind(registry, one.model, kinds.IP_ADAPTER)
        with registry.opened(kept) as tensors:
            shape = check_ip_adapter(tensors, architecture, kept.card.name)
        return {IMAGE_PROMPT: kept, _ENCODER: _encoder(registry, kept.card.name, shape, encoder)}
    return {}


def _encoder(registry: Models, adapter: str, shape: AdapterShape, named: str) -> Kept:
    """The image encoder that is named, or the only one here that gives what the adapter reads."""
    from rakkan.formats.checkpoints import kinds
    from rakkan.formats.checkpoints.files import few
    from rakkan.formats.checkpoints.image_encoders import check_image_encoder

    if named:
        held = [_of_kind(registry, named, kinds.IMAGE_ENCODER)]
    else:
        held = [kept for kept in registry.all() if kept.card.kind == kinds.IMAGE_ENCODER]
    fitting = []
    for kept in held:
        with registry.opened(kept) as tensors:
            if shape.fits(check_image_encoder(tensors, kept.card.name)):
                fitting.append(kept)
    if len(fitting) == 1:
        return fitting[0]
    what = f"{adapter!r} reads {shape.reads} numbers of {'a picture' if shape.is_plain else 'each patch'}"
    lacking = f"the image encoder {named!r} gives others" if named else "no image encoder here gives them"
    if fitting:
        raise RakkanError(
            f"{what}, which {len(fitting)} image encoders give: {few(one.card.name for one in fitting)}",
            "Name one with --image-encoder",
        )
    raise RakkanError(
        f"{what}, and {lacking}",
        "Add the image_encoder that the IP-Adapter's page names: rakkan model add FILE",
    )


def _of_kind(registry: Models, text: str, kind: str) -> Kept:
    kept = registry.resolve(text)
    if kept.card.kind != kind:
        raise RakkanError(f"{kept.card.name!r} is a {kept.card.kind}, no {kind}", "See rakkan model list")
    return kept
