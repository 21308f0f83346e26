"""The pictures that a job works with: those here that its account may see, and those it brought."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from rakkan.service.access.actors import Actor
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.tables import pictures
from rakkan.service.pictures.visibility import visible
from rakkan.service.schema import is_identifier
from rakkan.store.database import transaction

if TYPE_CHECKING:
    from rakkan.store.vault import Vault
    from rakkan.studio.references import LetIn


def finder(
    actor: Actor, catalogue: Catalogue, vault: Vault, uploaded: Callable[[Path], LetIn]
) -> Callable[[Path], LetIn]:
    """What gives a picture by its identifier or, for one that the account brought, by its digest.

    Pictures of the catalogue left by the gate, uploads came in by it: neither is let in again. The function
    raises NotFound for what the actor may not see.
    """

    def find(path: Path) -> LetIn:
        known = path.name if is_identifier(path.name) else of_digest(actor, catalogue, path.name)
        if not known:
            return uploaded(path)
        shown = catalogue.openable(actor, known)
        return opened(vault.read(shown.account, shown.file))

    return find


def of_digest(actor: Actor, catalogue: Catalogue, digest: str) -> str:
    """The picture that recipes know by a digest, of those whose pixels the actor may see; "" for none."""
    wanted = select(pictures.c.identifier).where(pictures.c.digest == digest, visible(actor))
    with transaction(catalogue.engine) as connection:
        found = connection.scalar(wanted.where(pictures.c.state != "removed").limit(1))
    return str(found or "")


def opened(data: bytes) -> LetIn:
    """A sealed picture file of here as what is drawn from. Raises RakkanError for a damaged one."""
    from rakkan.formats.inspect import inspect_picture
    from rakkan.studio.references import LetIn, over_white
    from rakkan.trust.provenance import digest_of_file

    found, pixels = inspect_picture(data)
    return LetIn(digest_of_file(data), found.media_type, data, over_white(pixels))
