"""The parts of a checkpoint, converted once and found again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.files import shown
from rakkan.studio.engines.checkpoint.cache import Conversions, Wanted
from rakkan.studio.engines.checkpoint.child import Child
from rakkan.studio.engines.checkpoint.converting import Convert
from rakkan.studio.engines.checkpoint.engine import DECODER, ENCODER, TEXT, UNET
from rakkan.studio.engines.checkpoint.graphs import Graph
from rakkan.studio.engines.checkpoint.served import Opener, Serving
from rakkan.studio.engines.made_of import MadeOf

#: Says which part is being converted.
Say = Callable[[str], None]

#: What has converted a part of so many bytes ends before that is kept: not all of its memory would come back.
_LARGE = 2**28
#: glibc: give back what is larger than a mebibyte as soon as it is free. Tracing widens layer after layer.
_ALLOCATION = {"MALLOC_MMAP_THRESHOLD_": str(2**20)}


class Converted:
    """Finds a checkpoint's converted parts. When one is missing, all that are missing are converted: torch
    and the checkpoint are then needed once, for as long as that takes. The VAE's encoder alone comes when it
    is asked for."""

    def __init__(
        self,
        conversions: Conversions,
        made_of: MadeOf,
        files: Mapping[str, Opener],
        say: Say = lambda part: None,
        threads: int | None = None,
        memory: int | None = None,
    ) -> None:
        """``files`` opens those that ``made_of`` names, by their digests, for the process that converts;
        ``memory`` bounds its address space in bytes."""
        self._conversions, self._made_of = conversions, made_of
        self._files, self._say, self._threads, self._memory = files, say, threads, memory
        fused = tuple(
            f"{made_of.loras[one.name]} {one.weight:g} {one.text_weight:g}" for one in made_of.called
        )
        decoder = (made_of.vae,) if made_of.vae else ()
        texts = [f"{TEXT} {number + 1}" for number in range(len(made_of.architecture.text))]
        # The largest first: nothing that the others leave behind is there yet.
        self._wanted = {
            part: Wanted(made_of.model, part, decoder if part in (DECODER, ENCODER) else fused)
            for part in (UNET, DECODER, *texts, ENCODER)
        }

    def __call__(self, part: str, cancelled: Callable[[], bool] = lambda: False) -> Graph:
        """A part, by its name in ``CheckpointEngine``. Raises RakkanError for a part that such a checkpoint
        does not have, and what converting raises: Cancelled, OutOfMemory."""
        if part not in self._wanted:
            raise RakkanError(f"There is no {shown(part)} in this model", "Choose another model")
        found = self._conversions.find(self._wanted[part])
        if found is None:
            self._convert(part, cancelled)
            found = self._conversions.find(self._wanted[part])
        if found is None:
            raise RakkanError(
                f"The converted {part} could not be kept", "Make room in the vault, or raise its budget"
            )
        return found

    def _convert(self, asked: str, cancelled: Callable[[], bool]) -> None:
        from rakkan.studio.engines.torch import require

        require()
        held = {one.key for one in self._conversions.all()}
        # The encoder is for who begins from a picture, which most never do.
        wanted_now = [ENCODER] if asked == ENCODER else [part for part in self._wanted if part != ENCODER]
        missing = [part for part in wanted_now if self._wanted[part].key not in held]
        serving = Serving(self._files)
        child: Child | None = None
        try:
            for part in missing:
                self._say(part)
                child = child or Child("The conversion", memory_limit=self._memory, variables=_ALLOCATION)
                job = Convert(self._made_of, part, self._threads)
                graph = child.do(job, serving, cancelled=cancelled, grace=0)
                if graph.size >= _LARGE:
                    child.end()
                    child = None
                try:
                    self._conversions.hold(self._wanted[part], graph)
                finally:
                    graph.close()
        finally:
            if child is not None:
                child.end()
            serving.close()
