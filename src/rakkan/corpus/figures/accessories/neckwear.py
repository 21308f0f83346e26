"""Scarf, necklace, choker and bow tie, hung on the neck."""

from __future__ import annotations

import numpy as np

from rakkan.corpus.figures import curves
from rakkan.corpus.figures.accessories.kit import GOLD, Kit, by
from rakkan.corpus.figures.accessories.ornaments import bow_shape
from rakkan.corpus.figures.body.skeleton import neck
from rakkan.corpus.figures.palette import luminance

_LAYER = "neckwear"


def scarf(kit: Kit) -> None:
    """A thick scarf wound twice about the neck, one end hanging down the chest."""
    colour = kit.scene.accessory
    form = neck(kit.scene)
    base_x, base_y = form.base
    lean = -1 if kit.head.yaw > 10 else 1 if kit.head.yaw < -10 else kit.chance.choice((-1, 1))
    _hanging_end(kit, base_x + lean * 13, base_y + 8, lean, colour)
    half = form.half_width
    low, _ = form.ring(0.0, ease=13.0, slope=9.0)
    high, _ = form.ring(0.62, ease=9.0, slope=4.0)
    lower = low + by(0.0, 10.0)
    wrap = np.concatenate([lower, [lower[-1] + by(3, -9)], high[::-1] + by(0, -2), [lower[0] + by(-3, -9)]])
    kit.form(_LAYER, wrap, colour, weight=1.2)
    shadow = np.concatenate(
        [lower[5:], [lower[-1] + by(2, -9)], (low[5:] * 0.75 + lower[5:] * 0.25)[::-1] + by(-3, 0)]
    )
    kit.shade(_LAYER, curves.smooth(shadow, corners=(0,)), colour)
    # The upper turn lies over the lower one, aslant.
    top, _ = form.ring(0.8, ease=8.0, slope=2.0)
    slant = np.linspace(-2.5, 2.5, len(top))[:, None] * np.array([0.0, lean])
    under, _ = form.ring(0.3, ease=11.5, slope=8.0)
    fold = np.concatenate(
        [under + slant, [under[-1] + by(1.5, -8)], top[::-1] + slant[::-1] * 0.4, [under[0] + by(-1.5, -8)]]
    )
    kit.form(_LAYER, fold, colour, weight=1.1)
    kit.shade(
        _LAYER,
        curves.smooth(
            np.concatenate([(under + slant)[2:], (under + slant)[:1:-1] + by(-1.5, -4.5)]), corners=(0, 6, 7)
        ),
        colour,
    )
    for share, reach in ((0.2, 0.55), (0.42, 0.35)):
        start = under[1] * (1 - share) + top[1] * share
        kit.line(_LAYER, [start, start + by(half * reach, 3), start + by(half * reach * 2, 3.5)], colour)
    kit.line(_LAYER, [lower[1] + by(2, -5), lower[3] + by(0, -6), lower[5] + by(0, -4)], colour)
    kit.hatch(_LAYER, lower[5:], low[5:], colour, count=6)


def _hanging_end(kit: Kit, x: float, y: float, lean: int, colour: str) -> None:
    """The scarf's end with two stripes and a fringe."""
    long, sway = kit.chance.uniform(62, 78), lean * kit.chance.uniform(3, 8)
    half = 11.5
    corners = [
        (x - half, y),
        (x + half, y),
        (x + half + sway * 0.4 + 2, y + long * 0.5),
        (x + half + sway + 3, y + long),
    ]
    corners += [(x - half + sway - 3, y + long + 2), (x - half + sway * 0.4 - 1.5, y + long * 0.5)]
    left, right = np.array(corners[4]), np.array(corners[3])
    tassels = ""
    for at in range(6):
        root = left + (right - left) * (at + 0.5) / 6
        tip = root + by(sway * 0.1, 12)
        tassels += curves.polygon(
            [root - by(2.1, 3), root + by(2.3, -3), tip + by(2.2, -1), tip - by(1.8, 0)]
        )
    kit.fill(_LAYER, tassels, colour, weight=0.8)
    kit.form(_LAYER, corners, colour, corners=(0, 1, 3, 4), weight=1.1)
    bright = luminance(colour) > 0.6
    stripe = kit.style.shadow(colour, 1.2) if bright else kit.style.light(colour, 1.2)
    for share in (0.72, 0.84):
        a, b = [
            np.array(corners[0]) * (1 - share) + left * share,
            np.array(corners[1]) * (1 - share) + right * share,
        ]
        drop = np.array([0.0, 5.0])
        kit.fill(
            _LAYER,
            curves.polygon([a + by(0.8, 0), b - by(0.8, 0), b + drop - by(0.8, 0), a + drop + by(0.8, 0)]),
            stripe,
        )
    edge = np.array(corners[1:4])
    inner = (edge - by(8, 0))[::-1]
    kit.shade(_LAYER, curves.smooth(np.concatenate([edge, inner]), corners=(0, 2, 3, 5)), colour)
    kit.line(
        _LAYER,
        [(x - 3, y + 12), (x - 4 + sway * 0.3, y + long * 0.45), (x - 3 + sway * 0.6, y + long * 0.66)],
        colour,
    )


def necklace(kit: Kit) -> None:
    """A gold chain with a pendant."""
    gold = kit.colour(GOLD)
    form = neck(kit.scene)
    ring, _ = form.ring(0.08, ease=3.0, slope=4.0)
    left, right = ring[0], ring[-1]
    x, y = (left + right) / 2 + (
        form.depth * (0.8 if kit.profile else 0.25) * np.sin(np.radians(form.yaw)),
        22.0 + kit.chance.uniform(-1.5, 2.5),
    )
    chain = [
        left,
        left * 0.62 + np.array([x, y]) * 0.38 + by(-2.5, 4),
        (x, y),
        right * 0.62 + np.array([x, y]) * 0.38 + by(2.5, 4),
        right,
    ]
    line = curves.sample_curve(chain, 15)
    kit.fill(_LAYER, curves.ribbon(line, 2.3), kit.style.line(gold))
    kit.fill(_LAYER, curves.ribbon(line, 1.5), gold)
    links = "".join(
        curves.ellipse(float(a), float(b), 1.7, 1.7) for a, b in curves.sample_curve(chain, 23)[1:-1]
    )
    kit.fill(_LAYER, links, kit.style.light(gold, 0.3), weight=0.45)
    gem = kit.colour(kit.chance.choice(("#4fb6c9", "#5a8fe0", "#56b98a")))
    setting = curves.points(((0, -1.5), (5.5, 4), (6, 8.5), (0, 14.5), (-6, 8.5), (-5.5, 4))) + by(x, y)
    kit.form(_LAYER, setting, gold, corners=(0, 3), weight=1.0)
    stone = curves.points(((0, 1.5), (3.6, 5.2), (3.6, 8), (0, 11.6), (-3.6, 8), (-3.6, 5.2))) + by(x, y)
    kit.fill(_LAYER, curves.polygon(stone), gem, weight=0.5)
    kit.gleam(_LAYER, curves.polygon(stone[[0, 4, 5]]), gem, strength=1.5)


def choker(kit: Kit) -> None:
    """A broad band about the neck with a small charm."""
    colour = kit.scene.accessory
    form = neck(kit.scene)
    top, _ = form.ring(0.52, ease=1.0, slope=4.0)
    low, _ = form.ring(0.2, ease=1.2, slope=5.0)
    strip = np.concatenate([low, top[::-1]])
    kit.form(_LAYER, strip, colour, corners=(0, 8, 9, 17), weight=1.1)
    right = np.concatenate([low[5:], top[:4:-1]])
    kit.shade(_LAYER, curves.smooth(right, corners=(0, 3, 4, 7)), colour)
    kit.shade(
        _LAYER,
        curves.smooth(np.concatenate([top * 0.6 + low * 0.4, top[::-1]]), corners=(0, 8, 9, 17)),
        colour,
        depth=0.7,
    )
    x, y = (low[4] * 0.9 + top[4] * 0.1).tolist()
    gold = kit.colour(GOLD)
    charm = [(x, y + 1), (x + 3.6, y + 5), (x, y + 9.5), (x - 3.6, y + 5)]
    kit.fill(_LAYER, curves.polygon(charm), gold, weight=0.9)
    kit.gleam(_LAYER, curves.ellipse(x - 0.9, y + 4.2, 0.9, 1.3), gold, strength=1.5)


def bow_tie(kit: Kit) -> None:
    """A bow tie at the pit of the neck."""
    form = neck(kit.scene)
    ring, _ = form.ring(0.0, ease=2.0, slope=6.0)
    turn = np.radians(kit.scene.body_yaw)
    x, y = (
        form.base[0] + (form.depth + 4) * np.sin(turn) * (1.5 if kit.profile else 0.9),
        float(ring[4, 1]) + 3.0,
    )
    squash = max(float(np.cos(turn)), 0.62)
    bow_shape(
        kit,
        _LAYER,
        (float(x), y),
        0.92,
        kit.chance.uniform(-3, 3),
        kit.scene.accessory,
        tails=False,
        squash=squash,
    )
