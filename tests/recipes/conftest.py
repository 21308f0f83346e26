"""Commands in this process, with the fake engine and an enlarger that only repeats pixels."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import command, refused

from rakkan import assemble
from rakkan.studio.create import Upscaler

__all__ = ["command", "refused"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enlarger = Upscaler("repeat", "ab" * 32, lambda pixels: pixels.repeat(2, 0).repeat(2, 1))
    monkeypatch.setattr(assemble, "upscaler", lambda: enlarger)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
