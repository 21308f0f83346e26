"""What takes minutes, cut down to the parts in which pictures are made and shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
from tests.studio.starter.evaluation.figures import made_up


def survey(watch: Any) -> None:
    """A survey of the renderer that finds nothing: it draws in processes of its own, and shows no picture."""
    from rakkan.cli import figures

    figures._survey = lambda seed, quick: {"measured": {"seed": seed}}


def training(watch: Any) -> None:
    """A training run that only shows its grid."""
    from rakkan.studio.starter import recipe

    def run(settings: Any, report: Any) -> None:
        pixels = numpy.random.default_rng(1).integers(0, 256, (96, 120, 3), numpy.uint8)
        watch.saw(pixels)
        settings.show(pixels, settings.stage, 3, settings.folder / "grid-flow-last.png")
        report("3 steps")

    recipe.run = run


def measurement(watch: Any) -> None:
    """A measurement that draws its pictures and keeps them, and reports made-up figures."""
    from rakkan.studio.starter.evaluation import protocol

    def measure(
        draw: Any, kept: Path, folder: Path, training: Path, plan: Any, *others: Any, **more: Any
    ) -> Any:
        kept.mkdir(parents=True, exist_ok=True)
        trials = protocol.balanced_trials(1, plan.seed)[:4]
        for _ in range(2):  # the second time from what is kept
            drawn = protocol.drawn(draw, trials, 4, kept / "pictures", *others)
            assert len(drawn) == 4
        return made_up()

    protocol.measure = measure
