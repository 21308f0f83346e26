"""Which commit a figure is said to come from."""

from __future__ import annotations

import subprocess
from pathlib import Path

from rakkan.checkout import commit


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Tester", "-c", "user.email=tester")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_checkout_is_named_and_its_changes_are_told(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "drawing").write_text("one")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "One")
    here = git(tmp_path, "rev-parse", "HEAD")
    inside = tmp_path / "inside"
    inside.mkdir()
    assert commit(inside) == here
    (tmp_path / "new").write_text("not tracked")
    assert commit(inside) == here
    (tmp_path / "drawing").write_text("two")
    assert commit(inside) == f"{here} and changes"


def test_elsewhere_the_commit_is_not_known(tmp_path: Path) -> None:
    assert commit(tmp_path) == "unknown"
    assert commit(tmp_path / "missing") == "unknown"
