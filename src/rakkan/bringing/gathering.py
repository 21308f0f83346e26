"""Finds what a drawing with somebody's model is made of, and checks that all of it goes together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from rakkan.bringing.ingredients import Ingredients
from rakkan.bringing.showing import Showing, Wanted, showing
from rakkan.errors import RakkanError

if TYPE_CHECKING:
    from pathlib import Path

    from rakkan.formats.checkpoints.architecture import Architecture, VaeShape
    from rakkan.models.card import Kept
    from rakkan.models.reach import Models
    from rakkan.studio.references import LetIn


def gather(
    registry: Models,
    let_in: Callable[[Path], LetIn],
    model: Kept,
    prompts: tuple[str, str],
    vae: Kept | None = None,
    wanted: Wanted | None = None,
) -> Ingredients:
    """A checkpoint with the LoRAs and textual inversions that the prompts call, the VAE or tiny decoder that
    takes the place of its own, and what is ``wanted`` to be shown.

    Raises RakkanError when it is no checkpoint, lacks something, or something does not go with it.
    """
    from rakkan.formats.checkpoints import kinds
    from rakkan.formats.checkpoints.adapters import check_embedding, check_lora
    from rakkan.formats.checkpoints.checks import check
    from rakkan.formats.checkpoints.detect import detect
    from rakkan.studio.clip import grammar
    from rakkan.studio.engines.torch import require

    if model.card.kind != kinds.CHECKPOINT:
        raise RakkanError(
            f"{model.card.name!r} is a {model.card.kind}, no checkpoint", "See rakkan model list"
        )
    called = grammar.adapters(prompts[0])[1]
    loras = {one.name: _of_kind(registry, one.name, kinds.LORA) for one in called}
    words = " ".join(prompts)
    inversions = {
        kept.card.name: kept
        for kept in registry.all()
        if kept.card.kind == kinds.EMBEDDING and kept.card.name in words
    }
    with registry.opened(model) as tensors:
        architecture = detect(tensors)
        check(tensors, architecture, vae_given=vae is not None)
    if vae is not None:
        architecture = replace(architecture, vae=_vae_shape(registry, vae, architecture))
    for kept in loras.values():
        with registry.opened(kept) as tensors:
            check_lora(tensors, architecture, kept.card.name)
    for kept in inversions.values():
        with registry.opened(kept) as tensors:
            check_embedding(tensors, architecture, kept.card.name)
    pictures = Showing()
    if wanted is not None and wanted.asked:
        require()
        pictures = showing(registry, let_in, architecture, wanted)
    return Ingredients(model, architecture, called, loras, inversions, vae, pictures)


def _of_kind(registry: Models, name: str, kind: str) -> Kept:
    kept = registry.find(name)
    if kept.card.kind != kind:
        raise RakkanError(f"{name!r} is a {kept.card.kind}, no {kind}", "See rakkan model list")
    return kept


def _vae_shape(registry: Models, vae: Kept, architecture: Architecture) -> VaeShape:
    from rakkan.formats.checkpoints import kinds
    from rakkan.formats.checkpoints.autoencoders import check_tiny, check_vae

    look = {kinds.VAE: check_vae, kinds.TINY: check_tiny}.get(vae.card.kind)
    if look is None:
        raise RakkanError(
            f"{vae.card.name!r} is a {vae.card.kind}, no VAE", "Give a VAE's own file, or a tiny decoder's"
        )
    with registry.opened(vae) as tensors:
        return look(tensors, architecture, vae.card.name)
