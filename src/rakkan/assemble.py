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
    from rakkan.studio.engines.openvino_engine import OpenVinoEngine
    from rakkan.studio.starter import WEIGHTS

    return OpenVinoEngine(settings.weights or WEIGHTS, threads=settings.threads or None)


def usual_sampling() -> tuple[int, float]:
    """Steps and guidance scale that the model in use was made for.

    A distilled model needs four steps and no guidance; one that is not yet distilled needs both.
    Raises RakkanError when the settings are wrong or the weights' manifest cannot be read.
    """
    settings = config.load()
    if settings.engine == "fake":
        return 4, 1.0
    from rakkan.studio.engines.weights import read_manifest
    from rakkan.studio.starter import WEIGHTS

    manifest = read_manifest(settings.weights or WEIGHTS)
    return (4, 1.0) if manifest.get("distilled") else (16, 2.0)


@cache
def upscaler() -> Upscaler:
    """waifu2x, twice each side; its weights are verified when it first enlarges."""
    from rakkan.studio.create import Upscaler
    from rakkan.studio.engines.weights import manifest_digest
    from rakkan.studio.upscaling import waifu2x

    return Upscaler("waifu2x upconv_7 anime noise0 2x", manifest_digest(waifu2x.WEIGHTS), waifu2x.enlarge)
