"""Views with sample data, for every page, and pictures to go with them."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path

from PIL import Image

from rakkan.corpus.figures import render
from rakkan.corpus.figures.attributes import Attributes
from rakkan.service.web import views
from rakkan.service.web.chips import chip_groups, phrase_table

#: Who is on the sample pictures.
FIGURES: tuple[tuple[str, str, Attributes], ...] = tuple(
    (name, handle, Attributes(hairstyle=style, hair_colour=colour, outfit=outfit, background=scene))
    for name, handle, style, colour, outfit, scene in (
        ("silver twin tails, red hoodie, blue sky", "mira", "twin tails", "silver", "hoodie", "blue sky"),
        ("blue bob cut, white shirt", "kaito", "bob cut", "blue", "shirt", "gradient background"),
        ("black spiky hair, suit", "rin", "spiky hair", "black", "suit", "plain background"),
        (
            "pink double bun, kimono, cherry blossoms",
            "mira",
            "double bun",
            "pink",
            "kimono",
            "cherry blossoms",
        ),
        (
            "blonde wavy hair, wizard robe, night sky",
            "ayu",
            "long wavy hair",
            "blonde",
            "wizard robe",
            "night sky",
        ),
        ("brown messy hair, cardigan, library", "kaito", "messy hair", "brown", "cardigan", "library"),
        ("orange bob, teal kimono, forest", "sora", "long bob", "orange", "kimono", "forest"),
        ("black hime cut, coat, snow", "ayu", "hime cut", "black", "trench coat", "snow"),
        ("white short hair, armour, mountains", "rin", "short hair", "white", "armour", "mountains"),
        ("teal ponytail, hoodie, night city", "sora", "side ponytail", "teal", "hoodie", "night city"),
        ("purple drill twin tails, dress, sunset", "mira", "drill twin tails", "purple", "dress", "sunset"),
        ("light blue straight hair, lab coat", "ayu", "long straight hair", "light blue", "lab coat", "room"),
        ("red undercut, leather jacket, city", "kaito", "undercut", "red", "leather jacket", "city"),
        ("brown twin braids, dungarees, beach", "sora", "twin braids", "brown", "dungarees", "beach"),
        ("green curly hair, turtleneck", "rin", "curly hair", "green", "turtleneck", "gradient background"),
        ("silver braid, trench coat, room", "ayu", "single braid", "silver", "trench coat", "room"),
    )
)


@lru_cache(maxsize=64)
def picture(number: int, scale: float = 1.0, folder: str = "") -> bytes:
    """A sample picture as WebP: the renderer's, or ``p1.webp`` and so on of a folder."""
    if folder:
        return (Path(folder) / f"p{number % len(FIGURES) + 1}.webp").read_bytes()
    held = BytesIO()
    Image.fromarray(render(FIGURES[number % len(FIGURES)][2], number, scale)).save(held, "WEBP", quality=80)
    return held.getvalue()


def card(number: int) -> views.PictureCard:
    words, handle, _ = FIGURES[number % len(FIGURES)]
    return views.PictureCard(
        f"p{number}",
        f"/pictures/p{number}/thumbnail",
        512,
        512,
        words,
        handle,
        (number * 7) % 23,
        number % 3 == 0,
    )


def create(prompt: str = "", latest: bool = False) -> views.CreateView:
    return views.CreateView(
        chip_groups(),
        phrase_table(),
        sizes=(
            views.Choice("", "By the framing", True),
            views.Choice("512x512", "512 × 512"),
            views.Choice("512x768", "512 × 768"),
        ),
        models=(views.Choice("starter", "Starter", True),),
        characters=(views.Choice("c1", "Mira"), views.Choice("c2", "Old Haru")),
        styles=(views.Choice("s1", "Winter ink"),),
        budget=views.Meter("create", 42, 200, renews="2026-11-21T00:00:00Z"),
        prompt=prompt,
        seed=7,
        latest=card(0) if latest else None,
        slot="tab-1",
    )
