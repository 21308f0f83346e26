"""What an engine is made of, for the process that makes it: a record that can be sent there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rakkan.formats.checkpoints.architecture import Architecture, VaeShape
from rakkan.formats.checkpoints.tensors import Tensors
from rakkan.studio.clip.grammar import Adapter


@dataclass(frozen=True)
class MadeOf:
    """A checkpoint and what goes with it, each file by its digest, all of it checked to go together.

    ``architecture`` has the sizes of ``vae`` where one of its own is named. ``called`` are LoRAs with their
    strengths, ``loras`` and ``inversions`` the files by the name or word that calls them. Two that are equal
    make the same engine.
    """

    model: str
    architecture: Architecture
    called: tuple[Adapter, ...] = ()
    loras: Mapping[str, str] = field(default_factory=dict)
    inversions: Mapping[str, str] = field(default_factory=dict)
    vae: str = ""

    def own_vae(self, opened: Callable[[str], Tensors]) -> tuple[VaeShape, Tensors] | None:
        """The VAE of its own, as ``torch.networks.build`` takes it."""
        if not self.vae or self.architecture.vae is None:
            return None
        return self.architecture.vae, opened(self.vae)
