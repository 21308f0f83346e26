"""What a picture file says of how it was made: what its seal proves, and what its texts only claim."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError
from rakkan.records import AnyRecipe, recipe_from_json

if TYPE_CHECKING:
    from rakkan.formats.inspect import Inspected
    from rakkan.store.ledger.ledger import Ledger
    from rakkan.store.vault import Vault
    from rakkan.studio.metadata import Claimed
    from rakkan.trust.verification import Verification

#: How far what is told can be relied on.
PROVEN, OPENED, PARTLY, CLAIMED, NOTHING = "proven", "opened", "partly", "claimed", "nothing"


@dataclass(frozen=True)
class Told:
    """What a file tells. ``worth`` is ``proven`` (its seal holds and tells the recipe), ``opened`` (its seal
    holds and this instance's vault opens the recipe), ``partly`` (its seal holds and keeps the recipe back;
    ``fields`` are those it shows), ``claimed`` (a text says so, and nothing proves it) or ``nothing``.

    ``recipe`` is Rakkan's own, None when another tool wrote the file or not all of it is told; ``claimed`` is
    what the text of another tool says, or of a Rakkan whose own text is gone. ``operation`` is a row of the
    seal's table and ``pixels`` the digest of the pixels as they were drawn, "" where no seal proves them.
    """

    worth: str
    inspected: Inspected
    verification: Verification
    recipe: AnyRecipe | None = None
    claimed: Claimed | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    operation: str = ""
    pixels: str = ""

    @property
    def tool(self) -> str:
        """What wrote the file, as far as it says."""
        if self.recipe is not None or self.fields:
            version = dict(getattr(self.recipe, "versions", {})).get("rakkan", "")
            return f"Rakkan {version}".strip()
        return self.claimed.tool if self.claimed else ""


def told_by(data: bytes, name: str, roots: Sequence[bytes], vault: Vault, ledger: Ledger) -> Told:
    """What the picture file ``data`` tells; ``roots`` (PEM) are those to trust.

    All of it is parsed in the sandbox. Raises RakkanError for what is no sound picture.
    """
    from rakkan.formats.inspect import inspect, inspect_picture
    from rakkan.studio.metadata import claimed
    from rakkan.trust.arrivals import read_seal
    from rakkan.trust.provenance import digest_of_file
    from rakkan.trust.verification import NONE, Verification, verify

    inspected = inspect(data, name)
    verification = Verification(NONE)
    if inspected.has_seal:
        verification = verify(read_seal(data, roots), digest_of_file(data))
    sealed = _of_seal(inspected, verification, vault, ledger)
    if sealed is not None:
        return sealed
    recipe = _of_text(inspected.text)
    if recipe is not None:
        return Told(CLAIMED, inspected, verification, recipe)
    pixels = inspect_picture(data, name)[1] if inspected.has_alpha else None
    found = claimed(inspected.text, pixels)
    return Told(CLAIMED if found else NOTHING, inspected, verification, claimed=found)


def _of_seal(inspected: Inspected, verification: Verification, vault: Vault, ledger: Ledger) -> Told | None:
    """What a seal that holds tells of the recipe; None where there is none, or it tells of none."""
    from rakkan.trust.examination import recipe_fields
    from rakkan.trust.verification import VALID

    report = verification.report
    if verification.state != VALID or report is None or report.recipe is None:
        return None
    try:
        fields = recipe_fields(verification, vault, ledger)
    except RakkanError:  # it keeps all of it back
        fields = {}
    recipe = _recipe(fields)
    worth = PARTLY if recipe is None else PROVEN if report.recipe.level == "full" else OPENED
    entry = verification.entry
    operation, pixels = "", ""
    if entry is not None:
        operation = getattr(entry.statement.predicate, "operation", "")
        drawn = (subject.digests.get("pixels", "") for subject in entry.statement.subjects)
        pixels = next(filter(None, drawn), "")
    return Told(worth, inspected, verification, recipe, None, fields, operation, pixels)


def _of_text(texts: Mapping[str, str]) -> AnyRecipe | None:
    from rakkan.trust.checks import RECIPE_KEYWORD

    try:
        return recipe_from_json(texts[RECIPE_KEYWORD]) if RECIPE_KEYWORD in texts else None
    except RakkanError:
        return None


def _recipe(fields: Mapping[str, Any]) -> AnyRecipe | None:
    try:
        return recipe_from_json(json.dumps(dict(fields)))
    except RakkanError:  # some fields are kept back
        return None
