"""Releasing a picture again: in another format, or telling more or less of its recipe.

Nothing is drawn. The sealed file is read, and the same pixels leave by the gate once more, as a copy of it.
"""

from __future__ import annotations

from pathlib import Path

from rakkan.service import wishes
from rakkan.service.access.actors import Actor
from rakkan.service.errors import Conflict
from rakkan.service.jobs.records import Leased
from rakkan.service.making.delivering import Delivery
from rakkan.service.making.transit import PICTURE
from rakkan.service.pictures.releases import Released, Releases, may_be_released

_SUFFIXES = {"png": ".png", "webp": ".webp", "jpeg": ".jpg"}


def release_again(wish: wishes.Release, job: Leased, delivery: Delivery, folder: Path) -> Released:
    """The file that is asked for, made in a private ``folder`` where there is none yet. Raises RakkanError as
    the gate does, NotFound for a picture that is gone, Conflict for one that is not released again."""
    from rakkan.formats.inspect import inspect_picture
    from rakkan.records import Ingredient, Picture
    from rakkan.trust.gate import Destination

    actor, releases = Actor(job.account, "member"), Releases(delivery.catalogue)
    found = releases.find(actor, wish.picture, wish.format, wish.disclosure)
    if found is not None:
        return found
    shown = releases.own(actor, wish.picture)
    if not may_be_released(shown):
        raise Conflict("This picture is not released again", "It is had as it is kept")
    transit = delivery.transit
    data = transit.vault.read(shown.account, shown.file)
    recipe = delivery.catalogue.recipe(actor, wish.picture)
    _, pixels = inspect_picture(data)
    copy = Picture(pixels, recipe, "copy", (Ingredient("parent", shown.media_type, data),))
    place = folder / f"copy{_SUFFIXES[wish.format]}"
    path = delivery.release(copy, Destination(place, job.account, wish.disclosure))
    made = path.read_bytes()
    path.unlink()
    (file,) = transit.put(job.account, [made], PICTURE)
    now = int(transit.clock() * 1000)
    new = Released(
        wish.picture, wish.format, wish.disclosure, job.account, file, len(made), now, job.identifier
    )
    if not releases.add(new, lambda connection: transit.arrived(connection, job.account, [file])):
        transit.discard(job.account, [file])  # another worker was quicker
    return releases.find(actor, wish.picture, wish.format, wish.disclosure) or new
