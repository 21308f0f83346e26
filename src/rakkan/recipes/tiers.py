"""How alike a picture and its second making are, and what could have made them differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rakkan.records import Recipe, UpscaleRecipe

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Pixels = NDArray[numpy.uint8]

EXACT, SIMILAR, OTHER = "bit-exact", "visually similar", "not the same"
#: Mean difference (of 255) below which two flat pictures, whose fingerprints say nothing, are alike.
_NEAR = 3.0


@dataclass(frozen=True)
class Likeness:
    """``tier`` is ``bit-exact``, ``visually similar`` or ``not the same``; ``distance`` how many of the 256
    bits of their PDQ fingerprints differ (copies differ in 31 at most)."""

    tier: str
    distance: int


def likeness(made: Pixels, given: Pixels, drawn: str = "") -> Likeness:
    """Compare ``made``, as it was drawn (of any depth, with alpha or without), with ``given``, uint8 [height,
    width, 3]. ``drawn`` is the digest of the pixels that were drawn at
    first, "" where it is not proven: a JPEG keeps none of them, and its seal still says what they were."""
    import numpy

    from rakkan.features.fingerprints import FARTHEST, catalogue, looks, pdq
    from rakkan.studio.references import eight_bits, over_white
    from rakkan.trust.provenance import pixel_digest

    if drawn == pixel_digest(made):
        return Likeness(EXACT, 0)
    made = over_white(eight_bits(made))
    if numpy.array_equal(made, given):
        return Likeness(EXACT, 0)
    one, other = (int.from_bytes(pdq(pixels)[0], "big") for pixels in (made, given))
    distance = (one ^ other).bit_count()
    seen = looks(given)
    if seen:
        alike = bool(catalogue(seen).copies(looks(made))) and distance <= FARTHEST
    else:
        same = made.shape == given.shape
        alike = same and float(numpy.abs(made.astype(numpy.int16) - given).mean()) <= _NEAR
    return Likeness(SIMILAR if alike else OTHER, distance)


def differences(told: Recipe, made: Recipe) -> list[str]:
    """What is not as it was, a line each, the weightiest first."""
    found = []
    if told.model_digest != made.model_digest:
        found.append(f"another model: {made.model} {made.model_digest[:10]}, not {told.model_digest[:10]}")
    names = (("prompt", "prompt"), ("negative", "negative prompt"), ("sampler", "sampler"),
             ("schedule", "schedule"), ("steps", "number of steps"), ("guidance", "guidance scale"),
             ("seed", "seed"), ("width", "width"), ("height", "height"))  # fmt: skip
    for name, word in names:
        if getattr(told, name) != getattr(made, name):
            found.append(f"another {word}")
    found += [f"without {use}" for digest, use in told.adapters.items() if digest not in made.adapters]
    found += [f"with {use}" for digest, use in made.adapters.items() if digest not in told.adapters]
    found += [f"without {use}" for digest, use in told.references.items() if digest not in made.references]
    if told.upscaler_digest != made.upscaler_digest:
        found.append(f"enlarged by {made.upscaler or 'nothing'}, not by {told.upscaler or 'nothing'}")
    if (told.engine, told.precision) != (made.engine, made.precision):
        found.append(f"drawn by {made.engine} in {made.precision}, not by {told.engine} in {told.precision}")
    found += _versions(told.versions, made.versions)
    if told.settings.get("batch", "1") != made.settings.get("batch", "1"):
        told_batch, made_batch = (one.settings.get("batch", "1") for one in (told, made))
        found.append(f"drawn {made_batch} at once, not {told_batch}")
    return found


def differences_of_enlargements(told: UpscaleRecipe, made: UpscaleRecipe) -> list[str]:
    """``differences`` for enlargements."""
    found = []
    if told.model_digest != made.model_digest:
        found.append(f"other networks: {made.model_digest[:10]}, not {told.model_digest[:10]}")
    if told.precision != made.precision:
        found.append(f"computed in {made.precision}, not in {told.precision}")
    return found + _versions(told.versions, made.versions)


def _versions(told: Mapping[str, str], made: Mapping[str, str]) -> list[str]:
    return [
        f"{name} {made.get(name, 'is missing')}, not {told.get(name, 'without it')}"
        for name in sorted({*told, *made})
        if told.get(name) != made.get(name)
    ]
