"""Converting a checkpoint part by part, in a process that lives for as long as that takes.

Torch, the part in half floats and its graph exist at once only there. That process has no keys: it is served
one tensor after another, and hands each graph over to be kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rakkan.studio.engines.checkpoint.engine import DECODER, ENCODER, UNET
from rakkan.studio.engines.checkpoint.graphs import Graph
from rakkan.studio.engines.checkpoint.worker import Driver
from rakkan.studio.engines.made_of import MadeOf


@dataclass(frozen=True)
class Convert:
    """Convert one part, in the process that does."""

    made_of: MadeOf
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
            shape = self.made_of.architecture.vae
            is_tiny = shape is not None and shape.is_tiny
            graph = (convert.convert_tiny_decoder if is_tiny else convert.convert_decoder)(module)
        elif self.part == ENCODER:
            graph = convert.convert_encoder(module)
        else:
            graph = convert.convert_text(module)
        del module
        gc.collect()  # before the next part comes: tracing leaves circles behind
        return graph

    def _built(self, driver: Driver) -> Any:
        """The part's network in half floats, with the LoRAs in it."""
        import torch

        from rakkan.studio.engines.torch import networks

        made, half = self.made_of.architecture, torch.float16
        tensors = driver.tensors(self.made_of.model)
        if self.part in (DECODER, ENCODER):
            return networks.build_vae(made, tensors, self.made_of.own_vae(driver.tensors), half)
        if self.part == UNET:
            module = networks.build_unet(made, tensors, half)
        else:
            module = networks.build_text_encoder(made, tensors, self._number, half)
        if self.made_of.called:
            self._fuse(module, driver)
        return module

    def _fuse(self, module: Any, driver: Driver) -> None:
        from rakkan.studio.engines.torch import networks
        from rakkan.studio.engines.torch.adapting import fuse
        from rakkan.studio.engines.torch.lora import read_lora

        loras = {name: read_lora(driver.tensors(one)) for name, one in self.made_of.loras.items()}
        whole = networks.without_numbers(self.made_of.architecture)
        if self.part == UNET:
            whole.unet = module
        else:
            encoders = list(whole.text_encoders)
            encoders[self._number] = module
            whole.text_encoders = tuple(encoders)
        fuse(whole, loras, self.made_of.called)

    @property
    def _number(self) -> int:
        """Which text encoder, from 0."""
        return int(self.part.split()[1]) - 1
