"""docs/models.md: its commands do what they say, its tables are the ones in the code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.cli.conftest import command
from tests.formats.checkpoints.tables import checkpoint_file, write_folder
from tests.models.servers import repository, serving

from rakkan.formats.checkpoints.architecture import SD1, SDXL
from rakkan.models.licences import LICENCES
from rakkan.models.profiles import PROFILES

__all__ = ["command"]


@pytest.fixture
def text(root: Path) -> str:
    return (root / "docs" / "models.md").read_text()


def test_its_commands_are_run(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    run = request.getfixturevalue("command")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "teapots.safetensors").write_bytes(checkpoint_file(SDXL))
    write_folder(tmp_path / "diffusers-folder", SD1)
    found = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    assert found
    lines = found[1].splitlines()
    assert len(lines) == 7
    with serving() as host:
        monkeypatch.setenv("HF_ENDPOINT", host.address)
        repository(host, "owner/teapots", {"t.safetensors": checkpoint_file(SD1)}, license="mit")
        for line in lines:
            words = shlex.split(line)
            assert words[0] == "rakkan"
            done = run(*words[1:])
            assert (done.status, done.err) == (0, ""), line
    assert run("model", "list").out.endswith("models: 2\n")
    assert (tmp_path / "back.safetensors").is_file()


def table(text: str, name: str) -> list[str]:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end {name} -->", text, re.DOTALL)
    assert found
    return found[1].splitlines()[2:]


def test_the_profiles_are_those_of_the_code(text: str) -> None:
    rows = []
    for one in PROFILES:
        around = ", ".join([*one.before, "…", *one.after]) if one.before or one.after else "…"
        rows.append(f"| {one.name} | {around} | {', '.join(one.negative) or '–'} | {one.clip_skip} |")
    assert table(text, "profiles") == rows


def test_the_licences_are_those_of_the_code(text: str) -> None:
    assert table(text, "licences") == [f"| `{one.id}` | [{one.name}]({one.url}) |" for one in LICENCES]
