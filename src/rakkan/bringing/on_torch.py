"""The engine that draws with a checkpoint on PyTorch, in the process of its device."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from rakkan.bringing.ingredients import Ingredients
    from rakkan.models.reach import Models
    from rakkan.studio.bring import Engine
    from rakkan.studio.engines.checkpoint.process import EngineProcess

#: Device files of GPUs that torch draws on: NVIDIA's, AMD's, and those of either under Windows.
_GPU_FILES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def device() -> str:
    """``gpu`` where torch will most likely find one, else ``cpu``: torch itself is not asked, because it
    is loaded only in the process that draws."""
    is_hidden = os.environ.get("CUDA_VISIBLE_DEVICES") == ""
    has_gpu = not is_hidden and any(Path(file).exists() for file in _GPU_FILES)
    return "gpu" if has_gpu else "cpu"


def on_torch(
    made_of: Ingredients,
    registry: Models,
    process: EngineProcess,
    threads: int | None,
    say: Callable[[str], None],
    *,
    half: bool = False,
) -> Engine:
    """The torch engine: on a GPU in half floats where there is one, else on the processor in 32 bits; with
    ``half`` in bfloat16 there, where it has that."""
    from rakkan.studio.engines.checkpoint.process import Apart
    from rakkan.studio.engines.checkpoint.served import Serving
    from rakkan.studio.engines.makers import OnTorch
    from rakkan.studio.engines.torch import require

    require()
    serving = Serving(made_of.openers(registry))
    # LoRAs are fused for each drawing: at another strength it is the same engine.
    named = replace(made_of.by_digest(), called=())
    return Apart(process, OnTorch(named, threads, half, made_of.showing.shown), serving, say)
