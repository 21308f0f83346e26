"""The picture that is to be changed, as it came in through the gate, and what is known of how it was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.records import Ingredient, Recipe, recipe_from_json
from rakkan.studio.create import MODEL, framing_of
from rakkan.studio.editing.masks import Mask, mask_of
from rakkan.studio.starter.completion import complete
from rakkan.studio.starter.lexicon import read

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy
    from numpy.typing import NDArray

    from rakkan.studio.references import LetIn

    Pixels = NDArray[numpy.uint8]
    #: Lets a picture in through the gate (``references.let_in`` with the gate and the vault).
    Let = Callable[[Path], LetIn]

#: The text chunk that holds a picture's recipe.
_KEYWORD = "rakkan"


@dataclass(frozen=True, eq=False)
class Opened:
    """A picture to change: its file's ``name``, what came in, and its recipe where it tells one."""

    name: str
    letin: LetIn
    recipe: Recipe | None = None

    @property
    def pixels(self) -> Pixels:
        """uint8 [height, width, 3]."""
        return self.letin.pixels

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return int(self.letin.pixels.shape[1]), int(self.letin.pixels.shape[0])

    @property
    def parent(self) -> Ingredient:
        """As it stands in the seal of what is made out of it."""
        return Ingredient("parent", self.letin.media_type, self.letin.data)


def opened(path: Path, let: Let) -> Opened:
    """Let a picture in. Raises RakkanError for what the gate refuses."""
    from rakkan.formats.inspect import inspect

    letin = let(path)
    text = inspect(letin.data, path.name).text.get(_KEYWORD, "")
    return Opened(path.name, letin, recipe_of(text))


def recipe_of(text: str) -> Recipe | None:
    """The recipe of one picture that a text tells; None for anything else."""
    if not text or len(text) > 1_000_000:
        return None
    try:
        found = recipe_from_json(text)
    except RakkanError:
        return None
    return found if isinstance(found, Recipe) else None


def told(recipe: Recipe | None) -> dict[str, str]:
    """The figure that a recipe of the starter model describes, all of it; empty for any other recipe."""
    if recipe is None or recipe.model != MODEL:
        return {}
    wanted = dict(read(recipe.prompt).condition)
    if not wanted:
        return {}
    wanted.setdefault("framing", framing_of(wanted, f"{recipe.width}x{recipe.height}"))
    return complete(wanted, recipe.seed, read(recipe.negative).condition)


def opened_mask(path: Path, size: tuple[int, int], let: Let) -> tuple[Mask, str]:
    """A mask from a file, for a picture of ``size`` (width, height), and the file's digest.

    It comes in through the gate as any picture. Raises RakkanError for another size.
    """
    from rakkan.formats.inspect import pixels

    letin = let(path)
    return mask_of(pixels(letin.data), size, path.name), letin.digest
