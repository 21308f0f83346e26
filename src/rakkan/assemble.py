"""The one place where the parts are wired together."""

from __future__ import annotations

from functools import cache

from rakkan.trust.checks import recipe_text, well_formed
from rakkan.trust.gate import Gate


@cache
def gate() -> Gate:
    """The gate of this process, with every inspector and marker there is."""
    return Gate(inspectors={"well formed": well_formed}, markers={"recipe": recipe_text})
