"""How surely hairstyles are told apart by nothing but their black silhouettes.

A silhouette is the head and the hair of a bust with a random fringe, filled black: colour, locks and the
fringe before the forehead are gone, and the body hides what hangs behind it. The judge is Fisher's linear
discriminant, one for each view, on silhouettes of other seeds than those it has learnt from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random

import numpy as np
from numpy.typing import NDArray

from rakkan.corpus.figures.attributes import HAIRSTYLES, sample
from rakkan.corpus.figures.body import draw_body
from rakkan.corpus.figures.canvas import REGIONS, Canvas
from rakkan.corpus.figures.contour import head_contour
from rakkan.corpus.figures.curves import smooth
from rakkan.corpus.figures.hair import draw_hair
from rakkan.corpus.figures.raster import rasterise
from rakkan.corpus.figures.scene import build_scene

Array = NDArray[np.float64]
#: One silhouette to draw: hairstyle, view and seed.
Subject = tuple[str, str, int]
#: Draws silhouettes, in order; the plain ``map`` does it here, a pool of processes elsewhere.
Spread = Callable[[Callable[[Subject], Array], Iterable[Subject]], Iterator[Array]]

VIEWS = ("front", "three-quarter left", "three-quarter right", "profile left", "profile right")
#: A silhouette's side in cells, and the pixels of a cell's side.
CELLS, _PIXELS = 24, 2
#: Side of the square frame, figure units, and its lower edge: the tallest hair has room in it.
_SIDE, _BOTTOM = 208.0, 108.0
_LABEL = re.compile("#[0-9a-f]{2}0000")


@dataclass(frozen=True)
class Verdict:
    """``right`` answers of ``asked``, about ``names``."""

    names: tuple[str, ...]
    right: int
    asked: int

    @property
    def share(self) -> float:
        return self.right / self.asked


@dataclass(frozen=True)
class Comparison:
    """How the judge did: one of all styles, by view; and every pair two ways, all views together."""

    views: tuple[Verdict, ...]
    pairs: tuple[Verdict, ...]
    pairs_in_views: tuple[Verdict, ...]

    @property
    def overall(self) -> Verdict:
        """One of all styles, in all views."""
        return _sum(("all",), self.views)

    @property
    def worst_pair(self) -> Verdict:
        return min(self.pairs, key=lambda pair: pair.share)

    @property
    def worst_pair_in_one_view(self) -> Verdict:
        """The names are the two styles and the view."""
        return min(self.pairs_in_views, key=lambda pair: pair.share)


def compare(
    learnt: int,
    asked: int,
    *,
    seed: int = 0,
    views: Sequence[str] = VIEWS,
    styles: Sequence[str] = HAIRSTYLES,
    spread: Spread = map,
    progress: Callable[[Verdict], None] = lambda verdict: None,
) -> Comparison:
    """Learn each style from ``learnt`` silhouettes a view, then judge ``asked`` others.

    ``seed`` shifts all seeds, so that different seeds share no silhouette; ``progress`` is told of
    each view that is done.
    """
    seeds = range(seed * 1_000_000, seed * 1_000_000 + learnt + asked)
    by_view, pairs_in_views = [], []
    for view in views:
        drawn = list(spread(silhouette, [(style, view, at) for style in styles for at in seeds]))
        pictures = np.array(drawn).reshape(len(styles), len(seeds), -1)
        scores = discriminate(pictures[:, :learnt], pictures[:, learnt:])
        own = np.arange(len(styles))
        right = int((scores.argmax(axis=-1) == own[:, None]).sum())
        by_view.append(Verdict((view,), right, len(styles) * asked))
        progress(by_view[-1])
        for one, other in combinations(range(len(styles)), 2):
            hits = (scores[one, :, one] > scores[one, :, other]).sum()
            hits += (scores[other, :, other] > scores[other, :, one]).sum()
            pairs_in_views.append(Verdict((styles[one], styles[other], view), int(hits), 2 * asked))
    every = len(pairs_in_views) // len(views)
    pairs = [_sum(pairs_in_views[at].names[:2], pairs_in_views[at::every]) for at in range(every)]
    return Comparison(tuple(by_view), tuple(pairs), tuple(pairs_in_views))


def discriminate(learnt: Array, asked: Array) -> Array:
    """How well each picture fits each class: [classes, asked, classes], larger is better.

    ``learnt`` [classes, n, features] and ``asked`` [classes, m, features] hold pictures of known classes.
    The difference of two classes' scores decides between these two alone. The covariance, common to all
    classes, is shrunk towards a multiple of the identity (Fisher 1936, Annals of Eugenics 7, p. 179;
    Ledoit & Wolf 2004, J. Multivariate Analysis 88, p. 365, with a fixed weight).
    """
    middle = learnt.mean(axis=1)
    spread = (learnt - middle[:, None]).reshape(-1, learnt.shape[-1])
    covariance = spread.T @ spread / len(spread)
    covariance += np.eye(len(covariance)) * np.trace(covariance) / len(covariance)
    weights = np.linalg.solve(covariance, middle.T)
    return np.asarray(asked @ weights - (middle.T * weights).sum(axis=0) / 2)


def silhouette(subject: Subject) -> Array:
    """A head and its hair as shares of coverage, 0 to 1, of `CELLS` × `CELLS` cells, flattened.

    The frame is placed by chance alone: the picture's own makes room for tall hair, and would tell.
    """
    hairstyle, view, seed = subject
    chance = Random(f"silhouette {hairstyle} {view} {seed}")
    attributes = sample(
        chance, hairstyle=hairstyle, view=view, framing="bust", pose="arms at sides", accessories=()
    )
    scene = build_scene(attributes, chance.getrandbits(32))
    draw_body(scene)
    draw_hair(scene)
    side = _SIDE * chance.uniform(0.97, 1.05)
    left, bottom = chance.uniform(-4, 4) - side / 2, _BOTTOM + chance.uniform(-3, 3)
    frame = (left, bottom - side, side, side)
    head = Canvas()
    head.shape("head", smooth(head_contour(scene.head)), "#000000", region="skin")
    black = np.maximum(_shows(scene.canvas, frame, "hair", "hair_accent"), _shows(head, frame, "skin"))
    return np.asarray(black.reshape(CELLS, _PIXELS, CELLS, _PIXELS).mean(axis=(1, 3)).ravel())


def _shows(canvas: Canvas, frame: tuple[float, float, float, float], *regions: str) -> Array:
    """The share of each pixel that the regions cover.

    Drawn in black and white: in the label map itself, the blend of two regions may look like a third.
    """
    white = {f"#{16 * REGIONS.index(region):02x}0000" for region in regions}
    svg = _LABEL.sub(
        lambda found: "#ffffff" if found[0] in white else "#000000",
        canvas.labels(frame),
    )
    return rasterise(svg, CELLS * _PIXELS, CELLS * _PIXELS)[..., 0] / 255


def _sum(names: tuple[str, ...], verdicts: Sequence[Verdict]) -> Verdict:
    return Verdict(names, sum(one.right for one in verdicts), sum(one.asked for one in verdicts))
