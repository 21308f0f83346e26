"""What any known tool's texts claim of a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rakkan.studio.metadata.claimed import Claimed
from rakkan.studio.metadata.comfyui import claimed_comfyui
from rakkan.studio.metadata.from_a1111 import claimed_a1111
from rakkan.studio.metadata.invokeai import claimed_invokeai
from rakkan.studio.metadata.novelai import claimed_novelai, hidden_texts

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

#: The likeliest to be complete first: graphs go along with A1111's text in some tools' files.
_READERS = (claimed_a1111, claimed_invokeai, claimed_novelai, claimed_comfyui)


def claimed(texts: Mapping[str, str], pixels: NDArray[numpy.uint8] | None = None) -> Claimed | None:
    """How a picture was made, as its file says; None when it says nothing of the kind.

    ``texts`` are its text chunks and what stands in its EXIF, by keyword, as ``formats.inspect`` hands them
    out; ``pixels``, uint8 [height, width, 3 or 4], are looked at only when no text says anything. Never
    fails, and believes nothing.
    """
    for read in _READERS:
        found = read(texts)
        if found is not None:
            return found
    hidden = hidden_texts(pixels) if pixels is not None else {}
    return claimed(hidden) if hidden else None
