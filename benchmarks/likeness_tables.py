"""Writes the measured block of ``docs/likeness.md`` from ``docs/measurements/likeness.json``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "likeness.json"
DOCUMENT = ROOT / "docs" / "likeness.md"

Row = dict[str, Any]


def write() -> None:
    report = json.loads(REPORT.read_text())
    start, end = "<!-- measured: likeness.json -->\n", "\n<!-- end measured -->"
    blocks = iter([faces(report), figures(report)])
    text = re.sub(
        f"(?<={re.escape(start)}).*?(?={re.escape(end)})",
        lambda _: next(blocks),
        DOCUMENT.read_text(),
        flags=re.DOTALL,
    )
    DOCUMENT.write_text(text)


def faces(report: Row) -> str:
    found = report["faces"]
    fired, named = (
        found[name]
        for name in ("drawings the detector fires on", "drawings refused as a real person's likeness")
    )
    return (
        f"Detection of photographic faces: **{_told(found['detection of photographic faces'])}**. Openly "
        f"licensed packages gave {found['photographic faces']} photographs of faces; {found['needed']} are "
        f"needed to say anything.\n\nOf {fired['n']} drawings the detector alone fires on {_percent(fired)}; "
        f"together with the judgement of what is around the face, {_percent(named)} are refused under "
        "`real person's likeness`."
    )


def _told(value: Any) -> str:
    return value if isinstance(value, str) else _percent(value)


def figures(report: Row) -> str:
    refused, let_in = report["photographs refused"], report["drawings let in"]
    lines = [
        f"{report['n']:,} judgements of the half that nothing was learned from, {report['processor']}, "
        "intervals at `95 %` (Clopper-Pearson).",
        "",
        f"**Photographs refused as references: {_percent(refused['all'])}, wanted "
        f"{100 * report['wanted']['photographs refused']:.0f} %. Drawings let in: {_percent(let_in['all'])}, "
        f"wanted {100 * report['wanted']['drawings let in']:.0f} %.**",
        "",
        *_table("photographs refused, by source package", refused),
        *_table("drawings let in, by source package", let_in),
        "| what was done to the picture | photographs refused | of | drawings let in | of |",
        "|---|---|---:|---|---:|",
    ]
    for name, kinds in report["evasions"].items():
        cells = [
            cell
            for kind in ("photograph", "drawing")
            for cell in ((_percent(kinds[kind]), str(kinds[kind]["n"])) if kind in kinds else ("", ""))
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["", "| limit of the whole | photographs refused | drawings let in |", "|---|---|---|"]
    for limit, row in report["curve"].items():
        lines.append(f"| `{limit}` | {' | '.join(_percent(value) for value in row.values())} |")
    lines += ["", "| voice | photographs called photographs | drawings called photographs |", "|---|---|---|"]
    independent = dict(report["independent"])
    agree = independent.pop("judgement and nsfwjs's classes agree")
    for name, row in independent.items():
        lines.append(f"| {name} | {' | '.join(_percent(value) for value in row.values())} |")
    lines += [
        "",
        "The judgement and nsfwjs's own five classes, one of the things it reads, agree on "
        f"{_percent(agree)} of {agree['n']:,} pictures.",
    ]
    return "\n".join(lines)


def _table(title: str, rows: Row) -> list[str]:
    lines = [f"| {title} | n | share | interval | licence |", "|---|---:|---:|---|---|"]
    for name, row in rows.items():
        if name != "all":
            low, high = row["interval"]
            span = f"{100 * low:.1f}–{100 * high:.1f}"
            share = f"{100 * row['share']:.1f} %"
            lines.append(f"| {name} | {row['n']} | {share} | {span} | `{row['licence']}` |")
    return [*lines, ""]


def _percent(row: Row) -> str:
    low, high = row["interval"]
    return f"{100 * row['share']:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


if __name__ == "__main__":
    write()
