"""The policy's tables as Markdown: what ``docs/policy.md`` holds, so that it cannot go stale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rakkan.trust.policy.decide import TABLES
from rakkan.trust.policy.licences import Licence, Permission
from rakkan.trust.policy.records import Action
from rakkan.trust.policy.tables import Need, Tables
from rakkan.trust.policy.words import BAN_REASONS, DECISION_REASONS, USES

_OPENING = """\
# The policy

Whether an account may do something is answered by one function, `rakkan.trust.policy.decide`, from the
request, the ledger's statements about what it concerns, and the time. It reads the tables below, which are
printed from the code by `python -m rakkan.trust.policy`. A request is allowed when no rule denies it; every
denial is listed, with what to do about it. Nothing here is legal advice.

Which statements stand:

- A revocation takes back a statement of the same account, for good.
- Of the reservations, consents and licences one account states of one thing, only the latest stand.
- Bans and reports of leaks add up: a milder one does not undo an earlier one. They end by their date, or by
  revocation.
- Reports, decisions and appeals count when the instance itself states them; [takedown.md](takedown.md) tells
  what those of one case add up to. A decision that restores a picture outweighs every report of it that no
  moderator has upheld.
- A statement with an end stands until the second before it.
- No account's consent lifts what another account reserved or licensed. A consent with terms, which only
  people can read, covers nothing commercial.
- Whoever made a thing here is not bound by the licence they gave it.
- A word that is not in these tables is read as strictly as it can be: an unknown use reserves all uses, an
  unknown action in a ban bars all, an unknown licence grants what `unknown` does.
"""

_UNSTATED = """\
*Unstated* says what becomes of an action when nobody has stated terms. It is allowed where a mistake stays
with the account and can be undone, such as drawing with one's own model, and denied where it cannot: what
others have received, and what a model has learnt. One's own picture needs no licence to be shared. Works are
asked about when a model learns from them; sharing the model then asks about the models it was made from.
"""


def markdown(tables: Tables = TABLES) -> str:
    """The whole document, ending in a line break."""
    sections = [
        _OPENING,
        "## Which rules speak\n\nA rule allows when what it says holds.\n\n" + _rules(tables),
        "## What an action takes\n\n" + _shapes(tables),
        "## What an action needs of a licence\n\n" + _UNSTATED + "\n" + _needs(tables.needs),
        "## What a reservation covers\n\n"
        "The first of the uses that a reservation names decides; anything but `allowed` denies,\n"
        "`constrained` too. A consent must cover the first.\n\n" + _uses(tables),
        "## Licences\n\n"
        "A cautious reading: where a licence is silent or disputed, it is taken not to grant.\n\n"
        + _licences(tables.licences),
        "## Reasons for a ban\n\n" + _words(BAN_REASONS),
        "## Reasons for a decision\n\n" + _words(DECISION_REASONS),
    ]
    return "\n".join(sections)


def _rules(tables: Tables) -> str:
    head = ("rule", *Action, "what it says")
    rows = (
        (rule.name, *("x" if action in rule.actions else "" for action in Action), rule.says)
        for rule in tables.rules
    )
    return _table(head, rows)


def _shapes(tables: Tables) -> str:
    rows = (
        (row.action, ", ".join(row.subjects), ", ".join(row.sources) or "none", row.makes or "nothing")
        for row in tables.shapes
    )
    return _table(("action", "subject", "made from", "brings into being"), rows)


def _needs(needs: Sequence[Need]) -> str:
    rows = (
        (
            need.action,
            f"{need.name} ({' or '.join(need.parts)})",
            need.permission,
            need.commercial,
            "allowed" if need.unstated else "denied",
        )
        for need in needs
    )
    return _table(("action", "of", "permission", "for money also", "unstated"), rows)


def _uses(tables: Tables) -> str:
    rows = ((row.action, ", then ".join(f"`{use}` ({USES[use]})" for use in row.uses)) for row in tables.uses)
    return _table(("action", "uses"), rows)


def _licences(licences: Sequence[Licence]) -> str:
    rows = (
        (
            f"`{row.name}`",
            *("x" if permission in row.grants else "" for permission in Permission),
            "x" if row.attribution else "",
            _offer(row),
            row.source,
        )
        for row in licences
    )
    return _table(("licence", *Permission, "attribution", "adaptations under", "source"), rows)


def _offer(row: Licence) -> str:
    if Permission.SHARE_ADAPTED not in row.grants:
        return "none"
    return ", ".join(f"`{name}`" for name in row.offer_under) or "any"


def _words(words: Mapping[str, str]) -> str:
    return _table(("word", "meaning"), ((f"`{word}`", text) for word, text in words.items()))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
