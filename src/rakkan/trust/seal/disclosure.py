"""How much of a recipe a file tells: all of it, all but some fields, or a commitment alone.

In the manner of SD-JWT (RFC 9901): every top-level field of the recipe gets a salt of its own, and a file
carries either the field with its salt or only the digest of both. With the salts, which the vault keeps,
the maker can later prove what was hidden; without them a digest cannot be guessed at, however few prompts
there are to try.

    text       = canonical JSON of [salt, name, value]           (RFC 8785; salt: 32 bytes in hexadecimal)
    digest     = SHA-256("rakkan recipe field 1" NUL text)
    commitment = SHA-256("rakkan recipe 1" NUL canonical JSON of the sorted digests, in hexadecimal)
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from rakkan.errors import RakkanError
from rakkan.records import AnyRecipe, canonical_json

FIELD_DOMAIN = b"rakkan recipe field 1\0"
RECIPE_DOMAIN = b"rakkan recipe 1\0"
SALT_BYTES = 32
LEVELS = ("full", "redacted", "digest")
#: What ``redacted`` hides unless told otherwise: what someone thought of, and how to make it again. A
#: sheet's ``recipes`` hold all of these, so they are hidden whole, and so are the ``words`` on it.
PERSONAL = frozenset({"prompt", "negative", "seed", "recipes", "words"})
#: Says what sort of record the fields are; never hidden, or the others could not be read.
KIND = "kind"
MOST_FIELDS = 64
LONGEST_TEXT = 1024 * 1024

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Disclosure:
    """What is told of a recipe. ``shown`` are field texts, ``hidden`` digests; both empty at ``digest``.

    One of level ``full`` is also the *opening* of every lesser one made from it.
    """

    level: str
    shown: tuple[str, ...]
    hidden: tuple[str, ...]
    commitment: str


def commit(recipe: AnyRecipe, salt: Callable[[int], bytes] = os.urandom) -> Disclosure:
    """The full disclosure of a recipe under fresh salts: the opening, for the vault.

    Raises RakkanError for a recipe that canonical JSON cannot hold.
    """
    fields = json.loads(canonical_json(recipe))
    texts = [_canonical([salt(SALT_BYTES).hex(), name, value]) for name, value in sorted(fields.items())]
    return Disclosure("full", tuple(texts), (), _commitment([_digest(text) for text in texts]))


def disclose(
    recipe: AnyRecipe, level: str, hide: Collection[str] = PERSONAL
) -> tuple[Disclosure, Disclosure]:
    """What the file tells of a recipe at ``level``, and the opening to keep (see ``commit``)."""
    opening = commit(recipe)
    return conceal(opening, level, hide), opening


def conceal(opening: Disclosure, level: str, hide: Collection[str] = PERSONAL) -> Disclosure:
    """A lesser disclosure of the same commitment; ``hide`` names the fields that ``redacted`` hides.

    Raises RakkanError for a level that is not one of ``LEVELS``, or an opening that does not hold.
    """
    if level not in LEVELS:
        raise RakkanError(f"{level!r} is not a level of disclosure", f"Use {', '.join(LEVELS)}")
    commitment = check(opening)
    if level == "full":
        return opening
    if level == "digest":
        return Disclosure(level, (), (), commitment)
    hidden = set(hide) - {KIND}
    shown = tuple(text for text in opening.shown if _read(text)[0] not in hidden)
    digests = [_digest(text) for text in opening.shown if text not in shown]
    return Disclosure(level, shown, tuple(sorted((*opening.hidden, *digests))), commitment)


def check(disclosed: Disclosure) -> str:
    """The commitment, once all that is shown has been found to belong to it.

    Raises RakkanError when it does not: a changed, missing, added or repeated field, or a form that only
    looks the same. At the level ``digest`` nothing is shown, so only the form can be looked at.
    """
    if disclosed.level not in LEVELS or not _DIGEST.fullmatch(disclosed.commitment):
        raise _broken("it is not of a form known here")
    if disclosed.level == "digest":
        if disclosed.shown or disclosed.hidden:
            raise _broken("it shows fields though it says it shows none")
        return disclosed.commitment
    if len(disclosed.shown) + len(disclosed.hidden) > MOST_FIELDS:
        raise _broken(f"it has more than {MOST_FIELDS} fields")
    if disclosed.level == "full" and disclosed.hidden:
        raise _broken("it hides fields though it says it hides none")
    names = [_read(text)[0] for text in disclosed.shown]
    if len(set(names)) != len(names):
        raise _broken("a field stands in it twice")
    if not all(_DIGEST.fullmatch(digest) for digest in disclosed.hidden):
        raise _broken("a digest in it is none")
    digests = [*map(_digest, disclosed.shown), *disclosed.hidden]
    if len(set(digests)) != len(digests):
        raise _broken("a digest stands in it twice")
    if _commitment(digests) != disclosed.commitment:
        raise _broken("its fields do not belong to its commitment")
    return disclosed.commitment


def fields_of(disclosed: Disclosure) -> dict[str, Any]:
    """The fields that are shown, by name. Raises RakkanError when ``check`` does."""
    check(disclosed)
    return dict(_read(text) for text in disclosed.shown)


def open_with(disclosed: Disclosure, opening: Disclosure) -> dict[str, Any]:
    """What ``opening`` proves about the recipe that ``disclosed`` stands for, by field name.

    The opening may itself hide fields, to prove a prompt and keep the seed. Raises RakkanError when either
    does not hold, or they are of different recipes.
    """
    if check(opening) != check(disclosed):
        raise RakkanError("This opening belongs to another recipe", "Give the one kept for this picture")
    return fields_of(opening)


def to_json(disclosed: Disclosure) -> dict[str, Any]:
    """As it stands in a file: ``{"disclosure", "commitment", "shown", "hidden"}``."""
    return {
        "disclosure": disclosed.level,
        "commitment": disclosed.commitment,
        "shown": list(disclosed.shown),
        "hidden": list(disclosed.hidden),
    }


def from_json(value: Any) -> Disclosure:
    """Read back what ``to_json`` made; it is not yet checked. Raises RakkanError for another form."""
    if not isinstance(value, Mapping):
        raise _broken("it is not of a form known here")
    level, commitment = value.get("disclosure"), value.get("commitment")
    if not (isinstance(level, str) and isinstance(commitment, str)):
        raise _broken("it is not of a form known here")
    return Disclosure(level, _texts(value.get("shown")), _texts(value.get("hidden")), commitment)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MOST_FIELDS:
        raise _broken(f"its fields are no list of at most {MOST_FIELDS}")
    if not all(isinstance(text, str) and len(text) <= LONGEST_TEXT for text in value):
        raise _broken("a field in it is no text, or too long")
    return tuple(value)


def _read(text: str) -> tuple[str, Any]:
    try:
        value = json.loads(text)
        canonical = _canonical(value)
    except (ValueError, RecursionError) as error:
        raise _broken("a field in it is not JSON") from error
    if canonical != text:
        raise _broken("a field in it is not in canonical form")
    if not (isinstance(value, list) and len(value) == 3 and all(isinstance(part, str) for part in value[:2])):
        raise _broken("a field in it is not a salt, a name and a value")
    if not _DIGEST.fullmatch(value[0]):
        raise _broken("a salt in it is none")
    return value[1], value[2]


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _digest(text: str) -> str:
    return hashlib.sha256(FIELD_DOMAIN + text.encode("utf-8", "surrogatepass")).hexdigest()


def _commitment(digests: list[str]) -> str:
    return hashlib.sha256(RECIPE_DOMAIN + _canonical(sorted(digests)).encode("ascii")).hexdigest()


def _broken(reason: str) -> RakkanError:
    return RakkanError(f"The recipe in the seal does not hold: {reason}", "Do not rely on it")
