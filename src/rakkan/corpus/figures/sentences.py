"""The template grammar behind sentence captions.

Each part of a figure is said as a noun phrase ("long silver hair tipped with pink"); the phrases are
dealt out to a first sentence, which names the figure, and to further ones with its pronoun.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

from rakkan.corpus.figures.attributes import COLOURED_ACCESSORIES, COLOURED_BACKGROUNDS
from rakkan.corpus.figures.words import ACCESSORY_SLOTS, BARE, WORDS

_PRONOUNS = {
    "woman": ("she", "her", "is", "has", "wears"),
    "man": ("he", "his", "is", "has", "wears"),
}
_PLURAL = ("they", "their", "are", "have", "wear")

_FRAMINGS = {
    "bust": ("bust portrait", "head-and-shoulders portrait", "bust"),
    "half body": ("half-body picture", "upper-body drawing", "cowboy shot", "waist-up shot"),
    "full body": ("full-body picture", "full-length drawing", "full-body shot"),
}
_VIEWS = {
    "front": ("facing the viewer", "seen from the front", "facing the front"),
    "three-quarter left": ("in three-quarter view facing left", "turned to the left"),
    "three-quarter right": ("in three-quarter view facing right", "turned to the right"),
    "profile left": ("in profile facing left", "seen in left profile"),
    "profile right": ("in profile facing right", "seen in right profile"),
    "head tilt": ("with a tilted head", "with the head tilted to one side"),
}
_STYLES = {
    "cel": ("with cel shading", "in cel style"),
    "soft": ("with soft shading", "in a soft style"),
    "pastel": ("in flat pastel colours", "in a pastel style"),
    "ink": ("with ink lines", "in an ink style"),
}
#: Expression -> what the figure has, and what it is ('' when English has no such word).
_EXPRESSIONS = {
    "neutral": (("a neutral expression", "a calm expression"), ("expressionless",)),
    "smile": (("a smile", "a gentle smile"), ("smiling",)),
    "grin": (("a grin", "a broad grin"), ("grinning",)),
    "laughing": (("a laugh",), ("laughing",)),
    "closed eyes": (("closed eyes", "the eyes closed"), ()),
    "sad": (("a sad expression",), ("sad",)),
    "crying": (("tears in the eyes",), ("crying",)),
    "angry": (("an angry expression",), ("angry", "frowning")),
    "surprised": (("a surprised expression",), ("surprised", "astonished")),
    "wink": (("one eye closed", "a wink"), ("winking",)),
    "pout": (("a pout",), ("pouting",)),
    "embarrassed": (("an embarrassed expression",), ("embarrassed", "blushing")),
}
_POSES = {
    "arms at sides": (("arms at the sides", "arms hanging down"), ()),
    "hand on hip": (("one hand on the hip", "a hand on the hip"), ()),
    "arms crossed": (("crossed arms", "folded arms", "arms crossed"), ()),
    "waving": ((), ("waving", "waving at the viewer")),
    "hands clasped": (("clasped hands", "hands clasped"), ()),
    "peace sign": ((), ("making a peace sign", "making a V sign")),
    "hand on chin": (("a hand on the chin", "one hand on the chin"), ()),
    "arms behind back": (("arms behind the back", "hands behind the back"), ()),
}
_SCENES = {
    "blue sky": ("under a blue sky", "against a blue sky"),
    "night sky": ("under a starry sky", "under the night sky"),
    "sunset": ("at sunset", "under an evening sky"),
    "city": ("in a city", "in a city street"),
    "night city": ("in a city at night", "in front of city lights"),
    "forest": ("in a forest", "in the woods"),
    "cherry blossoms": ("among cherry blossoms", "under cherry trees"),
    "beach": ("on a beach", "at the seaside"),
    "mountains": ("in front of mountains", "before a mountain landscape"),
    "snow": ("in the snow", "in a snowy landscape"),
    "library": ("in a library", "in front of bookshelves"),
    "room": ("in a room", "indoors"),
}
_GROWN = frozenset({"cat ears", "fox ears", "rabbit ears", "horns", "halo"})
_PREPOSITIONS = re.compile(r" (?:in|at|on|over|of|around) ")
_MASS = frozenset({"hair", "armour", "skin", "eyewear"})
_NO_ARTICLE = ("one ", "two ", "no ", "nothing ", "hair ", "bareheaded")


def describe(condition: Mapping[str, str], random: Random) -> str:
    """Sentences that name every slot of a condition (slot -> value; at least one slot)."""
    return _Description(condition, random).text()


def with_article(phrase: str) -> str:
    """A noun phrase with 'a' or 'an', unless its noun is plural or cannot be counted."""
    head = _PREPOSITIONS.split(phrase)[0].split()[-1]
    plural = head.endswith("s") and not head.endswith("ss")
    if plural or head in _MASS or phrase.startswith(_NO_ARTICLE):
        return phrase
    return f"{'an' if phrase[0] in 'aeiou' and not phrase.startswith('one-') else 'a'} {phrase}"


def listed(phrases: list[str]) -> str:
    """Phrases in a row: 'a', 'a and b', 'a, b and c'."""
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"


class _Description:
    """The phrases of one figure, sorted by the verb they go with."""

    def __init__(self, condition: Mapping[str, str], random: Random) -> None:
        self.condition = condition
        self.random = random
        presentation = condition.get("presentation", "")
        self.pronoun, self.possessive, self.be, self.have, self.wear = _PRONOUNS.get(presentation, _PLURAL)
        self.has: list[str] = []
        self.wears: list[str] = []
        self.states: list[str] = []
        self.own_sentences: list[str] = []
        for part in (
            self._hair,
            self._fringe,
            self._eyes,
            self._skin,
            self._acts,
            self._outfit,
            self._accessories,
        ):
            part()
        random.shuffle(self.has)
        random.shuffle(self.wears)

    def text(self) -> str:
        """The sentences: an opening that takes as many phrases as it likes, then the rest."""
        first = self._opening()
        has_now = self._take(self.has, 4)
        if has_now:
            first += f" with {listed(has_now)}"
        if self.wears and self.random.random() < 0.5:
            first += f"{', ' if has_now else ' '}wearing {listed(self.wears)}"
            self.wears = []
        scene, own_scene = self._scene()
        if scene and self.random.random() < 0.5:
            first += f", {scene}"
            own_scene = ""
        rest = self.own_sentences
        while self.has:
            now = self._take(self.has, 4, at_least=1)
            rest.append(f"{self.pronoun} {self.have} {listed(now)}")
        if self.wears:
            verb = self.wear if self.random.random() < 0.5 else f"{self.be} wearing"
            rest.append(f"{self.pronoun} {verb} {listed(self.wears)}")
        if self.states:
            rest.append(f"{self.pronoun} {self.be} {listed(self.states)}")
        rest.extend([own_scene] if own_scene else [])
        self.random.shuffle(rest)
        whole = [re.sub(r",(?=,|$)", "", sentence) for sentence in [first, *rest]]
        return " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in whole)

    def _take(self, phrases: list[str], most: int, at_least: int = 0) -> list[str]:
        count = self.random.randint(min(at_least, len(phrases)), min(most, len(phrases)))
        taken, phrases[:] = phrases[:count], phrases[count:]
        return taken

    def _opening(self) -> str:
        """The noun phrase that names the figure, with framing, style and view or some of them."""
        person = "figure"
        if "presentation" in self.condition:
            person = self.random.choice(WORDS["presentation"][self.condition["presentation"]][1:])
        opening = with_article(person)
        view = self._choice(_VIEWS, "view")
        if view and (view.startswith("with") or self.random.random() < 0.3):
            self.own_sentences.append(
                f"{self.pronoun} {self.have} {view[5:]}" if view.startswith("with") else self._is(view)
            )
            view = ""
        opening += f" {view}" if view else ""
        style = self._choice(_STYLES, "style")
        if "framing" in self.condition:
            picture = self.random.choice(_FRAMINGS[self.condition["framing"]])
            opening = f"{with_article(picture)} of {opening}"
        if style:
            if self.random.random() < 0.5:
                opening += f", drawn {style},"
            else:
                self.own_sentences.append(f"{self.random.choice(('the picture', 'it'))} is drawn {style}")
        return opening

    def _choice(self, table: Mapping[str, tuple[str, ...]], slot: str) -> str:
        return self.random.choice(table[self.condition[slot]]) if slot in self.condition else ""

    def _is(self, state: str) -> str:
        return f"{self.pronoun} {self.be} {state}"

    def _word(self, slot: str) -> str:
        """A synonym of a slot's value; '' when the slot is open."""
        if slot not in self.condition:
            return ""
        phrases = WORDS["hair_colour" if slot == "hair_accent" else slot][self.condition[slot]]
        # A numeral must stand first, so an adjective cannot come before it as before other nouns.
        return self.random.choice([phrase for phrase in phrases if not phrase.startswith(("one b", "two b"))])

    def _hair(self) -> None:
        style, colour, accent = self._word("hairstyle"), self._word("hair_colour"), self._word("hair_accent")
        tone = self.condition.get("hair_tone", "")
        if not (style or colour or accent or tone):
            return
        quality = {"plain": ("plain", "one-tone"), "split colour": ("two-tone", "split-colour")}.get(tone, ())
        adjective = self.random.choice(quality) if quality and not accent else ""
        suffix = ""
        if accent:
            suffix = self.random.choice(
                {
                    "dipped tips": (f"tipped with {accent}", f"with {accent} tips"),
                    "streaks": (f"streaked with {accent}", f"with {accent} streaks"),
                    "split colour": (f"split with {accent}", f"with {accent} on one side"),
                }.get(tone, (f"with {accent} accents",))
            )
        elif tone in ("dipped tips", "streaks"):
            words = ("dipped tips", "coloured tips") if tone == "dipped tips" else ("coloured streaks",)
            suffix = f"with {self.random.choice(words)}"
        if style and colour and not suffix and not adjective and self.random.random() < 0.3:
            if style.endswith("hair"):
                self.own_sentences.append(f"{self.possessive} {style} is {colour}")
            else:
                self.own_sentences.append(f"{self.possessive} {colour} hair is worn as {with_article(style)}")
            return
        phrase = " ".join(word for word in (adjective, colour, style or "hair") if word)
        self.has.append(f"{with_article(phrase)} {suffix}".strip())

    def _fringe(self) -> None:
        if fringe := self._word("fringe"):
            self.has.append("a bare forehead" if fringe == "forehead bare" else with_article(fringe))

    def _eyes(self) -> None:
        shape, colour = self._word("eye_shape"), self._word("eye_colour")
        if not (shape or colour):
            return
        adjective = shape.removesuffix(" eyes")
        if adjective == shape and shape:  # a loan word that is a noun by itself
            self.has.append(shape)
            adjective = ""
            if not colour:
                return
        if adjective and colour and self.random.random() < 0.3:
            alone = "almond-shaped" if adjective == "almond" else adjective
            self.own_sentences.append(f"{self.possessive} eyes are {alone} and {colour}")
            return
        adjectives = [word for word in (adjective, colour) if word]
        self.random.shuffle(adjectives)
        self.has.append(" ".join([*adjectives, "eyes"]))

    def _skin(self) -> None:
        if skin := self._word("skin"):
            self.has.append(skin)

    def _acts(self) -> None:
        """Expression and pose: something the figure has, or something it is."""
        for slot, table in (("expression", _EXPRESSIONS), ("pose", _POSES)):
            if slot not in self.condition:
                continue
            had, been = table[self.condition[slot]]
            if been and not (had and self.random.random() < 0.5):
                self.states.append(self.random.choice(been))
            elif slot == "pose" and self.random.random() < 0.5:
                self.states.append(f"posing with {self.random.choice(had)}")
            else:
                self.has.append(self.random.choice(had))

    def _outfit(self) -> None:
        noun, colour, pattern = (
            self._word("outfit"),
            self._word("outfit_colour"),
            self._word("outfit_pattern"),
        )
        if not (noun or colour or pattern):
            return
        noun = noun or "clothes"
        adjectives = [word for word in (colour, pattern) if word]
        if colour and self.random.random() < 0.25:
            phrase = with_article(" ".join([pattern, noun]).strip())
            self.wears.append(f"{phrase} in {colour}")
            return
        self.random.shuffle(adjectives)
        self.wears.append(with_article(" ".join([*adjectives, noun])))

    def _accessories(self) -> None:
        colour = self._word("accessory_colour")
        named = False
        for slot in ACCESSORY_SLOTS:
            value = self.condition.get(slot)
            if value is None:
                continue
            phrase = self._word(slot)
            if value == BARE:
                phrase = next(word for word in WORDS[slot][BARE] if word.startswith(("no ", "bare ")))
            elif colour and value in COLOURED_ACCESSORIES:
                phrase, named = f"{colour} {phrase}", True
            (self.has if value in _GROWN or value == BARE else self.wears).append(with_article(phrase))
        if colour and not named:
            self.wears.append(f"{colour} accessories")

    def _scene(self) -> tuple[str, str]:
        """The background as an ending of the first sentence, and as a sentence of its own."""
        place, colour = self.condition.get("background", ""), self._word("background_colour")
        if place and place not in COLOURED_BACKGROUNDS:
            scene = self.random.choice(_SCENES[place])
            return scene, self._is(scene)
        if not place and not colour:
            return "", ""
        noun = self._word("background") or "background"
        phrase = with_article(f"{colour} {noun}".strip())
        return f"against {phrase}", f"the picture is set against {phrase}"
