"""Cards for the terminal: a character or a style at a glance, with its colours as blocks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rakkan.cli.faults import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.text import Text

    from rakkan.studio.characters.keeping import Kept
    from rakkan.studio.characters.records import Character, Style


def character_card(kept: Kept[Character], history: Sequence[Kept[Character]]) -> RenderableType:
    """A character's card: ``history`` are its versions, newest first."""
    from rich.text import Text

    one = kept.version
    rows: list[tuple[str, Text | str]] = [
        ("name", Text(printable(one.name), "bold")),
        (
            "version",
            f"{one.number} of {history[0].version.number if history else one.number}, {kept.digest[:16]}…",
        ),
        ("who", one.description),
        ("tags", one.tags),
        ("palette", swatches(one.palette)),
        ("seed", one.seed),
        *_things(one),
        ("licence", one.licence),
    ]
    return _table([*rows, *_told(history)])


def style_card(kept: Kept[Style], history: Sequence[Kept[Style]]) -> RenderableType:
    """A style's card; of one that was not saved there is no history."""
    from rich.text import Text

    one = kept.version
    newest = history[0].version.number if history else one.number
    rows: list[tuple[str, Text | str]] = [
        ("name", Text(printable(one.name), "bold")),
        ("version", f"{one.number} of {newest}, {kept.digest[:16]}…" if kept.digest else ""),
        ("tags", one.tags),
        ("keeps away", one.negative),
        ("sampler", one.sampler),
        ("steps", one.steps),
        ("guidance", one.guidance),
        *_things(one),
    ]
    return _table([*rows, *_told(history)])


def differences_card(before: Kept[Character], after: Kept[Character]) -> RenderableType:
    """What differs between two versions: what went in red after a minus, what came in green after a plus."""
    from rich.text import Text

    from rakkan.studio.characters.changes import differences

    rows: list[tuple[str, Text | str]] = []
    for one in differences(before.version, after.version):
        lines = [("- ", text, "red") for text in one.removed] + [("+ ", text, "green") for text in one.added]
        if not lines:
            lines = [("- ", one.before, "red")] * bool(one.before) + [("+ ", one.after, "green")] * bool(
                one.after
            )
        text = Text("\n").join(Text(sign + printable(said), colour) for sign, said, colour in lines)
        rows.append((one.field, text if lines else "in another order"))
    head = f"{before.version.number} → {after.version.number}"
    return _table([("version", head), *(rows or [("", "nothing differs")])])


def swatches(palette: Sequence[str]) -> Text:
    """Colours as blocks with their numbers; where there is no colour, numbers alone."""
    from rich.text import Text

    text = Text()
    for number, colour in enumerate(palette):
        text.append("  " if number else "")
        text.append("████", colour)
        text.append(f" {colour}")
    return text


def _things(one: Character | Style) -> list[tuple[str, Text | str]]:
    rows: list[tuple[str, Text | str]] = []
    rows += [("reference", f"{digest[:16]}…") for digest in one.references]
    rows += [("lora", f"{use.removeprefix('lora ')} ({key[:10]})") for key, use in one.adapters.items()]
    return rows


def _told(history: Sequence[Kept[Character] | Kept[Style]]) -> list[tuple[str, Text | str]]:
    rows: list[tuple[str, Text | str]] = []
    for place, kept in enumerate(history):
        when = datetime.fromtimestamp(min(kept.version.time, 253_402_300_799), UTC).strftime("%Y-%m-%d %H:%M")
        why = f"  {kept.version.because}" if kept.version.because else ""
        rows.append(("history" if not place else "", f"{kept.version.number}  {when} UTC{why}"))
    return rows


def _table(rows: Sequence[tuple[str, Text | str]]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2), pad_edge=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, said in rows:
        if said:
            table.add_row(name, said if isinstance(said, Text) else Text(printable(said)))
    return table
