"""The grammar of A1111's ``parameters`` text, which every tool of the field reads.

    text    = prompt ["\\nNegative prompt: " negative] "\\n" details
    details = pair *(", " pair)
    pair    = key ": " value | key            ; bare when key == value
    value   = raw, or a JSON string if it holds a comma, a colon or a line break

The format cannot hold every prompt: readers strip each line, and take the label of the negative prompt, or
of the steps at the start of a line, for what it is wherever a prompt has it. Both get a space before their
colon, which means the same to a model; the exact prompt stands in the recipe, Rakkan's own text in the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

#: The PNG keyword of the text.
KEYWORD = "parameters"

_LABEL = "Negative prompt:"
#: By this some readers tell SwarmUI's JSON, wherever it stands.
_SWARM = "sui_image_params"
_STEPS = re.compile(r"(?m)^(\s*)Steps:")
#: No key is longer, and none is looked for further: a line without a colon would be walked over and over.
_PAIR = re.compile(r'(\w[\w \-/]{1,80}):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
_SIZE = re.compile(r"^(\d+)x(\d+)$")
#: A last line with fewer pairs than this is prompt text, not details.
_FEWEST_PAIRS = 3


@dataclass(frozen=True)
class Parameters:
    """A ``parameters`` text taken apart; ``details`` keeps its keys in the order they were written."""

    prompt: str
    negative: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


def write(parts: Parameters) -> str:
    """The text of a prompt, a negative prompt and details."""
    lines = [_defused(parts.prompt)]
    if parts.negative:
        lines.append(f"{_LABEL} {_defused(parts.negative)}")
    if parts.details:
        lines.append(
            ", ".join(
                key if key == value else f"{key}: {_quoted(value)}" for key, value in parts.details.items()
            )
        )
    return "\n".join(lines).strip()


def read(text: str) -> Parameters:
    """Take a ``parameters`` text apart, as every reader of the format does. Never fails.

    A size such as ``512x768`` also gives its ``-1`` and ``-2`` parts (width, height). Of a key that stands
    there twice the first counts. What cannot be understood is kept as it stands, so one bad value does not
    lose the rest.
    """
    *lines, last = text.strip().split("\n")
    pairs = _PAIR.findall(last)
    if len(pairs) < _FEWEST_PAIRS:
        lines.append(last)
        pairs = []
    prompt: list[str] = []
    negative: list[str] = []
    current = prompt
    for raw in lines:
        line = raw.strip()
        if line.startswith(_LABEL):
            current = negative
            line = line.removeprefix(_LABEL).strip()
        current.append(line)
    details: dict[str, str] = {}
    for key, quoted in pairs:
        value = _unquoted(quoted)
        if key not in details:
            details[key] = value
            if size := _SIZE.match(value):
                details[f"{key}-1"], details[f"{key}-2"] = size.groups()
    return Parameters("\n".join(prompt).strip(), "\n".join(negative).strip(), details)


def _defused(text: str) -> str:
    """The text with each line stripped, and nothing in it that a reader would take for a label."""
    lines = "\n".join(line.strip() for line in text.strip().split("\n"))
    plain = lines.replace(_LABEL, "Negative prompt :").replace(_SWARM, "sui image_params")
    return _STEPS.sub(r"\1Steps :", plain)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if re.search(r"[,:\n]", value) else value


def _unquoted(value: str) -> str:
    if value.startswith('"') and value.endswith('"'):
        try:
            plain = json.loads(value)
        except ValueError:
            return value
        return plain if isinstance(plain, str) else value
    return value.strip()
