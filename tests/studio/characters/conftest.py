"""The characters and styles of a fresh instance."""

from __future__ import annotations

import pytest

from rakkan import assemble
from rakkan.casting import Casting


@pytest.fixture
def casting(monkeypatch: pytest.MonkeyPatch) -> Casting:
    """The characters and styles of a fresh instance, on which nothing draws."""
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    assemble.forget()
    return assemble.casting()
