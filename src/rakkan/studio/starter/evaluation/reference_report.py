"""What the model card says of references, from the measurement's figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Figures = Mapping[str, Any]

_ARMS = {
    "as created": "reference, as `rakkan create` uses it",
    "reference": "reference, looked at only",
    "words": "no reference, all in words",
    "neither": "no reference, not in words",
    "pasted": "the reference itself, pasted",
    "renders": "the renderer's own drawing",
}
_INTRODUCTION = """## Does a reference keep who somebody is?

Each of {gallery} characters is shown in one picture and asked for in another pose, outfit, expression and
place by a prompt that says nothing of who it is. *Rank 1*: the classifier finds that character likelier
than each of the other {others} in the gallery. *Twin*: likelier than a near-twin with one thing changed
about it, by the classifier and by pixels alone (CIELAB, where the two differ). *Kept*: attributes of the
character that are seen, *complied*: what the prompt asks for that is seen, both the mean over their groups,
corrected for the classifier's own error (Rogan-Gladen). *Copied*: of what the reference shows otherwise
than the prompt asks, the share that comes out as in the reference; and by pixels, pictures that are nearer
to the reference than to any drawing of what was asked. No arm can win by pasting: it keeps all and complies
with nothing.
"""


def references(figures: Figures) -> str:
    """The section on references."""
    arms, wanted = figures["arms"], figures["wanted"]
    gallery = figures["plan"]["gallery"]
    created = arms["as created"]
    heads = ["arm", "n", "rank 1", "interval", "twin", "twin by pixels", "kept", "complied", "copied"]
    head = f"| {' | '.join([*heads, 'copied by pixels'])} |"
    return "\n".join(
        [
            _INTRODUCTION.format(gallery=f"{gallery:,}", others=f"`{gallery - 1:,}`"),
            head,
            "|---|---:|---:|---|---:|---:|---:|---:|---:|---:|",
            *(_row(_ARMS[name], arms[name]) for name in _ARMS),
            "",
            f"Wanted, and frozen before this was measured: rank 1 of {_percent(wanted['rank 1'])} "
            f"({_met(created['rank_1']['share'] >= wanted['rank 1'])}), told from the near-twin "
            f"{_percent(wanted['told from the near-twin'])} "
            f"({_met(created['twins']['share'] >= wanted['told from the near-twin'])}), compliance "
            f"{_percent(wanted['compliance'])} ({_met(created['complied'] >= wanted['compliance'])}), "
            f"copied at most {_percent(wanted['copied at most'])} "
            f"({_met(created['copied']['share'] <= wanted['copied at most'])}).",
            "",
            "### What is kept, attribute by attribute",
            "",
            "| attribute | n | as created | interval | corrected | looked at only | in words | neither "
            "| pasted |",
            "|---|---:|---:|---|---:|---:|---:|---:|---:|",
            *_kept(arms),
            "",
            "### The colours by pixels",
            "",
            "| attribute | n | as created | interval | in words | pasted | renders |",
            "|---|---:|---:|---|---:|---:|---:|",
            *_colours(arms),
            "",
        ]
    )


def _row(name: str, arm: Figures) -> str:
    cells = [arm["rank_1"], arm["twins"], arm["twins_by_pixels"]]
    shares = [_percent(cell["share"]) for cell in cells]
    return (
        f"| {name} | {arm['n']} | {shares[0]} | {_interval(cells[0])} | {shares[1]} | {shares[2]} "
        f"| {_percent(arm['kept'])} | {_percent(arm['complied'])} | {_percent(arm['copied']['share'])} "
        f"| {_percent(arm['copied_by_pixels']['share'])} |"
    )


def _kept(arms: Figures) -> list[str]:
    rows = []
    for slot, row in arms["as created"]["keeping"].items():
        corrected = "not measurable" if row["corrected"] is None else _percent(row["corrected"])
        others = " | ".join(
            _share(arms[name]["keeping"].get(slot)) for name in ("reference", "words", "neither", "pasted")
        )
        rows.append(
            f"| {slot.replace('_', ' ')} | {row['n']} | {_percent(row['share'])} | {_interval(row)} "
            f"| {corrected} | {others} |"
        )
    return rows


def _colours(arms: Figures) -> list[str]:
    return [
        f"| {slot.replace('_', ' ')} | {row['n']} | {_percent(row['share'])} | {_interval(row)} | "
        + " | ".join(
            _share(arms[name]["colours_by_pixels"].get(slot)) for name in ("words", "pasted", "renders")
        )
        + " |"
        for slot, row in arms["as created"]["colours_by_pixels"].items()
    ]


def _share(row: Figures | None) -> str:
    return "–" if row is None else _percent(row["share"])


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _interval(row: Figures) -> str:
    low, high = row["interval"]
    return f"{100 * low:.1f}–{100 * high:.1f}"


def _met(is_met: bool) -> str:
    return "met" if is_met else "missed"
