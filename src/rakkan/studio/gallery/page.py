"""The page of a gallery: it asks nobody for anything, holds no script itself, and reads well without one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rakkan.studio.gallery.keeping import Shown

ASSETS = ("gallery.css", "gallery.js")

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' data:; \
style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'">
<title>Gallery — Rakkan</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="gallery.css">
<script src="gallery.js" defer></script>
</head>
<body>
<header>
<h1>Gallery</h1>
<p>Characters that nobody asked for. <span id="count">{count}</span> so far; new ones appear by themselves. \
Each draws the same again from its words and seed.</p>
<form id="filter" hidden>
<label for="creativity">Creativity up to <output id="shown" for="creativity">1</output></label>
<input id="creativity" type="range" min="0" max="1" step="0.01" value="1">
</form>
</header>
<main id="pictures">
"""
_FOOT = """</main>
<template id="card">{card}</template>
</body>
</html>
"""


@cache
def asset(name: str) -> str:
    """The text of a file that the page needs, of ``ASSETS``."""
    return (Path(__file__).parent / "assets" / name).read_text(encoding="utf-8")


def page(shown: Sequence[Shown]) -> str:
    """The page with these pictures, the latest first."""
    from rakkan.studio.gallery.keeping import Shown

    cards = "".join(_card(one) for one in reversed(shown))
    return _HEAD.format(count=len(shown)) + cards + _FOOT.format(card=_card(Shown("", 1, 1, 0.0, " ", 0)))


def _card(one: Shown) -> str:
    name, words = escape(one.file), escape(one.words)
    told = f"seed {one.seed} · creativity {one.creativity:g}" if one.seed is not None else ""
    again = f'<code>rakkan create "{words}" --seed {one.seed}</code>' if one.seed is not None else ""
    return (
        f'<figure data-creativity="{one.creativity:g}" data-file="{name}">'
        f'<a href="{name}"><img src="{name}" alt="{words or "A character"}" width="{one.width}" '
        f'height="{one.height}" loading="lazy" decoding="async"></a>'
        f"<figcaption><p>{words}</p><p>{told}</p>{again}</figcaption></figure>\n"
    )
