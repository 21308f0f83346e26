"""Prompts that are drawn anew for each picture, in the grammar of the dynamic-prompts extension.

    __NAME__          a line of NAME.txt in the folder of wildcards; NAME may have folders, and * for any text
    {a|b|c}           one of them
    {2::a|b}          a twice as often
    {2$$a|b|c}        two of them, none twice, joined by commas; {1-2$$ and $$a|b|c}: one or two, by "and"

They nest, in files too, whose lines may begin with a weight (``2::a``); blank lines and those that begin with
``#`` do not count. A brace without its partner is an ordinary sign, and so is what a backslash stands before.
What is drawn depends on the template, the files and the seed alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from random import Random

from rakkan.errors import RakkanError
from rakkan.studio.prompts import LONGEST_PROMPT

DEEPEST = 24
MOST_DRAWN = 1000
MOST_LINES = 20_000
LARGEST_FILE = 2 * 1024 * 1024
MOST_FILES = 5000

_WILDCARD = re.compile(r"__([A-Za-z0-9*][A-Za-z0-9_/*.-]{0,118}?)__")
_COUNT = re.compile(r"\s*(\d{1,3})?\s*(?:(-)\s*(\d{1,3})?)?\s*\$\$(?:([^{}|]{0,20}?)\$\$)?")
_WEIGHT = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?)::")
_PARTNERS = {"{": "}", "[": "]", "(": ")", "<": ">"}


def is_template(prompt: str) -> bool:
    """Whether there is anything in the prompt to be drawn."""
    return bool(_WILDCARD.search(prompt) or _closings(prompt))


def expanded(template: str, seed: int, folder: Path | None = None, part: str = "prompt") -> str:
    """What a template comes to for a picture of this seed; with nothing to draw it stays as it is.

    ``folder`` holds the wildcards, None or one that is not there none. ``part`` is ``prompt`` or
    ``negative``, which draw apart. Raises RakkanError for a wildcard that is not there or leads back to
    itself, and for one
    that draws too much.
    """
    if not is_template(template):
        return template
    drawing = _Drawing(Random(f"rakkan {part} {seed}"), folder)
    text = drawing.text(template, ())
    if len(text) > LONGEST_PROMPT:
        raise RakkanError(
            f"The template comes to {len(text)} characters with the seed {seed}",
            f"Shorten what it draws from; {LONGEST_PROMPT} are the most",
        )
    return re.sub(r"\\([{}|_$])", r"\1", text)


@dataclass
class _Drawing:
    """One expansion; ``drawn`` counts what was chosen in it."""

    random: Random
    folder: Path | None
    drawn: int = 0
    files: dict[str, list[tuple[str, float]]] = field(default_factory=dict)

    def text(self, template: str, within: tuple[str, ...], depth: int = 0) -> str:
        """The text of a template that stands in the wildcards ``within``, outermost first."""
        if depth > DEEPEST:
            raise RakkanError(f"The template nests deeper than {DEEPEST}", "Use fewer braces within braces")
        out: list[str] = []
        closings = _closings(template)
        place = length = 0
        while place < len(template):
            sign, step = template[place], 1
            piece = sign
            found = _WILDCARD.match(template, place) if sign == "_" else None
            if sign == "\\":
                step = 2
                piece = template[place : place + 2]
            elif found:
                piece, step = self.wildcard(found[1], within, depth), len(found[0])
            elif sign == "{" and (end := closings.get(place, 0)):
                piece, step = self.choice(template[place + 1 : end], within, depth), end + 1 - place
            out.append(piece)
            length += len(piece)
            if length > 4 * LONGEST_PROMPT:
                raise RakkanError("The template comes to too much text", "Shorten what it draws from")
            place += step
        return "".join(out)

    def wildcard(self, name: str, within: tuple[str, ...], depth: int) -> str:
        """A line of the file of that name, drawn and expanded."""
        if name in within:
            circle = " → ".join((*within[within.index(name) :], name))
            raise RakkanError(
                f"The wildcard {name!r} leads back to itself: {circle}", "Take it out of one of the files"
            )
        line = self.one(self.lines(name))
        return self.text(line, (*within, name), depth + 1)

    def choice(self, inside: str, within: tuple[str, ...], depth: int) -> str:
        """One of the options of a pair of braces, or some of them."""
        count, joint, rest = _counted(inside)
        options = [_weighed(option) for option in _split(rest)]
        if count is None:
            return self.text(self.one(options), within, depth + 1)
        fewest, most = (min(number, len(options)) for number in count)
        chosen = []
        for _ in range(self.random.randint(min(fewest, most), most)):
            option = self.one(options)
            options.remove(next(one for one in options if one[0] == option))
            chosen.append(self.text(option, within, depth + 1).strip())
        return joint.join(chosen)

    def one(self, options: list[tuple[str, float]]) -> str:
        self.drawn += 1
        if self.drawn > MOST_DRAWN:
            raise RakkanError(f"The template draws more than {MOST_DRAWN} times", "Use fewer wildcards")
        weights = [weight for _, weight in options]
        if not any(weights):
            weights = [1.0] * len(options)
        return self.random.choices([text for text, _ in options], weights)[0]

    def lines(self, name: str) -> list[tuple[str, float]]:
        if name not in self.files:
            self.files[name] = [_weighed(line) for line in _lines(self.folder, name)]
        return self.files[name]


def _lines(folder: Path | None, name: str) -> list[str]:
    """The lines of a wildcard's files, in the order of their names."""
    if ".." in name or name.startswith("/"):
        raise RakkanError(f"A wildcard cannot be called {name!r}", "Name a file in the folder of wildcards")
    if folder is None or not folder.is_dir():
        raise RakkanError(
            f"There is no folder of wildcards to find {name!r} in",
            "Bring wildcards, or name a folder of them with --wildcards",
        )
    files = {str(path.relative_to(folder).with_suffix("")): path for path in text_files(folder)}
    pattern = re.compile(".*".join(map(re.escape, name.split("*"))))
    chosen = [files[one] for one in sorted(files) if pattern.fullmatch(one)]
    if not chosen:
        near = get_close_matches(name, files, 1)
        hint = f"Did you mean __{near[0]}__?" if near else f"Write {name}.txt into the folder of wildcards"
        raise RakkanError(f"There is no wildcard {name!r}", hint)
    lines = [line for path in chosen for line in _read(path)]
    if not lines:
        raise RakkanError(f"The wildcard {name!r} has no lines", f"Write some into {chosen[0]}")
    return lines


def text_files(folder: Path) -> Iterator[Path]:
    """The text files below a folder; a link that leads out of it does not count."""
    root = folder.resolve()
    for number, path in enumerate(sorted(folder.rglob("*.txt"))):
        if number >= MOST_FILES:
            raise RakkanError(f"{folder} holds more than {MOST_FILES} wildcards", "Name a smaller folder")
        if path.is_file() and path.resolve().is_relative_to(root):
            yield path


def _read(path: Path) -> list[str]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RakkanError(f"The wildcard {path} is larger than {LARGEST_FILE // 1024} KiB", "Split it")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise RakkanError(f"The wildcard {path} is not UTF-8", "Save it as UTF-8") from error
    except OSError as error:
        raise RakkanError(
            f"The wildcard {path} cannot be read: {(error.strerror or str(error)).lower()}",
            "Check its permissions",
        ) from error
    if len(lines) > MOST_LINES:
        raise RakkanError(f"The wildcard {path} has more than {MOST_LINES} lines", "Split it")
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _closings(text: str) -> dict[int, int]:
    """Where each brace that is closed is closed."""
    found: dict[int, int] = {}
    opened: list[int] = []
    place = 0
    while place < len(text):
        sign = text[place]
        if sign == "\\":
            place += 1
        elif sign == "{":
            opened.append(place)
        elif sign == "}" and opened:
            found[opened.pop()] = place
        place += 1
    return found


def _split(inside: str) -> list[str]:
    """The options between bars, those inside other brackets aside."""
    parts, opened, place = [""], list[str](), 0
    while place < len(inside):
        sign = inside[place]
        if sign == "\\":
            parts[-1] += inside[place : place + 2]
            place += 2
            continue
        if sign in _PARTNERS:
            opened.append(_PARTNERS[sign])
        elif opened and sign == opened[-1]:
            opened.pop()
        if sign == "|" and not opened:
            parts.append("")
        else:
            parts[-1] += sign
        place += 1
    return parts if not opened or len(parts) > 1 else _plainly(inside)


def _plainly(inside: str) -> list[str]:
    """The options where a bracket of another kind is never closed: only braces keep them together."""
    parts, depth = [""], 0
    for sign in inside:
        depth += (sign == "{") - (sign == "}")
        if sign == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _counted(inside: str) -> tuple[tuple[int, int] | None, str, str]:
    """How many to choose (None for one), what joins them, and the rest."""
    found = _COUNT.match(inside)
    if not found or (found[1] is None and found[2] is None):
        return None, "", inside
    low = int(found[1]) if found[1] else 0
    high = (int(found[3]) if found[3] else 10**3) if found[2] else low
    joint = ", " if found[4] is None else found[4]
    return (low, max(low, high)), joint, inside[found.end() :]


def _weighed(option: str) -> tuple[str, float]:
    found = _WEIGHT.match(option)
    return (option[found.end() :], float(found[1])) if found else (option, 1.0)
