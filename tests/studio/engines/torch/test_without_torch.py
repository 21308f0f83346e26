"""What is said where the extra is not installed."""

from __future__ import annotations

from importlib import util

import pytest

from rakkan.errors import RakkanError
from rakkan.studio.engines.torch import require


def test_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    require()
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "diffusers" else object())
    with pytest.raises(RakkanError) as caught:
        require()
    assert "diffusers" in caught.value.message and "torch," not in caught.value.message
    assert caught.value.hint == "pip install 'rakkan[torch]'"
