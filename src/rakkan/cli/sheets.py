"""Where a sheet is written when nobody says."""

from __future__ import annotations

import re
from pathlib import Path


def place_of(out: Path | None, name: str) -> Path:
    """The file that was asked for, or one called by ``name`` in the folder that was, or in that of pictures.
    Raises RakkanError, before anything is drawn, for a place that cannot be written to."""
    from rakkan import config
    from rakkan.studio.requests import check_place
    from rakkan.trust.checks import MEDIA_TYPES

    place = out if out is not None else config.load().pictures
    check_place(place, 1)
    if place.suffix.lower() in MEDIA_TYPES and not place.is_dir():
        return place
    plain = "-".join(re.findall(r"[a-z0-9]+", name.lower())) or "sheet"
    return place / f"{plain}.png"
