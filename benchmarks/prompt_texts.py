"""Ordinary language to measure false positives on, read from openly licensed packages and never kept.

Debian packages, each unpacked into a folder of its name, and the translations (``.mo``) of the packages
installed on this machine. A file belongs to the part for developing or to the part held out by a hash of its
name.
"""

from __future__ import annotations

import gettext
import gzip
import hashlib
import html
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

LANGUAGES = ("en", "de", "es", "id", "ja")
PACKAGES = (
    "wordnet-base",
    "fortunes",
    *(f"fortunes-{language}" for language in ("de", "es")),
    "manpages",
    *(f"manpages-{language}" for language in ("de", "es", "id", "ja")),
    *(f"debian-reference-{language}" for language in LANGUAGES),
)
LOCALES = Path("/usr/share/locale")
SHORTEST, LONGEST = 20, 400
#: Japanese says as much in fewer characters.
SHORTEST_JAPANESE = 10
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|(?<=[。！？])")
_JAPANESE = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")


def fetch(folder: Path) -> None:
    """Fetch and unpack every package that ``folder`` does not hold yet, with ``apt-get`` and ``dpkg-deb``."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        if (folder / package).exists():
            continue
        if not any(folder.glob(f"{package}_*.deb")):
            subprocess.run(
                ["apt-get", "download", package], cwd=folder, check=True, stdout=subprocess.DEVNULL
            )
        half_done = folder / f"{package}.part"
        archive = next(folder.glob(f"{package}_*.deb"))
        subprocess.run(["dpkg-deb", "--extract", str(archive), str(half_done)], check=True)
        half_done.rename(folder / package)


def sample(folder: Path, language: str, count: int, held_out: bool, random: Random) -> list[tuple[str, str]]:
    """``count`` sentences of a language, each with its source, from one of the two parts."""
    found: dict[str, str] = {}
    for path in _files(folder, language):
        if _is_held_out(path) == held_out:
            source = path.relative_to(folder).parts[0] if path.is_relative_to(folder) else "translations"
            for sentence in _sentences(path, language):
                found.setdefault(sentence, source)
    pool = sorted(found.items())
    return random.sample(pool, min(count, len(pool)))


def _is_held_out(path: Path) -> bool:
    return hashlib.sha256(path.name.encode()).digest()[0] % 2 == 1


def _files(folder: Path, language: str) -> Iterator[Path]:
    if language == "en":
        yield from sorted((folder / "wordnet-base").rglob("data.*"))
        yield from _fortunes(folder / "fortunes")
        yield from sorted((folder / "manpages").rglob("*.gz"))
    else:
        yield from _fortunes(folder / f"fortunes-{language}")
        yield from sorted((folder / f"manpages-{language}").rglob("man[0-9]/*.gz"))
        yield from sorted((LOCALES / language / "LC_MESSAGES").glob("*.mo"))
    yield from sorted((folder / f"debian-reference-{language}").rglob("*.html"))


def _fortunes(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("games/fortunes/**/*")
        if path.is_file() and not path.is_symlink() and path.suffix not in (".dat", ".u8")
    )


def _sentences(path: Path, language: str) -> Iterator[str]:
    for block in _blocks(path):
        for sentence in _SENTENCE.split(" ".join(block.split())):
            shortest = SHORTEST_JAPANESE if language == "ja" else SHORTEST
            japanese = len(_JAPANESE.findall(sentence)) * 2 > len(sentence)
            if shortest <= len(sentence) <= LONGEST and (language == "ja") == japanese:
                yield sentence


def _blocks(path: Path) -> Iterator[str]:
    if path.suffix == ".mo":
        try:
            with path.open("rb") as file:
                catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
        except (UnicodeDecodeError, OSError):  # one that does not keep to its own encoding
            return
        yield from (text for text in catalogue.values() if text)
        return
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if path.name.startswith("data."):
        for line in text.splitlines():
            yield from re.findall(r'"([^"]+)"', line.partition(" | ")[2])
    elif path.suffix == ".html":
        yield from (
            html.unescape(re.sub("<[^>]+>", "", part)) for part in re.findall(r"<p>(.*?)</p>", text, re.S)
        )
    elif path.suffix == ".gz":
        lines = (line for line in text.splitlines() if not line.startswith((".", "'")))
        yield from " ".join(re.sub(r"\\f.|\\[-&(].?|\\", "", line) for line in lines).split("  ")
    else:
        for cookie in text.split("\n%"):
            # Who said it is no ordinary language.
            yield "\n".join(line for line in cookie.splitlines() if not line.strip().startswith("--"))
