"""The wiring: the settings choose the engine, and only what is used is loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy
import pytest

from rakkan import assemble
from rakkan.errors import RakkanError


@pytest.fixture(autouse=True)
def _wired_anew() -> None:
    assemble.engine.cache_clear()


def test_the_settings_choose_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    assert assemble.engine().name == "fake"
    assert assemble.engine() is assemble.engine()


def test_weights_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RAKKAN_WEIGHTS", str(tmp_path / "none"))
    with pytest.raises(RakkanError, match="none"):
        assemble.engine()


def test_the_gate_and_the_fake_engine_load_no_openvino(environment: dict[str, str]) -> None:
    code = (
        "import sys; from rakkan import assemble; assemble.gate(); assemble.engine()\n"
        "sys.exit(f'loaded {heavy}' if (heavy := {'openvino', 'torch'} & set(sys.modules)) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "RAKKAN_ENGINE": "fake"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_upscaler_doubles_a_picture_and_has_a_name() -> None:
    pixels = numpy.full((16, 24, 3), 128, numpy.uint8)
    upscaler = assemble.upscaler()
    assert upscaler.enlarge(pixels).shape == (32, 48, 3)
    assert len(upscaler.digest) == 64


def test_a_vault_that_does_not_open_is_said_before_anything_is_drawn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "key").write_bytes(b"not a key")
    monkeypatch.setenv("RAKKAN_KEY", str(tmp_path / "key"))
    with pytest.raises(RakkanError, match="key"):
        assemble.release()
