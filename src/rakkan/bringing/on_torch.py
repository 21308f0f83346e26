"""A checkpoint's networks on PyTorch, and the engine that draws with them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rakkan.bringing.ingredients import Ingredients
    from rakkan.formats.checkpoints.architecture import VaeShape
    from rakkan.formats.checkpoints.tensors import Tensors
    from rakkan.models.registry import Registry
    from rakkan.studio.bring import Engine


def on_torch(made_of: Ingredients, registry: Registry, *, half: bool = False) -> Engine:
    """The torch engine: on a GPU in half floats where there is one, else on the processor in 32 bits; with
    ``half`` in bfloat16 there, where it has that."""
    from rakkan.studio.engines.torch import require

    require()
    import torch

    from rakkan.studio.clip.inversions import read_inversion
    from rakkan.studio.engines.device import has_bf16
    from rakkan.studio.engines.torch.besides import attach
    from rakkan.studio.engines.torch.engine import TorchEngine

    is_gpu = torch.cuda.is_available()
    on_processor = torch.bfloat16 if half and has_bf16() else torch.float32
    found = networks(
        made_of, registry, torch.float16 if is_gpu else on_processor, "cuda" if is_gpu else "cpu"
    )
    learned = {}
    for name, kept in made_of.inversions.items():
        with registry.opened(kept) as tensors:
            learned[name] = read_inversion(made_of.architecture, tensors)
    with ExitStack() as opened:
        models = made_of.showing.kept
        besides = attach(
            found,
            lambda digest: opened.enter_context(registry.opened(models[digest])),
            made_of.showing.shown,
        )
    return TorchEngine(found, loras=read_loras(made_of, registry), inversions=learned, besides=besides)


def networks(made_of: Ingredients, registry: Registry, dtype: Any, device: str) -> Any:
    """The checkpoint's networks, with the VAE of its own that was given."""
    from rakkan.studio.engines.torch.networks import build

    with ExitStack() as opened:
        tensors = opened.enter_context(registry.opened(made_of.model))
        own: tuple[VaeShape, Tensors] | None = None
        if made_of.vae is not None and made_of.architecture.vae is not None:
            own = made_of.architecture.vae, opened.enter_context(registry.opened(made_of.vae))
        return build(made_of.architecture, tensors, vae_file=own, dtype=dtype, device=device)


def read_loras(made_of: Ingredients, registry: Registry) -> dict[str, Any]:
    """The LoRAs that the prompts call, by name."""
    from rakkan.studio.engines.torch.lora import read_lora

    found = {}
    for name, kept in made_of.loras.items():
        with registry.opened(kept) as tensors:
            found[name] = read_lora(tensors)
    return found
