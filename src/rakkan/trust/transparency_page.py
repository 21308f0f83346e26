"""A transparency report as a page for people and as JSON for machines; both are a function of it alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from rakkan.trust.takedown.states import TERM
from rakkan.trust.transparency import Cells, Report


@dataclass(frozen=True)
class Section:
    """One table of the report: its name in the counts, its heading, its columns, and why it is counted."""

    name: str
    heading: str
    columns: tuple[str, ...]
    why: str


SECTIONS = (
    Section(
        "refusals",
        "What the rules refused by themselves",
        ("asked for", "rule"),
        "How much is refused, and by which rule, shows what the rules cost people who meant no harm.",
    ),
    Section(
        "rules on appeal",
        "Refusals that a moderator looked at again",
        ("rule", "outcome"),
        "A refusal overturned on appeal is an error of the rule that made it.",
    ),
    Section("reports", "Reports", ("claim",), "What people say was done to them."),
    Section(
        "decisions",
        "Decisions of moderators",
        ("about a", "stage", "outcome", "reason"),
        "Who decides must say how often, and on which ground.",
    ),
    Section(
        "appeals",
        "Appeals",
        ("about a", "by"),
        "A way to object that nobody uses may be one that nobody finds.",
    ),
    Section("bans", "Bans", ("reason",), "To be barred is the hardest thing that is done here."),
    Section("bans lifted", "Bans lifted", (), "One that was lifted was wrong, or is no longer needed."),
    Section("leaks", "Leaks", ("state",), "What was found where it may not be."),
    Section("wishes of artists", "Wishes of artists", ("wish",), "Opt-outs, and the opt-ins beside them."),
    Section("erasures", "Erasures", (), "Each means that all that was kept for someone was shredded."),
    Section("pictures made", "Pictures made", ("operation",), "What all the rest is to be measured by."),
    Section("files admitted", "Files admitted", ("media type",), "What came in from outside."),
    Section("other statements", "Other statements", ("kind",), "So that every entry is in some row."),
)


def as_json(report: Report) -> str:
    """The report as JSON: equal reports give equal bytes."""
    value = {
        "quarter": report.quarter.name,
        "from": _moment(report.quarter.start),
        "before": _moment(report.quarter.end),
        "open_and_overdue_at": _moment(report.until),
        "counts": {
            section.name: [
                {**dict(zip(section.columns, cells, strict=True)), "count": number}
                for cells, number in _rows(report.counts.get(section.name, {}))
            ]
            for section in SECTIONS
        },
        "first_decisions": {
            "count": len(report.waits),
            "median_hours": _hours(report.waits, 50),
            "percentile_95_hours": _hours(report.waits, 95),
            "within_48_hours": _in_time(report.waits),
        },
        "open_reports": report.open,
        "overdue_reports": report.overdue,
        "refusals_appealed_and_decided": _on_appeal(report)[1],
        "of_them_overturned": _on_appeal(report)[0],
        "erased_and_not_counted": {kind: number for (kind,), number in _rows(report.erased)},
        "lost_and_not_counted": {kind: number for (kind,), number in _rows(report.lost)},
        "checkpoint": report.checkpoint,
    }
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def as_markdown(report: Report) -> str:
    """The report as a page: equal reports give equal bytes."""
    origin, size, root = report.checkpoint.split("\n")[:3]
    quarter = report.quarter
    lines = [
        f"# Transparency report, {quarter.name}",
        "",
        f"From {_moment(quarter.start)} to before {_moment(quarter.end)}, by the times stated.",
        f"Counted by `rakkan report --quarter {quarter.name}` from the ledger alone.",
    ]
    if report.until < quarter.end:
        lines += ["", f"**The quarter is not over:** this goes up to {_moment(report.until)}."]
    for section in SECTIONS:
        rows = _rows(report.counts.get(section.name, {}))
        lines += ["", f"## {section.heading}: {sum(number for _, number in rows)}", "", section.why]
        if section.columns and rows:
            lines += ["", *_table((*section.columns, "count"), rows)]
        if section.name == "rules on appeal":
            overturned, decided = _on_appeal(report)
            lines += ["", f"Overturned: {_share(overturned, decided)}."]
        if section.name == "reports":
            lines += ["", *_waiting(report)]
    for heading, why, counts in (("Erased", _ERASED, report.erased), ("Lost", _LOST, report.lost)):
        lines += ["", f"## {heading}, not counted above: {sum(counts.values())}", "", why]
        lines += ["", *_table(("kind", "count"), _rows(counts))] if counts else []
    lines += [
        "",
        "## What this was counted from",
        "",
        f"The ledger `{origin}` of {size} entries, whose root hash is `{root}`.",
        "This checkpoint is signed, and each later one must continue it: whoever is given another report",
        "of the same quarter can compare.",
        "",
        "```",
        report.checkpoint.rstrip("\n"),
        "```",
    ]
    return "\n".join(lines) + "\n"


_ERASED = (
    "Statements that were shredded with the account that made them. Their kind stands in the log for good; "
    "when they were made, and so in which quarter, nobody can tell any more."
)
_LOST = "Statements that cannot be read though nobody asked for their erasure: damage, or someone's doing."


def _waiting(report: Report) -> list[str]:
    waits = report.waits
    lines = [f"First decisions: {len(waits)}."]
    if waits:
        lines.append(
            f"Half of them came within {_hours(waits, 50)} hours, 95 of 100 within {_hours(waits, 95)}; "
            f"within 48 hours: {_share(_in_time(waits), len(waits))}."
        )
    lines.append(
        f"At {_moment(report.until)}, {report.open} reports were undecided, {report.overdue} of them overdue."
    )
    return lines


def _on_appeal(report: Report) -> tuple[int, int]:
    """Of the refusals decided on appeal, how many were overturned, and how many there were."""
    rows = report.counts.get("rules on appeal", {})
    return sum(n for (_, outcome), n in rows.items() if outcome == "overturned"), sum(rows.values())


def _in_time(waits: tuple[int, ...]) -> int:
    return sum(1 for wait in waits if wait <= TERM)


def _hours(waits: tuple[int, ...], percent: int) -> float | None:
    """The smallest wait, in hours to one decimal, that ``percent`` of all do not exceed (nearest rank)."""
    if not waits:
        return None
    return round(waits[-(-percent * len(waits) // 100) - 1] / 3600, 1)


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.1f} %)" if whole else "none of none"


def _rows(counts: Mapping[Cells, int]) -> list[tuple[Cells, int]]:
    return sorted(counts.items())


def _table(columns: tuple[str, ...], rows: Iterable[tuple[Cells, int]]) -> list[str]:
    lines = [f"| {' | '.join(columns)} |", f"| {' | '.join('---' for _ in columns)} |"]
    return lines + [f"| {' | '.join((*cells, str(number)))} |" for cells, number in rows]


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
