"""Write the studio's pictograms, one SVG sprite: `python scripts/draw_pictograms.py`.

What the renderer can draw is traced from it, so that a pictogram shows what its words will give; lines that
no trace gives (faces, eyes, scenes, signs) come from ``pictograms.txt`` beside this file, a symbol a line.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rakkan.corpus.figures.attributes import (
    ACCESSORY_PLACES,
    FRINGES,
    HAIRSTYLES,
    POSES,
    Attributes,
    consistent,
)
from rakkan.corpus.figures.canvas import PARTS
from rakkan.corpus.figures.drawing import compose, part_map

SPRITE = Path(__file__).parent.parent / "src/rakkan/service/web/static/pictograms.svg"
DRAWN = Path(__file__).with_name("pictograms.txt")
#: Side of every symbol's box.
SIDE = 96
_TRACED_SIDE = 512
#: Part -> how dark it is drawn, when a symbol is about hair, clothes or what is worn.
_HAIR = {"hair": 1.0, "skin": 0.16, "face": 0.16, "eyes": 0.16, "mouth": 0.16, "outfit": 0.32}
_CLOTHES = {"outfit": 1.0, "skin": 0.3, "face": 0.3, "eyes": 0.3, "mouth": 0.3, "hair": 0.16}
_WORN = {
    "accessories": 1.0,
    "hair": 0.3,
    "skin": 0.16,
    "face": 0.16,
    "eyes": 0.16,
    "mouth": 0.16,
    "outfit": 0.16,
}
Box = tuple[float, float, float]
#: Left, top and side, from 0 to 1, of what a symbol shows of the figure.
_WHOLE: Box = (0.0, 0.0, 1.0)
_HEAD: Box = (0.12, 0.03, 0.76)
_WIDE: Box = (0.04, 0.02, 0.92)
_BROW: Box = (0.24, 0.1, 0.52)
_ARMS: Box = (0.16, 0.22, 0.7)
_BASE = Attributes(
    hairstyle="short hair", fringe="blunt fringe", outfit="t-shirt", background="plain background"
)


def main() -> None:
    """Trace and write all symbols."""
    symbols = [f'<symbol id="{name}" viewBox="0 0 {SIDE} {SIDE}">{body}</symbol>' for name, body in _all()]
    SPRITE.write_text('<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n")
    print(f"{SPRITE.name}: {len(symbols)} symbols, {SPRITE.stat().st_size} bytes")


def _all() -> list[tuple[str, str]]:
    symbols = []
    for style in HAIRSTYLES:
        symbols.append(
            (style, _traced(replace(_BASE, hairstyle=style), _HAIR, _WIDE if "tail" in style else _HEAD))
        )
    for fringe in FRINGES:
        symbols.append((fringe, _traced(replace(_BASE, fringe=fringe, hairstyle="bob cut"), _HAIR, _BROW)))
    half = replace(_BASE, framing="half body", pose="arms at sides")
    for pose in POSES:
        given = replace(half, pose=pose)
        symbols.append((pose, _traced(given, {**_CLOTHES, "skin": 1.0, "outfit": 0.42}, _ARMS)))
    for name in (*ACCESSORY_PLACES["head"], *ACCESSORY_PLACES["hair"], "earrings"):
        symbols.append((name, _traced(replace(_BASE, accessories=(name,)), _WORN, _HEAD)))
    for presentation, hair in (("woman", "long bob"), ("man", "short hair"), ("androgynous", "messy hair")):
        given = replace(_BASE, presentation=presentation, hairstyle=hair, outfit="shirt")
        symbols.append((presentation, _traced(given, {**_HAIR, "outfit": 0.5}, _WHOLE)))
    for framing in ("bust", "half body", "full body"):
        symbols.append((framing, _traced(replace(_BASE, framing=framing), {**_HAIR, "outfit": 0.6}, _WHOLE)))
    named = [(name.replace(" ", "-"), body) for name, body in symbols]
    lines = [line.split(" ", 1) for line in DRAWN.read_text().splitlines() if line and line[0] != "#"]
    return named + [(name, body) for name, body in lines]


def _traced(attributes: Attributes, tones: dict[str, float], crop: Box) -> str:
    """A figure as one path for each tone, lightest first."""
    scene = compose(consistent(attributes), 3)
    tall = attributes.framing == "full body"
    width, height = _TRACED_SIDE, _TRACED_SIDE * 3 // 2 if tall else _TRACED_SIDE
    parts = part_map(scene.canvas, scene, width, height)
    if tall:
        parts = np.pad(parts, ((0, 0), ((height - width) // 2,) * 2))
    names = list(PARTS)
    paths = []
    for tone in sorted(set(tones.values())):
        wanted = [names.index(part) for part, dark in tones.items() if dark == tone]
        path = _path(np.isin(parts, wanted), crop, 0.9 if tone > 0.5 else 1.3)
        if path:
            opacity = "" if tone == 1 else f' fill-opacity="{tone:g}"'
            paths.append(f'<path fill="currentColor"{opacity} d="{path}"/>')
    return "".join(paths)


def _path(mask: NDArray[np.bool_], crop: Box, fine: float) -> str:
    """The outlines of a mask within a crop, exact to ``fine`` of the symbol's units, without small specks."""
    extent = max(mask.shape)
    left, top, side = (round(share * extent) for share in crop)
    square = mask[top : top + side, left : left + side].astype(np.uint8)
    padded = np.zeros((side, side), np.uint8)
    padded[: square.shape[0], : square.shape[1]] = square
    large = cv2.resize(padded, (SIDE * 4, SIDE * 4), interpolation=cv2.INTER_AREA)
    smooth = cv2.morphologyEx(large, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    contours, _ = cv2.findContours(smooth, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    pieces = []
    for contour in contours:
        if cv2.contourArea(contour) < SIDE * SIDE * 16 * 0.0025:
            continue
        points = np.round(cv2.approxPolyDP(contour, fine * 4, True)[:, 0, :] / 4).astype(int)
        steps = [(x, y) for x, y in np.diff(points, axis=0) if x or y]
        if len(steps) > 1:
            pieces.append(f"M{points[0][0]} {points[0][1]}l" + _steps(steps) + "z")
    return "".join(pieces)


def _steps(steps: list[tuple[int, int]]) -> str:
    """Relative steps, without the spaces that a minus makes needless."""
    text = " ".join(f"{x} {y}" for x, y in steps)
    return text.replace(" -", "-")


if __name__ == "__main__":
    main()
