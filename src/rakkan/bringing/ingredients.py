"""What a drawing with somebody's model is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from rakkan.bringing.showing import Showing

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from rakkan.formats.checkpoints.architecture import Architecture
    from rakkan.formats.checkpoints.tensors import Tensors
    from rakkan.models.card import Kept
    from rakkan.models.reach import Models
    from rakkan.studio.clip.grammar import Adapter
    from rakkan.studio.engines.made_of import MadeOf


@dataclass(frozen=True)
class Ingredients:
    """A checkpoint with what its prompts call, all of it checked to go together.

    ``architecture`` has the sizes of ``vae``, or of a tiny decoder, where one of its own is given. ``called``
    are the LoRAs in the order of the prompt, ``loras`` and ``inversions`` what is kept of them, by the name
    or word that calls them; ``showing`` are the pictures it is shown, with the models they go through.
    """

    model: Kept
    architecture: Architecture
    called: tuple[Adapter, ...]
    loras: Mapping[str, Kept]
    inversions: Mapping[str, Kept]
    vae: Kept | None = None
    showing: Showing = field(default_factory=Showing)

    def adapters(self) -> dict[str, str]:
        """What the recipe says of further files, by digest; a model of several files names them all."""
        found = {}
        if len(self.model.files) > 1:
            found = {one.sha256: f"file {one.path}" for one in self.model.files}
        for one in self.called:
            found[self.loras[one.name].card.digest] = f"lora {one.name} {one.weight:g}"
        for name, kept in self.inversions.items():
            found[kept.card.digest] = f"embedding {name}"
        if self.vae is not None:
            shape = self.architecture.vae
            found[self.vae.card.digest] = "tiny decoder" if shape and shape.is_tiny else "vae"
        return found | dict(self.showing.adapters)

    def by_digest(self) -> MadeOf:
        """The same for a process that has no registry: each file by its digest."""
        from rakkan.studio.engines.made_of import MadeOf

        return MadeOf(
            self.model.card.digest,
            self.architecture,
            self.called,
            {name: kept.card.digest for name, kept in self.loras.items()},
            {word: kept.card.digest for word, kept in self.inversions.items()},
            self.vae.card.digest if self.vae is not None else "",
        )

    def openers(self, registry: Models) -> dict[str, Callable[[], AbstractContextManager[Tensors]]]:
        """What opens each file, by its digest."""
        own = [self.vae] if self.vae is not None else []
        besides = self.showing.kept.values()
        every = [self.model, *self.loras.values(), *self.inversions.values(), *own, *besides]
        return {kept.card.digest: partial(registry.opened, kept) for kept in every}
