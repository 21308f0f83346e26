"""Accessories: things worn on the head, in the hair, before the eyes, on the ears and about the neck."""

from __future__ import annotations

from collections.abc import Callable

from rakkan.corpus.figures.accessories import (
    animal_ears,
    bands,
    eyewear,
    hats,
    neckwear,
    ornaments,
    regalia,
)
from rakkan.corpus.figures.accessories.kit import Kit
from rakkan.corpus.figures.scene import Scene

_PAINTERS: dict[str, Callable[[Kit], None]] = {
    "cat ears": animal_ears.cat,
    "fox ears": animal_ears.fox,
    "rabbit ears": animal_ears.rabbit,
    "horns": regalia.horns,
    "halo": regalia.halo,
    "crown": regalia.crown,
    "headphones": bands.headphones,
    "hairband": bands.hairband,
    "beret": hats.beret,
    "witch hat": hats.witch_hat,
    "beanie": hats.beanie,
    "straw hat": hats.straw_hat,
    "hair bow": ornaments.hair_bow,
    "hair flower": ornaments.hair_flower,
    "hair clip": ornaments.hair_clip,
    "earrings": ornaments.earrings,
    "glasses": eyewear.glasses,
    "round glasses": eyewear.round_glasses,
    "sunglasses": eyewear.sunglasses,
    "eyepatch": eyewear.eyepatch,
    "scarf": neckwear.scarf,
    "necklace": neckwear.necklace,
    "choker": neckwear.choker,
    "bow tie": neckwear.bow_tie,
}


def draw_accessories(scene: Scene) -> None:
    """Draw everything that the figure wears besides its outfit."""
    for name in scene.attributes.accessories:
        _PAINTERS[name](Kit(scene))
