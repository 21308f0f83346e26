"""A hub for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.service.pictures.hub import Hub, make


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return make(tmp_path / "hub.sqlite")
