"""What every part of a figure is handed: the attributes, the forms, the style and a canvas."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from rakkan.corpus.figures import palette
from rakkan.corpus.figures.attributes import Attributes
from rakkan.corpus.figures.canvas import Canvas
from rakkan.corpus.figures.drawing_styles import DRAWING_STYLES, DrawingStyle
from rakkan.corpus.figures.head import Head

YAW = {
    "front": 0.0,
    "three-quarter left": -34.0,
    "three-quarter right": 34.0,
    "profile left": -88.0,
    "profile right": 88.0,
    "head tilt": 0.0,
}
JAW = {"woman": 0.0, "androgynous": 0.4, "man": 0.9}

#: Left, top, width and height of the picture in figure units. The head is 100 units tall.
FRAMES = {
    "bust": (-96.0, -84.0, 192.0, 192.0),
    "half body": (-150.0, -84.0, 300.0, 300.0),
    "full body": (-240.0, -80.0, 480.0, 720.0),
}
#: Highest points (y, figure units) of tall hair and headgear; everything else stays below -74.
TOPS = {
    "spiky hair": -91.0,
    "high ponytail": -90.0,
    "half updo": -85.0,
    "mohawk": -82.0,
    "afro": -82.0,
    "hair bun": -82.0,
    "pixie cut": -78.0,
    "undercut": -79.0,
    "rabbit ears": -111.0,
    "witch hat": -101.0,
    "fox ears": -96.0,
    "cat ears": -85.0,
    "horns": -87.0,
    "halo": -86.0,
    "beanie": -86.0,
    "straw hat": -82.0,
    "crown": -85.0,
}
#: Room between the highest point and the frame.
HEADROOM = 4.0
#: How much higher a full head of curls carries what sits on it.
_CURLS_LIFT = 7.0
#: Light comes from the picture's upper left.
LIGHT = (-0.6, -0.8)


@dataclass
class Scene:
    """One figure being drawn."""

    attributes: Attributes
    seed: int
    head: Head
    body_yaw: float
    style: DrawingStyle
    frame: tuple[float, float, float, float]
    canvas: Canvas = field(default_factory=Canvas)

    def random(self, part: str) -> Random:
        """A stream of chance for one part, so that a change in one part leaves the others as they were."""
        return Random(f"{self.seed}:{part}")

    @property
    def skin(self) -> str:
        """The skin's flat colour as the style paints it."""
        return self.style.colour(palette.SKIN[self.attributes.skin])

    @property
    def hair(self) -> str:
        """The hair's flat colour as the style paints it."""
        return self.style.colour(palette.HAIR[self.attributes.hair_colour])

    @property
    def hair_accent(self) -> str:
        """The second hair colour as the style paints it."""
        return self.style.colour(palette.HAIR[self.attributes.hair_accent])

    @property
    def outfit(self) -> str:
        """The outfit's flat colour as the style paints it."""
        return self.style.colour(palette.OUTFIT[self.attributes.outfit_colour])

    @property
    def accessory(self) -> str:
        """The accessories' flat colour as the style paints it."""
        return self.style.colour(palette.ACCESSORY[self.attributes.accessory_colour])


def build_scene(attributes: Attributes, seed: int) -> Scene:
    """Set the figure in its frame, with small seeded differences in attitude and placement."""
    chance = Random(f"{seed}:scene")
    yaw = YAW[attributes.view] + chance.uniform(-4, 4) * (not attributes.view.startswith("profile"))
    roll = chance.choice((-1, 1)) * chance.uniform(11, 16)
    if attributes.view != "head tilt":
        roll /= 7
    head = Head(yaw=yaw, roll=roll, jaw=JAW[attributes.presentation] + chance.uniform(-0.05, 0.05))
    left, top, width, height = FRAMES[attributes.framing]
    scale = chance.uniform(0.97, 1.05)
    middle, bottom = left + width / 2 + chance.uniform(-4, 4), top + height + chance.uniform(-3, 3)
    scale = max(scale, (bottom - _highest(attributes) + HEADROOM) / height)
    frame = (middle - width * scale / 2, bottom - height * scale, width * scale, height * scale)
    return Scene(
        attributes=attributes,
        seed=seed,
        head=head,
        body_yaw=yaw * (0.7 if attributes.view.startswith("profile") else 0.55),
        style=DRAWING_STYLES[attributes.style],
        frame=frame,
    )


def _highest(attributes: Attributes) -> float:
    """The highest point of the figure, in figure units (negative: above the middle of the head)."""
    highest = min(TOPS.get(name, -74.0) for name in (attributes.hairstyle, *attributes.accessories))
    on_curls = attributes.hairstyle == "afro" and attributes.accessories
    return highest - _CURLS_LIFT if on_curls else highest
