"""Letting pictures in that somebody brings from another tool: through the gate, one by one, with what they
tell of how they were made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from rakkan import assemble
from rakkan.api import equipment
from rakkan.errors import RakkanError
from rakkan.records import LARGEST_INTEGER, AnyRecipe, Recipe, canonical_json
from rakkan.service import wishes
from rakkan.service.access.actors import Actor
from rakkan.service.errors import NotFound
from rakkan.service.jobs import leases
from rakkan.service.jobs.keeping import Stopped
from rakkan.service.jobs.records import Leased, LostLease
from rakkan.service.making.delivering import Delivery
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.tables import pictures
from rakkan.service.uploading import parked
from rakkan.store.database import transaction

if TYPE_CHECKING:
    from rakkan.recipes.telling import Told
    from rakkan.studio.metadata import Claimed

#: The operation of a picture that was brought in: what it tells of itself is as good as its seal, if any.
IMPORT = "import"


@dataclass
class Came:
    """What became of an import: the ``pictures`` that are in, what is to be said, and of each file in its
    place the picture that it is now, or why it is none."""

    pictures: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    files: list[dict[str, str]] = field(default_factory=list)

    def take(self, name: str, picture: str) -> None:
        """A file is in."""
        self.pictures.append(picture)
        self.files.append({"name": name, "picture": picture, "why": ""})

    def refuse(self, name: str, why: str) -> None:
        """A file is not taken."""
        self.remarks.append(f"{name}: {why}")
        self.files.append({"name": name, "picture": "", "why": why})


def bring_in(
    wish: wishes.Import,
    job: Leased,
    delivery: Delivery,
    folder: Path,
    progress: Callable[[int, int], None],
) -> Came:
    """Let each file in, and say what became of it.

    Done again after its worker was lost, what is in already is passed over. Nothing comes in any more from
    the moment the job is cancelled; what came in before stays. What waited is shredded at the end: what was
    refused is nowhere then.
    """
    came = Came(remarks=list(wish.remarks))
    still = _while_wanted(job)
    for index, file in enumerate(wish.files):
        progress(index, len(wish.files))
        identifier = delivery.identifier(job.identifier, index)
        if _is_here(delivery.catalogue, job.account, identifier):
            came.take(file.name, identifier)
            continue
        try:
            _let_in(file, job.account, delivery, folder, identifier, still)
        except RakkanError as error:
            came.refuse(file.name, str(error))
        else:
            came.take(file.name, identifier)
    progress(len(wish.files), len(wish.files))
    delivery.transit.discard(job.account, [file.waiting for file in wish.files])
    return came


def _while_wanted(job: Leased) -> Callable[[Connection], None]:
    """What raises Stopped, within a transaction, once the job is to stop or is another worker's."""

    def still(connection: Connection) -> None:
        try:
            stop = leases.stop_of(connection, job)
        except LostLease:
            raise Stopped from None
        if stop:
            raise Stopped

    return still


def _let_in(
    file: wishes.Upload,
    account: str,
    delivery: Delivery,
    folder: Path,
    identifier: str,
    still: Callable[[Connection], None],
) -> None:
    from rakkan.studio.characters.pictures import in_memory
    from rakkan.trust.gate import Source

    data = parked(delivery.transit.vault, account, file.waiting)
    if data is None:
        raise RakkanError("It was refused, or taken back", "Send it again to see why")
    with in_memory(data) as path:
        try:
            admission = assemble.gate().admit(Source(path, account))
        except RakkanError as error:
            said = error.message.removeprefix(f"{path.name} was not let in: ")
            raise RakkanError(said, error.hint) from error
    found = admission.inspected
    if not found.media_type.startswith("image/"):
        delivery.transit.vault.shred(account, admission.digest)
        raise RakkanError("It is no picture", "Models are sent on their own page")
    if known(delivery.catalogue, account, [admission.digest]):
        raise RakkanError("It is among your pictures already")
    recipe = recipe_of(equipment.told(data, file.name), found.width, found.height)
    delivery.take(data, found.media_type, recipe, IMPORT, account, identifier, folder, "full", still)


def recipe_of(told: Told, width: int, height: int) -> AnyRecipe:
    """What a file tells, as a recipe of a picture of this size; what it does not tell is empty, or 0."""
    if told.recipe is not None:
        return replace(told.recipe, width=width, height=height)
    bare = Recipe("", "", "", "", "", "", 0, 1.0, 0, width, height, engine=told.tool[:80], precision="")
    if told.claimed is None:
        return bare
    claimed = _of_claim(told.claimed, bare)
    try:
        canonical_json(claimed)
    except RakkanError:  # it says what no recipe can hold
        return bare
    return claimed


def _of_claim(said: Claimed, bare: Recipe) -> Recipe:
    seed = said.seed or 0
    return replace(
        bare,
        prompt=said.prompt,
        negative=said.negative,
        model=said.model[:200],
        sampler=said.sampler,
        schedule=said.schedule,
        steps=said.steps or 0,
        guidance=1.0 if said.guidance is None else float(said.guidance),
        seed=seed if seed <= LARGEST_INTEGER else 0,
        settings={} if seed <= LARGEST_INTEGER else {"seed": str(seed)},
    )


def _is_here(catalogue: Catalogue, account: str, identifier: str) -> bool:
    try:
        return catalogue.get(Actor(account, "member"), identifier).account == account
    except NotFound:
        return False


def known(catalogue: Catalogue, account: str, files: Sequence[str]) -> list[str]:
    """Those of the files, by their SHA-256, that pictures of the account's have already: two of one file
    could not be deleted apart."""
    own = select(pictures.c.file).where(pictures.c.account == account, pictures.c.file.in_(files))
    with transaction(catalogue.engine) as connection:
        found = set(connection.scalars(own))
    return [one for one in files if one in found]
