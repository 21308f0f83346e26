"""The documented table, as the tests of access read it."""

from __future__ import annotations

from pathlib import Path

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "access.md").read_text(encoding="utf-8")
