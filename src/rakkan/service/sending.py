"""Models that people bring: who may, what becomes of one, and who may draw with it."""

from __future__ import annotations

from dataclasses import dataclass

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.models.card import Kept
from rakkan.models.registry import LONGEST_NAME
from rakkan.service import wishes
from rakkan.service.access.actors import Actor
from rakkan.service.arrivals.uploads import LARGEST, MOST_OPEN, Told, Upload
from rakkan.service.core import Service
from rakkan.service.errors import Forbidden, NotFound
from rakkan.service.submitting import submit
from rakkan.trust.gate import LOCAL

#: Bytes of models that a member may keep here; the owner's are not counted.
ROOM = 4 * LARGEST


@dataclass(frozen=True)
class Model:
    """A model that somebody may draw with; ``is_own`` says that they may share and remove it."""

    kept: Kept
    is_own: bool
    is_shared: bool

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(one.size for one in self.kept.files)


def may_bring(service: Service, actor: Actor) -> bool:
    """Whether somebody may bring models here: the owner, and members where the settings say so."""
    return actor.at_least("owner") or (actor.at_least("member") and service.settings.models == "members")


def begin(service: Service, actor: Actor, told: Told, size: int) -> Upload:
    """Begin to take a model, or go on. Raises Forbidden, and what ``Uploads.begin`` does."""
    _demand(service, actor)
    name = told.name.strip()
    if len(name) > LONGEST_NAME or not name.isprintable() or "/" in name:
        raise RakkanError(
            "A model cannot be called that", f"Give 1 to {LONGEST_NAME} characters without a slash"
        )
    assemble.gate().consider(name or told.file, "")
    room = MOST_OPEN * LARGEST
    if not actor.at_least("owner"):
        room = ROOM - sum(
            sum(file.size for file in one.files) for one in assemble.models().all(actor.account)
        )
    return service.uploads.begin(actor.account, told, size, room)


def put(service: Service, actor: Actor, upload: str, start: int, data: bytes) -> Upload:
    """Take a part. Raises Forbidden, and what ``Uploads.put`` does."""
    _demand(service, actor)
    return service.uploads.put(actor.account, upload, start, data)


def finish(service: Service, actor: Actor, upload: str) -> str:
    """Hand a whole file to a worker; the job. Raises Forbidden, and what ``Uploads.queue`` does."""
    _demand(service, actor)
    found = service.uploads.queue(actor.account, upload)
    called = found.told.name or found.told.file.removesuffix(".safetensors")
    try:
        wish = wishes.Model(upload=upload, called=called)
        return submit(service, actor, "model", wish, priority="batch")
    except BaseException:
        service.uploads.reopen(actor.account, upload)
        raise


def models(actor: Actor) -> list[Model]:
    """All that somebody may draw with, their own first; of a visitor what everybody may."""
    sharing = assemble.sharing()
    shared = sharing.of(actor.account)
    return [
        Model(one, one.owner == actor.account, one.owner != actor.account or one.card.digest in shared)
        for one in assemble.reach(actor.account or "visitor").all()
    ]


def share(actor: Actor, digest: str, is_shared: bool) -> Model:
    """Let everybody draw with a model of one's own, or nobody else. Raises NotFound."""
    kept = _own(actor, digest)
    assemble.sharing().put(actor.account, kept.card.digest, is_shared)
    return Model(kept, True, is_shared)


def remove(service: Service, actor: Actor, digest: str) -> None:
    """Destroy a model of one's own; what the ledger says of it stays. Whoever is the owner removes what this
    machine's person added, too, and ends the sharing of anybody's. Raises NotFound."""
    if actor.at_least("owner"):
        found = next((one for one in models(actor) if one.kept.card.digest == digest), None)
        if found is not None and not found.is_own and found.kept.owner != LOCAL:
            assemble.sharing().put(found.kept.owner, digest, False)
            service.catalogue.audit.write(actor.account, "model unshare", digest[:16])
            return
        if found is not None and found.kept.owner == LOCAL:
            assemble.models().remove(digest, LOCAL)
            return
    kept = _own(actor, digest)
    assemble.sharing().put(actor.account, digest, False)
    assemble.models().remove(kept.card.digest, actor.account)


def _own(actor: Actor, digest: str) -> Kept:
    for one in assemble.models().all(actor.account):
        if one.card.digest == digest:
            return one
    raise NotFound("There is no such model", "See the list of models")


def _demand(service: Service, actor: Actor) -> None:
    if not may_bring(service, actor):
        raise Forbidden("Only the owner brings models here", "Ask them; rakkan serve --models members")
