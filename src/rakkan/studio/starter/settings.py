"""What a training run of the starter model is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from rakkan.errors import RakkanError
from rakkan.studio.starter.loop import Show
from rakkan.studio.starter.machines import MACHINES, Machine

#: In their order: each starts from what those before it have left.
STAGES = ("autoencoder", "flow", "reference", "distil")


@dataclass(frozen=True)
class Settings:
    """One run: which stage, for how long and on what.

    ``workers`` render processes (0: one on a CPU, all cores but one beside a GPU), ``guidance`` is baked
    in by distillation, ``capacity`` caps the stocks of renders and of latents (0: by device),
    ``crop`` is the side of the squares the autoencoder is shown (0: whole pictures),
    ``scope`` names the figures to learn from (`renders.SCOPES`), ``show`` is given the sample grids.
    """

    stage: str
    minutes: float
    folder: Path
    device: str = "cpu"
    resume: bool = False
    latent: str = "f16c32"
    seed: int = 0
    workers: int = 0
    guidance: float = 2.0
    capacity: int = 0
    crop: int = 0
    scope: str = "all"
    show: Show | None = None

    @property
    def machine(self) -> Machine:
        return MACHINES[self.device]


def check(settings: Settings) -> None:
    """Raise RakkanError for settings that cannot work."""
    if settings.stage not in STAGES:
        raise RakkanError(f"there is no stage {settings.stage!r}", f"choose one of {', '.join(STAGES)}")
    if not 0 < settings.minutes <= 10_000:
        raise RakkanError(f"{settings.minutes:g} minutes cannot be trained", "give --minutes above 0")
    if settings.workers < 0 or settings.capacity < 0:
        raise RakkanError("there cannot be less than no workers or items", "leave the option out")
    if settings.crop not in (0, 64, 128, 192, 256):
        raise RakkanError(
            f"squares of {settings.crop} pixels cannot be cut", "give --crop 0 (whole), 64, 128, 192 or 256"
        )
    if settings.device not in MACHINES:
        raise RakkanError(f"there is no device {settings.device!r}", "choose cpu or cuda")
    if settings.machine.device == "cuda" and not torch.cuda.is_available():
        raise RakkanError("this torch finds no CUDA device", "train with --device cpu")
