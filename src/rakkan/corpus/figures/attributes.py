"""The attribute space of the figure renderer, which is the whole of what it can draw.

Every figure is an adult or an ageless cartoon figure, fully clothed: the space holds nothing else,
so no combination of values can leave it. Values are named as people type them (Danbooru's words
where they exist).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from random import Random

PRESENTATIONS = ("woman", "man", "androgynous")
FRAMINGS = ("bust", "half body", "full body")
VIEWS = (
    "front",
    "three-quarter left",
    "three-quarter right",
    "profile left",
    "profile right",
    "head tilt",
)
STYLES = ("cel", "soft", "pastel", "ink")

HAIRSTYLES = (
    "pixie cut",
    "short hair",
    "bob cut",
    "long bob",
    "hime cut",
    "long straight hair",
    "long wavy hair",
    "curly hair",
    "afro",
    "spiky hair",
    "messy hair",
    "undercut",
    "mohawk",
    "high ponytail",
    "low ponytail",
    "side ponytail",
    "twin tails",
    "low twin tails",
    "drill twin tails",
    "single braid",
    "twin braids",
    "hair bun",
    "double bun",
    "half updo",
)
FRINGES = (
    "blunt fringe",
    "parted fringe",
    "swept fringe",
    "wispy fringe",
    "choppy fringe",
    "curtain fringe",
    "crossed fringe",
    "one eye covered",
    "no fringe",
)
HAIR_COLOURS = (
    "black",
    "brown",
    "light brown",
    "blonde",
    "orange",
    "red",
    "pink",
    "purple",
    "blue",
    "light blue",
    "teal",
    "green",
    "silver",
    "white",
)
HAIR_TONES = ("plain", "dipped tips", "streaks", "split colour")

EYE_SHAPES = (
    "round eyes",
    "almond eyes",
    "upturned eyes",
    "drooping eyes",
    "narrow eyes",
    "wide eyes",
    "half-lidded eyes",
    "sharp eyes",
)
EYE_COLOURS = (
    "black",
    "grey",
    "brown",
    "red",
    "amber",
    "yellow",
    "lime",
    "green",
    "aqua",
    "blue",
    "purple",
    "pink",
)
EXPRESSIONS = (
    "neutral",
    "smile",
    "grin",
    "laughing",
    "closed eyes",
    "sad",
    "crying",
    "angry",
    "surprised",
    "wink",
    "pout",
    "embarrassed",
)
SKIN_TONES = ("porcelain", "fair", "peach", "golden", "tan", "brown", "dark brown", "deep")

OUTFITS = (
    "t-shirt",
    "shirt",
    "hoodie",
    "turtleneck",
    "cardigan",
    "suit",
    "waistcoat",
    "leather jacket",
    "trench coat",
    "puffer jacket",
    "track jacket",
    "dungarees",
    "dress",
    "kimono",
    "wizard robe",
    "armour",
    "lab coat",
    "poncho",
)
OUTFIT_COLOURS = (
    "white",
    "black",
    "grey",
    "red",
    "orange",
    "yellow",
    "green",
    "teal",
    "blue",
    "purple",
    "pink",
    "brown",
)
OUTFIT_PATTERNS = ("plain", "striped", "checked", "dotted", "floral")
POSES = (
    "arms at sides",
    "hand on hip",
    "arms crossed",
    "waving",
    "hands clasped",
    "peace sign",
    "hand on chin",
    "arms behind back",
)

#: Accessories by the place they take; a figure wears at most one from each place.
ACCESSORY_PLACES: dict[str, tuple[str, ...]] = {
    "head": (
        "cat ears",
        "fox ears",
        "rabbit ears",
        "horns",
        "halo",
        "headphones",
        "beret",
        "witch hat",
        "beanie",
        "straw hat",
        "crown",
        "hairband",
    ),
    "hair": ("hair bow", "hair flower", "hair clip"),
    "face": ("glasses", "round glasses", "sunglasses", "eyepatch"),
    "ears": ("earrings",),
    "neck": ("scarf", "necklace", "choker", "bow tie"),
}
ACCESSORIES = tuple(name for names in ACCESSORY_PLACES.values() for name in names)
ACCESSORY_COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black")

#: Plain backgrounds take a colour; scenes bring their own.
COLOURED_BACKGROUNDS = ("plain background", "gradient background", "dotted background", "rays")
SCENES = (
    "blue sky",
    "night sky",
    "sunset",
    "city",
    "night city",
    "forest",
    "cherry blossoms",
    "beach",
    "mountains",
    "snow",
    "library",
    "room",
)
BACKGROUNDS = COLOURED_BACKGROUNDS + SCENES
BACKGROUND_COLOURS = ("white", "grey", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")


@dataclass(frozen=True)
class Attributes:
    """What one figure looks like, exactly. Every field holds a value of the tuple of its group."""

    presentation: str = "woman"
    framing: str = "bust"
    view: str = "front"
    style: str = "cel"
    hairstyle: str = "bob cut"
    fringe: str = "blunt fringe"
    hair_colour: str = "brown"
    hair_tone: str = "plain"
    hair_accent: str = "brown"
    eye_shape: str = "round eyes"
    eye_colour: str = "blue"
    expression: str = "smile"
    skin: str = "fair"
    outfit: str = "hoodie"
    outfit_colour: str = "red"
    outfit_pattern: str = "plain"
    pose: str = "arms at sides"
    accessories: tuple[str, ...] = ()
    accessory_colour: str = "red"
    background: str = "gradient background"
    background_colour: str = "blue"


#: Single-valued groups, in the order of the fields, with all their values.
GROUPS: dict[str, tuple[str, ...]] = {
    "presentation": PRESENTATIONS,
    "framing": FRAMINGS,
    "view": VIEWS,
    "style": STYLES,
    "hairstyle": HAIRSTYLES,
    "fringe": FRINGES,
    "hair_colour": HAIR_COLOURS,
    "hair_tone": HAIR_TONES,
    "hair_accent": HAIR_COLOURS,
    "eye_shape": EYE_SHAPES,
    "eye_colour": EYE_COLOURS,
    "expression": EXPRESSIONS,
    "skin": SKIN_TONES,
    "outfit": OUTFITS,
    "outfit_colour": OUTFIT_COLOURS,
    "outfit_pattern": OUTFIT_PATTERNS,
    "pose": POSES,
    "accessory_colour": ACCESSORY_COLOURS,
    "background": BACKGROUNDS,
    "background_colour": BACKGROUND_COLOURS,
}

#: Accessories whose colour is the figure's accessory colour (ears and horns take their own).
COLOURED_ACCESSORIES = frozenset(
    {
        "headphones", "beret", "witch hat", "beanie", "hairband", "hair bow", "hair flower",
        "hair clip", "earrings", "scarf", "choker", "bow tie",
    }
)  # fmt: skip

_BUST_POSES = ("arms at sides", "waving", "peace sign", "hand on chin")
_CLOSED_EYES = frozenset({"laughing", "closed eyes"})
_PATTERNED_OUTFITS = frozenset(
    {"t-shirt", "shirt", "hoodie", "turtleneck", "cardigan", "dress", "kimono", "waistcoat", "poncho", "suit"}
)  # fmt: skip


def visible(attributes: Attributes) -> dict[str, str | tuple[str, ...]]:
    """The groups a viewer can read off the picture, with their values.

    An accent colour is visible only on two-tone hair, an eye colour only on an open eye, a colour
    of accessories only when one of them takes it, and a background's only on a plain one.
    """
    seen: dict[str, str | tuple[str, ...]] = {
        name: getattr(attributes, name) for name in (field.name for field in fields(attributes))
    }
    if attributes.hair_tone == "plain":
        del seen["hair_accent"]
    if attributes.expression in _CLOSED_EYES:
        del seen["eye_colour"], seen["eye_shape"]
    elif "sunglasses" in attributes.accessories:
        del seen["eye_colour"], seen["eye_shape"]
    if not COLOURED_ACCESSORIES.intersection(attributes.accessories):
        del seen["accessory_colour"]
    if attributes.background not in COLOURED_BACKGROUNDS:
        del seen["background_colour"]
    if attributes.framing == "bust" and attributes.pose == "arms at sides":
        del seen["pose"]
    return seen


def consistent(attributes: Attributes) -> Attributes:
    """The nearest figure whose values can all be drawn together.

    The few clashes there are: a bust shows only raised hands; hidden things take their defaults;
    hats press a mohawk flat; what tells a wink, an eyepatch or a bow tie must be on the side one sees.
    """
    values = attributes
    if values.framing == "bust" and values.pose not in _BUST_POSES:
        values = replace(values, pose="arms at sides")
    if values.hair_tone == "plain" or values.hair_accent == values.hair_colour:
        values = replace(values, hair_tone="plain", hair_accent=values.hair_colour)
    if values.outfit not in _PATTERNED_OUTFITS:
        values = replace(values, outfit_pattern="plain")
    if values.expression == "wink":  # the closed eye is the one on the picture's right
        if values.view.startswith("profile"):
            values = replace(values, expression="smile")
        elif values.fringe == "one eye covered":
            values = replace(values, fringe="swept fringe")
    wanted = set(values.accessories)
    if values.hairstyle in ("mohawk", "afro", "double bun", "hair bun"):
        wanted -= {"beret", "witch hat", "beanie", "straw hat"}
    if values.hairstyle == "mohawk":
        wanted -= {"crown", "hairband", "cat ears", "fox ears", "rabbit ears"}
    if values.fringe == "one eye covered" or values.expression == "wink":
        wanted -= {"eyepatch"}
    if values.expression in ("wink", "closed eyes"):
        wanted -= {"sunglasses"}
    if values.view.startswith("profile"):
        wanted -= {"eyepatch", "choker", "bow tie"}
    chosen = tuple(
        next(name for name in names if name in wanted)
        for names in ACCESSORY_PLACES.values()
        if wanted.intersection(names)
    )
    return replace(values, accessories=chosen)


def sample(random: Random, **fixed: str | tuple[str, ...]) -> Attributes:
    """Draw a figure at random; ``fixed`` holds fields that are given (before the clashes are mended)."""
    values: dict[str, str | tuple[str, ...]] = {
        name: random.choice(choices) for name, choices in GROUPS.items()
    }
    if random.random() < 0.5:
        values["hair_tone"] = "plain"
    if random.random() < 0.4:
        values["outfit_pattern"] = "plain"
    odds = {"head": 0.45, "hair": 0.2, "face": 0.25, "ears": 0.15, "neck": 0.25}
    values["accessories"] = tuple(
        random.choice(names) for place, names in ACCESSORY_PLACES.items() if random.random() < odds[place]
    )
    values.update(fixed)
    return consistent(Attributes(**values))  # type: ignore[arg-type]
