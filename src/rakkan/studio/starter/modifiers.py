"""Adjectives: colours, patterns and shapes, which mean something only beside the noun they describe.

A noun is of a *kind* (hair, eyes, outfit ...). ``resolve`` says which slot and value an adjective gives
to a noun of that kind: "red" is an eye colour on eyes and a colour of clothes on a hoodie.
"""

from __future__ import annotations

from dataclasses import dataclass

from rakkan.corpus.figures.attributes import GROUPS
from rakkan.corpus.figures.words import WORDS

#: Kind of noun -> the slot that a colour beside it fills.
COLOUR_SLOTS: dict[str, str] = {
    "hair": "hair_colour",
    "fringe": "hair_colour",
    "split": "hair_colour",
    "accent": "hair_accent",
    "eyes": "eye_colour",
    "skin": "skin",
    "outfit": "outfit_colour",
    "accessory": "accessory_colour",
    "background": "background_colour",
}

#: Colour word -> values in the order of preference; the first one a slot has is taken. What follows
#: the bar is only near the word, and taking it is worth a remark.
_COLOURS: dict[str, str] = {
    "black": "black,deep|grey,dark brown",
    "raven": "black|grey",
    "ebony": "black,deep|grey",
    "charcoal": "grey,black|silver",
    "grey": "grey,silver|white",
    "silver": "silver,grey|white",
    "white": "white,porcelain|grey",
    "ivory": "porcelain,white|grey",
    "porcelain": "porcelain,white|grey",
    "cream": "white|yellow",
    "brown": "brown|orange",
    "light brown": "light brown,tan,brown|orange",
    "dark brown": "dark brown,brown|orange",
    "medium brown": "brown|orange",
    "brunette": "brown|orange",
    "chestnut": "brown|orange",
    "chocolate": "brown,dark brown|orange",
    "hazelnut": "light brown,brown|orange",
    "auburn": "red,brown|orange",
    "beige": "light brown,tan,brown|yellow",
    "khaki": "brown,light brown|green",
    "tan": "tan,light brown,brown|orange",
    "bronze": "tan,light brown,brown|orange",
    "copper": "orange|brown,tan",
    "blonde": "blonde,yellow|fair",
    "dirty blonde": "light brown,brown|yellow",
    "strawberry blonde": "orange|pink,peach",
    "platinum": "silver,grey|white",
    "yellow": "yellow,blonde|golden",
    "golden": "golden,blonde,yellow|amber",
    "honey": "golden,blonde,amber,yellow|orange",
    "lemon": "yellow,blonde",
    "orange": "orange,amber|peach",
    "ginger": "orange|red",
    "amber": "amber,orange|golden,yellow",
    "hazel": "amber,light brown,brown|orange",
    "peach": "peach|orange,pink",
    "red": "red",
    "crimson": "red",
    "scarlet": "red",
    "ruby": "red",
    "maroon": "red|brown",
    "burgundy": "red|brown",
    "wine red": "red",
    "pink": "pink|peach",
    "rose": "pink|peach",
    "rosy": "pink,peach|red",
    "salmon": "pink|peach,orange",
    "magenta": "pink|purple",
    "purple": "purple",
    "violet": "purple",
    "lavender": "purple",
    "lilac": "purple",
    "indigo": "blue|purple",
    "blue": "blue",
    "navy": "blue",
    "sapphire": "blue",
    "light blue": "light blue,aqua,blue",
    "sky blue": "light blue,aqua,blue",
    "ice blue": "light blue,aqua,blue",
    "cyan": "aqua,light blue,teal|blue",
    "aqua": "aqua,light blue,teal|blue",
    "turquoise": "teal,aqua|green",
    "teal": "teal,aqua|green",
    "blue green": "teal,aqua|green",
    "green": "green",
    "emerald": "green",
    "jade": "green",
    "mint": "green",
    "olive": "golden,green|brown",
    "lime": "lime,green|yellow",
    "dark": "dark brown,black|grey",
    "fair": "fair,blonde|white,yellow",
    "pale": "porcelain|white,silver",
    "light": "fair,blonde|white",
    "very dark": "deep,black|grey",
    "very pale": "porcelain|white",
    "deep": "deep",
}  # fmt: skip

_SAME_COLOURS: dict[str, str] = {
    "blond": "blonde", "gold": "golden", "gilded": "golden", "rose pink": "rose", "tanned": "tan",
    "silvery": "silver", "platinum blonde": "blonde", "ash blonde": "blonde", "snow white": "white",
    "jet black": "black", "lime green": "lime", "gunmetal": "grey", "hot pink": "pink",
    "royal blue": "blue", "midnight blue": "blue", "forest green": "green", "mint green": "mint",
    "rose gold": "rose", "strawberry": "strawberry blonde",
}  # fmt: skip

_SHADES = ("dark", "deep", "bright", "light", "pale", "pastel", "vivid", "neon", "soft", "rich", "warm")
_BASES = (
    "black", "grey", "silver", "white", "brown", "blonde", "yellow", "golden", "orange", "red", "pink",
    "purple", "violet", "blue", "teal", "turquoise", "green", "aqua", "amber",
)  # fmt: skip

#: Where an adjective goes that stands beside no noun at all ("1girl, blonde, tanned").
_DEFAULT_KINDS: dict[str, str] = {
    **dict.fromkeys(("blonde", "blond", "ginger", "brunette", "platinum", "platinum blonde"), "hair"),
    **dict.fromkeys(("wavy", "curly", "spiky", "messy"), "hair"),
    **dict.fromkeys(("tan", "tanned", "pale", "fair", "very pale"), "skin"),
    **dict.fromkeys(("sleepy", "half lidded", "half closed"), "eyes"),
    **dict.fromkeys(("striped", "checked", "plaid", "chequered", "floral", "polka dot", "dotted"), "outfit"),
}


@dataclass(frozen=True)
class Meaning:
    """What an adjective says about a noun: a slot's value, whether weakly, and whether only nearly."""

    slot: str
    value: str
    weak: bool = False
    near: bool = False


def _adjectives() -> dict[str, dict[str, Meaning]]:
    """Adjectives other than colours: word -> kind of noun -> meaning."""
    table: dict[str, dict[str, Meaning]] = {}

    def add(words: str, kind: str, slot: str, value: str, weak: bool = False) -> None:
        for word in words.split(","):
            table.setdefault(word, {})[kind] = Meaning(slot, value, weak)

    add("long,very long", "hair", "hairstyle", "long straight hair", weak=True)
    add("short", "hair", "hairstyle", "short hair", weak=True)
    add("straight", "hair", "hairstyle", "long straight hair")
    add("wavy", "hair", "hairstyle", "long wavy hair")
    add("curly", "hair", "hairstyle", "curly hair")
    add("spiky,spiked", "hair", "hairstyle", "spiky hair")
    add("messy,tousled,unruly", "hair", "hairstyle", "messy hair")
    add("plain,one tone,single colour", "hair", "hair_tone", "plain")
    add("two tone,two colour,split colour", "hair", "hair_tone", "split colour")
    for value, words in {
        "blunt fringe": "blunt,straight cut",
        "parted fringe": "parted",
        "swept fringe": "swept,side swept",
        "wispy fringe": "wispy,thin",
        "choppy fringe": "choppy,jagged",
        "curtain fringe": "curtain",
        "crossed fringe": "crossed",
    }.items():
        add(words, "fringe", "fringe", value)
    for value, words in {
        "round eyes": "round",
        "almond eyes": "almond,almond shaped",
        "upturned eyes": "upturned",
        "drooping eyes": "drooping,droopy",
        "narrow eyes": "narrow,narrowed",
        "wide eyes": "wide,wide open,big,large",
        "half-lidded eyes": "half lidded,half closed,sleepy",
        "sharp eyes": "sharp,keen",
    }.items():
        add(words, "eyes", "eye_shape", value)
    add("closed", "eyes", "expression", "closed eyes")
    for value, phrases in WORDS["outfit_pattern"].items():
        add(",".join(phrases).replace("-", " "), "outfit", "outfit_pattern", value)
    add("stripes", "outfit", "outfit_pattern", "striped")
    add("dots,polka dots", "outfit", "outfit_pattern", "dotted")
    add("checks", "outfit", "outfit_pattern", "checked")
    add("round", "glasses", "accessory face", "round glasses")
    add("plain,simple,solid", "background", "background", "plain background")
    add("gradient", "background", "background", "gradient background")
    add("dotted,polka dot,spotted", "background", "background", "dotted background")
    return table


def _colours() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Colour word -> (values it names, values merely near it), shades of the base colours included."""
    table: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for word, text in _COLOURS.items():
        named, _, near = text.partition("|")
        table[word] = (tuple(named.split(",")), tuple(near.split(",")) if near else ())
    for word, other in _SAME_COLOURS.items():
        table.setdefault(word, table[other])
    for shade in _SHADES:
        for base in _BASES:
            table.setdefault(f"{shade} {base}", table[base])
    return table


_ADJECTIVE_TABLE = _adjectives()
_COLOUR_TABLE = _colours()

#: Every adjective, in normal form.
MODIFIERS: frozenset[str] = frozenset(_ADJECTIVE_TABLE) | frozenset(_COLOUR_TABLE)


def is_colour(word: str) -> bool:
    """Whether an adjective is a colour."""
    return word in _COLOUR_TABLE


def default_kind(word: str) -> str | None:
    """The kind of noun an adjective describes when it stands alone; None when it could be anything."""
    return _DEFAULT_KINDS.get(word)


def resolve(word: str, kind: str) -> Meaning | None:
    """What an adjective means beside a noun of a kind; None when it says nothing about such a noun."""
    meaning = _ADJECTIVE_TABLE.get(word, {}).get(kind)
    if meaning is not None:
        return meaning
    slot = COLOUR_SLOTS.get(kind)
    if slot is None or word not in _COLOUR_TABLE:
        return None
    named, near = _COLOUR_TABLE[word]
    for values, is_near in ((named, False), (near, True)):
        for value in values:
            if value in GROUPS[slot]:
                return Meaning(slot, value, near=is_near)
    return None
