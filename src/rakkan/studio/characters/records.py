"""What a version of a character or of a style says, and its one JSON text, by whose SHA-256 it is named.

A version names the one before it by that digest, so the newest vouches for its whole history.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from rakkan.errors import RakkanError
from rakkan.store.ledger import canonical, typed
from rakkan.store.ledger.typed import SHA256_OR_NONE, Form

#: Caps: bytes of a version's JSON, characters of its texts, things in its lists.
MOST_BYTES = 65_536
LONGEST_NAME = 60
LONGEST_DESCRIPTION = 2000
LONGEST_TAGS = 2000
LONGEST_REASON = 500
MOST_COLOURS = 12
MOST_REFERENCES = 8
MOST_ADAPTERS = 8

_TEXT = r"(?:[^\x00-\x08\x0b-\x1f\x7f]{{0,{}}})"
NAME = Form(rf"[^\x00-\x1f\x7f/\\@:<>]{{1,{LONGEST_NAME}}}", f"a name of 1 to {LONGEST_NAME} characters")
LINE = Form(r"[^\x00-\x1f\x7f]{0,200}", "a line of at most 200 characters")
REASON = Form(_TEXT.format(LONGEST_REASON), f"text of at most {LONGEST_REASON} characters")
DESCRIPTION = Form(_TEXT.format(LONGEST_DESCRIPTION), f"text of at most {LONGEST_DESCRIPTION} characters")
TAGS = Form(_TEXT.format(LONGEST_TAGS), f"text of at most {LONGEST_TAGS} characters")
COLOUR = Form("#[0-9a-f]{6}", "a colour such as #b8c0cc")
DIGEST = Form("[0-9a-f]{64}", "64 lower-case hexadecimal digits")
SEED = Form("(?:0|[1-9][0-9]{0,15})?", "a whole number, or empty")
NUMBER = Form(r"(?:[0-9]{1,4}(?:\.[0-9]{1,6})?)?", "a number, or empty")
LORA = Form(
    r"lora [^\x00-\x1f\x7f/\\<>:]{1,120} -?[0-9]{1,2}(?:\.[0-9]{1,4})?", "a LoRA's name and its strength"
)


@dataclass(frozen=True)
class Character:
    """One version of a character."""

    name: Annotated[str, "what it is called", NAME]
    number: Annotated[int, "the version, from 1"]
    parent: Annotated[str, "SHA-256 of the version before, empty for the first", SHA256_OR_NONE]
    because: Annotated[str, "why it was made", REASON]
    time: Annotated[int, "seconds since 1970"]
    description: Annotated[str, "who it is, for people", DESCRIPTION] = ""
    tags: Annotated[str, "what every drawing of it shows", TAGS] = ""
    palette: Annotated[tuple[str, ...], "its colours (sRGB)", COLOUR] = ()
    references: Annotated[tuple[str, ...], "SHA-256 of its pictures' files", DIGEST] = ()
    adapters: Annotated[Mapping[str, str], "SHA-256 of a model to how it is used", LORA] = field(
        default_factory=dict
    )
    seed: Annotated[str, "the seed it is drawn with unless another is given", SEED] = ""
    licence: Annotated[str, "under which its maker lets others use it", LINE] = ""


@dataclass(frozen=True)
class Style:
    """One version of a saved style."""

    name: Annotated[str, "what it is called", NAME]
    number: Annotated[int, "the version, from 1"]
    parent: Annotated[str, "SHA-256 of the version before, empty for the first", SHA256_OR_NONE]
    because: Annotated[str, "why it was made", REASON]
    time: Annotated[int, "seconds since 1970"]
    tags: Annotated[str, "what is asked for beside each prompt", TAGS] = ""
    negative: Annotated[str, "what is kept away from", TAGS] = ""
    references: Annotated[tuple[str, ...], "SHA-256 of pictures whose style is followed", DIGEST] = ()
    adapters: Annotated[Mapping[str, str], "SHA-256 of a model to how it is used", LORA] = field(
        default_factory=dict
    )
    sampler: Annotated[str, "empty for the model's own", LINE] = ""
    steps: Annotated[str, "empty for the model's own", NUMBER] = ""
    guidance: Annotated[str, "empty for the model's own", NUMBER] = ""


Version = Character | Style

KINDS: Mapping[str, type[Any]] = {"character": Character, "style": Style}


def sort_of(version: Version) -> str:
    """``character`` or ``style``."""
    return "character" if isinstance(version, Character) else "style"


def to_json(version: Version) -> bytes:
    """The one JSON text of a version (RFC 8785). Raises RakkanError for one that could not be read back."""
    value = {"kind": f"rakkan {sort_of(version)} 1", **typed.plain(version)}
    _read(value)
    data = canonical.encode(value)
    if len(data) > MOST_BYTES:
        raise RakkanError(f"The {sort_of(version)} has {len(data)} bytes, more than {MOST_BYTES}", "Say less")
    return data


def from_json(data: bytes) -> Version:
    """Read a version that anyone may have written. Raises RakkanError naming the field that is wrong."""
    version = _read(canonical.decode(data, "The version", MOST_BYTES))
    if canonical.encode({"kind": f"rakkan {sort_of(version)} 1", **typed.plain(version)}) != data:
        raise RakkanError("The version is not written in its one form", "It is damaged or forged")
    return version


def digest(version: Version) -> str:
    """SHA-256 of the JSON text, in lower-case hexadecimal: what a version is named by."""
    return hashlib.sha256(to_json(version)).hexdigest()


def words(version: Version) -> tuple[str, ...]:
    """All that a version says in words, each text by itself and what is drawn from together."""
    if isinstance(version, Style):
        found: tuple[str, ...] = (version.name, version.tags, version.negative)
    else:
        together = ", ".join(one for one in (version.name, version.description, version.tags) if one)
        found = (version.name, version.description, version.tags, together)
    loras = tuple(lora_of(use)[0] for use in version.adapters.values())
    return tuple(dict.fromkeys(one for one in (*found, version.because, *loras) if one))


def lora_of(use: str) -> tuple[str, float]:
    """Name and strength of an adapter's use, ``lora pastel 0.8``."""
    name, _, strength = use.removeprefix("lora ").rpartition(" ")
    return name, float(strength)


def checked_name(name: str, sort: str = "character") -> str:
    """The name as it is kept: NFC, one space between words. Raises RakkanError for what is none."""
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    good = plain and len(plain) <= LONGEST_NAME and plain.isprintable() and not set(plain) & set("/\\@:<>")
    if not good:
        raise RakkanError(
            f"A {sort} cannot be called {plain[:40]!r}",
            f"Give 1 to {LONGEST_NAME} characters without / \\ @ : < >",
        )
    return plain


def _read(value: Any) -> Version:
    kind = value.get("kind") if isinstance(value, dict) else None
    sort = next((name for name in KINDS if kind == f"rakkan {name} 1"), None)
    if sort is None:
        raise RakkanError(
            f"This is no character or style known here: its kind is {str(kind)[:60]!r}", "Update Rakkan"
        )
    rest = {key: item for key, item in value.items() if key != "kind"}
    version: Version = typed.read(KINDS[sort], rest, f"The {sort}")
    _check(version, sort)
    return version


def _check(version: Version, sort: str) -> None:
    """What forms alone cannot say."""
    what = f"The {sort}"
    if checked_name(version.name, sort) != version.name:
        raise RakkanError(f"{what}'s name is not in its usual form", "It is damaged or forged")
    if (version.number == 1) != (version.parent == "") or version.number < 1:
        raise RakkanError(f"{what}'s version {version.number} names no version before it", "It is forged")
    lists = [("references", version.references, MOST_REFERENCES), ("LoRAs", version.adapters, MOST_ADAPTERS)]
    if isinstance(version, Character):
        lists.append(("colours", version.palette, MOST_COLOURS))
    for name, held, most in lists:
        if len(held) > most:
            raise RakkanError(f"{what} has {len(held)} {name}, more than {most}", "Keep the best of them")
    for key in version.adapters:
        typed.text(key, f"{what}'s adapter", DIGEST)
