"""Deleting a picture with its files, however often that is interrupted."""

from __future__ import annotations

from contextlib import suppress

from rakkan.errors import RakkanError
from rakkan.service.access.actors import Actor
from rakkan.service.making.transit import Transit
from rakkan.service.pictures.catalogue import Catalogue


def delete_picture(catalogue: Catalogue, transit: Transit, actor: Actor, picture: str) -> None:
    """Delete a picture of the actor's own, for good, and shred its files.

    That they are to be shredded is written down in the transaction that deletes it, so the server's upkeep
    goes on with what a kill, or a vault that cannot be reached, leaves half-way. Raises what
    ``Catalogue.delete`` does.
    """
    gone = catalogue.delete(
        actor, picture, lambda connection, found: transit.condemn(connection, found.account, found.digests)
    )
    with suppress(RakkanError):  # the picture is gone already, and the sweep tries again
        transit.discard(gone.account, gone.digests)
