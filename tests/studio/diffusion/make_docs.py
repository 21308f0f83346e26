"""The tables of docs/samplers.md, written from the code.

python -m tests.studio.diffusion.make_docs
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from rakkan.studio.diffusion.registry import Sampler
from rakkan.studio.diffusion.samplers import SAMPLERS
from rakkan.studio.diffusion.schedules import SCHEDULES, Schedule

PAGE = Path(__file__).resolve().parents[3] / "docs" / "samplers.md"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def defect(entry: Sampler | Schedule) -> str:
    """What follows the first sentence of a docstring."""
    text = (entry.function.__doc__ or "").split("\n\n", 1)[1]
    return " ".join(text.replace("``", "`").split())


def also(entry: Sampler | Schedule) -> str:
    return ", ".join([entry.title, *entry.aliases])


def samplers() -> str:
    head = ("Name", "Also", "Evaluations a step", "Fresh noise", "Automatic schedule", "What it does", "Mind")
    return table(
        head,
        [
            (
                f"`{each.name}`",
                also(each),
                str(each.evaluations or "its own steps"),
                "yes" if each.is_random else "no",
                f"`{each.schedule}`",
                each.summary.replace("``", "`"),
                defect(each),
            )
            for each in SAMPLERS.values()
        ],
    )


def schedules() -> str:
    head = ("Name", "Also", "Which levels", "Source and defect")
    rows = [(f"`{each.name}`", also(each), each.summary, defect(each)) for each in SCHEDULES.values()]
    return table(head, rows)


def written(page: str) -> str:
    """The page with its tables as the code has them."""
    for name, text in (("samplers", samplers()), ("schedules", schedules())):
        block = f"<!-- table: {name} -->\n{text}\n<!-- end table -->"
        page, found = re.subn(
            rf"<!-- table: {name} -->.*?<!-- end table -->", lambda _, b=block: b, page, flags=re.DOTALL
        )
        if found != 1:
            raise ValueError(f"The page has no place for the table of {name}")
    return page


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
