"""How the models of a family want to be asked: prompt profiles, as plain data.

Each family learnt its own words for quality, in its own order; in another's they are noise. Rating words are
given for pictures fit for everybody alone: they steer, and are no safety measure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL


@dataclass(frozen=True)
class Profile:
    """``before`` and ``after`` are the words of quality and rating around a prompt's own tags, ``negative``
    those for the negative prompt, ``order`` the order of tags it learnt; ``rating`` is the word for pictures
    fit for everybody, "" where it has none. ``clip_skip`` counts as A1111 does: 1 for none."""

    name: str
    family: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    negative: tuple[str, ...]
    order: tuple[str, ...]
    rating: str
    clip_skip: int = 1


_DANBOORU = ("count", "character", "series", "artist", "general")
_POOR = ("worst quality", "low quality", "bad anatomy", "jpeg artifacts", "signature", "watermark")

PROFILES = (
    Profile("plain", "", (), (), (), (), ""),
    Profile(
        "SD1 anime",
        SD1,
        ("masterpiece", "best quality"),
        (),
        ("lowres", "bad hands", *_POOR),
        ("quality", "count", "character", "series", "general"),
        "",
        clip_skip=2,
    ),
    Profile(
        "Pony",
        SDXL,
        ("score_9", "source_anime", "rating_safe"),
        (),
        ("score_4", "score_3", "score_2", "score_1"),
        ("score", "source", "rating", "count", "character", "series", "general"),
        "rating_safe",
        clip_skip=2,
    ),
    Profile(
        "Illustrious",
        SDXL,
        (),
        ("masterpiece", "best quality", "newest", "absurdres", "highres", "general"),
        ("lowres", *_POOR),
        (*_DANBOORU, "quality", "rating"),
        "general",
    ),
    Profile(
        "NoobAI",
        SDXL,
        (),
        ("masterpiece", "best quality", "newest", "absurdres", "highres", "general"),
        ("old", "early", "lowres", *_POOR),
        (*_DANBOORU, "quality", "rating"),
        "general",
    ),
    Profile(
        "Animagine",
        SDXL,
        (),
        ("safe", "masterpiece", "high score", "great score", "absurdres"),
        ("lowres", "low score", "bad score", "average score", *_POOR),
        (*_DANBOORU, "rating", "quality"),
        "safe",
    ),
)

#: Words in a model's name, title or lineage that tell its base, the more particular first.
_BASES = (
    ("Animagine", r"animagine"),
    ("NoobAI", r"noob(?:ai)?"),
    ("Illustrious", r"illustrious|\bilxl\b|\bil[ _-]?v?\d"),
    ("Pony", r"pony"),
)
#: Metadata that name what a model came from, best first.
_TOLD = (
    "modelspec.title",
    "ss_sd_model_name",
    "ss_base_model_version",
    "modelspec.merged_from",
    "modelspec.tags",
)
_ANIME = re.compile(
    r"anime|anything|counterfeit|danbooru|waifu|novelai|\bnai\b|abyssorange|meina", re.IGNORECASE
)
_LONGEST = 2000


def base_of(family: str, metadata: Mapping[str, str], name: str) -> str:
    """The base model that a model is said to be of: ``Pony``, ``Illustrious``, …; else the family's own name.

    Shapes cannot tell them apart, so it is read from what the file says and, last, from what it is called:
    a claim.
    """
    if family == SDXL:
        for text in (*(metadata.get(key, "") for key in _TOLD), name):
            for base, pattern in _BASES:
                if re.search(pattern, text[:_LONGEST], re.IGNORECASE):
                    return base
    return {SD1: "SD 1.x", SD2: "SD 2.x", SDXL: "SDXL"}.get(family, "")


def profile_of(base: str, metadata: Mapping[str, str], name: str) -> Profile:
    """How a model of this base wants to be asked; ``plain`` where nothing is known."""
    if found := find(base):
        return found
    told = " ".join([name, *(metadata.get(key, "")[:_LONGEST] for key in _TOLD)])
    return profile("SD1 anime" if base == "SD 1.x" and _ANIME.search(told) else "plain")


def profile(name: str) -> Profile:
    """The profile of a name in the table. Raises KeyError for another."""
    found = find(name)
    if found is None:
        raise KeyError(name)
    return found


def find(name: str) -> Profile | None:
    """The profile of a name, None when there is none."""
    return next((one for one in PROFILES if one.name == name), None)


def asked(chosen: Profile, prompt: str, negative: str = "") -> tuple[str, str]:
    """A prompt and a negative prompt with the profile's words around them, none of them twice."""
    own = _tags(prompt)
    before = [word for word in chosen.before if word not in own]
    after = [word for word in chosen.after if word not in own]
    unwanted = [word for word in chosen.negative if word not in _tags(negative)]
    return (
        ", ".join([*before, *([prompt] if prompt else []), *after]),
        ", ".join([*([negative] if negative else []), *unwanted]),
    )


def _tags(text: str) -> set[str]:
    return {part.strip().lower() for part in text.split(",")}
