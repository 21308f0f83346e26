"""Which version of the code made a figure that is published."""

from __future__ import annotations

import subprocess
from pathlib import Path


def commit(folder: Path) -> str:
    """The commit of the git checkout around ``folder``, followed by "and changes" if tracked files differ.

    "unknown" outside a checkout or without git.
    """

    def git(*arguments: str) -> str:
        found = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
        return found.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "HEAD") + (" and changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
