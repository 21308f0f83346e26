"""``rakkan takedown``: report a picture, decide on reports, appeal. Reporting takes no account."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from rakkan.trust.takedown.desk import Desk
    from rakkan.trust.takedown.digests import Digests
    from rakkan.trust.takedown.docket import Case

app = typer.Typer(
    help="Report that a picture is your work or shows you; decide on reports; appeal.", no_args_is_help=True
)

_SHORT = 8
#: Pictures listed that are alike and not covered.
_MOST = 5

CaseName = Annotated[str, typer.Argument(help="The case: its digits, or how they begin.", show_default=False)]


@app.command()
def digest(
    files: Annotated[list[Path], typer.Argument(help="Pictures: PNG, JPEG or WebP.", show_default=False)],
) -> None:
    """Print what a picture is known by, a line for each, to report it without sending it.

    Reads the files and nothing else; writes nothing, asks nobody.
    """
    from rakkan.trust.takedown.digests import checked, digests_of_path, to_line

    for file in files:
        typer.echo(to_line(checked(digests_of_path(file))))


@app.command()
def report(
    claim: Annotated[str, typer.Option(help="'my work', 'my likeness', unsafe or spam.", show_default=False)],
    files: Annotated[
        list[Path] | None, typer.Argument(help="The pictures: PNG, JPEG or WebP.", show_default=False)
    ] = None,
    line: Annotated[
        list[str] | None,
        typer.Option(
            "--digest", help="Instead of a picture: a line of rakkan takedown digest, - to read them."
        ),
    ] = None,
    contact: Annotated[str, typer.Option(help="How you can be reached, if you like to be.")] = "",
    words: Annotated[str, typer.Option(help="What a moderator should know.")] = "",
) -> None:
    """Report pictures, without an account. They and their near copies are hidden at once."""
    from rakkan import assemble
    from rakkan.trust.takedown.digests import digests_of_path, from_line

    found: list[Digests] = [digests_of_path(file) for file in files or []]
    found += [from_line(one) for one in _lines(line or [])]
    case = assemble.takedown().report(claim, found, contact, words)
    typer.echo(f"case {case.name}")
    typer.echo(f"{_hidden(case)}; a moderator decides by {_moment(case.state.due)} UTC")


@app.command("list")
def list_cases(
    due: Annotated[bool, typer.Option("--due", help="Only what waits for a moderator.")] = False,
) -> None:
    """List cases, times in UTC: what is overdue first, then what waits, then the rest."""
    from rich.console import Console

    from rakkan import assemble

    desk = assemble.takedown()
    desk.tidy()
    now = desk.clock()
    cases = [case for case in desk.docket.cases() if case.state.waits or not due]
    cases.sort(key=lambda case: (not case.state.waits, case.state.due or -case.time))
    waiting = [case for case in cases if case.state.waits]
    overdue = sum(case.state.due <= now for case in waiting)
    if cases:
        Console(highlight=False).print(_table(desk, cases, now))
    typer.echo(f"cases: {len(cases)}; waiting for a moderator: {len(waiting)}; overdue: {overdue}")


@app.command()
def show(case: CaseName) -> None:
    """Show one case: what is claimed, what is hidden, what people wrote."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from rakkan import assemble
    from rakkan.cli.faults import printable

    desk = assemble.takedown()
    found = desk.docket.find(case)
    table = Table.grid(padding=(0, 2), pad_edge=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    rows = [("case", found.name), ("what", _what(found)), ("state", _state(desk, found))]
    rows.append(("since", _moment(found.time)))
    if found.state.waits:
        late = " (OVERDUE)" if found.state.due <= desk.clock() else ""
        rows.append(("decide by", f"{_moment(found.state.due)}{late}"))
    if found.state.reason:
        from rakkan.trust.policy.words import DECISION_REASONS

        rows.append(("reason", f"{found.state.reason}: {DECISION_REASONS.get(found.state.reason, '')}"))
    rows += [("picture", ", ".join(f"{k} {v[:16]}…" for k, v in one.items())) for one in found.pictures]
    if found.looks or found.common:
        rows.append(("looks", f"{len(found.looks)} that bar copies, {len(found.common)} too common to"))
        rows += [
            ("alike", f"sha256 {one.get('sha256', '')[:16]}…, not covered")
            for one in desk.alike(found)[:_MOST]
        ]
    for note in desk.notes(found):
        rows.append((note.what, f"{_moment(note.time)} by {note.by}: {note.words or 'without words'}"))
        rows += [("contact", note.contact)] if note.contact else []
    for name, text in rows:
        table.add_row(name, Text(printable(text)))
    Console(highlight=False).print(table)


@app.command()
def decide(
    case: CaseName,
    uphold: Annotated[bool, typer.Option("--uphold", help="It stays down, or refused.")] = False,
    overturn: Annotated[bool, typer.Option("--overturn", help="It comes back, or is allowed.")] = False,
    reason: Annotated[str, typer.Option(help="A word of the table in docs/policy.md.")] = "",
    because: Annotated[str, typer.Option(help="Why, in your words; kept with the case.")] = "",
    moderator: Annotated[str, typer.Option(help="The account that decides.")] = "local",
    alike: Annotated[bool, typer.Option("--alike", help="Upheld, take down what show lists so too.")] = False,
) -> None:
    """Decide on a report, or on an appeal. It takes effect at once."""
    from rakkan import assemble
    from rakkan.errors import RakkanError

    if uphold == overturn:
        raise RakkanError("A decision is one of two", "Give --uphold or --overturn")
    if not reason or not because.strip():
        raise RakkanError(
            "A decision has reasons", "Give --reason WORD (see docs/policy.md) and --because TEXT"
        )
    desk = assemble.takedown()
    outcome = "upheld" if uphold else "overturned"
    found = desk.decide(desk.docket.find(case), outcome, reason, because, moderator, alike)
    typer.echo(f"case {found.name}")
    typer.echo(_state(desk, found))


@app.command()
def appeal(
    case: CaseName,
    by: Annotated[str, typer.Option(help="Who appeals: account, or reporter.")] = "account",
    because: Annotated[str, typer.Option(help="Why, for the moderator.")] = "",
    contact: Annotated[str, typer.Option(help="How you can be reached, if you like to be.")] = "",
) -> None:
    """Ask a moderator to look again: at a decision, or at what the gate refused by itself."""
    from rakkan import assemble

    desk = assemble.takedown()
    found = desk.appeal(desk.docket.find(case), by, because, contact)
    typer.echo(f"case {found.name}")
    typer.echo(f"a moderator decides by {_moment(found.state.due)} UTC")


def _lines(given: list[str]) -> list[str]:
    lines = []
    for one in given:
        if one == "-":
            from rakkan.trust.takedown.desk import MOST_WORKS
            from rakkan.trust.takedown.digests import MOST_BYTES

            text = sys.stdin.read(MOST_BYTES * (MOST_WORKS + 1))
            lines += [line for line in text.splitlines() if line.strip()]
        else:
            lines.append(one)
    return lines


def _table(desk: Desk, cases: list[Case], now: float) -> Table:
    from rich.table import Table
    from rich.text import Text

    from rakkan.cli.faults import printable

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("case", "since", "what", "state", "decide by"):
        table.add_column(name, style="bold" if name == "case" else "", overflow="fold")
    for case in cases:
        late = case.state.waits and case.state.due <= now
        style = "bold red" if late else "yellow" if case.state.waits else ""
        due = f"{_moment(case.state.due)}{' OVERDUE' if late else ''}" if case.state.waits else ""
        table.add_row(
            case.name[:_SHORT],
            _moment(case.time),
            printable(_what(case)),
            Text(_state(desk, case), style),
            Text(due, style),
        )
    return table


def _what(case: Case) -> str:
    if case.state.refusal:
        return f"refused {case.action}: {case.rule}"
    return f"{case.claim}, {_count(case.works)}"


def _state(desk: Desk, case: Case) -> str:
    state = case.state
    held = f"{state.outcome} ({state.reason})" if state.outcome else "refused"
    if state.appealed:
        return f"{held}, appeal by {state.appealed}"
    if state.waits:
        return "hidden"
    return f"{held}, final" if desk.closed(case) else held


def _hidden(case: Case) -> str:
    if not case.pictures:
        return "pictures that look like it are hidden when they come or go"
    return f"{_count(case.works)} hidden, and copies of what you reported that come or go"


def _count(number: int) -> str:
    return f"{number} picture{'' if number == 1 else 's'}"


def _moment(second: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M")
