"""Prompts that change while a picture is drawn, in A1111's grammar.

``[a:b:0.5]`` is a for the first half of the steps, then b; ``[b:0.5]`` adds and ``[a::0.5]`` takes away; a
whole number counts steps. ``[a|b]`` takes turns from step to step. They nest.
"""

from __future__ import annotations

import re

from rakkan.errors import RakkanError

DEEPEST = 30

_NUMBER = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*")


def changes(prompt: str) -> bool:
    """Whether the prompt is not the same at every step."""
    return any(_split(inside)[0] for inside in _brackets(prompt))


def at_step(prompt: str, step: int, steps: int, depth: int = 0) -> str:
    """The prompt as it stands at a step, from 1 to ``steps``. Raises RakkanError where brackets nest too
    deep."""
    if depth > DEEPEST:
        raise RakkanError(f"the prompt nests more than {DEEPEST} square brackets", "use fewer")
    out, place = "", 0
    while place < len(prompt):
        sign = prompt[place]
        if sign == "\\":
            out += prompt[place : place + 2]
            place += 2
        elif sign == "[" and (end := _closing(prompt, place)) > 0:
            out += _chosen(prompt[place + 1 : end], step, steps, depth + 1)
            place = end + 1
        else:
            out += sign
            place += 1
    return out


def _brackets(prompt: str) -> list[str]:
    """What stands in square brackets, those inside others too."""
    found, place = [], 0
    while place < len(prompt):
        if prompt[place] == "[" and (end := _closing(prompt, place)) > 0:
            found.append(prompt[place + 1 : end])
        place += 2 if prompt[place] == "\\" else 1
    return found


def _chosen(inside: str, step: int, steps: int, depth: int) -> str:
    kind, parts = _split(inside)
    if kind == "|":
        return at_step(parts[(step - 1) % len(parts)], step, steps, depth)
    if kind == ":":
        before, after = (parts[0], parts[1]) if len(parts) == 3 else ("", parts[0])
        number = float(parts[-1])
        last = int(number * steps) if number < 1 and "." in parts[-1] else int(number)
        return at_step(before if step <= last else after, step, steps, depth)
    return f"[{at_step(inside, step, steps, depth)}]"


def _split(inside: str) -> tuple[str, list[str]]:
    """The kind of change (``|``, ``:`` or none) and its parts, split outside of inner brackets."""
    for kind in "|:":
        parts, depth, escaped = [""], 0, False
        for sign in inside:
            if not escaped:
                depth += (sign in "([") - (sign in ")]")
            if sign == kind and depth == 0 and not escaped:
                parts.append("")
            else:
                parts[-1] += sign
            escaped = sign == "\\" and not escaped
        if kind == "|" and len(parts) > 1:
            return kind, parts
        if kind == ":" and len(parts) in (2, 3) and _NUMBER.fullmatch(parts[-1]):
            return kind, parts
    return "", [inside]


def _closing(prompt: str, start: int) -> int:
    """Where the bracket at ``start`` is closed, -1 when it is not."""
    depth, place = 0, start
    while place < len(prompt):
        sign = prompt[place]
        if sign == "\\":
            place += 1
        elif sign == "[":
            depth += 1
        elif sign == "]":
            depth -= 1
            if depth == 0:
                return place
        place += 1
    return -1
