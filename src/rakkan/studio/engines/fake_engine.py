"""An engine without a model: pictures that tests of everything above it can tell apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from rakkan.errors import RakkanError
from rakkan.studio.engines.conditions import Conditions
from rakkan.studio.engines.engine import Figure, Pixels, Reference, Tokens, check, check_together
from rakkan.studio.engines.start import Start, Variation, check_start
from rakkan.studio.samplers import Progress, silent

MAXIMUM_SIDE = 1024
CELLS = 8

#: What a manifest of weights would say of it.
MANIFEST: dict[str, object] = {"distilled": True, "stages": {"reference": {}}}


class FakeEngine:
    """Draws a chequered field whose colours are a digest of everything that was asked for."""

    name = "fake"
    model_digest = hashlib.sha256(b"rakkan fake engine 1").hexdigest()
    precision = "f32"

    def versions(self) -> Mapping[str, str]:
        """The version of the fake pictures."""
        return {"fake": "1"}

    def sample(
        self,
        tokens: Tokens | Conditions,
        negative: Tokens | None = None,
        *,
        width: int,
        height: int,
        seed: int,
        steps: int,
        guidance: float = 1.0,
        progress: Progress = silent,
        sampler: str = "euler",
        reference: Reference | None = None,
        start: Start | None = None,
        variation: Variation | None = None,
    ) -> Pixels:
        """Draw one picture; see ``Engine.sample``. Sides are 1 to 1024 pixels.

        Equal arguments give equal pixels and different ones different pixels, except that, as in real
        engines, ``negative`` counts only when ``guidance`` is not 1. A start shines through by what its
        strength leaves, and where its mask is 0 it comes back a little coarser, as from an autoencoder.
        """
        check(
            tokens,
            negative,
            seed=seed,
            steps=steps,
            guidance=guidance,
            sampler=sampler,
            reference=reference,
            variation=variation,
        )
        check_start(start, width, height)
        if not (1 <= width <= MAXIMUM_SIDE and 1 <= height <= MAXIMUM_SIDE):
            raise RakkanError(
                f"The fake engine cannot draw {width}x{height} pixels", f"Sides are 1 to {MAXIMUM_SIDE}"
            )
        away = [] if negative is None or guidance == 1.0 else negative.tolist()
        shown = [reference.role, reference.strength, reference.pixels.tobytes()] if reference else []
        shown += [variation.seed, variation.strength] if variation else []
        told = tokens.told() if isinstance(tokens, Conditions) else tokens.tolist()
        asked = repr((told, away, width, height, seed, steps, float(guidance), sampler, *shown))
        digest = hashlib.sha512(asked.encode()).digest()
        for done in range(steps):
            progress(done + 1, steps)
        colours = np.frombuffer(digest[:48], np.uint8).reshape(16, 3)
        rows = np.arange(height)[:, None] * CELLS // height
        columns = np.arange(width)[None, :] * CELLS // width
        picture: Pixels = colours[(rows * 3 + columns) % 16]
        return picture if start is None else _over(start, picture)

    def sample_together(
        self,
        figures: Sequence[Figure],
        *,
        width: int,
        height: int,
        steps: int,
        guidance: float = 1.0,
        progress: Progress = silent,
        sampler: str = "euler",
    ) -> list[Pixels]:
        """Draw several pictures; see ``Engine.sample_together``. They have other colours than drawn alone, as
        if this engine rounded otherwise in company."""
        check_together(figures, steps=steps, guidance=guidance, sampler=sampler)
        drawn = [
            self.sample(
                one.tokens,
                one.negative,
                width=width,
                height=height,
                seed=one.seed,
                steps=steps,
                guidance=guidance,
                sampler=sampler,
            )
            for one in figures
        ]
        for done in range(steps):
            progress(done + 1, steps)
        return [pixels ^ np.uint8(len(figures)) for pixels in drawn]


def _over(start: Start, picture: Pixels) -> Pixels:
    mixed = start.pixels * (1 - start.strength) + picture * start.strength
    if start.mask is not None:
        mixed = np.where(start.mask[..., None] > 0, mixed, start.pixels // 4 * 4)
    return mixed.astype(np.uint8)
