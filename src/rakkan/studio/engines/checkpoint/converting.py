"""Converting a checkpoint part by part, each when it is missing, in a process that lives as long as that takes.

Torch, the part in half floats and its graph exist at once only there. That process has no keys: it is served
one tensor after another, and hands each graph over to be kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rakkan.formats.checkpoints.architecture import Architecture, VaeShape
from rakkan.studio.clip.grammar import Adapter
from rakkan.studio.engines.checkpoint.engine import DECODER, UNET
from rakkan.studio.engines.checkpoint.graphs import Graph
from rakkan.studio.engines.checkpoint.worker import Driver

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Ingredients:
    """What a checkpoint is converted from. Files are named by digest: the ``model``'s, those of ``loras`` by
    the names that ``called`` adapters have, and that of a ``vae`` of its own, with its shape."""

    architecture: Architecture
    model: str
    called: tuple[Adapter, ...] = ()
    loras: Mapping[str, str] = field(default_factory=dict)
    vae: tuple[str, VaeShape] | None = None


@dataclass(frozen=True)
class Convert:
    """Convert one part, in the process that does."""

    ingredients: Ingredients
    part: str
    threads: int | None = None
    what = "the conversion of this checkpoint"

    def __call__(self, driver: Driver) -> Graph:
        """The converted part. Raises RakkanError when a file does not hold what it should."""
        import gc

        import torch

        from rakkan.studio.engines.checkpoint import convert

        if self.threads:
            torch.set_num_threads(self.threads)
        module = self._built(driver)
        if self.part == UNET:
            graph = convert.convert_unet(module)
        elif self.part == DECODER:
            graph = convert.convert_decoder(module)
        else:
            graph = convert.convert_text(module)
        del module
        gc.collect()  # before the next part comes: tracing leaves circles behind
        return graph

    def _built(self, driver: Driver) -> Any:
        """The part's network in half floats, with the LoRAs in it."""
        import torch

        from rakkan.studio.engines.torch import networks

        made, half = self.ingredients.architecture, torch.float16
        tensors = driver.tensors(self.ingredients.model)
        if self.part == DECODER:
            own = self.ingredients.vae
            file = (own[1], driver.tensors(own[0])) if own is not None else None
            return networks.build_vae(made, tensors, file, half)
        if self.part == UNET:
            module = networks.build_unet(made, tensors, half)
        else:
            module = networks.build_text_encoder(made, tensors, self._number, half)
        if self.ingredients.called:
            self._fuse(module, driver)
        return module

    def _fuse(self, module: Any, driver: Driver) -> None:
        from rakkan.studio.engines.torch import networks
        from rakkan.studio.engines.torch.adapting import fuse
        from rakkan.studio.engines.torch.lora import read_lora

        loras = {name: read_lora(driver.tensors(digest)) for name, digest in self.ingredients.loras.items()}
        whole = networks.without_numbers(self.ingredients.architecture)
        if self.part == UNET:
            whole.unet = module
        else:
            encoders = list(whole.text_encoders)
            encoders[self._number] = module
            whole.text_encoders = tuple(encoders)
        fuse(whole, loras, self.ingredients.called)

    @property
    def _number(self) -> int:
        """Which text encoder, from 0."""
        return int(self.part.split()[1]) - 1
