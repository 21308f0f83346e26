"""The parts of a checkpoint, converted once and found again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import Architecture
from rakkan.studio.engines.checkpoint.cache import Conversions, Wanted
from rakkan.studio.engines.checkpoint.engine import DECODER, TEXT, UNET
from rakkan.studio.engines.checkpoint.graphs import Graph

if TYPE_CHECKING:
    from rakkan.studio.engines.torch.networks import Networks

#: Says which part is being converted.
Say = Callable[[str], None]


class Converted:
    """Gives a checkpoint's parts to ``CheckpointEngine``. When one is missing all are converted: torch and
    the checkpoint are then needed once, for as long as that takes."""

    def __init__(
        self,
        conversions: Conversions,
        architecture: Architecture,
        digest: str,
        build: Callable[[], Networks],
        ingredients: Mapping[str, tuple[str, ...]],
        say: Say = lambda part: None,
    ) -> None:
        """``build`` gives the torch networks; ``ingredients`` are what else went into ``unet``, ``text`` and
        ``decoder``: adapters with their strengths, a VAE of its own."""
        self._conversions = conversions
        self._build = build
        self._say = say
        texts = [f"{TEXT} {number + 1}" for number in range(len(architecture.text))]
        self._wanted = {
            part: Wanted(digest, part, ingredients.get(part.split()[0], ()))
            for part in (*texts, UNET, DECODER)
        }

    def __call__(self, part: str) -> Graph:
        found = self._conversions.find(self._wanted[part])
        if found is None:
            self._convert_all()
            found = self._conversions.find(self._wanted[part])
        if found is None:
            raise RakkanError(
                f"The converted {part} could not be kept", "Make room in the vault, or raise its budget"
            )
        return found

    def _convert_all(self) -> None:
        from rakkan.studio.engines.checkpoint import convert

        networks = self._build()
        for part, wanted in self._wanted.items():
            self._say(part)
            if part == UNET:
                graph = convert.convert_unet(networks.unet)
            elif part == DECODER:
                graph = convert.convert_decoder(networks.vae)
            else:
                graph = convert.convert_text(networks.text_encoders[int(part.split()[1]) - 1])
            self._conversions.hold(wanted, graph)
            graph.close()
