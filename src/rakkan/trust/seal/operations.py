"""What each operation is called in a seal: the one table from which manifests and the docs are made.

Actions and their order follow C2PA 2.2, section 18.14: the first is ``c2pa.created`` for what was made from
nothing but a recipe, ``c2pa.opened`` for what was made out of one parent. Source types are the IPTC's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from rakkan.errors import RakkanError

_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
#: Made by a model that learned from samples.
TRAINED = _IPTC + "trainedAlgorithmicMedia"
#: Something from elsewhere that a trained model added to.
COMPOSITE = _IPTC + "compositeWithTrainedAlgorithmicMedia"
#: Drawn by a program that learned from nothing.
ALGORITHMIC = _IPTC + "algorithmicMedia"

PARENT, REFERENCE, COMPONENT = "parentOf", "inputTo", "componentOf"


@dataclass(frozen=True)
class Action:
    """One action of an operation. ``source`` is its digital source type, ``outside`` that which it takes
    instead when the parent came from outside this instance; "" for none. ``uses`` is the relationship of
    the ingredients it names; with ``only_with`` it is left out when there are none."""

    name: str
    source: str = ""
    outside: str = ""
    uses: str = ""
    only_with: bool = False
    description: str = ""


@dataclass(frozen=True)
class Operation:
    """One row: the actions in order, the ledger statement beside the seal, and the ingredients it takes, by
    relationship: fewest and most. No actions: no seal, a ledger entry only."""

    actions: tuple[Action, ...]
    statement: str
    meaning: str
    ingredients: Mapping[str, tuple[int, int]] = field(default_factory=dict)


MOST_INGREDIENTS = 64
_ANY = (0, MOST_INGREDIENTS)
_ONE = (1, 1)

_CREATED = Action("c2pa.created", TRAINED, uses=REFERENCE)
_OPENED = Action("c2pa.opened", uses=PARENT)

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "create": Operation(
            (_CREATED,), "generated", "a picture from a prompt, perhaps with references", {REFERENCE: _ANY}
        ),
        "variation": Operation(
            (Action("c2pa.created", TRAINED, uses=REFERENCE, description="Variation of an earlier picture"),),
            "generated",
            "a new picture guided by an earlier one",
            {REFERENCE: (1, MOST_INGREDIENTS)},
        ),
        "draft": Operation(
            (Action("c2pa.created", TRAINED, uses=REFERENCE, description="Quick draft"),),
            "generated",
            "a quick picture to choose from",
            {REFERENCE: _ANY},
        ),
        "sheet": Operation(
            (
                Action("c2pa.created", TRAINED, description="Contact sheet"),
                Action("c2pa.placed", uses=COMPONENT, only_with=True),
            ),
            "generated",
            "several generated pictures on one sheet",
            {COMPONENT: _ANY},
        ),
        "figure": Operation(
            (Action("c2pa.created", ALGORITHMIC),),
            "generated",
            "drawn by an ordinary renderer, without a model",
        ),
        "edit": Operation(
            (_OPENED, Action("c2pa.edited", TRAINED, COMPOSITE, uses=REFERENCE)),
            "derived",
            "a picture changed by a model",
            {PARENT: _ONE, REFERENCE: _ANY},
        ),
        "upscale": Operation(
            (_OPENED, Action("c2pa.resized"), Action("c2pa.enhanced", TRAINED, COMPOSITE)),
            "derived",
            "a picture enlarged by a model",
            {PARENT: _ONE},
        ),
        "thumbnail": Operation(
            (_OPENED, Action("c2pa.resized")),
            "derived",
            "a small copy to list a picture by",
            {PARENT: _ONE},
        ),
        "copy": Operation(
            (_OPENED, Action("c2pa.transcoded", uses=PARENT, description="The same picture, encoded anew")),
            "derived",
            "the same picture in another file: in another format, or telling more or less of its recipe",
            {PARENT: _ONE},
        ),
        "import": Operation((), "admitted", "a file from outside, kept as it came"),
        "protect": Operation(
            (_OPENED,),
            "reserved",
            "an artist's own file with its reservation; nothing else is changed",
            {PARENT: _ONE},
        ),
    }
)


def operation(name: str) -> Operation:
    """The row of that name. Raises RakkanError when there is none, or when it makes no seal."""
    row = OPERATIONS.get(name)
    if row is None:
        raise RakkanError(f"{name!r} is not an operation of the seal", f"Use {', '.join(OPERATIONS)}")
    if not row.actions:
        raise RakkanError(f"{name!r} makes no seal", "State it in the ledger alone")
    return row


def table() -> str:
    """The operations as a Markdown table, for the docs."""
    lines = [
        "| operation | what | actions | source type | ingredients | ledger |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in OPERATIONS.items():
        actions = " → ".join(
            f"`{action.name}`" + (" (if any)" if action.only_with else "") for action in row.actions
        )
        sources = [_sources(action) for action in row.actions if action.source]
        ingredients = ", ".join(f"{_amount(*amount)} `{kind}`" for kind, amount in row.ingredients.items())
        cells = (name, row.meaning, actions or "no seal", *(sources or ["–"]), ingredients or "–")
        lines.append(f"| {' | '.join(cells)} | `{row.statement}` |")
    return "\n".join(lines) + "\n"


def _sources(action: Action) -> str:
    own = f"`{action.source.removeprefix(_IPTC)}`"
    return f"{own}; from outside `{action.outside.removeprefix(_IPTC)}`" if action.outside else own


def _amount(fewest: int, most: int) -> str:
    if fewest == most:
        return str(fewest)
    return f"{fewest} or more"
