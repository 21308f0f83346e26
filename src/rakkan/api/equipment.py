"""What the commands and Python work with, put together from the parts that are assembled."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan import assemble, config
from rakkan.api.behalf import SELF, Behalf

if TYPE_CHECKING:
    from rakkan.casting.drawing import Drawing
    from rakkan.recipes.drawing import Workshop
    from rakkan.recipes.telling import Told
    from rakkan.studio.bring import Brought
    from rakkan.studio.editing.requests import EditRequest
    from rakkan.studio.editing.starter import StarterArtist
    from rakkan.studio.references import Asked
    from rakkan.studio.upscaling.upscale import Doors


def drawing(
    model: str = "", say: Callable[[str], None] = lambda line: None, account: str = assemble.LOCAL
) -> Drawing:
    """What draws single pictures for sheets: the starter model, or a checkpoint by its name. ``account`` is
    whose characters are drawn."""
    from rakkan.casting.drawing import with_a_checkpoint, with_the_starter

    if model:
        return with_a_checkpoint(
            lambda prompts: assemble.bring(model, prompts, account=account), assemble.gate().consider, None
        )
    guide = partial(assemble.casting().guide, say=say, account=account)
    return with_the_starter(
        assemble.engine(), assemble.upscaler(), assemble.gate().consider, guide, *assemble.usual_sampling()
    )


def told(data: bytes, name: str) -> Told:
    """What the picture file ``data`` tells of how it was made. Raises RakkanError for what is no picture."""
    from rakkan.recipes.telling import told_by

    return told_by(data, name, assemble.trusted_roots(), assemble.vault(), assemble.ledger())


def workshop(
    disclosure: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
    say: Callable[[str], None] = lambda line: None,
    behalf: Behalf = SELF,
) -> Workshop:
    """What pictures are made again with; ``progress`` and ``say`` as for ``bring``."""
    from rakkan.bringing.showing import Wanted
    from rakkan.recipes.drawing import Workshop
    from rakkan.recipes.sources import let_in_before

    before = behalf.find or let_in_before(assemble.vault(), assemble.ledger(), behalf.account)

    def brought(
        model: str, prompts: tuple[str, str], vae: str, shown: tuple[Asked, ...], size: tuple[int, int]
    ) -> Brought:
        wanted = Wanted(shown, "", size)
        return assemble.bring(model, prompts, vae, progress, say, wanted, before, behalf.account)

    return Workshop(
        assemble.reach(behalf.account),
        assemble.engine,
        assemble.upscaler,
        brought,
        assemble.gate().consider,
        assemble.release(disclosure, behalf.account),
        lambda digest: before(Path(digest)),
        assemble.knows_references,
    )


def starter_artist(request: EditRequest) -> StarterArtist:
    """The starter model as it draws edits, shown the picture itself where its weights know references."""
    from rakkan.studio.editing.starter import artist_for

    drawing = (assemble.engine(), assemble.upscaler(), assemble.usual_sampling())
    return artist_for(request, *drawing, assemble.knows_references())


def doors(disclosure: str | None = None, account: str = assemble.LOCAL) -> Doors:
    """The ways in and out for pictures that are enlarged for an account; see ``release``."""
    from rakkan.studio.upscaling.upscale import Doors
    from rakkan.trust.examination import own_recipe
    from rakkan.trust.gate import Destination

    told, opened = disclosure or config.load().disclosure, assemble.gate()
    return Doors(
        opened.admit,
        assemble.vault().read,
        lambda picture, path: opened.release(picture, Destination(path, account, told)),
        lambda picture, path: opened.release_banded(picture, Destination(path, account, told)),
        lambda path: own_recipe(path, account, assemble.vault(), assemble.ledger()),
    )
