"""What a worker does for each kind of job."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rakkan import assemble, config
from rakkan.api import creating, editing, equipment, together, upscaling
from rakkan.api.behalf import Behalf
from rakkan.api.creating import CreateOptions
from rakkan.api.listening import Listener
from rakkan.errors import RakkanError
from rakkan.records import AnyRecipe, Recipe, UpscaleRecipe
from rakkan.service import wishes
from rakkan.service.access.actors import Actor
from rakkan.service.arrivals.texts import Texts
from rakkan.service.arrivals.uploads import Uploads
from rakkan.service.jobs.records import Leased, Result
from rakkan.service.jobs.worker import IsCancelled, Outcome, Performer, Progress, single
from rakkan.service.making import importing, materials, modelling, options, releasing
from rakkan.service.making.compatible import TOGETHER
from rakkan.service.making.delivering import Delivery
from rakkan.service.making.passing import in_memory
from rakkan.service.making.spool import Spool
from rakkan.service.making.transit import DRAFT
from rakkan.service.making.warming import warm
from rakkan.service.pictures.records import character_identifier
from rakkan.service.pictures.releases import Releases
from rakkan.studio.wildcards import is_template

if TYPE_CHECKING:
    from rakkan.studio.characters.keeping import Loan
    from rakkan.studio.requests import Created

#: What was made: the file, its recipe, and its operation in the seal.
Made = tuple[Path, AnyRecipe, str]


@dataclass(frozen=True)
class Studio:
    """The studio as a worker uses it; ``spool`` is for files on their way to the vault, ``uploads`` are the
    models that people send, ``texts`` their wildcards. ``lend`` says of an account and what its wish calls a
    character what is drawn with, None for one of its own by its name."""

    delivery: Delivery
    spool: Spool
    uploads: Uploads
    texts: Texts
    lend: Callable[[str, str], Loan | None] = lambda account, named: None

    def performers(self) -> Mapping[str, Performer]:
        """What this worker can do."""
        whole: dict[str, Callable[[Any, Behalf, Listener, Path], list[Made]]]
        whole = {"edit": self.edit, "vary": self.vary, "upscale": self.upscale, "sheet": self.sheet}
        made: dict[str, Performer] = {
            kind: Performer(single(self._kept(work))) for kind, work in whole.items()
        }
        made["create"] = Performer(self.create_all, TOGETHER)
        made["import"] = Performer(single(self.bring_in))
        made["release"] = Performer(single(self.release_again))
        made["model"] = Performer(single(self.take_in))
        made["canary"] = Performer(single(self.canary))
        return {**made, "draft": Performer(single(self.draft), prepare=warm)}

    def create_all(
        self, jobs: Sequence[Leased], progress: Progress, is_cancelled: IsCancelled
    ) -> Sequence[Outcome]:
        """Draw pictures from words, for several jobs in one pass where they allow it; each is kept, or
        refused, by itself."""
        done: dict[str, Outcome] = {}
        requests: dict[str, together.Request] = {}
        wants: dict[str, wishes.Create] = {}
        remarks: dict[str, list[str]] = {job.identifier: [] for job in jobs}
        with ExitStack() as stack:
            for job in jobs:
                try:
                    wish = _of_here(wishes.Create.model_validate_json(job.payload), job.account)
                except RakkanError as error:  # its model is gone
                    done[job.identifier] = error
                    continue
                asked = self._asked(wish, job.account, stack.enter_context(self._folder()))
                listener = Listener(say=remarks[job.identifier].append)
                requests[job.identifier] = together.Request(asked, listener, self._behalf(job))
                wants[job.identifier] = wish
            drawn = together.create(list(requests.values()), progress)
            outcomes = dict(zip(requests, drawn, strict=True))
            for job in jobs:
                if job.identifier not in done:
                    told = wants[job.identifier], remarks[job.identifier]
                    done[job.identifier] = self._of_one(job, *told, outcomes[job.identifier])
        return [done[job.identifier] for job in jobs]

    def _of_one(
        self,
        job: Leased,
        wish: wishes.Create,
        remarks: list[str],
        outcome: list[Created] | RakkanError,
    ) -> Outcome:
        """The result of one of several jobs that were drawn together."""
        if isinstance(outcome, RakkanError):
            return outcome
        made = [(one.path, one.recipe, "create") for one in outcome if isinstance(one.recipe, Recipe)]
        try:
            return self._result(job, wish, made, remarks)
        except RakkanError as error:
            return error

    def edit(self, wish: wishes.Edit, behalf: Behalf, listener: Listener, out: Path) -> list[Made]:
        """Change a picture."""
        made = editing.edit(options.edit(_of_here(wish, behalf.account), out), listener, behalf)
        return [(one.path, one.recipe, "edit") for one in made if isinstance(one.recipe, Recipe)]

    def vary(self, wish: wishes.Vary, behalf: Behalf, listener: Listener, out: Path) -> list[Made]:
        """Draw more like one."""
        made = editing.vary(options.vary(_of_here(wish, behalf.account), out), listener, behalf)
        return [(one.path, one.recipe, "variation") for one in made if isinstance(one.recipe, Recipe)]

    def upscale(self, wish: wishes.Upscale, behalf: Behalf, listener: Listener, out: Path) -> list[Made]:
        """Enlarge one."""
        made = upscaling.upscale(options.upscale(wish, out), listener, behalf)
        assert isinstance(made.recipe, UpscaleRecipe)
        return [(made.path, made.recipe, "upscale")]

    def sheet(self, wish: wishes.Sheet, behalf: Behalf, listener: Listener, out: Path) -> list[Made]:
        """Draw a character's sheet."""
        drawing = equipment.drawing("", listener.say, behalf.account)
        release = assemble.release(wish.disclosure, behalf.account)
        made = assemble.casting().sheet(
            wish.character,
            drawing,
            out / "sheet.png",
            release,
            wish.expressions,
            wish.outfits,
            progress=listener.drawing,
            account=behalf.account,
        )
        return [(made.path, made.recipe, "sheet")]

    def bring_in(self, job: Leased, progress: Progress, is_cancelled: IsCancelled) -> bytes:
        """Let pictures in that somebody brings."""
        wish = wishes.Import.model_validate_json(job.payload)
        with self._folder() as folder:
            came = importing.bring_in(wish, job, self.delivery, folder, progress)
        return json.dumps(vars(came)).encode()

    def take_in(self, job: Leased, progress: Progress, is_cancelled: IsCancelled) -> bytes:
        """Let a model in that somebody sent in parts."""
        wish = wishes.Model.model_validate_json(job.payload)
        with self._folder() as folder:
            kept = modelling.take_in(self.uploads, job.account, wish.upload, folder, progress)
        return json.dumps(
            {"pictures": [], "remarks": [modelling.line(kept)], "model": modelling.told(kept)}
        ).encode()

    def release_again(self, job: Leased, progress: Progress, is_cancelled: IsCancelled) -> Result:
        """Make another file of a picture; a link to it is made when somebody asks."""
        wish = wishes.Release.model_validate_json(job.payload)
        progress(0, 1)
        with self._folder() as folder:
            made = releasing.release_again(wish, job, self.delivery, folder)
        progress(1, 1)
        told = {"picture": made.picture, "format": made.format, "disclosure": made.disclosure}
        result = json.dumps({"pictures": [], "remarks": [], "release": told}).encode()
        return Result(result, undo=partial(self._take_back, job))

    def _take_back(self, job: Leased) -> None:
        """Forget a file that was made for a job which was cancelled."""
        gone = Releases(self.delivery.catalogue).take_back(job.account, job.identifier)
        if gone is not None:
            self.delivery.transit.vault.shred(gone.account, gone.file)

    def canary(self, job: Leased, progress: Progress, is_cancelled: IsCancelled) -> bytes | Result:
        """Draw a canary: a picture as any other, but for its identifier."""
        near = wishes.Canary.model_validate_json(job.payload).near
        planting = replace(self, delivery=replace(self.delivery, near=near))
        return planting._kept(_create)(job, progress, is_cancelled)

    def draft(self, job: Leased, progress: Progress, is_cancelled: IsCancelled) -> Result:
        """Draw a draft; its file lies in the vault for a while, and nothing else tells of it."""
        wish = wishes.Create.model_validate_json(job.payload)

        def stepped(done: int, total: int) -> None:
            if is_cancelled():  # nobody follows a draft's steps, so they are not written down
                progress(done, total)

        with tempfile.TemporaryDirectory(dir=in_memory(self.spool.folder)) as folder:
            asked = self._asked(wish, job.account, Path(folder) / "draft.webp")
            made = creating.draft(asked, Listener(stepped), self._behalf(job))
            transit = replace(self.delivery.transit, vault=assemble.passing_vault())
            (kept,) = transit.put(job.account, [made.path.read_bytes()], DRAFT)
        told = json.dumps({"file": kept, "seed": getattr(made.recipe, "seed", 0)}).encode()
        return Result(told, undo=partial(transit.discard, job.account, [kept]))

    def _kept(
        self, work: Callable[[Any, Behalf, Listener, Path], list[Made]]
    ) -> Callable[[Leased, Progress, IsCancelled], bytes | Result]:
        """``work`` with what it made kept; the result names the pictures."""

        def perform(job: Leased, progress: Progress, is_cancelled: IsCancelled) -> Result:
            wish = wishes.WISHES[job.kind].model_validate_json(job.payload)
            remarks: list[str] = []
            with self._folder() as folder:
                listener = Listener(progress, say=remarks.append)
                made = work(wish, self._behalf(job), listener, folder)
                return self._result(job, wish, made, remarks)

        return perform

    def _result(self, job: Leased, wish: Any, made: Sequence[Made], remarks: list[str]) -> Result:
        """Keep what was made for a job; its result. The pictures are there when that is delivered, all of
        them, and never without it."""
        who = self._who(job.account, getattr(wish, "character", ""))
        staged = [
            self.delivery.stage(
                *one,
                job.account,
                job.identifier,
                index,
                getattr(wish, "disclosure", "full"),
                who,
                _parent_of(wish),
            )
            for index, one in enumerate(made)
        ]
        told = json.dumps({"pictures": [one.identifier for one in staged], "remarks": remarks}).encode()
        arrive = partial(self.delivery.arrive, staged=staged)
        return Result(told, arrive, partial(self.delivery.undo, staged))

    def _behalf(self, job: Leased) -> Behalf:
        actor = Actor(job.account, "member")
        uploaded = assemble.known_pictures(job.account)
        find = materials.finder(actor, self.delivery.catalogue, self.delivery.transit.vault, uploaded)
        return Behalf(job.account, find, partial(self.lend, job.account))

    def _who(self, account: str, named: str) -> tuple[str, str]:
        """What the catalogue calls a character, and people. Raises NotFound as ``lend`` does."""
        if not named:
            return "", ""
        loan = self.lend(account, named)
        name = loan.kept.version.name if loan else named
        return character_identifier(loan.account if loan else account, name), name

    def _asked(self, wish: wishes.Create, account: str, out: Path) -> CreateOptions:
        """What is drawn for a wish, with its account's wildcards where its words name any."""
        asked = options.create(wish, out)
        if not (is_template(wish.prompt) or is_template(wish.negative)):
            return asked
        folder = out if out.is_dir() else out.parent
        return replace(asked, wildcards=self.texts.lay_out(account, folder, config.load().wildcards))

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(dir=self.spool.folder) as folder:
            yield Path(folder)


def _create(wish: wishes.Create, behalf: Behalf, listener: Listener, out: Path) -> list[Made]:
    made = creating.create(options.create(_of_here(wish, behalf.account), out), listener, behalf)
    return [(one.path, one.recipe, "create") for one in made if isinstance(one.recipe, Recipe)]


def _of_here(wish: Any, account: str) -> Any:
    """The wish with its model by its digest: a name could be that of a file where the worker runs."""
    if not wish.model:
        return wish
    return wish.model_copy(update={"model": assemble.reach(account).find(wish.model).card.digest})


def _parent_of(wish: Any) -> str:
    named = str(getattr(wish, "picture", "") or getattr(wish, "parent", ""))
    return named if len(named) == 26 else ""
