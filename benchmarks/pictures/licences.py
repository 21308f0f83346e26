"""The licence of one file, from the machine-readable copyright file of its Debian package (DEP-5)."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath


def stanzas(text: str) -> list[tuple[list[str], str]]:
    """Every ``Files`` stanza as its patterns and the short name of its licence, in order."""
    found: list[tuple[list[str], str]] = []
    for block in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([A-Za-z-]+):((?:.*)(?:\n[ \t].*)*)", block, re.MULTILINE))
        if "Files" in fields and "License" in fields:
            patterns = [pattern.removeprefix("./") for pattern in fields["Files"].split()]
            found.append((patterns, (fields["License"].split("\n")[0].strip() or "not stated")))
    return found


def licence(path: str, found: list[tuple[list[str], str]]) -> str:
    """The licence of ``path`` in a package: the last stanza that fits counts, as DEP-5 has it.

    Patterns are of the source tree, so they are held against the end of the path, without the ending:
    builds convert pictures from one format to another.
    """
    bare = str(PurePosixPath(path).with_suffix(""))
    answer = "not stated"
    for patterns, name in found:
        for pattern in patterns:
            stem = re.sub(r"\.[a-z]{3,4}$", "", pattern)
            if fnmatchcase(bare, stem) or fnmatchcase(bare, f"*/{stem}"):
                answer = name
    return answer


def of_package(folder: Path, package: str) -> list[tuple[list[str], str]]:
    """The stanzas of an unpacked package; none without a copyright file."""
    file = folder / "usr" / "share" / "doc" / package / "copyright"
    return stanzas(file.read_text("utf-8", "replace")) if file.exists() else []
