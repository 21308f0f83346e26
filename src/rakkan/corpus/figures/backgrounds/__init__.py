"""Backgrounds: four plain kinds that take a colour, and twelve painted scenes."""

from __future__ import annotations

from collections.abc import Callable

from rakkan.corpus.figures.backgrounds import buildings, interiors, nature, patterns, seasons, skies
from rakkan.corpus.figures.scene import Scene

_PAINTERS: dict[str, Callable[[Scene], None]] = {
    "plain background": patterns.plain,
    "gradient background": patterns.gradient,
    "dotted background": patterns.dotted,
    "rays": patterns.rays,
    "blue sky": skies.blue_sky,
    "night sky": skies.night_sky,
    "sunset": skies.sunset,
    "city": buildings.city,
    "night city": buildings.night_city,
    "forest": nature.forest,
    "cherry blossoms": seasons.cherry_blossoms,
    "beach": nature.beach,
    "mountains": nature.mountains,
    "snow": seasons.snow,
    "library": interiors.library,
    "room": interiors.room,
}


def draw_background(scene: Scene) -> None:
    """Fill the scene's frame with the background that its attributes name."""
    _PAINTERS[scene.attributes.background](scene)
