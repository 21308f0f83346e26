"""``rakkan verify``: who made a picture, with what, and whether that holds. Works offline."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.cli.faults import FAULT, say
from rakkan.errors import RakkanError

if TYPE_CHECKING:
    from rich.table import Table

    from rakkan.trust.verification import Verification

#: Exit statuses, worst first: one file decides for all.
VALID, INVALID, NO_SEAL = 0, 1, 3
_ORDER = (INVALID, FAULT, NO_SEAL, VALID)
_LONGEST = 160


def verify(
    files: Annotated[list[Path], typer.Argument(help="Pictures: PNG, JPEG or WebP.", show_default=False)],
    root: Annotated[
        list[Path] | None,
        typer.Option(help="A root certificate (PEM) of another instance to trust, for this time."),
    ] = None,
    recipe: Annotated[
        bool, typer.Option("--recipe", help="Print the recipe, as JSON, and nothing else.")
    ] = False,
) -> int:
    """Check the seals of pictures. Exit status: 0 valid, 1 not valid, 2 cannot be read, 3 no seal."""
    from rakkan import assemble
    from rakkan.trust.examination import examine
    from rakkan.trust.instance import read_root

    roots = [*assemble.trusted_roots(), *(read_root(path) for path in root or [])]
    statuses = set()
    for number, file in enumerate(files):
        status = VALID
        try:
            verification = examine(file, roots)
            status = {"valid": VALID, "invalid": INVALID, "none": NO_SEAL}[verification.state]
            if recipe:
                _print_recipe(verification)
            else:
                if number:
                    typer.echo()
                _print(file, verification)
        except RakkanError as error:
            say(str(error))
            status = status or FAULT
        statuses.add(status)
    return next(status for status in _ORDER if status in statuses)


def _print(file: Path, verification: Verification) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    head = {
        "valid": ("valid", "bold green"),
        "invalid": ("NOT VALID", "bold red"),
        "none": ("no seal", "bold yellow"),
    }[verification.state]
    console.print(Text.assemble((_clean(str(file)), "bold"), "  ", head), soft_wrap=True)
    console.print(_table(verification))


def _table(verification: Verification) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2), pad_edge=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for problem in verification.problems:
        table.add_row("problem", Text(_clean(problem), "red"))
    for name, text in facts(verification):
        table.add_row(name, Text(_clean(text)))
    return table


def facts(verification: Verification) -> list[tuple[str, str]]:
    """What there is to tell about a picture: pairs of a word and a line of text."""
    report = verification.report
    if report is None:
        return [("seal", "nothing in this file says where it comes from")]
    from rakkan.trust.verification import operation_of

    rows = [("who", _who(verification)), ("what", operation_of(verification) or _actions(verification))]
    if report.time:
        rows.append(("when", f"{report.time} by that instance's clock, with {report.software}"))
    rows += [("made from", _ingredient(one)) for one in report.ingredients]
    if report.model:
        rows.append(("model", f"{report.model.name}, {report.model.digest[:16]}…"))
        rows.append(("trained on", _training(verification)))
    if report.recipe:
        rows.append(("recipe", _recipe(verification)))
        rows += [(what, text) for what in ("character", "style") if (text := _named(verification, what))]
    rows += [("training use", _uses(verification))] if report.uses else []
    if verification.entry:
        entry = verification.entry
        rows.append(("ledger", f"entry {entry.index} of {entry.origin}, proven against {entry.size} entries"))
    return rows


def _who(verification: Verification) -> str:
    report = verification.report
    assert report is not None
    from rakkan.trust.seal.authority import in_groups

    name = f"{report.maker}, through {report.signer}" if report.maker else report.signer or "someone unknown"
    if report.root:
        return f"{name}, trusted here by its root {in_groups(report.root[:16])}…"
    stated = f"; names the root {in_groups(report.stated_root[:16])}…" if report.stated_root else ""
    return f"{name}, not trusted here{stated}"


def _actions(verification: Verification) -> str:
    report = verification.report
    names = [action.name for action in report.actions] if report else []
    return ", ".join(names) or "not said"


def _ingredient(one: object) -> str:
    from rakkan.trust.seal.report import IngredientReport

    assert isinstance(one, IngredientReport)
    how = {"parentOf": "made out of", "inputTo": "guided by", "componentOf": "shows"}
    worth = {"none": "which had no seal", "invalid": "whose seal did not hold"}
    state = worth.get(one.state, f"sealed by {one.signer}")
    return f"{how.get(one.relationship, one.relationship)} {one.title or 'a picture'}, {state}"


def _training(verification: Verification) -> str:
    if verification.training is None:
        return "not stated"
    predicate = verification.training.predicate
    return f"{predicate.corpus} ({predicate.basis}; {predicate.licence})"


def _recipe(verification: Verification) -> str:
    from rakkan.trust.seal import disclosure

    report = verification.report
    assert report is not None and report.recipe is not None
    told = report.recipe
    if told.level == "digest":
        return f"kept back; committed to as {told.commitment[:16]}…"
    fields = disclosure.fields_of(told)
    parts = [f'"{fields["prompt"]}"'] if fields.get("prompt") else []
    names = ("seed", "steps", "sampler", "scale", "denoise")
    parts += [f"{name} {fields[name]}" for name in names if name in fields]
    hidden = f"; {len(told.hidden)} fields kept back" if told.hidden else ""
    return f"{told.level}: {', '.join(parts) or 'see --recipe'}{hidden}"


def _named(verification: Verification, what: str) -> str:
    """The character or style that a recipe names: ``NAME VERSION DIGEST``, or the digest alone."""
    from rakkan.trust.seal import disclosure

    told = verification.report.recipe if verification.report else None
    settings = disclosure.fields_of(told).get("settings") if told and told.level != "digest" else None
    said = str(settings.get(what, "")) if isinstance(settings, dict) else ""
    if not re.search(r"\b[0-9a-f]{64}$", said):
        return said
    name, _, digest = said.rpartition(" ")
    called, _, number = name.rpartition(" ")
    return f"{called}, version {number}, {digest[:16]}…" if called else f"{digest[:16]}…"


def _uses(verification: Verification) -> str:
    report = verification.report
    assert report is not None
    return ", ".join(f"{name.removeprefix('cawg.')} {use.permission}" for name, use in report.uses.items())


def _print_recipe(verification: Verification) -> None:
    import json

    from rakkan import assemble
    from rakkan.trust.examination import recipe_fields

    told = json.dumps(
        recipe_fields(verification, assemble.vault(), assemble.ledger()), ensure_ascii=False, indent=1
    )
    # JSON may hold DEL and the C1 controls as they are; a terminal obeys them.
    typer.echo(
        "".join(sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in told)
    )


def _clean(text: str) -> str:
    """One line of printable characters: what a file says never moves the cursor or hides itself."""
    line = "".join(sign if sign.isprintable() else "�" for sign in text)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
