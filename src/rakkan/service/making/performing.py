"""What a worker does for each kind of job."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rakkan import assemble
from rakkan.api import creating, editing, equipment, upscaling
from rakkan.api.behalf import Behalf
from rakkan.api.listening import Listener
from rakkan.errors import RakkanError
from rakkan.records import AnyRecipe, Recipe, UpscaleRecipe
from rakkan.service import wishes
from rakkan.service.access.actors import Actor
from rakkan.service.jobs.records import Leased
from rakkan.service.jobs.worker import IsCancelled, Performer, Progress, single
from rakkan.service.making import importing, materials, options
from rakkan.service.making.delivering import Delivery

#: What was made: the file, its recipe, and its operation in the seal.
Made = tuple[Path, AnyRecipe, str]


@dataclass(frozen=True)
class Studio:
    """The studio as a worker uses it; ``spool`` is a private folder for files on their way to the vault."""

    delivery: Delivery
    spool: Path

    def performers(self) -> Mapping[str, Performer]:
        """What this worker can do."""
        whole: dict[str, Callable[[Any, Behalf, Listener, Path], list[Made]]]
        whole = {
            "create": self.create,
            "edit": self.edit,
            "vary": self.vary,
            "upscale": self.upscale,
            "sheet": self.sheet,
        }
        made: dict[str, Performer] = {
            kind: Performer(single(self._kept(work)), discard=self.discard) for kind, work in whole.items()
        }
        made["import"] = Performer(single(self.bring_in), discard=self.discard)
        return {**made, "draft": Performer(single(self.draft), discard=self.discard_draft)}

    def warm(self) -> None:
        """Read and compile what drawing takes before anybody waits for it: the engine, what enlarges, and
        the gate's judges. Nothing is released. What fails here says why when it fails in the first job."""
        import numpy

        try:
            gate = assemble.gate()
            gate.consider("1girl")
            gate.begin(numpy.full((256, 256, 3), 255, numpy.uint8))
            equipment.drawing()(assemble.casting().cast("1girl, smile"))
        except RakkanError:
            return

    def sweep(self) -> None:
        """Remove what a worker left here that was killed."""
        shutil.rmtree(self.spool, ignore_errors=True)
        self.spool.mkdir(mode=0o700, parents=True)

    def create(self, wish: wishes.Create, behalf: Behalf, listener: Listener, out: Path) -> list[Made]:
        """Draw pictures from words."""
        made = creating.create(options.create(_of_here(wish), out), listener, behalf)
        return [(one.path, one.recipe, "create") for one in made if isinstance(one.recipe, Recipe)]

    def edit(self, wish: wishes.Edit, behalf: Behalf, listener: Listener, out: Path) -> list[Made]:
        """Change a picture."""
        made = editing.edit(options.edit(_of_here(wish), out), listener, behalf)
        return [(one.path, one.recipe, "edit") for one in made if isinstance(one.recipe, Recipe)]

    def vary(self, wish: wishes.Vary, behalf: Behalf, listener: Listener, out: Path) -> list[Made]:
        """Draw more like one."""
        made = editing.vary(options.vary(_of_here(wish), out), listener, behalf)
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
            pictures, remarks = importing.bring_in(wish, job, self.delivery, folder, progress)
        return json.dumps({"pictures": pictures, "remarks": remarks}).encode()

    def draft(self, job: Leased, progress: Progress, is_cancelled: IsCancelled) -> bytes:
        """Draw a draft; its file lies in the vault for a while, and nothing else tells of it."""
        wish = wishes.Create.model_validate_json(job.payload)
        with self._folder() as folder:
            asked = options.create(wish, folder / "draft.webp")
            made = creating.draft(asked, Listener(progress), self._behalf(job))
            kept = self.delivery.vault.put(job.account, made.path.read_bytes())
        return json.dumps({"file": kept.digest, "seed": getattr(made.recipe, "seed", 0)}).encode()

    def discard(self, job: Leased, result: bytes) -> None:
        """Take back pictures that nobody is told of, since their job was cancelled."""
        catalogue = self.delivery.catalogue
        for picture in json.loads(result)["pictures"]:
            gone = catalogue.delete(Actor(job.account, "member"), picture)
            for digest in gone.digests:
                self.delivery.vault.shred(gone.account, digest)

    def discard_draft(self, job: Leased, result: bytes) -> None:
        """Take back a draft that came too late."""
        self.delivery.vault.shred(job.account, json.loads(result)["file"])

    def _kept(
        self, work: Callable[[Any, Behalf, Listener, Path], list[Made]]
    ) -> Callable[[Leased, Progress, IsCancelled], bytes]:
        """``work`` with what it made kept; the result names the pictures."""

        def perform(job: Leased, progress: Progress, is_cancelled: IsCancelled) -> bytes:
            wish = wishes.WISHES[job.kind].model_validate_json(job.payload)
            remarks: list[str] = []
            with self._folder() as folder:
                listener = Listener(progress, say=remarks.append)
                made = work(wish, self._behalf(job), listener, folder)
                pictures = [
                    self.delivery.keep(
                        *one,
                        job.account,
                        job.identifier,
                        index,
                        getattr(wish, "disclosure", "full"),
                        getattr(wish, "character", ""),
                        _parent_of(wish),
                    )
                    for index, one in enumerate(made)
                ]
            return json.dumps({"pictures": pictures, "remarks": remarks}).encode()

        return perform

    def _behalf(self, job: Leased) -> Behalf:
        actor = Actor(job.account, "member")
        uploaded = assemble.known_pictures(job.account)
        find = materials.finder(actor, self.delivery.catalogue, self.delivery.vault, uploaded)
        return Behalf(job.account, find)

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(dir=self.spool) as folder:
            yield Path(folder)


def _of_here(wish: Any) -> Any:
    """The wish with its model by its digest: a name could be that of a file where the worker runs."""
    if not wish.model:
        return wish
    return wish.model_copy(update={"model": assemble.models().find(wish.model).card.digest})


def _parent_of(wish: Any) -> str:
    named = str(getattr(wish, "picture", "") or getattr(wish, "parent", ""))
    return named if len(named) == 26 else ""
