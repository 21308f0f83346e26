"""A picture that has left through the gate, as Python sees it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.records import AnyRecipe

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from rakkan.trust.verification import Verification


@dataclass(frozen=True)
class SealedPicture:
    """A released picture file: its ``path``, its ``recipe``, and the ``seconds`` of wall time it took.

    Pixels and seal are read off the file when they are asked for, so they are what anybody else finds there.
    """

    path: Path
    recipe: AnyRecipe
    seconds: float = 0.0

    @cached_property
    def pixels(self) -> NDArray[numpy.uint8]:
        """uint8 [height, width, 3], or 4 with alpha that is not premultiplied; sRGB, read-only.

        Raises RakkanError when the file is gone, is no picture any more, or has more than 64 Mi pixels.
        """
        from rakkan.formats.inspect import inspect_picture
        from rakkan.trust.arrivals import picture_bytes

        _, pixels = inspect_picture(picture_bytes(self.path), self.path.name)
        pixels.setflags(write=False)
        return pixels

    @cached_property
    def seal(self) -> Verification:
        """What the seal says, and whether it holds here: ``seal.state`` is ``valid``, ``invalid`` or
        ``none``.

        Raises RakkanError when the file cannot be read.
        """
        from rakkan import assemble
        from rakkan.trust.examination import examine

        return examine(self.path, assemble.trusted_roots())
