"""What licences permit and ask for: one row each.

A row says what Rakkan will do for someone who relies on that licence; it is a cautious reading, not
legal advice. Where a licence is silent or disputed, the row does not grant.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rakkan.errors import RakkanError
from rakkan.trust.policy.nearest import nearest


class Permission(StrEnum):
    """What a licence can grant."""

    USE = "use"
    COMMERCIAL = "commercial use"
    SHARE = "share copies"
    ADAPT = "adapt"
    SHARE_ADAPTED = "share adaptations"
    TRAIN = "train on it"
    SELL_OUTPUTS = "sell what it makes"


@dataclass(frozen=True)
class Licence:
    """``grants`` is all that is permitted. ``attribution``: sharing needs the author and the notice.
    ``offer_under``: the licences an adaptation may be offered under, empty for any. ``source`` names
    the sections of the licence the row rests on."""

    name: str
    grants: frozenset[Permission]
    attribution: bool
    offer_under: tuple[str, ...]
    source: str


_ALL = frozenset(Permission)
_COMMERCIAL = frozenset({Permission.COMMERCIAL, Permission.SELL_OUTPUTS})
_OF_MODELS = _ALL - {Permission.TRAIN}
_NO_DERIVATIVES = frozenset({Permission.SHARE_ADAPTED, Permission.TRAIN})
_RAIL = ("CreativeML-OpenRAIL-M", "CreativeML-OpenRAIL++-M", "Fair-AI-Public-License-1.0-SD")

#: The licence whose grants stand in for those of a licence that is not listed.
UNKNOWN = "unknown"

LICENCES: tuple[Licence, ...] = (
    Licence("CC0-1.0", _ALL, False, (), "sections 2 and 3: everything is waived or licensed"),
    Licence("CC-BY-4.0", _ALL, True, (), "sections 2(a)(1) and 3(a)"),
    Licence(
        "CC-BY-SA-4.0",
        _ALL,
        True,
        ("CC-BY-SA-4.0", "GPL-3.0-only"),
        "sections 2(a)(1), 3(a) and 3(b); declared compatible one way with GPLv3 in 2015",
    ),
    Licence(
        "CC-BY-NC-4.0",
        _ALL - _COMMERCIAL,
        True,
        ("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0"),
        "sections 1(i), 2(a)(1) and 3(a)",
    ),
    Licence(
        "CC-BY-NC-SA-4.0",
        _ALL - _COMMERCIAL,
        True,
        ("CC-BY-NC-SA-4.0",),
        "sections 1(k), 2(a)(1), 3(a) and 3(b)",
    ),
    Licence(
        "CC-BY-ND-4.0",
        _ALL - _NO_DERIVATIVES,
        True,
        (),
        "section 2(a)(1)(B): adaptations may be made, not shared; a model might count as one",
    ),
    Licence(
        "CC-BY-NC-ND-4.0",
        _ALL - _NO_DERIVATIVES - _COMMERCIAL,
        True,
        (),
        "sections 1(h) and 2(a)(1)(B): as CC-BY-ND-4.0, and without commercial use",
    ),
    Licence("MIT", _ALL, True, (), "first paragraph; the second asks for the notice"),
    Licence("Apache-2.0", _ALL, True, (), "sections 2 and 4"),
    Licence("GPL-3.0-only", _ALL, True, ("GPL-3.0-only",), "sections 2, 4 and 5(c)"),
    Licence(
        "CreativeML-OpenRAIL-M",
        _OF_MODELS,
        True,
        _RAIL,
        "paragraphs 2, 4(a) to 4(d), 5 and 6: use restrictions are passed on, outputs are not claimed",
    ),
    Licence("CreativeML-OpenRAIL++-M", _OF_MODELS, True, _RAIL, "as CreativeML-OpenRAIL-M"),
    Licence(
        "Fair-AI-Public-License-1.0-SD",
        _OF_MODELS,
        True,
        ("Fair-AI-Public-License-1.0-SD",),
        "Definitions (training and combining modify), Notices, Prohibited Uses",
    ),
    Licence(
        "FLUX-1-dev-NC",
        _OF_MODELS - {Permission.COMMERCIAL},
        True,
        ("FLUX-1-dev-NC",),
        "sections 2(a), 2(b), 2(d) and 3: no commercial use of the model, any use of outputs but training",
    ),
    Licence(
        "Stability-AI-Community",
        _OF_MODELS - _COMMERCIAL,
        True,
        ("Stability-AI-Community",),
        "sections II to IV: commercial use hangs on registration and revenue, which are not known here",
    ),
    Licence(
        "All-Rights-Reserved",
        frozenset(),
        False,
        (),
        "Berne Convention, articles 2 and 9: nothing is granted",
    ),
    Licence(
        UNKNOWN,
        frozenset({Permission.USE}),
        False,
        (),
        "no licence: what someone already holds may be used, nothing more",
    ),
)


def find(name: str, table: tuple[Licence, ...] = LICENCES) -> Licence:
    """The row of a licence, upper and lower case alike.

    Raises RakkanError for one that is not listed, with the nearest that is.
    """
    for row in table:
        if row.name.casefold() == name.casefold():
            return row
    raise RakkanError(
        f"{name[:100]!r} is not in the table of licences",
        f"The nearest is {nearest(name, [row.name for row in table])!r}",
    )
