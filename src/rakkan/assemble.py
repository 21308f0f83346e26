"""The one place where the parts are wired together."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from rakkan import config
from rakkan.trust.checks import recipe_text, well_formed
from rakkan.trust.gate import Gate

if TYPE_CHECKING:
    from rakkan.studio.engines.engine import Engine, Pixels


@cache
def gate() -> Gate:
    """The gate of this process, with every inspector and marker there is."""
    return Gate(inspectors={"well formed": well_formed}, markers={"recipe": recipe_text})


@cache
def engine() -> Engine:
    """The engine that the settings name, its weights verified.

    Raises RakkanError when the settings are wrong or the weights are missing or corrupted.
    """
    settings = config.load()
    if settings.engine == "fake":
        from rakkan.studio.engines.fake_engine import FakeEngine

        return FakeEngine()
    from rakkan.studio.engines.openvino_engine import STARTER_WEIGHTS, OpenVinoEngine

    return OpenVinoEngine(settings.weights or STARTER_WEIGHTS, threads=settings.threads or None)


def enlarge(pixels: Pixels) -> Pixels:
    """Enlarge uint8 [height, width, 3] to twice its sides; see ``rakkan.studio.upscaling``."""
    from rakkan.studio import upscaling

    return upscaling.enlarge(pixels)


@cache
def enlarger_digest() -> str:
    """SHA-256 that names the enlarger's weights in recipes."""
    from rakkan.studio.engines.weights import manifest_digest
    from rakkan.studio.upscaling.waifu2x import WEIGHTS

    return manifest_digest(WEIGHTS)
