"""What takes minutes, cut down to the parts in which pictures are made and shown; and a server without a
network."""

from __future__ import annotations

import io
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy
from tests.studio.starter.evaluation.figures import made_up, made_up_references


def survey(watch: Any) -> None:
    """A survey of the renderer that finds nothing: it draws in processes of its own, and shows no picture."""
    from rakkan.cli import figures

    figures._survey = lambda seed, quick: {"measured": {"seed": seed}}


def training(watch: Any) -> None:
    """Training runs: one that only shows its grid, and one that shows nothing at all."""
    from rakkan.studio.starter import recipe
    from rakkan.studio.starter.reading import running

    running.run = lambda settings, report: report("3 steps")

    def run(settings: Any, report: Any) -> None:
        pixels = numpy.random.default_rng(1).integers(0, 256, (96, 120, 3), numpy.uint8)
        watch.saw(pixels)
        settings.show(pixels, settings.stage, 3, settings.folder / "grid-flow-last.png")
        report("3 steps")

    recipe.run = run


def measurement(watch: Any) -> None:
    """A measurement that draws its pictures and keeps them, and reports made-up figures."""
    from rakkan.studio.starter.evaluation import protocol, references

    def measure_references(draw: Any, network: Any, kept: Path, *others: Any) -> Any:
        trial = references.identity_trials(1, 5, others[1])[0]
        guide = references.guide_of(trial, "reference")
        told = references.condition_for(trial, "reference", guide)
        references.drawn_once(
            lambda number: draw(told, 3, guide.reference), ["a" * 64], kept / "references", *others[2:]
        )
        return made_up_references()

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
    protocol.obtain_classifier = lambda *given: None
    references.measure = measure_references


class _Served(io.BytesIO):
    status = 200

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.headers = Message()
        self.headers["Content-Length"] = str(len(data))


def serving(watch: Any) -> None:
    """A server that sends the file whose path on this machine its address ends in."""
    from rakkan.models import download

    download.answered = lambda url, headers, token: (_Served(Path(urlsplit(url).path).read_bytes()), "")
