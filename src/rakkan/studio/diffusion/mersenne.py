"""torch's normal numbers on processors, without torch: MT19937 and Box and Muller's transform in float32.

For 16 numbers and more torch fills in blocks of 16 with vector instructions, whose logarithm, sine and cosine
are the Cephes library's single-precision ones with fused multiplication and addition. They are done here
operation by operation, so the numbers are the same to the last bit as with AVX2 or AVX-512. On processors
without, torch itself differs from that by about 1e-6.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

BLOCK = 16
STATE_WORDS = 624
single = np.float32

#: Moshier's Cephes 2.2: minimax polynomials, the highest power first, and constants in two or three parts.
LOG = (
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
LOG_OF_2 = (-2.12194440e-4, 0.693359375)
SINE = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
COSINE = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
QUARTER_PI = (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)


class MersenneNormal:
    """The generator ``torch.Generator("cpu").manual_seed(seed)``, asked for float32 normal numbers."""

    def __init__(self, seed: int) -> None:
        """MT19937 is begun as Matsumoto and Nishimura's init_genrand with the seed's lower 32 bits."""
        words = [seed & 0xFFFFFFFF]
        for index in range(1, STATE_WORDS):
            previous = words[-1]
            words.append((1812433253 * (previous ^ (previous >> 30)) + index) & 0xFFFFFFFF)
        self._twister = np.random.MT19937()
        self._twister.state = {
            "bit_generator": "MT19937",
            "state": {"key": np.array(words, np.uint32), "pos": STATE_WORDS},
        }
        self._kept: float | None = None

    def draw(self, count: int) -> Floats:
        """What ``torch.randn(count)`` gives next: float32 [count]."""
        if count < BLOCK:
            return np.array([self._scalar() for _ in range(count)], single)
        uniform = self._uniform(count)
        values = _blocks(uniform[: count - count % BLOCK])
        if count % BLOCK:
            # The last 16 are drawn again, over the end of the block before and what does not fill one.
            values = np.concatenate([values, uniform[len(values) :]])
            values[-BLOCK:] = _blocks(self._uniform(BLOCK))
        return values

    def _uniform(self, count: int) -> Floats:
        """The lower 24 bits of each word as a number in [0, 1)."""
        words = self._twister.random_raw(count) & np.uint64(0xFFFFFF)
        return words.astype(single) * single(2.0**-24)

    def _scalar(self) -> float:
        """One number in double precision; they come in pairs, of which the sine is kept for the next call."""
        if self._kept is not None:
            kept, self._kept = self._kept, None
            return kept
        angle, share = (self._double() for _ in range(2))
        radius = math.sqrt(-2.0 * math.log1p(-share))
        self._kept = radius * math.sin(2.0 * math.pi * angle)
        return radius * math.cos(2.0 * math.pi * angle)

    def _double(self) -> float:
        """The lower 53 bits of two words, the first the upper half, as a number in [0, 1)."""
        upper, lower = (int(word) for word in self._twister.random_raw(2))
        return ((upper << 32 | lower) & (2**53 - 1)) * 2.0**-53


def _blocks(uniform: Floats) -> Floats:
    """Box and Muller's transform (1958) of blocks of 16: the first 8 become radii, the others angles."""
    halves = uniform.reshape(-1, 2, BLOCK // 2)
    radius = np.sqrt(single(-2.0) * _logarithm(single(1.0) - halves[:, 0]))
    sine, cosine = _sine_and_cosine(single(2.0 * np.pi) * halves[:, 1])
    return np.stack([radius * cosine, radius * sine], axis=1).reshape(-1)


def _fused(left: Floats, right: Floats | np.float32, added: Floats | np.float32) -> Floats:
    """left * right + added, rounded once: the product of two float32 is exact in float64."""
    return (left.astype(np.float64) * right + added).astype(single)


def _polynomial(x: Floats, coefficients: tuple[float, ...]) -> Floats:
    value = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value = _fused(value, x, single(coefficient))
    return value


def _logarithm(x: Floats) -> Floats:
    """Cephes logf for normal numbers above 0: the mantissa in [sqrt(1/2), sqrt(2)) by a polynomial."""
    mantissa, exponent = np.frexp(x)
    small = mantissa < single(math.sqrt(0.5))
    power = (exponent - small).astype(single)
    # Doubling is exact, so it does not matter on which side of taking 1 away it is done.
    rest = np.where(small, mantissa - single(1.0) + mantissa, mantissa - single(1.0))
    square = rest * rest
    value = _polynomial(rest, LOG) * rest
    value = _fused(value, square, power * single(LOG_OF_2[0]))
    value = _fused(-square, single(0.5), value)
    return _fused(power, single(LOG_OF_2[1]), rest + value)


def _sine_and_cosine(x: Floats) -> tuple[Floats, Floats]:
    """Cephes sinf and cosf for x in [0, 8192): reduced to [-pi/4, pi/4], each octant by one of two
    polynomials."""
    octant = (x * single(4.0 / np.pi)).astype(np.int32)
    octant += octant & 1
    for part in QUARTER_PI:
        x = _fused(octant.astype(single), single(part), x)
    square = x * x
    cosine = _polynomial(square, COSINE) * square
    cosine = _fused(cosine, square, -(square * single(0.5))) + single(1.0)
    sine = _fused(_polynomial(square, SINE) * square, x, x)
    quarter = (octant // 2) % 4
    sines = np.choose(quarter, [sine, cosine, -sine, -cosine])
    cosines = np.choose(quarter, [cosine, -sine, -cosine, sine])
    return sines, cosines
