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


def fuse(networks: Networks, loras: Mapping[str, Lora], wanted: Sequence[Adapter]) -> None:
    """Make these LoRAs count for good, in those of the networks that have numbers. Raises RakkanError as
    ``Adapting.adapt`` does."""
    for module, several in _changes(networks, loras, wanted).items():
        if not module.weight.is_meta:
            _set(module, _changed(module.weight, several))


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
        changes = _changes(self._networks, self._loras, wanted)
        self.restore()
        try:
            for module, several in changes.items():
                self._change(module, several)
        except BaseException:  # half of a LoRA is none
            self.restore()
            raise
        self._active = tuple(wanted)

    def _change(self, module: Any, several: Sequence[tuple[float, Change]]) -> None:
        before = module.weight
        after = _changed(before, several)
        self._kept.append((module, before))
        _set(module, after)

    def restore(self) -> None:
        """The weights as they were in the checkpoint."""
        for module, weight in self._kept:
            module.weight = weight
        self._kept, self._active = [], ()


def _changes(
    networks: Networks, loras: Mapping[str, Lora], wanted: Sequence[Adapter]
) -> dict[Any, list[tuple[float, Change]]]:
    """What these LoRAs change of each module, and how strongly."""
    known = {adapter.name: placed(networks, _named(loras, adapter.name)) for adapter in wanted}
    changes: dict[Any, list[tuple[float, Change]]] = {}
    for adapter in wanted:
        for module, is_text, change in known[adapter.name]:
            strength = adapter.text_weight if is_text else adapter.weight
            changes.setdefault(module, []).append((strength, change))
    return changes


def _changed(before: torch.Tensor, several: Sequence[tuple[float, Change]]) -> torch.Tensor:
    after = before.float()
    for strength, change in several:
        after = after + strength * change.of(before)
    return after.to(before.dtype)


def _set(module: Any, weight: torch.Tensor) -> None:
    module.weight = torch.nn.Parameter(weight, requires_grad=False)


def _named(loras: Mapping[str, Lora], name: str) -> Lora:
    if name not in loras:
        near = get_close_matches(name, loras, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "give its file with the drawing"
        raise RakkanError(f"There is no LoRA {name!r}", hint)
    return loras[name]
