"""The body of a figure: neck, torso, arms, hands, legs and what it wears."""

from __future__ import annotations

from rakkan.corpus.figures.scene import Scene


def draw_body(scene: Scene) -> None:
    """Draw the body and its outfit."""
    del scene
