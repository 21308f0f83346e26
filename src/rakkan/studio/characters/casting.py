"""A character and a style put into a prompt, which wins where it speaks of what stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rakkan.studio.characters.cast import Cast
from rakkan.studio.characters.keeping import Kept
from rakkan.studio.characters.records import Character, Style, lora_of
from rakkan.studio.starter import spoken
from rakkan.studio.starter.completion import complete
from rakkan.studio.starter.lexicon import read

#: What else goes when the prompt names another: the colour of a hoodie is none of a kimono.
_GOES_WITH = {
    "outfit": ("outfit_colour", "outfit_pattern"),
    "background": ("background_colour",),
    "hair_tone": ("hair_accent",),
}
#: What makes a figure the same one again. The seed of the character decides what its tags leave open of it.
_LOOKS = (
    "presentation",
    "hairstyle",
    "fringe",
    "hair_colour",
    "eye_shape",
    "eye_colour",
    "skin",
    "outfit",
    "outfit_colour",
)
#: Those of them that a picture answers.
_SHOWN = frozenset(_LOOKS) - {"outfit", "outfit_colour"}
_COUNT = re.compile(r"\d+\+?(?:girl|boy|other|woman|man)s?|solo|multiple (?:girls|boys)|no humans")
_QUALITY = re.compile(
    r"masterpiece|(?:best|high|great|good|normal|low|worst) (?:quality|score)|newest|recent|absurdres|highres"
)
#: Clauses of tags end at commas that stand in no bracket.
_CLAUSE = re.compile(r"(?:[^,\n(\[<]|\([^)\n]*\)|\[[^\]\n]*\]|<[^>\n]*>|[(\[<])+")
_GRAMMAR = re.compile(r"\bBREAK\b|\bAND\b|\[[^\]]*[:|]")


def cast(
    prompt: str,
    negative: str = "",
    character: Kept[Character] | None = None,
    style: Kept[Style] | None = None,
    *,
    order: Sequence[str] | None = None,
    naming: bool = True,
) -> Cast:
    """Put a character and a style into a prompt. ``order`` is the order of tags that a checkpoint has learnt,
    () for none in particular; None for the starter model, whose lexicon reads the result. ``naming`` lets
    recipes tell names beside the digests."""
    made = Cast(prompt, negative)
    if style is not None:
        made = _styled(made, style, naming)
    if character is not None:
        made = _played(made, character, order is None, naming)
    if order is None:
        return _for_the_starter(made)
    return replace(made, prompt=ordered(made.prompt, order)) if order else made


def _for_the_starter(made: Cast) -> Cast:
    notes = []
    if made.loras:
        notes.append("the starter model takes no LoRAs: they are for checkpoints")
    return replace(made, sampler="", loras=(), notes=tuple(notes))


def _styled(made: Cast, style: Kept[Style], naming: bool) -> Cast:
    one = style.version
    return replace(
        made,
        prompt=", ".join(text for text in (made.prompt, *standing(one.tags, made.prompt)) if text),
        negative=", ".join(text for text in (made.negative, one.negative) if text),
        sampler=one.sampler,
        steps=int(float(one.steps)) if one.steps else None,
        guidance=float(one.guidance) if one.guidance else None,
        loras=_loras(one.adapters),
        references=tuple((digest, "style") for digest in one.references),
        settings={**made.settings, "style": _named(style, naming)},
    )


def _played(made: Cast, character: Kept[Character], is_starter: bool, naming: bool) -> Cast:
    one = character.version
    tags = looks(one) if is_starter else one.tags
    return replace(
        made,
        prompt=composed(tags, made.prompt),
        seed=int(one.seed) if one.seed else None,
        loras=tuple(dict.fromkeys((*_loras(one.adapters), *made.loras))),
        references=(*((digest, "identity") for digest in one.references), *made.references),
        settings={**made.settings, "character": _named(character, naming)},
    )


def _named(kept: Kept[Character] | Kept[Style], naming: bool) -> str:
    """``Mika 3 9f5405…``: name and version number where they may be told, and the version's SHA-256; the name
    alone of what is no version."""
    if not kept.digest:
        return kept.version.name
    return f"{kept.version.name} {kept.version.number} {kept.digest}" if naming else kept.digest


def _loras(adapters: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}:{strength:g}" for name, strength in map(lora_of, adapters.values()))


def looks(character: Character) -> str:
    """The tags of a character, with what its seed decides of the looks that they leave open. What its
    pictures answer stays open."""
    said = read(character.tags).condition
    full = complete(said, int(character.seed or 0))
    closed = {*said, *(_SHOWN if character.references else ())}
    more = spoken.tags({slot: full[slot] for slot in _LOOKS if slot in full and slot not in closed})
    return ", ".join(one for one in (character.tags, more) if one)


def composed(tags: str, prompt: str) -> str:
    """Standing tags, but for what the prompt says otherwise, and the prompt.

    What the lexicon reads in it is what it reads in the tags with what it reads in the prompt laid over.
    """
    own = read(prompt).condition
    kept = standing(tags, prompt)
    text = ", ".join(one for one in (*kept, prompt.strip()) if one)
    wanted = {**read(", ".join(kept)).condition, **own}
    if read(text).condition == wanted:
        return text
    # Two clauses mean something else beside each other than apart: say it all anew.
    unread = [one for one in clauses(f"{tags}, {prompt}") if not read(one).condition]
    return ", ".join([spoken.tags(wanted), *unread])


def standing(tags: str, prompt: str) -> list[str]:
    """The clauses of the tags that hold beside a prompt; of one that half holds, what is left."""
    own = read(prompt).condition
    gone = {*own, *(other for slot in own for other in _GOES_WITH.get(slot, ()))}
    found = []
    for clause in clauses(tags):
        said = read(clause).condition
        left = {slot: value for slot, value in said.items() if slot not in gone}
        if left == said:
            found.append(clause)
        elif left:
            found.append(spoken.tags(left))
    return found


def clauses(text: str) -> list[str]:
    """Tags, one by one, as they are written."""
    return [found for found in (one.group().strip() for one in _CLAUSE.finditer(text)) if found]


def ordered(prompt: str, order: Sequence[str]) -> str:
    """The clauses of a prompt in the order that a model has learnt; untouched where grammar binds them."""
    if _GRAMMAR.search(prompt):
        return prompt
    places = {name: place for place, name in enumerate(order)}
    usual = places.get("general", len(places))
    found = clauses(prompt)
    return ", ".join(sorted(found, key=lambda one: places.get(_sort(one), usual)))


def _sort(clause: str) -> str:
    plain = clause.strip("()[] ").lower().replace("_", " ")
    if _COUNT.fullmatch(plain):
        return "count"
    if plain.startswith(("score ", "source ", "rating ")):
        return plain.split()[0]
    return "quality" if _QUALITY.fullmatch(plain) else "general"
