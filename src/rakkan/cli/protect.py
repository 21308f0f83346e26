"""``rakkan protect``: an artist reserves their own works."""

from __future__ import annotations

from pathlib import Path


def protect(folder: Path) -> None:
    """Seal."""
