"""What the doors share: drawing while a client waits, pictures in base 64, names of models and sizes."""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.records import AnyRecipe
from rakkan.service import following, wishes
from rakkan.service.errors import Busy, Conflict, NotFound
from rakkan.service.pictures.records import Shown
from rakkan.service.routes.showing import actor_of, service_of
from rakkan.service.submitting import submit
from rakkan.service.uploading import held

if TYPE_CHECKING:
    from rakkan.studio.references import LetIn

#: Seconds that a client waits for its pictures; the job goes on after that.
PATIENCE = 600.0
MOST_PICTURES = 8
_TITLED = re.compile(r"\s*\[[0-9a-f]{6,64}\]$")


@dataclass(frozen=True)
class Drawn:
    """A picture that was drawn for a client: its entry, its recipe and its sealed file."""

    shown: Shown
    recipe: AnyRecipe
    data: bytes

    @property
    def base64(self) -> str:
        """The file as clients read it."""
        return base64.b64encode(self.data).decode()


async def draw(request: Request, kind: str, wish: wishes.Wish) -> list[Drawn]:
    """The pictures of a wish, once they are drawn. Raises RakkanError for what is not drawn, Conflict for
    what was interrupted, Busy when it takes too long."""
    service, actor = service_of(request), actor_of(request)
    key = request.headers.get("idempotency-key")
    job = await run_in_threadpool(submit, service, actor, kind, wish, idempotency=key)
    found = await following.wait_for(service, actor.account, job, PATIENCE)
    if not found.over:
        raise Busy("It takes longer than clients wait", f"Its pictures come all the same: job {job}")
    if found.state != "done" or found.result is None:
        said = following.outcome(found)[1]
        refusal = Conflict if found.state == "cancelled" else RakkanError
        raise refusal(said["message"], said["hint"])
    made = json.loads(found.result)["pictures"]

    def opened(name: str) -> Drawn:
        shown = service.catalogue.openable(actor, name)
        recipe = service.catalogue.recipe(actor, name)
        return Drawn(shown, recipe, service.vault.read(shown.account, shown.file))

    return [await run_in_threadpool(opened, name) for name in made]


def let_in(account: str, sent: IO[bytes]) -> LetIn:
    """A picture that a client sent, let in by the gate. Raises RakkanError."""
    with held(sent) as place:
        return assemble.let_in(place, account)


def decoded(text: str, what: str) -> IO[bytes]:
    """The bytes of a picture in base 64, as a data URL or bare. An address is never followed. Raises
    RakkanError."""
    bare = text.partition(",")[2] if text.startswith("data:") else text
    try:
        return io.BytesIO(base64.b64decode(bare, validate=True))
    except (ValueError, binascii.Error) as error:
        raise RakkanError(
            f"{what} is no picture in base 64", "Send its bytes; no address is followed"
        ) from error


def has_cut(picture: LetIn) -> bool:
    """Whether a part of a picture is transparent."""
    from rakkan.formats.inspect import pixels

    found = pixels(picture.data)
    return found.shape[2] == 4 and bool(found[..., 3].min() < 255)


def model_named(account: str, name: str) -> str:
    """A model that an account may draw with, by the name that wishes have for it, "" for the starter model;
    as clients write it, with or without the first digits of its hash. Raises NotFound with the nearest
    name."""
    from rakkan.studio.create import MODEL

    plain = _TITLED.sub("", name.strip())
    if plain in ("", MODEL):
        return ""
    try:
        return assemble.reach(account).find(plain).card.name
    except RakkanError as error:
        raise NotFound(error.message, error.hint) from error


def size_for(model: str, width: int, height: int) -> str:
    """The size to draw at for a client that wants ``width`` x ``height`` pixels: for the starter model the
    one of its sizes of the nearest proportions, for any other just that."""
    from rakkan.studio.create import SIZES

    if model or width <= 0 or height <= 0:
        return f"{width}x{height}"

    def distance(size: str) -> float:
        wide, high = (int(side) for side in size.split("x"))
        return abs(width / height - wide / high)

    return min(SIZES, key=distance)
