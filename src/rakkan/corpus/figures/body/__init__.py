"""The body of a figure: neck, torso, arms, hands, legs and what it wears."""

from __future__ import annotations

from collections.abc import Callable

from rakkan.corpus.figures.body import outfits_casual, outfits_costume, outfits_jackets
from rakkan.corpus.figures.body.arms import draw_arm
from rakkan.corpus.figures.body.bust import draw_neck
from rakkan.corpus.figures.body.garments import Wear, build_wear
from rakkan.corpus.figures.body.legs import draw_legs
from rakkan.corpus.figures.body.patterns import draw_sleeve_pattern
from rakkan.corpus.figures.body.pen import Pen
from rakkan.corpus.figures.body.poses import plan_arms
from rakkan.corpus.figures.body.sleeves import decorate_sleeve
from rakkan.corpus.figures.scene import Scene

OUTFITS: dict[str, Callable[[Wear], None]] = {
    "t-shirt": outfits_casual.t_shirt,
    "shirt": outfits_casual.shirt,
    "hoodie": outfits_casual.hoodie,
    "turtleneck": outfits_casual.turtleneck,
    "cardigan": outfits_casual.cardigan,
    "suit": outfits_jackets.suit,
    "waistcoat": outfits_jackets.waistcoat,
    "leather jacket": outfits_jackets.leather_jacket,
    "trench coat": outfits_jackets.trench_coat,
    "puffer jacket": outfits_jackets.puffer_jacket,
    "track jacket": outfits_jackets.track_jacket,
    "dungarees": outfits_casual.dungarees,
    "dress": outfits_casual.dress,
    "kimono": outfits_costume.kimono,
    "wizard robe": outfits_costume.wizard_robe,
    "armour": outfits_costume.armour,
    "lab coat": outfits_jackets.lab_coat,
    "poncho": outfits_casual.poncho,
}
#: What lies over the arms.
OVER_ARMS: dict[str, Callable[[Wear], None]] = {
    "wizard robe": outfits_costume.draw_mantle,
    "armour": outfits_costume.draw_pauldrons,
    "poncho": outfits_casual.draw_poncho_drape,
}


def draw_body(scene: Scene) -> None:
    """Draw the body and its outfit: skin, clothes and trims, on the layers from body_back to arms_front."""
    outfit = scene.attributes.outfit
    wear = build_wear(Pen(scene))
    draw_legs(wear)
    draw_neck(wear)
    OUTFITS[outfit](wear)
    pale_sleeves = outfit in ("waistcoat", "dungarees", "poncho")
    sleeve = wear.dark if outfit == "poncho" else wear.white if pale_sleeves else wear.main
    for arm in plan_arms(wear):
        for piece in draw_arm(wear, arm, sleeve):
            if not pale_sleeves:
                draw_sleeve_pattern(wear, piece, sleeve)
                decorate_sleeve(wear, piece)
    if outfit in OVER_ARMS:
        OVER_ARMS[outfit](wear)
