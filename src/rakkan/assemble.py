"""The one place where the parts are wired together."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from rakkan import config
from rakkan.trust.checks import recipe_text, well_formed
from rakkan.trust.gate import Gate

if TYPE_CHECKING:
    from rakkan.studio.create import Upscaler
    from rakkan.studio.engines.engine import Engine


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


@cache
def upscaler() -> Upscaler:
    """waifu2x, twice each side; its weights are verified when it first enlarges."""
    from rakkan.studio.create import Upscaler
    from rakkan.studio.engines.weights import manifest_digest
    from rakkan.studio.upscaling import waifu2x

    return Upscaler("waifu2x upconv_7 anime noise0 2x", manifest_digest(waifu2x.WEIGHTS), waifu2x.enlarge)
