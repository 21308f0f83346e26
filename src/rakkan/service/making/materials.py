"""The pictures that a job works with: those here that its account may see, and those it brought."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.service.access.actors import Actor
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.schema import is_identifier

if TYPE_CHECKING:
    from rakkan.store.vault import Vault
    from rakkan.studio.references import LetIn


def finder(
    actor: Actor, catalogue: Catalogue, vault: Vault, uploaded: Callable[[Path], LetIn]
) -> Callable[[Path], LetIn]:
    """What gives a picture by its identifier, or by the digest that recipes have for it: one of here that the
    actor may see, or one that the account brought.

    Pictures of the catalogue left by the gate, uploads came in by it: neither is let in again. The function
    raises NotFound for what the actor may not see.
    """

    def find(path: Path) -> LetIn:
        name = path.name
        if not is_identifier(name):  # a recipe names what guided it by the digest, also what was drawn here
            name = catalogue.known_as(actor, name)
            if not name:
                return uploaded(path)
        shown = catalogue.openable(actor, name)
        return opened(vault.read(shown.account, shown.file))

    return find


def opened(data: bytes) -> LetIn:
    """A sealed picture file of here as what is drawn from. Raises RakkanError for a damaged one."""
    from rakkan.formats.inspect import inspect_picture
    from rakkan.studio.references import LetIn, over_white
    from rakkan.trust.provenance import digest_of_file

    found, pixels = inspect_picture(data)
    return LetIn(digest_of_file(data), found.media_type, data, over_white(pixels))
