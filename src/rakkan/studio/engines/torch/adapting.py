"""Fuses LoRAs into a checkpoint's weights for a drawing, and takes them out again to the last bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import torch

from rakkan.errors import RakkanError
from rakkan.studio.clip.grammar import Adapter
from rakkan.studio.engines.torch.changes import Change
from rakkan.studio.engines.torch.lora import Lora, placed
from rakkan.studio.engines.torch.networks import Networks


class Adapting:
    """The networks, with the LoRAs that were asked for last. Weights that a LoRA changes are kept aside as
    they were."""

    def __init__(self, networks: Networks, loras: Mapping[str, Lora]) -> None:
        self._networks = networks
        self._loras = loras
        self._active: tuple[Adapter, ...] = ()
        self._kept: list[tuple[Any, torch.Tensor]] = []

    def adapt(self, wanted: Sequence[Adapter]) -> None:
        """Make exactly these LoRAs count. Raises RakkanError, with nothing changed, for one that is not there
        or is for another base."""
        if tuple(wanted) == self._active:
            return
        known = {adapter.name: placed(self._networks, self._named(adapter.name)) for adapter in wanted}
        self.restore()
        changes: dict[torch.nn.Module, list[tuple[float, Change]]] = {}
        for adapter in wanted:
            for module, is_text, change in known[adapter.name]:
                strength = adapter.text_weight if is_text else adapter.weight
                changes.setdefault(module, []).append((strength, change))
        try:
            for module, several in changes.items():
                self._change(module, several)
        except BaseException:  # half of a LoRA is none
            self.restore()
            raise
        self._active = tuple(wanted)

    def _change(self, module: Any, several: Sequence[tuple[float, Change]]) -> None:
        before = module.weight
        after = before.float()
        for strength, change in several:
            after = after + strength * change.of(before)
        self._kept.append((module, before))
        module.weight = torch.nn.Parameter(after.to(before.dtype), requires_grad=False)

    def restore(self) -> None:
        """The weights as they were in the checkpoint."""
        for module, weight in self._kept:
            module.weight = weight
        self._kept, self._active = [], ()

    def _named(self, name: str) -> Lora:
        if name not in self._loras:
            near = get_close_matches(name, self._loras, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "give its file with the drawing"
            raise RakkanError(f"There is no LoRA {name!r}", hint)
        return self._loras[name]
