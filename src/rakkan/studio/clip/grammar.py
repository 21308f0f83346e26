"""The grammar of prompts that creators know from A1111: emphasis, ``BREAK``, ``AND`` and adapters.

``(x)`` weighs 1.1 times as much, ``[x]`` 1.1 times less, ``(x:1.3)`` 1.3 times; they nest. A backslash
before a bracket or a backslash makes it an ordinary sign. ``<lora:NAME:WEIGHT>`` asks for an adapter.
``a AND b :0.5`` are two prompts that lead one picture, the second half as strongly.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from rakkan.errors import RakkanError

MOST_WEIGHT = 100.0
_PIECE = re.compile(r"\\[()\[\]\\]|[()\[\]]|:\s*[+-]?(?:\d+\.?\d*|\.\d+)\s*\)|[^\\()\[\]:]+|.", re.DOTALL)
_BREAK = re.compile(r"\s*\bBREAK\b\s*")
_ADAPTER = re.compile(r"<(lora|lyco|hypernet):([^:<>]+)((?::[^:<>]*)*)>")
_AND = re.compile(r"\\.|[()\[\]]|\bAND\b", re.DOTALL)
_SHARE = re.compile(r"\s*:\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*$")
_STEP = 1.1


@dataclass(frozen=True)
class Span:
    """Text of one weight. ``starts_chunk`` is set after ``BREAK``: the text begins a chunk of its own."""

    text: str
    weight: float = 1.0
    starts_chunk: bool = False


@dataclass(frozen=True)
class Adapter:
    """A LoRA that the prompt asks for, with its strengths on the denoiser and on the text encoders."""

    name: str
    weight: float
    text_weight: float


@dataclass(frozen=True)
class Subprompt:
    """One of the prompts that ``AND`` joins, and how strongly it leads."""

    text: str
    weight: float = 1.0


def adapters(prompt: str) -> tuple[str, tuple[Adapter, ...]]:
    """The prompt without its adapters, and those. Raises RakkanError on one that cannot be read."""
    found = tuple(_adapter(match) for match in _ADAPTER.finditer(prompt))
    return _ADAPTER.sub("", prompt), found


def _adapter(match: re.Match[str]) -> Adapter:
    kind, name, rest = match.groups()
    if kind == "hypernet":
        raise RakkanError(f"{match[0]} asks for a hypernetwork, which is not supported", "leave it out")
    values = rest.split(":")[1:]
    texts = [one.split("=")[-1] for one in values]
    named = {one.split("=")[0]: one.split("=")[1] for one in values if "=" in one}
    try:
        weight = float(named.get("unet", texts[-1] if len(texts) == 2 else texts[0])) if texts else 1.0
        text_weight = float(named.get("te", texts[0])) if texts else 1.0
    except ValueError as error:
        raise RakkanError(
            f"{match[0]} has a strength that is no number", "write <lora:NAME:0.8>, or leave it out"
        ) from error
    if not (abs(weight) <= MOST_WEIGHT and abs(text_weight) <= MOST_WEIGHT):
        raise RakkanError(
            f"{match[0]} is out of range", f"give a strength of -{MOST_WEIGHT:g} to {MOST_WEIGHT:g}"
        )
    return Adapter(name.strip(), weight, text_weight)


def subprompts(prompt: str) -> tuple[Subprompt, ...]:
    """The prompts that ``AND`` joins, one or more, each with what follows the last colon at its end; those of
    weight 0 are left out while there are others.

    To be called after ``adapters`` and before ``schedule.at_step``. A1111 also splits inside brackets and
    takes negative weights. Here both raise RakkanError, for they would read brackets apart that were
    judged together, and wants as rejections; so does a weight out of range.
    """
    parts, start, opened = [], 0, 0
    for match in _AND.finditer(prompt):
        if match[0] in ("(", "["):
            opened += 1
        elif match[0] in (")", "]"):
            opened = max(0, opened - 1)
        elif match[0] == "AND":
            if opened:
                raise RakkanError(
                    "AND stands inside brackets in the prompt",
                    "Close the brackets before it, or write it in small letters",
                )
            parts.append(prompt[start : match.start()])
            start = match.end()
    if not parts:
        return (Subprompt(prompt),)
    found = tuple(_subprompt(part) for part in (*parts, prompt[start:]))
    return tuple(one for one in found if one.weight) or found


def _subprompt(part: str) -> Subprompt:
    match = _SHARE.search(part)
    weight = float(match[1]) if match else 1.0
    text = part[: match.start()] if match else part
    if not 0 <= weight <= MOST_WEIGHT:
        raise RakkanError(
            f"{text.strip()[:40]!r} leads with the weight {weight:g}, which is out of range",
            f"Give 0 to {MOST_WEIGHT:g}; what is not wanted belongs into the negative prompt",
        )
    return Subprompt(text, weight)


def spans(prompt: str) -> tuple[Span, ...]:
    """The prompt's texts with their weights, in order; neighbours of equal weight are one. An opening
    bracket that is never closed reaches to the end, and round ones are matched apart from square ones. Raises
    RakkanError on a weight out of range."""
    pieces: list[tuple[str, float]] = []
    opened: dict[str, list[int]] = {"(": [], "[": []}

    def close(bracket: str, factor: float) -> bool:
        start = opened[bracket].pop() if opened[bracket] else -1
        for place in range(start, len(pieces) if start >= 0 else start):
            text, weight = pieces[place]
            pieces[place] = (text, weight * factor)
        return start >= 0

    for piece in _PIECE.findall(prompt):
        if piece in opened:
            opened[piece].append(len(pieces))
        elif piece[0] == ":" and piece[-1] == ")" and close("(", float(piece[1:-1])):
            continue
        elif piece == ")" and close("(", _STEP):
            continue
        elif piece == "]" and close("[", 1 / _STEP):
            continue
        elif piece[0] == "\\":  # one that escapes nothing is left out
            pieces.append((piece[1:], 1.0))
        else:
            pieces.append((piece, 1.0))
    for bracket, factor in (("(", _STEP), ("[", 1 / _STEP)):
        while close(bracket, factor):
            pass
    for text, weight in pieces:
        if not (math.isfinite(weight) and abs(weight) <= MOST_WEIGHT):
            raise RakkanError(
                f"{text[:40]!r} has the weight {weight:g}, which is out of range",
                f"give weights of -{MOST_WEIGHT:g} to {MOST_WEIGHT:g}",
            )
    return _joined(pieces)


def _joined(pieces: list[tuple[str, float]]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for text, weight in pieces:
        for number, part in enumerate(_BREAK.split(text)):
            starts = number > 0
            if merged and not starts and merged[-1].weight == weight:
                last = merged.pop()
                part, starts = last.text + part, last.starts_chunk
            merged.append(Span(part, weight, starts))
    return tuple(merged) or (Span(""),)
