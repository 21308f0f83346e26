"""The judgement on a model by what its file says of itself: its name, its card, the tags it learnt from.

Metadata are strangers' JSON: their size is capped, their nesting too, and every text in them is judged by
itself, since two tags of a training set need not belong to one picture.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rakkan.trust.safety.prompts.judging import UNREAD, Refusal, digest, judge
from rakkan.trust.safety.prompts.tables import Tables

#: Most characters of metadata that are read, and most texts in them.
MOST_CHARACTERS = 400_000
MOST_TEXTS = 40_000
_DEEPEST = 12
#: How many texts are judged together, as lines of one, before each is judged by itself.
_BATCH = 50
_WEIGHING = set("()[]:\\&%")
#: Keys of metadata that hold settings, digests and pictures, not words (kohya-ss, ModelSpec 1.0).
_WITHOUT_WORDS = ("hash", "thumbnail", "sshs_", "ss_git", "ss_session", "timestamp", "modelspec.date", "_at")
#: Keys that name who made a model: its maker is no one it draws.
_MAKERS = ("modelspec.author", "modelspec.license", "author", "license", "creator", "username", "uploader")


def judge_model(texts: Mapping[str, str], name: str, tables: Tables | None = None) -> tuple[Refusal, ...]:
    """The refusals of a model with metadata ``texts`` (of a safetensors file) and file ``name``.

    Metadata that are longer than can be read, or nested too deep, are a refusal of their own.
    """
    refusals: dict[str, Refusal] = {}
    about = digest(name + "\n" + json.dumps(dict(sorted(texts.items())), ensure_ascii=False))
    spent = 0
    seen: dict[str, None] = {}
    try:
        for text in _texts(texts, name):
            spent += len(text)
            if spent > MOST_CHARACTERS or len(seen) > MOST_TEXTS:
                raise _TooMuch
            seen.setdefault(text)
        for refusal in _each(list(seen), tables):
            about_all = Refusal(refusal.rule, refusal.term, refusal.text, _HINT, about)
            refusals.setdefault(refusal.rule, about_all)
    except _TooMuch:
        what = "the metadata hold more than can be read"
        refusals[UNREAD] = Refusal(UNREAD, "", what, "Take the training metadata out of the file", about)
    return tuple(refusals.values())


_HINT = "Such a model is not kept here; another one may be"


def _each(texts: list[str], tables: Tables | None) -> Iterator[Refusal]:
    """The refusals of texts judged one by one; many harmless ones are passed at once."""
    # A bracket or a weight in one text must not bear on another.
    plain = [text for text in texts if not set(text) & _WEIGHING]
    suspects = [text for text in texts if set(text) & _WEIGHING]
    for start in range(0, len(plain), _BATCH):
        batch = plain[start : start + _BATCH]
        if judge("\n".join(batch), tables=tables):
            suspects += batch
    for text in suspects:
        yield from judge(text, tables=tables)


class _TooMuch(Exception):
    pass


def _texts(texts: Mapping[str, str], name: str) -> Iterator[str]:
    yield name
    for key, value in texts.items():
        lower = key.lower()
        yield key
        if any(part in lower for part in _WITHOUT_WORDS) or lower in _MAKERS:
            continue
        yield from _inside(_parsed(value), 0)


def _parsed(value: str) -> Any:
    if len(value) > MOST_CHARACTERS * 4:
        raise _TooMuch
    if value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except RecursionError as error:
        raise _TooMuch from error
    except ValueError:
        return value


def _inside(value: Any, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise _TooMuch
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _inside(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _inside(item, depth + 1)
