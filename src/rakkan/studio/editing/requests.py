"""What a person asks of an edit, and what of it can be refused before anything is read or drawn."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rakkan.errors import RakkanError
from rakkan.studio.editing.masks import MOST_FEATHER, MOST_GROWTH, is_rectangle, length
from rakkan.studio.editing.regions import REGIONS, is_region
from rakkan.studio.editing.wording import Change, changes
from rakkan.studio.engines.start import check_strength
from rakkan.studio.prompts import checked_negative, checked_prompt
from rakkan.studio.requests import check_numbers, check_place

SIDES = ("left", "right", "top", "bottom")
#: Pixels a picture may be extended to in all, and the share of its own length it may grow by on one side.
MOST_EXTENDED, MOST_SHARE = 16 * 1024 * 1024, 2.0

#: What stands between the changes of one text.
BETWEEN = "; "
#: A mask that was let in before, by its digest.
_KNOWN_MASK = re.compile(r"file ([0-9a-f]{64})")

#: The gate: refuses words that nothing may be drawn from.
Consider = Callable[[str, str], None]


@dataclass(frozen=True)
class EditRequest:
    """What a person asks for: ``texts`` change one thing each, ``prompt`` describes the whole; neither is
    needed to ``extend`` (``left=128,top=10%``) or to ``restore``.

    A text may hold several changes with semicolons between them. ``mask`` is a file, a rectangle
    ``x,y,width,height`` or regions joined by ``+``, "" for what the words touch; ``grow`` and ``feather`` are
    pixels, None what fits. ``strength`` is 0 to 1, ``steps`` and ``guidance`` None what the model was made
    for; the rest as in ``CreateRequest``.
    """

    file: Path
    texts: tuple[str, ...] = ()
    prompt: str = ""
    negative: str = ""
    mask: str = ""
    grow: int | None = None
    feather: int | None = None
    invert: bool = False
    extend: str = ""
    restore: bool = False
    strength: float | None = None
    steps: int | None = None
    guidance: float | None = None
    seed: int | None = None
    count: int = 1
    out: Path = Path("pictures")
    telling: bool = True


@dataclass(frozen=True)
class EditPlan:
    """A request that has been checked: what it changes, by how many pixels it extends each side, and the seed
    of the first picture."""

    request: EditRequest
    changes: tuple[Change, ...]
    extension: dict[str, tuple[float, bool]]
    seed: int


def plan(request: EditRequest, consider: Consider, any_words: bool = False) -> EditPlan:
    """Check a request. Raises RakkanError, before anything is read, for what cannot be done."""
    request = replace(request, texts=_apart(request.texts))
    asked = changes([checked_prompt(text) for text in request.texts], any_words)
    if request.prompt:
        checked_prompt(request.prompt)
    checked_negative(request.negative)
    _check_together(request)
    check_numbers(
        request.count, request.steps or 1, 1 if request.guidance is None else request.guidance, request.seed
    )
    check_place(request.out, request.count)
    if request.strength is not None and request.strength != 0:
        check_strength(request.strength)
    for name, value, most in (
        ("grow", request.grow, MOST_GROWTH),
        ("feather", request.feather, MOST_FEATHER),
    ):
        if value is not None and not -most * (name == "grow") <= value <= most:
            raise RakkanError(f"--{name} {value} is out of range", f"Give up to {most} pixels")
    check_mask_text(request.mask)
    extension = sides(request.extend) if request.extend else {}
    consider(", ".join([*request.texts, *([request.prompt] if request.prompt else [])]), request.negative)
    seed = secrets.randbelow(2**32) if request.seed is None else request.seed
    return EditPlan(request, asked, extension, seed)


def _apart(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Each change by itself: ``hair: blue; smile`` are two."""
    return tuple(
        part.strip() for text in texts for part in text.split(";") if part.strip() or ";" not in text
    )


def _check_together(request: EditRequest) -> None:
    if not (request.texts or request.prompt or request.extend or request.restore):
        raise RakkanError(
            "Nothing is asked of the picture",
            'Say what to change ("hair: blue"), or give --prompt, --extend or --restore',
        )
    if request.texts and request.prompt:
        raise RakkanError(
            "An edit is asked for in its own words or by a whole prompt, not both",
            'Leave out --prompt, or the words ("hair: blue")',
        )
    if request.extend and (request.mask or request.restore or request.texts):
        what = "--mask" if request.mask else "--restore" if request.restore else "a change"
        raise RakkanError(f"--extend and {what} do not go together", "Do one after the other")
    if request.restore and request.texts:
        raise RakkanError("--restore and a change do not go together", "Do one after the other")
    needs_mask = {"--invert": request.invert, "--grow": request.grow is not None}
    for option, given in needs_mask.items():
        if given and not (request.mask or request.texts or request.restore):
            raise RakkanError(f"{option} goes with a mask", "Name one with --mask")


def check_mask_text(text: str) -> None:
    """Raise RakkanError when it names no file, no rectangle and no region."""
    if not text or is_rectangle(text) or is_region(text) or known_mask(text) or Path(text).exists():
        return
    raise RakkanError(
        f"There is no mask {text[:60]!r}",
        f"Give a file, x,y,width,height, or a region: {', '.join(REGIONS)}",
    )


def known_mask(text: str) -> str:
    """The digest in ``file DIGEST``, as recipes name a mask; "" for anything else."""
    found = _KNOWN_MASK.fullmatch(text)
    return found[1] if found else ""


def sides(text: str) -> dict[str, tuple[float, bool]]:
    """``left=128,top=10%`` -> by how much to extend each side, and whether that is per cent of the length."""
    found: dict[str, tuple[float, bool]] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(left|right|top|bottom)\s*=\s*(\d+(?:\.\d+)?)\s*(px|%)?\s*", part.lower())
        if match is None or match[1] in found or not float(match[2]):
            raise RakkanError(
                f"The extension {part.strip()[:40]!r} cannot be read",
                f"Give sides ({', '.join(SIDES)}) with pixels or per cent: left=128,top=10%",
            )
        found[match[1]] = (float(match[2]), match[3] == "%")
    return found


def extension_of(
    extension: dict[str, tuple[float, bool]], size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Pixels to add on the left, right, top and bottom of a picture of ``size`` (width, height).

    Raises RakkanError for more than can be drawn.
    """
    added = []
    for side in SIDES:
        amount, is_share = extension.get(side, (0.0, False))
        whole = size[0] if side in ("left", "right") else size[1]
        pixels = length(f"{amount:g}%" if is_share else f"{amount:g}", whole)
        if pixels > MOST_SHARE * whole:
            raise RakkanError(
                f"{pixels} pixels more on the {side} are too many for a picture of {size[0]}x{size[1]}",
                f"Extend by at most {int(MOST_SHARE * whole)}, and once more after that",
            )
        added.append(pixels)
    left, right, top, bottom = added
    if (size[0] + left + right) * (size[1] + top + bottom) > MOST_EXTENDED:
        raise RakkanError(
            f"A picture of {size[0] + left + right}x{size[1] + top + bottom} is too large to draw",
            f"Keep to {MOST_EXTENDED // 1024 // 1024} Mi pixels in all",
        )
    return left, right, top, bottom
