"""Texts made to take a filter long: each of a stated length, of one kind."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

KINDS: dict[str, Callable[[int], str]] = {
    "opened brackets": lambda size: "(" * size,
    "nested brackets": lambda size: "(" * (size // 2) + ")" * (size // 2),
    "weights": lambda size: _filled("(x:-1)", size),
    "half weights": lambda size: _filled("(:", size),
    "separators": lambda size: _filled(".-_, ", size),
    "single letters": lambda size: _filled("t e a p ", size),
    "almost a word": lambda size: _filled("teapo ", size),
    "almost a word, by signs": lambda size: _filled("t.e.a.p.o.", size),
    "i and l": lambda size: _filled("1lI|", size),
    "capitals": lambda size: _filled("aA", size),
    "masks": lambda size: _filled("t*e*", size),
    "combining marks": lambda size: _filled("a" + "\u0301" * 49, size),
    "denials": lambda size: _filled("no ", size),
    "denied words": lambda size: _filled("no teapot ", size),
    "ages": lambda size: _filled("12 year ", size),
    "parts of a whole": lambda size: _filled("remove lid ", size),
    "names": lambda size: _filled("Tom Han ", size),
    "handles": lambda size: _filled("@n", size),
    "kana": lambda size: _filled("ティー", size),
    "escapes": lambda size: _filled("%2525&amp;amp;", size),
    "expanding": lambda size: "\ufdfa" * size,
    "random": lambda size: "".join(map(chr, Random(size).choices(range(32, 0x3000), k=size))),
    "random ASCII": lambda size: "".join(map(chr, Random(size).choices(range(32, 127), k=size))),
}


def _filled(part: str, size: int) -> str:
    return (part * (size // len(part) + 1))[:size]
