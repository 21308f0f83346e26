"""What an instance says of itself that ships with the package: its policies and its measured figures.

Both are copies of what stands in ``docs``; a test holds them to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

_HERE = Path(__file__).parent
#: The policies, in the order they are listed.
POLICIES = ("acceptable-use", "moderation", "data", "transparency")
_LINK = re.compile(r"\[([^\]]+)\]\((?!https://)([^)#]*)(#[^)]*)?\)")


@dataclass(frozen=True)
class Measured:
    """A measured share with its interval of 95 %, and what it was measured on."""

    name: str
    share: float
    low: float
    high: float
    n: int
    basis: str


@lru_cache(maxsize=1)
def figures() -> tuple[Measured, ...]:
    """The figures of safety that were measured before this version was made."""
    told = json.loads((_HERE / "figures.json").read_text(encoding="utf-8"))
    names = ("name", "share", "low", "high", "n", "basis")
    return tuple(Measured(*(one[name] for name in names)) for one in told)


@lru_cache(maxsize=len(POLICIES))
def policy(name: str) -> str:
    """The Markdown of a policy. Raises KeyError for another name."""
    if name not in POLICIES:
        raise KeyError(name)
    return (_HERE / "policies" / f"{name}.md").read_text(encoding="utf-8")


def title(markdown: str) -> str:
    """The heading of a document of ours."""
    return next((line[2:].strip() for line in markdown.splitlines() if line.startswith("# ")), "")


def html(markdown: str) -> str:
    """A document of ours as HTML, everything escaped. Links among the policies lead to their pages; those to
    files of the repository, which is not here, become what they say."""

    def linked(found: re.Match[str]) -> str:
        name = found[2].rpartition("/")[2].removesuffix(".md")
        return f"[{found[1]}](/about/policies/{name})" if name in POLICIES else found[1]

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(_LINK.sub(linked, markdown))
    _name_cells(tokens)
    return str(reader.renderer.render(tokens, reader.options, {}))


#: What a table is to a screen reader, said again: on a phone its rows are laid out as blocks.
_ROLES = {
    "table_open": "table",
    "thead_open": "rowgroup",
    "tbody_open": "rowgroup",
    "tr_open": "row",
    "th_open": "columnheader",
    "td_open": "cell",
}


def _name_cells(tokens: Sequence[Token]) -> None:
    """Give each cell its column's heading, which stands beside it where there is no room for columns."""
    heads: list[str] = []
    column = 0
    for token, following in pairwise(tokens):
        if token.type in _ROLES:
            token.attrSet("role", _ROLES[token.type])
        if token.type == "table_open":
            heads = []
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            heads.append(following.content)
        elif token.type == "td_open":
            token.attrSet("data-label", heads[column] if column < len(heads) else "")
            column += 1
