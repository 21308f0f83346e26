"""The page about the API: what it shows is run, from top to bottom."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.service.routes.conftest import Hub
from tests.service.small_models import tiny_embedding

from rakkan.service.access.actors import SCOPES
from rakkan.service.routes.doors import a1111

PAGE = Path(__file__).resolve().parents[3] / "docs" / "api.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def environment(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    model = tmp_path_factory.mktemp("model") / "mine.safetensors"
    model.write_bytes(tiny_embedding(1))
    return {**os.environ, "RAKKAN": hub.origin, "KEY": hub.key(hub.mika), "MODEL": str(model)}


def test_the_commands_can_be_run(environment: dict[str, str], tmp_path: Path) -> None:
    script = "set -euo pipefail\n" + "\n".join(blocks("sh")).replace("curl -s", "curl --fail-with-body -s")
    ran = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr
    assert '"kind":"model"' in ran.stdout
    assert "event: done" in ran.stdout and '"state":"published"' in ran.stdout
    assert (tmp_path / "picture.png").read_bytes()[:4] == b"\x89PNG"
    assert (tmp_path / "openapi.json").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        (0, ["True", "True"]),
        (1, ["(512, 512) 5", "(1024, 1024)"]),
        (2, ["1", "not_found"]),
    ],
)
def test_the_programs_can_be_run(environment: dict[str, str], number: int, wanted: list[str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", blocks("python")[number]],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[: len(wanted)] == wanted
    assert number or ran.stdout.splitlines()[-1].startswith("The prompt is empty - Describe")


def test_the_page_names_all_scopes_and_routes_of_the_door() -> None:
    text = PAGE.read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == set(SCOPES)
    for route in a1111.router.routes:
        name = str(getattr(route, "path", "")).removeprefix("/sdapi/v1/")
        assert f"`{name}`" in text, name
