"""Colours as the eye tells them apart: OKLab (Björn Ottosson, 2020), L 0 to 1, a and b about -0.4 to 0.4."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(colours: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """OKLab of sRGB colours 0-255, [..., 3] (Ottosson 2020)."""
    encoded = np.asarray(colours, np.float64) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T)


def srgb(lab: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """The nearest sRGB colours 0-255 of OKLab, [..., 3]."""
    linear = np.clip((lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_LMS).T, 0, 1)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(encoded * 255), np.uint8)
