"""The policy as data: what each action may be about, needs a licence for, and is reserved by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rakkan.trust.policy.licences import LICENCES, Licence, Permission
from rakkan.trust.policy.records import Action, Reason

if TYPE_CHECKING:
    from rakkan.trust.policy.case import Case


SUBJECT = ("subject",)
SOURCES = ("source",)
BOTH = ("subject", "source")


@dataclass(frozen=True)
class Shape:
    """What the subject and the sources of an action may be. ``makes`` is what the action brings into
    being, "" for nothing: only a subject of that name may come without a digest."""

    action: Action
    subjects: tuple[str, ...]
    sources: tuple[str, ...] = ()
    makes: str = ""


@dataclass(frozen=True)
class Need:
    """What an action needs of a licence: the ``permission`` and, where money is to be made, also the one
    under ``commercial``. It is asked of what is called ``name`` among ``parts`` (``subject``,
    ``source``). ``unstated`` says whether the action is allowed when no terms are stated."""

    action: Action
    name: str
    permission: Permission
    commercial: Permission
    unstated: bool
    parts: tuple[str, ...] = SOURCES


@dataclass(frozen=True)
class Use:
    """The CAWG use an action makes of a work: the first of ``uses`` that a reservation names decides."""

    action: Action
    uses: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """One rule: when it speaks, what it says, and the function that says it."""

    name: str
    actions: frozenset[Action]
    says: str
    judge: Callable[[Case], Iterable[Reason]]


@dataclass(frozen=True)
class Tables:
    """All that ``decide`` reads besides the request and the statements."""

    rules: tuple[Rule, ...]
    shapes: tuple[Shape, ...]
    needs: tuple[Need, ...]
    uses: tuple[Use, ...]
    licences: tuple[Licence, ...] = LICENCES


SHAPES: tuple[Shape, ...] = (
    Shape(Action.ADMIT, ("picture", "model", "work")),
    Shape(Action.GENERATE, ("picture", "model"), ("model", "picture", "work"), makes="picture"),
    Shape(Action.RELEASE, ("picture",), ("model", "picture", "work")),
    Shape(Action.SHARE_PICTURE, ("picture",), ("model", "picture", "work")),
    Shape(Action.SHARE_MODEL, ("model",), ("model",)),
    Shape(Action.TRAIN, ("model", "picture", "work"), ("model", "picture", "work"), makes="model"),
    Shape(Action.MERGE, ("model",), ("model",), makes="model"),
    Shape(Action.INDEX, ("picture", "work")),
    Shape(Action.EXPORT, ("picture", "model", "work", "character", "style", "account")),
)

_P = Permission

NEEDS: tuple[Need, ...] = (
    Need(Action.GENERATE, "model", _P.USE, _P.COMMERCIAL, unstated=True, parts=BOTH),
    Need(Action.GENERATE, "picture", _P.ADAPT, _P.COMMERCIAL, unstated=True),
    Need(Action.GENERATE, "work", _P.ADAPT, _P.COMMERCIAL, unstated=True),
    Need(Action.RELEASE, "model", _P.USE, _P.SELL_OUTPUTS, unstated=True),
    Need(Action.SHARE_PICTURE, "picture", _P.SHARE, _P.COMMERCIAL, unstated=True, parts=SUBJECT),
    Need(Action.SHARE_PICTURE, "model", _P.USE, _P.SELL_OUTPUTS, unstated=True),
    Need(Action.SHARE_PICTURE, "picture", _P.SHARE_ADAPTED, _P.COMMERCIAL, unstated=True),
    Need(Action.SHARE_PICTURE, "work", _P.SHARE_ADAPTED, _P.COMMERCIAL, unstated=False),
    Need(Action.SHARE_MODEL, "model", _P.SHARE, _P.COMMERCIAL, unstated=False, parts=SUBJECT),
    Need(Action.SHARE_MODEL, "model", _P.SHARE_ADAPTED, _P.COMMERCIAL, unstated=False),
    Need(Action.TRAIN, "work", _P.TRAIN, _P.COMMERCIAL, unstated=False, parts=BOTH),
    Need(Action.TRAIN, "picture", _P.TRAIN, _P.COMMERCIAL, unstated=False, parts=BOTH),
    Need(Action.TRAIN, "model", _P.ADAPT, _P.COMMERCIAL, unstated=False),
    Need(Action.MERGE, "model", _P.ADAPT, _P.COMMERCIAL, unstated=True, parts=BOTH),
)

USES_OF_ACTIONS: tuple[Use, ...] = (
    Use(Action.GENERATE, ("cawg.ai_inference",)),
    Use(Action.TRAIN, ("cawg.ai_generative_training", "cawg.ai_training", "cawg.data_mining")),
    Use(Action.INDEX, ("cawg.data_mining",)),
)
