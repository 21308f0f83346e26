"""A training run of the reader: what it starts from and what it leaves behind.

A run's folder holds ``reader.safetensors`` (the averaged weights so far), ``stock/`` (maps of renders, so
that the next run starts warm) and a log.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from rakkan.errors import RakkanError
from rakkan.studio.starter import WEIGHTS
from rakkan.studio.starter.autoencoder import Autoencoder
from rakkan.studio.starter.checkpoints import load_checkpoint
from rakkan.studio.starter.data import Stock, Supply, to_pictures
from rakkan.studio.starter.loop import Clock, Outcome, train
from rakkan.studio.starter.networks import NetworkSizes
from rakkan.studio.starter.reading.network import Heads
from rakkan.studio.starter.reading.training import ITEM, NAME, items_of, reading_stage
from rakkan.studio.starter.reading.wear import shown, worn
from rakkan.studio.starter.recipe import load_part, stopped_by_signals
from rakkan.studio.starter.renders import BUCKETS, Render, RenderQueue, render_with_parts, renderer_version
from rakkan.studio.starter.vocabulary import fingerprint

FILE = "reader.safetensors"
BATCH, RATE = 64, 2e-3
#: Colours and the index of the part.
_CHANNELS = 4


@dataclass(frozen=True)
class Settings:
    """One run: for how long, where, ``capacity`` renders in stock, and ``workers`` that draw fresh ones (0:
    it learns from those in stock)."""

    minutes: float
    folder: Path
    resume: bool = False
    seed: int = 0
    capacity: int = 12_000
    workers: int = 1
    threads: int = 1


def run(settings: Settings, report: Callable[[str], None], render: Render = render_with_parts) -> Outcome:
    """Train, and leave the weights in the folder. Raises RakkanError for settings that cannot work."""
    if not 0 < settings.minutes <= 10_000:
        raise RakkanError(f"{settings.minutes:g} minutes cannot be trained", "give --minutes above 0")
    file = settings.folder / FILE
    heads, steps = Heads(), 0
    if settings.resume:
        heads, steps = load(file)
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed + steps)
    (settings.folder / "stock").mkdir(parents=True, exist_ok=True)
    stocks = {bucket.name: _stock(settings, bucket.name) for bucket in BUCKETS}
    stage = reading_stage(heads, BATCH, RATE, settings.seed + steps)
    clock, random = Clock(settings.minutes), np.random.default_rng(settings.seed + steps)
    soften = softener()

    def prepare(renders: Tensor) -> Tensor:
        return items_of(*shown(worn(renders, soften, random), random))

    def save(outcome: Outcome) -> None:
        facts = {"vocabulary": fingerprint(), "renderer": renderer_version(), "steps": steps + outcome.steps}
        facts |= {"samples": outcome.samples, "seconds": outcome.seconds, "processor": outcome.processor}
        tensors = {
            name: value.contiguous() for name, value in stage.averages.modules[NAME].state_dict().items()
        }
        partial = file.with_suffix(".part")
        save_file(tensors, partial, metadata={"facts": json.dumps(facts)})
        os.replace(partial, file)

    with (
        RenderQueue(settings.workers, settings.seed + steps, render=render, channels=_CHANNELS) as queue,
        stopped_by_signals(clock, report),
    ):
        supply = Supply(queue, stocks, prepare, seed=settings.seed + steps)
        return train(stage, supply, clock, "cpu", settings.folder, save, report)


def load(file: Path) -> tuple[Heads, int]:
    """The heads that a run left, and after how many steps. Raises RakkanError when there is none that
    fits."""
    heads = Heads()
    try:
        heads.load_state_dict(load_file(file))
        with safe_open(file, "pt") as opened:
            facts = json.loads(opened.metadata()["facts"])
    except (OSError, RuntimeError, KeyError, ValueError) as fault:
        raise RakkanError(
            f"there is no reader to go on with in {file.parent} ({type(fault).__name__})",
            "leave out --resume",
        ) from None
    if facts["vocabulary"] != fingerprint():
        raise RakkanError(f"the reader in {file.parent} knows another vocabulary", "leave out --resume")
    return heads, int(facts["steps"])


def softener(weights: Path = WEIGHTS) -> Callable[[Tensor], Tensor]:
    """What passes pictures uint8 [n, H, W, 3] through the starter model's autoencoder and back."""
    checkpoint = load_checkpoint(weights)
    autoencoder = Autoencoder(NetworkSizes(**checkpoint.sizes))
    load_part(autoencoder, checkpoint, "autoencoder")
    autoencoder.eval().requires_grad_(False)

    @torch.inference_mode()
    def soften(pictures: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            made = autoencoder.decode(autoencoder.encode(to_pictures(pictures))[0].float())
        return ((made.float().clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1)

    return soften


def _stock(settings: Settings, name: str) -> Stock:
    bucket = next(bucket for bucket in BUCKETS if bucket.name == name)
    file = settings.folder / "stock" / f"maps-{renderer_version()}-{name}.items"
    capacity = max(1, round(settings.capacity * bucket.share))
    return Stock(ITEM, torch.float16, capacity, "cpu", file)
