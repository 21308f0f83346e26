"""From the name of a model that is kept here to something that draws with it; a part of ``assemble``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rakkan.bringing.showing import Wanted
    from rakkan.formats.checkpoints.architecture import Architecture, VaeShape
    from rakkan.models.card import Kept
    from rakkan.models.registry import Registry
    from rakkan.store.vault import Vault
    from rakkan.studio.bring import Brought
    from rakkan.studio.engines.checkpoint.process import EngineProcess
    from rakkan.studio.references import LetIn


def bring(
    registry: Registry,
    vault: Vault,
    model: Kept,
    prompts: tuple[str, str],
    process: Callable[[str], EngineProcess],
    vae: Kept | None = None,
    engine: str = "openvino",
    threads: int | None = None,
    say: Callable[[str], None] = lambda line: None,
    wanted: Wanted | None = None,
    let_in: Callable[[Path], LetIn] | None = None,
) -> Brought:
    """A model ready to draw these prompts, with the LoRAs and textual inversions that they call.

    ``process`` gives the engine process of a device; ``say`` is told, in a line, of what takes a while. It
    is shown what is ``wanted`` besides, which ``let_in`` lets in; then torch draws, whatever ``engine``.

    Raises RakkanError when it is no checkpoint, lacks something, or does not go with what the prompts call.
    """
    from rakkan.bringing.ingredients import Ingredients
    from rakkan.bringing.showing import Showing, showing
    from rakkan.formats.checkpoints import kinds
    from rakkan.formats.checkpoints.adapters import check_embedding, check_lora
    from rakkan.studio.bring import Brought
    from rakkan.studio.clip import grammar
    from rakkan.studio.engines.torch import require

    if model.card.kind != kinds.CHECKPOINT:
        raise RakkanError(
            f"{model.card.name!r} is a {model.card.kind}, no checkpoint", "See rakkan model list"
        )
    architecture = _architecture(registry, model, vae)
    called = grammar.adapters(prompts[0])[1]
    loras = {one.name: _of_kind(registry, one.name, kinds.LORA) for one in called}
    words = " ".join(prompts)
    inversions = {
        kept.card.name: kept
        for kept in registry.all()
        if kept.card.kind == kinds.EMBEDDING and kept.card.name in words
    }
    for kept in loras.values():
        with registry.opened(kept) as tensors:
            check_lora(tensors, architecture, kept.card.name)
    for kept in inversions.values():
        with registry.opened(kept) as tensors:
            check_embedding(tensors, architecture, kept.card.name)
    pictures = Showing()
    if wanted is not None and wanted.asked and let_in is not None:
        require()
        pictures = showing(registry, let_in, architecture, wanted)
    made_of = Ingredients(model, architecture, called, loras, inversions, vae, pictures)
    if engine == "torch" or pictures.shown:
        from rakkan.bringing.on_torch import device, on_torch

        drawing = on_torch(made_of, registry, process(device()), threads, say, half=engine != "torch")
    else:
        from rakkan.bringing.on_openvino import on_openvino

        drawing = on_openvino(made_of, registry, vault, process("cpu"), threads, say)
    return Brought(
        model.card.name,
        model.card.digest,
        architecture.resolution,
        drawing,
        made_of.adapters(),
        pictures.references,
        pictures.ingredients,
    )


def _architecture(registry: Registry, model: Kept, vae: Kept | None) -> Architecture:
    """The checkpoint's, with the VAE of its own that is given; it lacks nothing."""
    from rakkan.formats.checkpoints.checks import check
    from rakkan.formats.checkpoints.detect import detect

    with registry.opened(model) as tensors:
        architecture = detect(tensors)
        check(tensors, architecture, vae_given=vae is not None)
    if vae is None:
        return architecture
    return replace(architecture, vae=_vae_shape(registry, vae, architecture))


def _of_kind(registry: Registry, name: str, kind: str) -> Kept:
    kept = registry.find(name)
    if kept.card.kind != kind:
        raise RakkanError(f"{name!r} is a {kept.card.kind}, no {kind}", "See rakkan model list")
    return kept


def _vae_shape(registry: Registry, vae: Kept, architecture: Architecture) -> VaeShape:
    from rakkan.formats.checkpoints import kinds
    from rakkan.formats.checkpoints.autoencoders import check_vae

    if vae.card.kind != kinds.VAE:
        raise RakkanError(f"{vae.card.name!r} is a {vae.card.kind}, no VAE", "Give a VAE's own file")
    with registry.opened(vae) as tensors:
        return check_vae(tensors, architecture, vae.card.name)
