"""Bands over the head: headphones and hairband."""

from __future__ import annotations

import numpy as np

from rakkan.corpus.figures import curves
from rakkan.corpus.figures.accessories.kit import HATS, Kit
from rakkan.corpus.figures.curves import Points
from rakkan.corpus.figures.palette import luminance

_LAYER = "headwear"


def headphones(kit: Kit) -> None:
    """Large cups over the ears, joined by a band over the crown."""
    colour = kit.scene.accessory
    dark = kit.colour("#3d3a46" if luminance(colour) > 0.25 else "#8c8d99")
    if not kit.profile:
        _cup(kit, -kit.near, colour, dark, layer="behind" if abs(kit.head.yaw) > 15 else _LAYER)
    turn = np.radians(np.linspace(0 if kit.profile else -84, 84, 13)) * kit.near
    line = kit.head.project(np.stack([56 * np.sin(turn), 2 - 66 * np.cos(turn), -4 + 0 * turn], axis=1))
    breadth = np.hypot(7.5 * np.cos(np.radians(kit.head.yaw)), 13 * np.sin(np.radians(kit.head.yaw)))
    outline = curves.ribbon_points(line, breadth)
    kit.form(_LAYER, outline, dark, corners=(0, 12, 13, 25), weight=1.1)
    kit.fill(_LAYER, curves.ribbon(line[2:-2], breadth * 0.5), colour)
    left = line[1:7] if kit.profile or line[0, 0] < line[-1, 0] else line[6:12]
    kit.gleam(_LAYER, curves.stroke(left, breadth * 0.24, count=7), colour)
    _cup(kit, kit.near, colour, dark, layer=_LAYER)
    if not kit.profile and abs(kit.head.yaw) <= 15:
        _cup(kit, -kit.near, colour, dark, layer=_LAYER)


def _cup(kit: Kit, side: int, colour: str, dark: str, *, layer: str) -> None:
    """A padded cup: a disc beside the ear, extruded outwards."""
    pad, shell, face = (_disc(kit, side * x, radius) for x, radius in ((44, 17), (50, 17.5), (58, 14.5)))
    kit.form(layer, pad, dark, path=curves.smooth(_hull(pad, shell)), weight=1.1)
    body = _hull(shell, face)
    kit.form(layer, body, colour, path=curves.smooth(body), weight=1.1)
    facing = kit.head.facing(90.0 * side)
    if facing > 0.12:
        kit.form(layer, face, colour, weight=0.8)
        centre = face.mean(axis=0)
        kit.fill(
            layer, curves.smooth(centre + (face - centre) * 0.55), kit.style.light(colour, 0.6), weight=0.6
        )
        kit.shade(
            layer, curves.smooth(np.concatenate([face[:9], (centre + (face[8::-1] - centre) * 0.75)])), colour
        )
    else:
        right = body[:, 0] > body[:, 0].mean()
        low = body[right | (body[:, 1] > body[:, 1].mean() + 8)]
        inset = body.mean(axis=0) + (low - body.mean(axis=0)) * 0.55
        kit.shade(layer, curves.smooth(np.concatenate([low, inset[::-1]])), colour)


def _disc(kit: Kit, x: float, radius: float) -> Points:
    """A disc that faces sideways at ``x``, over the ear; its first half runs down the picture's right."""
    turn = np.linspace(-np.pi / 2, 1.5 * np.pi, 16, endpoint=False)
    return kit.head.project(
        np.stack([np.full(16, x), 9 + radius * 1.08 * np.sin(turn), -4 + radius * np.cos(turn)], axis=1)
    )


def _hull(one: Points, other: Points) -> Points:
    """The outline of two like discs joined: the outer half of each."""
    if np.hypot(*(other.mean(axis=0) - one.mean(axis=0))) < 2.5:
        return other
    axis = other.mean(axis=0) - one.mean(axis=0)
    along = (one - one.mean(axis=0)) @ axis
    behind, ahead = one[along <= 1e-6], other[along >= -1e-6]
    cloud = np.concatenate([behind, ahead])
    middle = (one.mean(axis=0) + other.mean(axis=0)) / 2
    angle = np.arctan2(cloud[:, 1] - middle[1], cloud[:, 0] - middle[0])
    return np.asarray(cloud[np.argsort(angle)])


def hairband(kit: Kit) -> None:
    """A broad band over the hair from ear to ear."""
    colour = kit.scene.accessory
    layer = "hair_accessory" if HATS.intersection(kit.worn) else _LAYER
    reach = np.linspace(-8 if kit.profile else -86, 86, 15)
    turn = np.radians(reach) * kit.near
    tilt = kit.chance.uniform(-1.5, 1.5)
    edges = []
    for edge in (5.5, -5.5):
        ahead = edge * (0.3 + 0.7 * np.cos(turn) ** 0.6)
        z = -3 + ahead + (34 + ahead * 0.3) * np.cos(turn)
        y = 8 - (54.5 - ahead * 0.85 + tilt) * np.cos(turn) ** 0.8
        edges.append(kit.head.project(np.stack([47.5 * np.sin(turn), y, z], axis=1)))
    outline = np.concatenate([edges[0], edges[1][::-1]])
    ends = (0, 14, 15, 29)
    kit.form(layer, outline, colour, corners=ends, weight=1.1)
    lower = edges[0] * 0.6 + edges[1] * 0.4
    kit.shade(layer, curves.smooth(np.concatenate([edges[0], lower[::-1]]), corners=ends), colour)
    middle = edges[0] * 0.3 + edges[1] * 0.7
    path = middle[3:8] if middle[0, 0] < middle[-1, 0] else middle[7:12]
    kit.gleam(layer, curves.stroke(path, 2.4, count=7), colour)
