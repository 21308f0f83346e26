"""Reading a prompt: from words to the slots and values the starter model is conditioned on.

The lexicon knows the phrases of the attribute space and nothing else. It reads tags and sentences
alike, in any order, binds each colour to the noun beside it, and says which words it does not know.
Why a lexicon and not learned subwords: ``docs/decisions/prompt-lexicon.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache

from rakkan.corpus.figures.attributes import GROUPS
from rakkan.corpus.figures.words import ACCESSORY_SLOTS, BARE
from rakkan.studio.starter.modifiers import Meaning, default_kind, is_colour, resolve
from rakkan.studio.starter.normal import adapters, segments
from rakkan.studio.starter.phrases import Item, known_tags, scan

#: Every slot in the order readings list them.
SLOTS: tuple[str, ...] = (*GROUPS, *ACCESSORY_SLOTS)

#: Comparing a word with every tag costs about ten milliseconds; a prompt of nonsense gets this many.
_MOST_COMPARED = 24

#: Links after which a colour looks back to its noun ("hair is silver", "a hoodie in red").
_LOOK_BACK = frozenset({"in", "is", "are", "was", "of", "dyed"})


@dataclass(frozen=True)
class Unknown:
    """A word or phrase outside the lexicon, and the known tag nearest to it ('' if none was sought)."""

    text: str
    nearest: str


@dataclass(frozen=True)
class Reading:
    """What a prompt says: slot -> value, the words it could not read, and remarks, a line each."""

    condition: dict[str, str]
    unknown: tuple[Unknown, ...] = ()
    notes: tuple[str, ...] = ()


def read(text: str) -> Reading:
    """Read a prompt of tags or sentences. Never fails: what it cannot read it lists.

    Where two phrases fill one slot the later wins, with a note. What the text leaves open stays open.
    """
    reader = _Reader()
    for name in adapters(text):
        reader.notes.append(f"the starter model takes no adapters: '{name}' is left out")
    for clause in segments(text):
        reader.clause(list(scan(clause)))
    condition = {slot: reader.filled[slot].value for slot in SLOTS if slot in reader.filled}
    distinct = list(dict.fromkeys(reader.unknown))
    unknown = tuple(
        Unknown(word, nearest_tag(word) if index < _MOST_COMPARED else "")
        for index, word in enumerate(distinct)
    )
    return Reading(condition, unknown, tuple(dict.fromkeys(reader.notes)))


@lru_cache(maxsize=256)
def nearest_tag(word: str) -> str:
    """The known tag most like a word by matching blocks (Ratcliff and Obershelp); '' if none is like it."""
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(word)
    best, best_ratio = "", 0.0
    for tag in known_tags():
        matcher.set_seq1(tag)
        if matcher.real_quick_ratio() <= best_ratio or matcher.quick_ratio() <= best_ratio:
            continue
        ratio = matcher.ratio()
        if ratio > best_ratio:
            best, best_ratio = tag, ratio
    return best


@dataclass(frozen=True)
class _Filled:
    """How a slot was filled: by which value, from which words, and whether only weakly."""

    value: str
    text: str
    weak: bool


@dataclass
class _Reader:
    """The state of one reading: what is filled, and the noun a colour may still look back to."""

    filled: dict[str, _Filled] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    previous: Item | None = None
    stranded: bool = False

    def clause(self, items: list[Item]) -> None:
        """Read one clause: bind each run of adjectives to the noun after it, or else to the one before."""
        here: Item | None = None
        chain: list[Item] = []
        link, after_and, negated, described, joint = "", False, False, False, 0
        for item in items:
            if item.role == "modifier":
                joint = joint or (len(chain) if after_and else 0)
                chain.append(item)
                after_and = False
            elif item.role == "and":
                after_and = bool(chain)
            elif item.role == "unknown":
                self.stranded = self.stranded or bool(chain)
            elif item.role in ("value", "noun") and negated:
                self._absent(item)
                chain, negated, link, joint = [], False, "", 0
            elif item.kind:
                # "red and a hat": all look back; "hair is red and blue eyes": the first part does.
                looks_back = not described and here is not None and _reaches_back(here, link)
                behind = chain if after_and else chain[:joint] if looks_back else []
                self._attach_back(behind, here, link)
                chain = chain[len(behind) :]
                self._fill_value(item)
                self._attach(chain, item)
                self.stranded = False
                described = any(is_colour(modifier.text) for modifier in chain)
                here, chain, link, after_and, joint = item, [], "", False, 0
            else:
                if not (item.role == "link" and item.text == "coloured"):
                    self._attach_back(chain, here, link)
                    chain, after_and, joint = [], False, 0
                if item.role == "value":
                    self._fill_value(item)
                negated = item.role == "negation"
                link = item.text if item.role == "link" else link
        self._attach_back(chain, here, link)
        self._collect_unknown(items)
        if not any(item.role == "unknown" for item in items):  # else the noun is what could not be read
            self.notes.extend(
                f"'{text}' stands beside nothing it could describe: it is left out" for text in self.loose
            )
        self.loose.clear()
        self.previous = here or self.previous

    def _attach(self, chain: list[Item], noun: Item) -> None:
        """Let adjectives describe the noun they stand before; two colours of hair are colour and accent."""
        kind = noun.kind
        if kind == "person":
            for modifier in chain:
                self._describe(modifier, default_kind(modifier.text) or "person", noun)
            return
        colours = [modifier for modifier in chain if is_colour(modifier.text)]
        second = colours[1] if kind in ("hair", "split", "accent") and len(colours) == 2 else None
        for modifier in chain:
            if modifier is second:
                self._describe(modifier, "accent", noun)
                if kind == "hair":
                    self._fill(
                        "hair_tone", "split colour", f"{colours[0].text} and {modifier.text}", weak=True
                    )
            else:
                self._describe(modifier, "hair" if second and modifier is colours[0] else kind, noun)

    def _attach_back(self, chain: list[Item], noun: Item | None, link: str) -> None:
        """Let adjectives with no noun after them describe the one before, or what they usually describe.

        Those before an unknown word describe that, so they are let go: "red hoodi" makes no hair red.
        """
        if self.stranded and chain:
            self.stranded = False
            return
        for modifier in chain:
            kinds = [noun.kind if noun else "", default_kind(modifier.text) or ""]
            if noun is not None and noun.kind == "person":
                kinds = [kinds[1], "outfit" if link == "in" else ""]
            if self.previous is not None:
                kinds.append(self.previous.kind)
            for kind in kinds:
                if resolve(modifier.text, kind) is not None:
                    self._describe(modifier, kind, noun)
                    break
            else:
                self.loose.append(modifier.text)

    def _describe(self, modifier: Item, kind: str, noun: Item | None) -> None:
        meaning: Meaning | None = resolve(modifier.text, kind)
        if meaning is None:
            beside = f" beside '{noun.text}'" if noun else ""
            self.notes.append(f"'{modifier.text}' says nothing{beside} here: it is left out")
            return
        if meaning.near:
            self.notes.append(
                f"there is no '{modifier.text}' for the {_plain(meaning.slot)}: {meaning.value} is near"
            )
        self._fill(meaning.slot, meaning.value, modifier.text, meaning.weak)

    def _fill_value(self, item: Item) -> None:
        if item.role == "value":
            self._fill(item.slot, item.value, item.text, item.weak)

    def _fill(self, slot: str, value: str, text: str, weak: bool) -> None:
        before = self.filled.get(slot)
        if before is not None:
            if weak and not before.weak:
                return
            if before.value != value and not before.weak:
                self.notes.append(
                    f"'{before.text}' and '{text}' both set the {_plain(slot)}: the later is used, {value}"
                )
        self.filled[slot] = _Filled(value, text, weak)

    def _absent(self, item: Item) -> None:
        """What is asked to be absent: a bare place for an accessory, a remark for anything else."""
        if item.slot in ACCESSORY_SLOTS:
            self._fill(item.slot, BARE, f"no {item.text}", weak=False)
        elif item.kind == "accessory":
            for slot in ACCESSORY_SLOTS:
                self._fill(slot, BARE, f"no {item.text}", weak=False)
        else:
            self.notes.append(f"'no {item.text}' cannot be asked for: it is left out")

    def _collect_unknown(self, items: list[Item]) -> None:
        """Gather unknown words, neighbours together up to three, so that a misspelt phrase stays whole."""
        run: list[str] = []
        for item in [*items, Item("stop", "")]:
            if item.role == "unknown":
                run.append(item.text)
            elif run:
                self.unknown.extend([" ".join(run)] if len(run) <= 3 else run)
                run = []


def _reaches_back(noun: Item, link: str) -> bool:
    """Whether colours after a noun describe it: "hair is ...", "a hoodie in ...", "streaked with ..."."""
    if noun.kind == "accent":
        return link == "with" or noun.text.endswith("with")
    return link in _LOOK_BACK and noun.kind != "person"


def _plain(slot: str) -> str:
    return slot.replace("_", " ")
