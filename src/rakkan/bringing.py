"""From the name of a model that is kept here to something that draws with it; a part of ``assemble``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError

if TYPE_CHECKING:
    from rakkan.formats.checkpoints.architecture import Architecture, VaeShape
    from rakkan.formats.checkpoints.tensors import Tensors
    from rakkan.models.card import Kept
    from rakkan.models.registry import Registry
    from rakkan.store.vault import Vault
    from rakkan.studio.bring import Brought, Engine
    from rakkan.studio.clip.grammar import Adapter

Say = Callable[[str], None]


def bring(
    registry: Registry,
    vault: Vault,
    model: Kept,
    prompts: tuple[str, str],
    vae: Kept | None = None,
    engine: str = "openvino",
    threads: int | None = None,
    say: Say = lambda part: None,
) -> Brought:
    """A model ready to draw these prompts, with the LoRAs and textual inversions that they call.

    Raises RakkanError when it is no checkpoint, lacks something, or does not go with what the prompts call.
    """
    from rakkan.formats.checkpoints import kinds
    from rakkan.formats.checkpoints.adapters import check_embedding, check_lora
    from rakkan.formats.checkpoints.checks import check
    from rakkan.formats.checkpoints.detect import detect
    from rakkan.studio.bring import Brought
    from rakkan.studio.clip import grammar

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
    shape = None
    if vae is not None:
        shape = _vae_shape(registry, vae, architecture)
        architecture = replace(architecture, vae=shape)
    for kept in loras.values():
        with registry.opened(kept) as tensors:
            check_lora(tensors, architecture, kept.card.name)
    for kept in inversions.values():
        with registry.opened(kept) as tensors:
            check_embedding(tensors, architecture, kept.card.name)
    made = _Making(registry, vault, model, architecture, called, loras, inversions, vae, shape, threads, say)
    drawing = made.on_torch() if engine == "torch" else made.on_openvino()
    return Brought(model.card.name, model.card.digest, architecture.resolution, drawing, made.adapters())


class _Making:
    """What an engine is made of."""

    def __init__(
        self,
        registry: Registry,
        vault: Vault,
        model: Kept,
        architecture: Architecture,
        called: tuple[Adapter, ...],
        loras: dict[str, Kept],
        inversions: dict[str, Kept],
        vae: Kept | None,
        vae_shape: VaeShape | None,
        threads: int | None,
        say: Say,
    ) -> None:
        self.registry, self.vault, self.model, self.architecture = registry, vault, model, architecture
        self.called, self.loras, self.inversions = called, loras, inversions
        self.vae, self.vae_shape, self.threads, self.say = vae, vae_shape, threads, say

    def adapters(self) -> dict[str, str]:
        """What the recipe says of further files, by digest; a model of several files names them all."""
        found = {}
        if len(self.model.files) > 1:
            found = {one.sha256: f"file {one.path}" for one in self.model.files}
        for one in self.called:
            found[self.loras[one.name].card.digest] = f"lora {one.name} {one.weight:g}"
        for name, kept in self.inversions.items():
            found[kept.card.digest] = f"embedding {name}"
        if self.vae is not None:
            found[self.vae.card.digest] = "vae"
        return found

    def on_openvino(self) -> Engine:
        from rakkan.studio.engines.checkpoint.cache import Conversions
        from rakkan.studio.engines.checkpoint.converted import Converted, vectors
        from rakkan.studio.engines.checkpoint.engine import CheckpointEngine

        fused = tuple(
            f"{self.loras[one.name].card.digest} {one.weight:g} {one.text_weight:g}" for one in self.called
        )
        decoder = (self.vae.card.digest,) if self.vae else ()
        source = Converted(
            Conversions(self.vault),
            self.architecture,
            self.model.card.digest,
            self._fused,
            {"unet": fused, "text": fused, "decoder": decoder},
            self.say,
        )
        learned = {}
        for name, kept in self.inversions.items():
            with self.registry.opened(kept) as tensors:
                learned[name] = vectors(tensors, name)
        return CheckpointEngine(
            self.architecture,
            self.model.card.digest,
            source,
            threads=self.threads,
            inversions=learned,
            adapters=self.called,
        )

    def on_torch(self) -> Engine:
        from rakkan.studio.engines.torch import require

        require()
        import torch

        from rakkan.studio.engines.torch.engine import TorchEngine
        from rakkan.studio.engines.torch.inversions import read_inversion

        is_gpu = torch.cuda.is_available()
        networks = self._networks(torch.float16 if is_gpu else torch.float32, "cuda" if is_gpu else "cpu")
        learned = {}
        for name, kept in self.inversions.items():
            with self.registry.opened(kept) as tensors:
                learned[name] = read_inversion(networks, tensors)
        return TorchEngine(networks, loras=self._read_loras(), inversions=learned)

    def _fused(self) -> Any:
        """The networks on torch with the LoRAs in them, in half floats, as they are converted from."""
        from rakkan.studio.engines.torch import require

        require()
        import torch

        from rakkan.studio.engines.torch.adapting import Adapting

        networks = self._networks(torch.float16, "cpu")
        Adapting(networks, self._read_loras()).adapt(self.called)
        return networks

    def _networks(self, dtype: Any, device: str) -> Any:
        from rakkan.studio.engines.torch.networks import build

        with ExitStack() as opened:
            tensors = opened.enter_context(self.registry.opened(self.model))
            own: tuple[VaeShape, Tensors] | None = None
            if self.vae is not None and self.vae_shape is not None:
                own = self.vae_shape, opened.enter_context(self.registry.opened(self.vae))
            return build(self.architecture, tensors, vae_file=own, dtype=dtype, device=device)

    def _read_loras(self) -> dict[str, Any]:
        from rakkan.studio.engines.torch.lora import read_lora

        found = {}
        for name, kept in self.loras.items():
            with self.registry.opened(kept) as tensors:
                found[name] = read_lora(tensors)
        return found


def _of_kind(registry: Registry, name: str, kind: str) -> Kept:
    kept = registry.find(name)
    if kept.card.kind != kind:
        raise RakkanError(f"{name!r} is a {kept.card.kind}, no {kind}", "See rakkan model list")
    return kept


def _vae_shape(registry: Registry, vae: Kept, architecture: Architecture) -> VaeShape:
    from rakkan.formats.checkpoints import kinds, shapes
    from rakkan.formats.checkpoints.architecture import SDXL
    from rakkan.formats.checkpoints.autoencoders import check_vae, read_vae

    if vae.card.kind != kinds.VAE:
        raise RakkanError(f"{vae.card.name!r} is a {vae.card.kind}, no VAE", "Give a VAE's own file")
    with registry.opened(vae) as tensors:
        check_vae(tensors, architecture, vae.card.name)
        scaling = shapes.SCALING_SDXL if architecture.family == SDXL else shapes.SCALING_SD
        found = read_vae(tensors.entries, scaling)
    assert found is not None  # or the check would have refused it
    return found[0]
