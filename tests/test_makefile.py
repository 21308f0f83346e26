"""make: what it hands on, and what it says when the machine lacks something. Nothing is installed here."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAKE", "MFLAGS", "RAKKAN_", "PYTHON"))
    }
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env={**kept, **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def checkout(folder: Path) -> Path:
    """A checkout's make files, without its code."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    return folder


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that is set up, whose Python writes down the arguments it was given."""
    folder = checkout(tmp_path_factory.mktemp("ready"))
    script(folder / ".venv/bin/python", "printf '%s\\0' \"$@\" >said")
    (folder / ".venv/checkout").write_text(f"{folder}\n")
    for name in ("ready-base", "ready-dev"):
        (folder / ".venv" / name).touch()
    return folder


def said(folder: Path) -> list[str]:
    return (folder / "said").read_bytes().decode().split("\0")[:-1]


HARD = [
    "a \"quoted\" one, with 'both' kinds",
    "$HOME $(HOME) ${HOME} $$ $(shell touch pwned) `touch pwned`",
    "first\nsecond\n\tthird",
    "# not a comment; touch pwned | cat > pwned & \\",
    "--help",
    "-n",
    "a = b := c ?= d",
    "%@<^+*?[]{}~!",
    "落款 é 😀",
    " leading and trailing ",
]


@pytest.mark.parametrize("prompt", HARD)
def test_a_prompt_arrives_as_it_was_typed(prompt: str, ready: Path) -> None:
    for done in (make(ready, "create", f"PROMPT={prompt}"), make(ready, "create", PROMPT=prompt)):
        assert done.returncode == 0, done.stderr
        assert said(ready)[-2:] == ["--", prompt]
    assert not (ready / "pwned").exists()


printable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1)


@given(printable)
def test_any_prompt_arrives_as_it_was_typed(ready: Path, prompt: str) -> None:
    done = make(ready, "create", PROMPT=prompt)
    assert done.returncode == 0, done.stderr
    assert said(ready)[-1] == prompt


def test_the_options_are_handed_on(ready: Path) -> None:
    make(ready, "create", "PROMPT=a", "SEED=7", "COUNT=2", "STEPS=4", "GUIDANCE=1.5", "SIZE=512x768")
    assert said(ready)[:5] == ["-m", "rakkan", "create", "--out", "pictures"]
    assert said(ready)[5:15] == [
        *("--seed", "7", "--count", "2", "--steps", "4"),
        *("--size", "512x768", "--guidance", "1.5"),
    ]
    make(ready, "create", "PROMPT=a", "NEGATIVE=$x 'y'", "OUT=my folder/a.png")
    assert said(ready)[3:7] == ["--out", "my folder/a.png", "--negative", "$x 'y'"]


def test_without_a_prompt_the_command_itself_says_so(ready: Path) -> None:
    make(ready, "create")
    assert said(ready)[-2:] == ["--", ""]


def test_help_names_every_target(ready: Path) -> None:
    text = make(ready).stdout
    for target in ("create", "figures", "test", "lint", "soak", "proof", "bench", "clean"):
        assert f"make {target}" in text


def test_a_python_that_is_too_old_is_named_with_a_newer_one(tmp_path: Path) -> None:
    folder = checkout(tmp_path / "old")
    script(tmp_path / "bin/oldpython", "case $2 in *exit*) exit 1;; *) echo 3.9.2;; esac")
    script(tmp_path / "bin/python3.12", "exit 0")
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    done = make(folder, "create", "PROMPT=a", "PYTHON=oldpython", PATH=path)
    assert done.returncode == 2
    line = done.stderr.splitlines()[0]
    assert line.startswith("rakkan: Python 3.11 or newer is needed and oldpython is 3.9.2.")
    assert "PYTHON=python3.1" in line
    assert not (folder / ".venv").exists()


def test_a_missing_venv_module_is_named_with_its_package(tmp_path: Path) -> None:
    folder = checkout(tmp_path / "bare")
    script(
        tmp_path / "bin/barepython",
        "case $2 in *ensurepip*) exit 1;; *print*) echo 3.13;; *) exit 0;; esac",
    )
    done = make(
        folder, "create", "PROMPT=a", "PYTHON=barepython", PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    )
    assert done.returncode == 2
    assert "sudo apt install python3-venv (or python3.13-venv)" in done.stderr.splitlines()[0]


def test_a_missing_python_is_named(tmp_path: Path) -> None:
    done = make(checkout(tmp_path / "none"), "create", "PROMPT=a", "PYTHON=no-such-python")
    assert done.returncode == 2
    assert done.stderr.startswith("rakkan: no-such-python is not installed. Run: sudo apt install")


def test_setting_up_happens_once_and_again_when_it_must(tmp_path: Path) -> None:
    folder = checkout(tmp_path / "a folder with spaces")
    # Stands for Python, for venv (whose python it copies itself to) and for pip.
    fake = script(
        tmp_path / "bin/fakepython",
        'case "$1 $2" in\n'
        '"-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;\n'
        '"-m pip") [ "$3" = --version ] || echo installed >>installs ;;\n'
        "esac",
    )
    runs = [make(folder, "figures", f"PYTHON={fake}") for _ in range(2)]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
    assert "setting up" in runs[0].stderr and "setting up" not in runs[1].stderr
    assert (folder / "installs").read_text().count("installed") == 1

    os.utime(folder / "pyproject.toml", (2e9, 2e9))
    os.utime(folder / "scripts/prepare", (1, 1))
    assert "setting up" in make(folder, "figures", f"PYTHON={fake}").stderr

    moved = folder.rename(tmp_path / "moved")
    os.utime(moved / "pyproject.toml", (1, 1))
    assert "setting up" in make(moved, "figures", f"PYTHON={fake}").stderr
    assert "setting up" not in make(moved, "figures", f"PYTHON={fake}").stderr


def test_a_failed_installation_says_so_and_is_tried_again(tmp_path: Path) -> None:
    folder = checkout(tmp_path / "fails")
    fake = script(
        tmp_path / "bin/fakepython",
        'case "$1 $2" in\n'
        '"-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;\n'
        '"-m pip") [ "$3" = --version ] || { echo no network; exit 1; } ;;\n'
        "esac",
    )
    for _ in range(2):
        done = make(folder, "create", "PROMPT=a", f"PYTHON={fake}")
        assert done.returncode == 2
        assert "no network" in done.stderr
        assert "installing failed" in done.stderr


def test_two_at_once_set_up_once(tmp_path: Path) -> None:
    folder = checkout(tmp_path / "twice")
    for name in ("pyproject.toml", "scripts/prepare"):
        os.utime(folder / name, (1e9, 1e9))
    fake = script(
        tmp_path / "bin/fakepython",
        'case "$1 $2" in\n'
        '"-m venv") sleep 0.5; mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;\n'
        '"-m pip") [ "$3" = --version ] || { sleep 0.5; echo installed >>installs; } ;;\n'
        "esac",
    )
    command = ["make", "figures", f"PYTHON={fake}"]
    both = [subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [one.wait(60) for one in both] == [0, 0]
    assert (folder / "installs").read_text().count("installed") == 1
