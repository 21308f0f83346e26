"""Claims of NovelAI: ``Description`` and ``Comment``, and the same hidden in the lowest bits of the alpha.

The hidden text runs down the columns: ``stealth_pngcomp`` (packed with gzip) or ``stealth_pnginfo``, the
length in bits (32, big-endian), then the text. Other tools hide A1111's text in the same way.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rakkan.studio.metadata.claimed import MOST_GUIDANCE, MOST_STEPS, Claimed, Gathered, json_of, part

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

MOST_HIDDEN = 1024 * 1024
_PACKED, _BARE = b"stealth_pngcomp", b"stealth_pnginfo"


def claimed_novelai(texts: Mapping[str, str]) -> Claimed | None:
    """What NovelAI's texts say; None where there are none of its."""
    comment = texts.get("Comment", "")
    if texts.get("Software") != "NovelAI" and not ('"uc"' in comment and '"scale"' in comment):
        return None
    gathered = Gathered("NovelAI")
    told = json_of(comment, gathered, "Comment") if comment else None
    if not isinstance(told, dict):
        gathered.remark("it tells no settings")
    gathered.text("prompt", _base(told, "v4_prompt") or part(told, "prompt") or texts.get("Description"))
    gathered.text("negative", _base(told, "v4_negative_prompt") or part(told, "uc"))
    gathered.integer("seed", part(told, "seed"))
    gathered.integer("steps", part(told, "steps"), 1, MOST_STEPS)
    gathered.real("guidance", part(told, "scale"), 0, MOST_GUIDANCE)
    gathered.size(part(told, "width"), part(told, "height"))
    gathered.sampling(part(told, "sampler"), part(told, "noise_schedule"))
    gathered.real("strength", part(told, "strength"), 0, 1)
    gathered.name("model", texts.get("Source"))
    for unread in (
        "sm",
        "sm_dyn",
        "dynamic_thresholding",
        "reference_image_multiple",
        "director_reference_images",
    ):
        if part(told, unread):
            gathered.remark(f"its setting {unread!r} is not made again")
    return gathered.done()


def hidden_texts(pixels: NDArray[numpy.uint8]) -> dict[str, str]:
    """The texts hidden in a picture's alpha, by keyword; none when there are none or they are damaged.

    ``pixels`` is uint8 [height, width, 4], as decoded in the sandbox. At most 1 MiB is unpacked.
    """
    import numpy

    if pixels.ndim != 3 or pixels.shape[2] != 4:
        return {}
    height, width = pixels.shape[:2]
    # As many columns as the mark, the length and the longest text take, and no more.
    columns = min(width, -(-8 * (len(_PACKED) + 4 + MOST_HIDDEN) // height))
    bits = (pixels[:, :columns, 3] & 1).T.reshape(-1)
    data = numpy.packbits(bits[: len(bits) // 8 * 8]).tobytes()
    mark, rest = data[: len(_PACKED)], data[len(_PACKED) :]
    if mark not in (_PACKED, _BARE) or len(rest) < 4:
        return {}
    size = int.from_bytes(rest[:4], "big") // 8
    body = rest[4 : 4 + size]
    if not 0 < size <= MOST_HIDDEN or len(body) != size:
        return {}
    try:
        if mark == _PACKED:
            worker = zlib.decompressobj(31)
            body = worker.decompress(body, MOST_HIDDEN)
            if not worker.eof:
                return {}
        text = body.decode("utf-8")
    except (zlib.error, UnicodeDecodeError):
        return {}
    return _texts_of(text)


def _texts_of(text: str) -> dict[str, str]:
    """NovelAI hides a JSON object of its texts, others the ``parameters`` themselves."""
    if not text.lstrip().startswith("{"):
        return {"parameters": text}
    told = json_of(text, Gathered("NovelAI"), "hidden text")
    if not isinstance(told, dict):
        return {}
    return {key: value for key, value in told.items() if isinstance(value, str)}


def _base(told: Any, key: str) -> Any:
    """Version 4's prompt with those of its characters, each after a comma."""
    caption = part(part(told, key), "caption")
    base, characters = part(caption, "base_caption"), part(caption, "char_captions")
    if not isinstance(base, str):
        return None
    others = [part(one, "char_caption") for one in (characters if isinstance(characters, list) else ())[:16]]
    return ", ".join([base, *(one for one in others if isinstance(one, str) and one)])
