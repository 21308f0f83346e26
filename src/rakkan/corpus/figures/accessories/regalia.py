"""Horns, halo and crown, in their own natural colours."""

from __future__ import annotations

import numpy as np

from rakkan.corpus.figures import curves
from rakkan.corpus.figures.accessories.kit import GOLD, Kit, band, by, hoops

_LAYER = "headwear"
#: The line of the horn on the +x side in head space, and its breadth along that line.
_HORN = ((24, -46, 14), (33, -55, 13), (42, -61, 8), (47.5, -68, 2), (46.5, -75, -3), (42, -80, -5))
_BREADTHS = (15.5, 14, 12, 9.5, 6.0, 1.2)


def horns(kit: Kit) -> None:
    """Two ridged horns that curve outwards and up."""
    bone = kit.colour(kit.chance.choice(("#8a7262", "#7d6a6c", "#94806a")))
    for side in (kit.near,) if kit.profile else (-kit.near, kit.near):
        space = np.asarray(_HORN, float) * (side, 1, 1)
        if kit.profile:
            # Swept back, or a horn seen from the side would show no curve.
            space[:, 2] -= np.array([0, 4, 10, 16, 19, 18])
        line = curves.sample_curve(kit.head.project(space), 11)
        widths = np.interp(np.linspace(0, 5, 11), np.arange(6), _BREADTHS)
        outline = curves.ribbon_points(line, widths)
        kit.form(_LAYER, outline, bone, corners=(0, 10, 11, 21), weight=1.2)
        # The side that looks away from the light, which comes from the left.
        away = outline[:11] if outline[4, 0] > outline[17, 0] else outline[11:][::-1]
        sliver = np.concatenate([away, (away * 0.45 + line * 0.55)[::-1]])
        kit.shade(_LAYER, curves.smooth(sliver, corners=(0, 10, 11, 21)), bone)
        for at in (2, 4, 6, 8):
            across = [outline[at], line[at] + (line[at + 1] - line[at]) * 0.5, outline[21 - at]]
            kit.line(_LAYER, across, bone, weight=0.9, least=0.4)


def halo(kit: Kit) -> None:
    """A shining ring that floats over the head."""
    gold = kit.colour("#ffd95e")
    height = kit.chance.uniform(-75, -72)
    outer, hidden = hoops(kit.head, ((height, 37, 37, 0, -8), (height, 29, 29, 0, -8)), dip=0.26, count=13)
    for arcs in (hidden, outer):
        middle = (outer[0].mean(axis=0) + hidden[0].mean(axis=0)) / 2
        rim, hole = middle + (arcs[0] - middle) * 1.13, middle + (arcs[1] - middle) * 0.84
        glow = curves.smooth(np.concatenate([rim, hole[::-1]]), corners=(0, 12, 13, 25))
        kit.canvas.shape("behind", glow, kit.colour("#fff3bf"), region="accessory", opacity=0.45)
    ends = (0, 12, 13, 25)
    for layer, arcs in (("behind", hidden), (_LAYER, outer)):
        thick = np.stack([arcs[0] + by(0, 1.0), arcs[1] - by(0, 0.5)])
        ring = np.concatenate([thick[0], thick[1, ::-1]])
        kit.form(layer, ring, gold, path=curves.smooth(ring, corners=ends))
    shine = outer[0] * 0.6 + outer[1] * 0.4
    kit.fill(_LAYER, curves.stroke(shine[1:9], 2.4, count=8), kit.colour("#fffbe6"))


def crown(kit: Kit) -> None:
    """A gold crown of tall points with balls and jewels, open at the top."""
    gold = kit.colour(GOLD)
    count = 17
    front, back = hoops(
        kit.head,
        ((-45, 36, 36, 0, -8), (-51, 37, 37, 0, -8), (-58, 38.5, 38.5, 0, -8)),
        dip=0.17,
        count=count,
    )
    up = np.array([0.0, -1.0])
    # Points stand at fixed places around the ring, five to a side, whatever side is seen.
    rise = np.where(np.arange(count) % 4 == 2, 17.0, np.where(np.arange(count) % 2 == 0, 0.0, 4.0))
    rear = np.concatenate([back[0], (back[2] + up * (rise[:, None] * 0.9))[::-1]])
    # Behind the hair, so that a bun or a crest stands up through the crown.
    kit.form("behind", rear, kit.style.shadow(gold, 1.3), path=curves.polygon(rear))
    tips = front[2] + up * rise[:, None]
    shape = np.concatenate([front[0], tips[::-1]])
    kit.form(_LAYER, shape, gold, path=curves.polygon(shape), weight=1.1)
    side = np.concatenate([front[0, 12:], tips[:11:-1]])
    kit.shade(_LAYER, curves.polygon(side), gold)
    kit.fill(_LAYER, band(np.stack([front[0], front[1]])), kit.style.shadow(gold, 0.5), weight=0.8)
    gleam = np.stack([front[1] + by(0, -1.5), front[2] + by(0, 1.0)])[:, 3:6]
    kit.gleam(_LAYER, band(gleam), gold)
    balls = "".join(curves.ellipse(float(x), float(y) - 1.5, 3.0, 3.0) for x, y in tips[2::4])
    kit.fill(_LAYER, balls, kit.style.light(gold, 0.7), weight=0.8)
    for at, colour in ((4, "#4f86d8"), (8, "#d6404e"), (12, "#4f86d8")):
        x, y = front[1, at] * 0.35 + front[2, at] * 0.65
        kit.fill(
            _LAYER,
            curves.polygon([(x, y - 4), (x + 3, y), (x, y + 4), (x - 3, y)]),
            kit.colour(colour),
            weight=0.7,
        )
