"""LoRAs, LoHas, LoKrs and DoRAs: what a small file adds to a checkpoint's weights.

Read in the names of kohya's trainer (``lora_unet_…`` after diffusers' or the first authors' modules,
``lora_te_…``), which LyCORIS uses, too, and in those of diffusers and peft (``unet.….lora_A.weight``,
``….lora.down.weight``, ``….to_q_lora.down.weight``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.decompositions import ENDS, end_of, sizes
from rakkan.formats.checkpoints.tensors import Tensors
from rakkan.studio.engines.torch import layouts
from rakkan.studio.engines.torch.changes import Change
from rakkan.studio.engines.torch.loading import some, tensor
from rakkan.studio.engines.torch.networks import Networks

#: Kinds of adapters that are stored likewise and are something else.
_OTHERS = re.compile(r"\.(hada_|lokr_|oft_|lora_mid|boft_|on_input|diff_b?$|diff$)")


@dataclass(frozen=True)
class Lora:
    """A LoRA: its changes by the module's name in the file."""

    changes: Mapping[str, Change]


def read_lora(tensors: Tensors) -> Lora:
    """Read a LoRA. Raises RakkanError on another kind of adapter, and on one that is incomplete or holds
    numbers that are not finite."""
    parts: dict[str, dict[str, str]] = {}
    strange = []
    for name in tensors.entries:
        if end := end_of(name):
            parts.setdefault(name.removesuffix(end), {})[ENDS[end]] = name
        else:
            strange.append(name)
    if other := [name for name in strange if _OTHERS.search(name)]:
        raise RakkanError(
            f"{some(other)}: a kind of adapter that is not supported", "use a LoRA, LoHa or LoKr"
        )
    broken = [name for name, one in parts.items() if len(one.keys() - {"alpha", "magnitude"}) < 2] + strange
    if broken or not parts:
        raise RakkanError(
            f"not a whole LoRA: {some(broken) or 'it holds no tensors'}",
            "fetch the file again; checkpoints are added with rakkan model add",
        )
    ranks = _declared_scales(tensors.metadata)
    changes = {module: _change(tensors, module, names, ranks) for module, names in parts.items()}
    for module, change in changes.items():
        if not all(bool(torch.isfinite(one.float()).all()) for one in change.parts.values()):
            raise RakkanError(f"{module} of the LoRA holds numbers that are not finite", "use another LoRA")
    return Lora(changes)


def _change(tensors: Tensors, module: str, names: dict[str, str], scales: Mapping[str, float]) -> Change:
    found = sizes({part: tensors.entries[name].shape for part, name in names.items()})
    if found is None:
        shapes = [
            list(tensors.entries[name].shape) for part, name in sorted(names.items()) if part != "alpha"
        ]
        raise RakkanError(
            f"{module} of the LoRA does not fit together: {', '.join(map(str, shapes))}",
            "fetch the file again",
        )
    scale = scales.get(module.split(".")[0], 1.0)
    if "alpha" in names:
        alpha = tensor(tensors, names["alpha"]).float()
        # LyCORIS leaves what is not of low rank as it is.
        scale = float(alpha) / found.rank if found.rank else 1.0
    parts = {part: tensor(tensors, name) for part, name in names.items() if part != "alpha"}
    return Change(found, parts, scale)


def _declared_scales(metadata: Mapping[str, str]) -> dict[str, float]:
    """alpha / rank by network, where diffusers has written peft's configuration into the file."""
    try:
        declared = json.loads(metadata.get("lora_adapter_metadata", "{}"))
        networks = {name.split(".")[0] for name in declared}
        return {
            name: float(declared[f"{name}.lora_alpha"]) / float(declared[f"{name}.r"])
            for name in networks
            if f"{name}.lora_alpha" in declared and f"{name}.r" in declared
        }
    except (ValueError, TypeError, AttributeError, ZeroDivisionError) as error:
        raise RakkanError("the LoRA's own settings cannot be read", "fetch the file again") from error


def placed(networks: Networks, lora: Lora) -> list[tuple[torch.nn.Module, bool, Change]]:
    """Each change with the module it is for, and whether that is in a text encoder. Raises RakkanError when
    the LoRA is for another base, naming the first few of its modules that are not there or do not fit."""
    modules = _named_modules(networks)
    found, strange = [], []
    for name, change in lora.changes.items():
        module, is_text = modules.get(_plain(name), (None, False))
        weight: Any = getattr(module, "weight", None)
        wanted = (change.sizes.rows, change.sizes.columns)
        if module is None or weight is None or wanted != (weight.shape[0], weight[0].numel()):
            strange.append(name)
        else:
            found.append((module, is_text, change))
    if strange:
        raise RakkanError(
            f"the LoRA is for another base: {some(strange)} of {len(lora.changes)} do not fit",
            f"use one made for {networks.architecture.family}",
        )
    return found


def _plain(name: str) -> str:
    """A module's name in a file as kohya would flatten it."""
    name = re.sub(r"\.processor\.(to_[qkv])$", r".\1", name)
    name = re.sub(r"\.processor\.to_out$", ".to_out.0", name)
    for prefix, short in (
        ("unet.", "lora_unet_"),
        ("text_encoder_2.", "lora_te2_"),
        ("text_encoder.", "lora_te1_"),
    ):
        if name.startswith(prefix):
            name = short + name.removeprefix(prefix)
    if name.startswith("lora_te_"):
        name = "lora_te1_" + name.removeprefix("lora_te_")
    return name.replace(".", "_")


def _named_modules(networks: Networks) -> dict[str, tuple[torch.nn.Module, bool]]:
    """All that a LoRA can be for, by each of the names that files give it."""
    shape = networks.architecture.unet
    assert shape is not None
    found: dict[str, tuple[torch.nn.Module, bool]] = {}
    for name, module in _weighted(networks.unet):
        found["lora_unet_" + name.replace(".", "_")] = (module, False)
        original = layouts.unet_name(f"{name}.weight", shape).removesuffix(".weight")
        found["lora_unet_" + original.replace(".", "_")] = (module, False)
    for number, encoder in enumerate(networks.text_encoders, 1):
        for name, module in _weighted(encoder):
            whole = layouts.wrapped(name.removeprefix("text_model."))
            found[f"lora_te{number}_" + whole.replace(".", "_")] = (module, True)
    return found


def _weighted(network: Any) -> Iterable[tuple[str, torch.nn.Module]]:
    return [
        (name, module)
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Linear | torch.nn.Conv2d)
        # what an IP-Adapter has attached is no part of the checkpoint
        and not name.startswith("encoder_hid_proj")
        and ".processor." not in name
    ]
