"""How far two sets of pictures lie apart, and which training picture is nearest to a drawn one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rakkan.errors import RakkanError

Features = NDArray[np.float32]


def frechet_distance(first: Features, second: Features) -> float:
    """Squared Fréchet distance of the normal distributions fitted to two sets of features [n, d].

    |m₁ - m₂|² + tr(C₁ + C₂ - 2 (C₁C₂)^½), after Heusel et al. 2017, eq. 6. The trace of the root is the
    sum of the roots of the eigenvalues of C₁C₂, which are real and not negative. Raises RakkanError
    for fewer than two pictures or features of different widths.
    """
    if min(len(first), len(second)) < 2 or first.shape[1] != second.shape[1]:
        raise RakkanError("two sets of at least two pictures with the same features are needed", "Draw more")
    mean = first.mean(0, dtype=np.float64) - second.mean(0, dtype=np.float64)
    one, other = (np.cov(features.astype(np.float64), rowvar=False) for features in (first, second))
    values, vectors = np.linalg.eigh(np.atleast_2d(one))
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    inner = np.linalg.eigvalsh(root @ np.atleast_2d(other) @ root)
    return float(mean @ mean + np.trace(np.atleast_2d(one)) + np.trace(np.atleast_2d(other))
                 - 2 * np.sqrt(np.clip(inner, 0, None)).sum())  # fmt: skip


def kernel_distance(first: Features, second: Features) -> float:
    """Squared maximum mean discrepancy with the cubic kernel (x·y/d + 1)³, unbiased.

    Bińkowski et al. 2018, section 3 (KID). May be slightly negative when the sets are alike.
    """
    if min(len(first), len(second)) < 2 or first.shape[1] != second.shape[1]:
        raise RakkanError("two sets of at least two pictures with the same features are needed", "Draw more")
    x, y = first.astype(np.float64), second.astype(np.float64)
    width = x.shape[1]

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((a @ b.T / width + 1) ** 3)

    def within(a: NDArray[np.float64]) -> float:
        values = kernel(a, a)
        return float((values.sum() - np.trace(values)) / (len(a) * (len(a) - 1)))

    return within(x) + within(y) - 2 * float(kernel(x, y).mean())


def nearest(
    pictures: NDArray[np.uint8], others: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each picture [n, H, W, 3] the index of the most similar other [m, H, W, 3], and how similar.

    Similarity is the correlation of the pixels (-1 to 1; 1 is the same picture) at an eighth of the size.
    """
    one, other = _thumbnails(pictures), _thumbnails(others)
    similarity = one @ other.T
    best = similarity.argmax(1)
    return best, similarity[np.arange(len(one)), best].astype(np.float64)


def _thumbnails(pictures: NDArray[np.uint8], factor: int = 8) -> NDArray[np.float32]:
    count, height, width, channels = pictures.shape
    cells = pictures.reshape(count, height // factor, factor, width // factor, factor, channels)
    small = cells.mean((2, 4), dtype=np.float32).reshape(count, -1)
    small -= small.mean(1, keepdims=True)
    return np.asarray(small / np.maximum(np.linalg.norm(small, axis=1, keepdims=True), 1e-6), np.float32)
