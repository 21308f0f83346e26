"""From what was asked over HTTP to what the studio takes."""

from __future__ import annotations

from pathlib import Path

from rakkan.api.creating import CreateOptions, ModelOptions, ReferenceOptions
from rakkan.api.editing import EditOptions, VaryOptions
from rakkan.api.upscaling import UpscaleOptions
from rakkan.errors import RakkanError
from rakkan.service import wishes
from rakkan.studio.editing.regions import is_region
from rakkan.studio.editing.requests import EditRequest


def create(wish: wishes.Create, out: Path) -> CreateOptions:
    """A picture from words; ``out`` is a folder."""
    shown = ReferenceOptions()
    if wish.reference is not None:
        shown = ReferenceOptions(wish.reference.picture, wish.reference.kind, wish.reference.strength)
    return CreateOptions(
        wish.prompt,
        wish.negative,
        wish.seed,
        wish.count,
        wish.steps,
        wish.guidance,
        wish.size,
        out,
        wish.disclosure,
        shown,
        wish.character,
        wish.style,
        model=ModelOptions(wish.model, wish.sampler or None),
    )


def edit(wish: wishes.Edit, out: Path) -> EditOptions:
    """A change of a picture."""
    box = wish.rectangle
    # A region's name could be that of a file where the worker runs: it is one of the studio's own or refused.
    mask = f"file {wish.mask}" if wish.mask else _region(wish.region)
    if box is not None:
        mask = f"{box.left},{box.top},{box.width},{box.height}"
    request = EditRequest(
        Path(wish.picture),
        wish.changes,
        wish.prompt,
        wish.negative,
        mask,
        invert=wish.invert,
        extend=wish.extend,
        restore=wish.restore,
        strength=wish.strength,
        seed=wish.seed,
        steps=wish.steps,
        guidance=wish.guidance,
        count=wish.count,
    )
    return EditOptions(request, out, wish.disclosure, ModelOptions(wish.model))


def _region(text: str) -> str:
    if text and not is_region(text):
        raise RakkanError(f"There is no region {text!r}", "Say hair, eyes, outfit or background")
    return text


def vary(wish: wishes.Vary, out: Path) -> VaryOptions:
    """More like one."""
    return VaryOptions(
        Path(wish.picture),
        wish.strength,
        wish.count,
        wish.seed,
        out,
        wish.disclosure,
        ModelOptions(wish.model),
    )


def upscale(wish: wishes.Upscale, out: Path) -> UpscaleOptions:
    """One enlarged, as a PNG in the folder ``out``."""
    return UpscaleOptions(Path(wish.picture), wish.scale, wish.denoise, out / "enlarged.png", wish.disclosure)
