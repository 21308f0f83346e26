"""A round of an edit: one place of a picture drawn anew, or laid over with a colour, the rest left as it is.

What an edit asks for becomes rounds, one after another; who draws them is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rakkan.studio.editing.composing import composed
from rakkan.studio.editing.masks import Mask, check_mask, inverted
from rakkan.studio.editing.recolouring import recoloured
from rakkan.studio.editing.regions import HOW, FigureReading, How, has, named
from rakkan.studio.editing.windows import Choose, Window, placed, shown, shown_mask
from rakkan.studio.editing.wording import Change

Pixels = npt.NDArray[np.uint8]
#: (pixels of the drawing's size, the mask of that size or None, strength, the round's number, window) ->
#: pixels of that size.
Draw = Callable[[Pixels, Mask | None, float, int, Window], Pixels]
Enlarge = Callable[[Pixels], Pixels]

#: Pixels of the shorter side to one unit of growth and feather.
UNIT = 256
#: Units over which what was drawn fades in.
_FEATHER = 1.5


@dataclass(frozen=True)
class Round:
    """What one round changes: slots to ``values``, in ``parts`` or under a mask that is given.

    ``strength`` 0 redraws nothing: the colour that is laid over is all.
    """

    values: Mapping[str, str]
    how: How
    strength: float
    recolours: tuple[str, ...] = ()


@dataclass(frozen=True)
class Painter:
    """Who draws: chooses what of the picture is shown, draws it, and doubles a picture's sides."""

    window: Choose
    draw: Draw
    enlarge: Enlarge


def rounds(changes: tuple[Change, ...], strength: float | None, polishes: bool) -> list[Round]:
    """The rounds that changes need: one for each group of parts that is redrawn, one for each colour.

    A colour of what is redrawn anyhow needs none of its own. ``polishes`` redraws a little where a colour is
    laid over, as a model does that draws better than what is there.
    """
    made = []
    for change in changes:
        redrawn: dict[tuple[str, ...], list[str]] = {}
        colours = []
        for slot in change.values:
            how = HOW[slot]
            if how.recolours:
                colours.append(slot)
            else:
                redrawn.setdefault(how.parts, []).append(slot)
        for slots in redrawn.values():
            how = max((HOW[slot] for slot in slots), key=lambda one: (one.strength, one.grow))
            made.append(_round(change, slots, how, how.strength if strength is None else strength, ()))
        for slot in colours:
            how = HOW[slot]
            if how.parts not in redrawn and () not in redrawn:
                hard = (how.strength if polishes else 0.0) if strength is None else strength
                made.append(_round(change, [slot], how, hard, (slot,)))
        if not change.values:
            how = How((change.region,), 1.0, 4)
            made.append(_round(change, [], how, 1.0 if strength is None else strength, ()))
    return made


def _round(change: Change, slots: list[str], how: How, strength: float, recolours: tuple[str, ...]) -> Round:
    if change.region and change.region in how.parts:
        how = How((change.region,), how.strength, how.grow, how.spared, how.recolours)
    return Round({slot: change.values[slot] for slot in slots}, how, strength, recolours)


def unit_of(size: tuple[int, int]) -> float:
    """Pixels of a picture of ``size`` (width, height) to one unit of growth and feather."""
    return max(1.0, min(size) / UNIT)


def region_of(
    reading: FigureReading, one: Round, size: tuple[int, int], grow: int | None, invert: bool
) -> Mask | None:
    """Where a round draws; None for all of the picture. Raises RakkanError for a part that is not there."""
    if not one.how.parts:
        return None
    pixels = round(one.how.grow * unit_of(size)) if grow is None else grow
    are_there = all(has(reading, name) for name in one.how.parts)
    parts = one.how.parts if are_there or not one.how.instead else one.how.instead
    mask = named(reading, parts, pixels, one.how.spared)
    return check_mask(inverted(mask) if invert else mask, "of " + " and ".join(one.how.parts))


def coloured(
    pixels: Pixels, reading: FigureReading, one: Round, before: Mapping[str, str], mask: Mask | None
) -> Pixels:
    """The picture with the colours of the round laid over its parts, as far as the mask goes; where none of a
    part lies under it, over all of the mask."""
    for slot in one.recolours:
        part = np.clip(reading.parts[HOW[slot].parts[0]], 0, 1)
        if mask is not None:
            under = np.where(mask > 0, part, np.float32(0))
            part = under if (under > 0.5).any() else mask
        pixels = recoloured(pixels, part, slot, before.get(slot, ""), one.values[slot])
    return pixels


def feather_of(feather: int | None, size: tuple[int, int]) -> int:
    """Pixels over which what is drawn fades in."""
    return max(1, round(_FEATHER * unit_of(size))) if feather is None else feather


def redrawn(
    picture: Pixels,
    begun: Pixels,
    mask: Mask | None,
    strength: float,
    feather: int,
    painter: Painter,
    number: int,
) -> Pixels:
    """One round: ``begun`` (the picture, prepared) drawn anew and put into the picture under the mask.

    uint8 [height, width, 3] all of them. Where the mask is 0 the picture comes back to the last bit.
    """
    height, width = picture.shape[:2]
    if mask is None:
        mask_all = np.ones((height, width), np.float32)
    else:
        mask_all = mask
    if strength == 0:
        return np.where(mask_all[..., None] > 0, begun, picture)
    window = painter.window((width, height), mask_all)
    given = None if mask is None else shown_mask(mask, window)
    drawn = painter.draw(shown(begun, window), given, strength, number, window)
    inside, place = placed(drawn, window, painter.enlarge, (width, height))
    if mask is None:
        result = begun.copy()
        result[place] = inside
        return result
    whole = begun.copy()
    whole[place] = inside
    return composed(picture, whole, mask, feather)


def extended(pixels: Pixels, added: tuple[int, int, int, int]) -> tuple[Pixels, Mask]:
    """A larger picture with the old one in it, and the mask of what is new; ``added`` are pixels on the left,
    right, top and bottom. What is new begins as the old one ends, fading to what it is on the whole."""
    left, right, top, bottom = added
    around = ((top, bottom), (left, right))
    wide = np.pad(pixels, (*around, (0, 0)), mode="edge")
    mask = np.pad(np.zeros(pixels.shape[:2], np.float32), around, constant_values=1)
    return wide, mask
