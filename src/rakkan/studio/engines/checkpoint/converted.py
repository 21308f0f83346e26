"""The parts of a checkpoint, converted once and found again; and the same of what goes with it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.files import shown
from rakkan.formats.checkpoints.tensors import Tensors
from rakkan.studio.engines.checkpoint.cache import Conversions, Wanted
from rakkan.studio.engines.checkpoint.child import Child, Serve
from rakkan.studio.engines.checkpoint.converting import Convert, Ingredients
from rakkan.studio.engines.checkpoint.engine import DECODER, TEXT, UNET
from rakkan.studio.engines.checkpoint.graphs import Graph

#: Says which part is being converted.
Say = Callable[[str], None]


class Converted:
    """Finds a checkpoint's converted parts. When one is missing, all that are missing are converted: torch
    and the checkpoint are then needed once, for as long as that takes."""

    def __init__(
        self,
        conversions: Conversions,
        ingredients: Ingredients,
        serve: Serve,
        say: Say = lambda part: None,
        threads: int | None = None,
        memory: int | None = None,
    ) -> None:
        """``serve`` gives the files that ``ingredients`` name to the process that converts; ``memory`` bounds
        its address space in bytes."""
        self._conversions, self._ingredients = conversions, ingredients
        self._serve, self._say, self._threads, self._memory = serve, say, threads, memory
        fused = tuple(
            f"{ingredients.loras[one.name]} {one.weight:g} {one.text_weight:g}" for one in ingredients.called
        )
        decoder = (ingredients.vae[0],) if ingredients.vae is not None else ()
        texts = [f"{TEXT} {number + 1}" for number in range(len(ingredients.architecture.text))]
        # The largest first: nothing that the others leave behind is there yet.
        self._wanted = {
            part: Wanted(ingredients.model, part, decoder if part == DECODER else fused)
            for part in (UNET, DECODER, *texts)
        }

    def __call__(self, part: str, cancelled: Callable[[], bool] = lambda: False) -> Graph:
        """A part, by its name in ``CheckpointEngine``. Raises RakkanError for a part that such a checkpoint
        does not have, and what converting raises: Cancelled, OutOfMemory."""
        if part not in self._wanted:
            raise RakkanError(f"There is no {shown(part)} in this model", "Choose another model")
        found = self._conversions.find(self._wanted[part])
        if found is None:
            self._convert(cancelled)
            found = self._conversions.find(self._wanted[part])
        if found is None:
            raise RakkanError(
                f"The converted {part} could not be kept", "Make room in the vault, or raise its budget"
            )
        return found

    def _convert(self, cancelled: Callable[[], bool]) -> None:
        from rakkan.studio.engines.torch import require

        require()
        held = {one.key for one in self._conversions.all()}
        missing = [part for part, wanted in self._wanted.items() if wanted.key not in held]
        child = Child("The conversion", memory_limit=self._memory)
        try:
            for part in missing:
                self._say(part)
                job = Convert(self._ingredients, part, self._threads)
                graph = child.do(job, self._serve, cancelled=cancelled, grace=0)
                try:
                    self._conversions.hold(self._wanted[part], graph)
                finally:
                    graph.close()
        finally:
            child.end()


def vectors(tensors: Tensors, name: str) -> tuple[np.ndarray, ...]:
    """The vectors of a textual inversion, float32 [n, width] for each text encoder, the smaller first.

    Raises RakkanError when it is none, or holds numbers that are not finite."""
    names = sorted(tensors.entries)
    if set(names) == {"clip_g", "clip_l"}:
        chosen = ["clip_l", "clip_g"]
    else:
        chosen = ["emb_params"] if "emb_params" in names else names[:1]
    found = [_floats(tensors, one) for one in chosen]
    if not found or not all(one.ndim == 2 and np.isfinite(one).all() for one in found):
        raise RakkanError(f"{shown(name)} is no sound textual inversion", "Use another file")
    return tuple(found)


def _floats(tensors: Tensors, name: str) -> np.ndarray:
    entry, data = tensors.entries[name], tensors.read(name)
    if entry.dtype == "BF16":
        values = (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    else:
        values = np.frombuffer(data, {"F16": "<f2", "F32": "<f4", "F64": "<f8"}.get(entry.dtype, "u1"))
    made = values.astype(np.float32).reshape(entry.shape)
    return made[None] if made.ndim == 1 else made
