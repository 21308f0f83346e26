"""A checkpoint converted to OpenVINO, and the engine that draws with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from rakkan.bringing.ingredients import Ingredients
    from rakkan.models.registry import Registry
    from rakkan.store.vault import Vault
    from rakkan.studio.bring import Engine


def on_openvino(
    made_of: Ingredients,
    registry: Registry,
    vault: Vault,
    threads: int | None,
    say: Callable[[str], None],
) -> Engine:
    """The OpenVINO engine; ``say`` is told which part is converted, where none is kept yet."""
    from rakkan.studio.clip.inversions import read_inversion
    from rakkan.studio.engines.checkpoint.cache import Conversions
    from rakkan.studio.engines.checkpoint.converted import Converted
    from rakkan.studio.engines.checkpoint.engine import CheckpointEngine

    fused = tuple(
        f"{made_of.loras[one.name].card.digest} {one.weight:g} {one.text_weight:g}" for one in made_of.called
    )
    decoder = (made_of.vae.card.digest,) if made_of.vae else ()
    source = Converted(
        Conversions(vault),
        made_of.architecture,
        made_of.model.card.digest,
        lambda: _fused(made_of, registry),
        {"unet": fused, "text": fused, "decoder": decoder},
        say,
    )
    learned = {}
    for name, kept in made_of.inversions.items():
        with registry.opened(kept) as tensors:
            learned[name] = read_inversion(made_of.architecture, tensors)
    return CheckpointEngine(
        made_of.architecture,
        made_of.model.card.digest,
        source,
        threads=threads,
        inversions=learned,
        adapters=made_of.called,
    )


def _fused(made_of: Ingredients, registry: Registry) -> Any:
    """The networks on torch with the LoRAs in them, in half floats, as they are converted from."""
    from rakkan.studio.engines.torch import require

    require()
    import torch

    from rakkan.bringing.on_torch import networks, read_loras
    from rakkan.studio.engines.torch.adapting import Adapting

    found = networks(made_of, registry, torch.float16, "cpu")
    Adapting(found, read_loras(made_of, registry)).adapt(made_of.called)
    return found
