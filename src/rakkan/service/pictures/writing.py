"""The row of a new picture."""

from __future__ import annotations

from typing import Any

from rakkan.service.pictures.records import NewPicture

_TAKEN = (
    "identifier",
    "account",
    "file",
    "digest",
    "thumbnail",
    "media_type",
    "operation",
    "character",
    "character_name",
    "parent",
    "disclosure",
    "licence",
)


def row_of(new: NewPicture, recipe: bytes, now: int, is_canary: bool) -> dict[str, Any]:
    """The row of a picture that was just delivered, at ``now`` in milliseconds; ``recipe`` is sealed. It is
    private, but a canary, which is there for all."""
    return {name: getattr(new, name) for name in _TAKEN} | {
        "width": new.recipe.width,
        "height": new.recipe.height,
        "model": getattr(new.recipe, "model", "")[:200],
        "model_digest": getattr(new.recipe, "model_digest", ""),
        "created": now,
        "changed": now,
        "state": "canary" if is_canary else "private",
        "published": now if is_canary else None,
        "title": "",
        "recipe": recipe,
        "likes": 0,
        "comments": 0,
    }
