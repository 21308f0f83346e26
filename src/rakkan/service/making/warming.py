"""Loading what the first draft would wait for: the engine, the gate's networks, the encoder."""

from __future__ import annotations

from pathlib import Path

from rakkan import assemble

#: What is drawn to warm up, at the sizes that drafts have.
_PROMPT = "1girl, silver hair"
_SIZES = ("512x512", "512x768")


def warm() -> None:
    """Draw a draft of each size, have the gate's inspectors look at it, and throw it away.

    It does not pass the gate: nothing is released, stated or kept, whatever the inspectors say. Raises
    RakkanError when something that drafts need is missing.
    """
    from rakkan.records import Picture
    from rakkan.studio.create import CreateRequest, draft, plan
    from rakkan.trust.gate import Destination

    gate, engine = assemble.gate(), assemble.engine()
    steps, guidance = assemble.usual_sampling()
    for size in _SIZES:
        request: CreateRequest = CreateRequest(_PROMPT, seed=1, steps=steps, guidance=guidance, size=size)
        pixels, recipe = draft(plan(request, gate.consider), engine)
        shown: Picture = Picture(pixels, recipe, "draft")
        to = Destination(Path("draft.webp"))
        gate.begin(pixels)
        for check in (*gate.inspectors.values(), *gate.markers.values()):
            check(shown, to)
    assemble.trusted_roots()
