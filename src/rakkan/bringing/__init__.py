"""From the name of a model that is kept here to something that draws with it; a part of ``assemble``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rakkan.bringing.ingredients import Ingredients

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rakkan.bringing.showing import Wanted
    from rakkan.models.card import Kept
    from rakkan.models.reach import Models
    from rakkan.store.vault import Vault
    from rakkan.studio.bring import Brought, Engine
    from rakkan.studio.engines.checkpoint.process import EngineProcess
    from rakkan.studio.references import LetIn


@dataclass(frozen=True)
class Instance:
    """What there is to draw with: the models, the vault that keeps conversions, the engine process of a
    device by its name, and the way in for pictures. ``engine`` and ``threads`` are the settings'."""

    registry: Models
    vault: Vault
    process: Callable[[str], EngineProcess]
    let_in: Callable[[Path], LetIn]
    engine: str = "openvino"
    threads: int | None = None


def bring(
    instance: Instance,
    model: Kept,
    prompts: tuple[str, str],
    vae: Kept | None = None,
    wanted: Wanted | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Brought:
    """A model ready to draw these prompts, with the LoRAs and textual inversions that they call.

    It is shown what is ``wanted`` besides; torch draws then, whatever the settings' engine. ``say`` is told,
    in a line, of what takes a while. Raises RakkanError when it is no checkpoint, lacks something, or does
    not go with what the prompts call.
    """
    from rakkan.bringing.gathering import gather
    from rakkan.studio.bring import Brought

    made_of = gather(instance.registry, instance.let_in, model, prompts, vae, wanted)
    shown = made_of.showing
    return Brought(
        model.card.name,
        model.card.digest,
        made_of.architecture.resolution,
        _engine(instance, made_of, say),
        made_of.adapters(),
        shown.references,
        shown.ingredients,
    )


def _engine(instance: Instance, made_of: Ingredients, say: Callable[[str], None]) -> Engine:
    registry, threads = instance.registry, instance.threads
    if instance.engine == "torch" or made_of.showing.shown:
        from rakkan.bringing.on_torch import device, on_torch

        half = instance.engine != "torch"
        return on_torch(made_of, registry, instance.process(device()), threads, say, half=half)
    from rakkan.bringing.on_openvino import on_openvino

    return on_openvino(made_of, registry, instance.vault, instance.process("cpu"), threads, say)
