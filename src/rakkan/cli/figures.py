"""``rakkan figures``: what the renderer draws, and how well."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rakkan.corpus.figures.silhouettes import Comparison, Verdict
    from rakkan.corpus.figures.survey import Scan

app = typer.Typer(help="Look at the figures the starter model learns from.", no_args_is_help=True)

_COLUMNS = 6
_MEASUREMENT = Path("docs/measurements/renderer.json")
#: Faults printed and written down one by one.
_MOST_FAULTS = 20
#: Pairs of hairstyles told apart less often are named.
_WANTED = 0.95


@dataclass(frozen=True)
class _Sizes:
    """How much a survey draws: figures at most, timed pictures, silhouettes per style and view."""

    figures: int | None
    pictures: int
    learnt: int
    asked: int


_FULL = _Sizes(figures=None, pictures=600, learnt=40, asked=40)
_QUICK = _Sizes(figures=16, pictures=16, learnt=2, asked=1)


@app.command()
def sheet(
    seed: Annotated[int, typer.Option(min=0, max=2**53 - 1, help="The same seed draws the same sheet.")] = 7,
    count: Annotated[int, typer.Option(min=1, max=240, help="How many figures.")] = 24,
    out: Annotated[
        Path | None, typer.Option(help="The PNG to write (default: figures-SEED.png among the pictures).")
    ] = None,
) -> None:
    """Draw random figures on one sheet."""
    from random import Random

    from rakkan import __version__, assemble, config
    from rakkan.corpus.figures import attributes, render
    from rakkan.corpus.figures.drawing import RENDERER_VERSION
    from rakkan.formats.sheet import contact_sheet
    from rakkan.records import FiguresRecipe, Picture

    random = Random(seed)
    drawn = [render(attributes.sample(random), random.getrandbits(32)) for _ in range(count)]
    drawn.sort(key=len)  # full bodies last, so that rows are of one height
    columns = min(_COLUMNS, count)
    pixels = contact_sheet(drawn, columns)
    recipe = FiguresRecipe(
        seed=seed,
        count=count,
        columns=columns,
        width=pixels.shape[1],
        height=pixels.shape[0],
        renderer=f"rakkan.corpus.figures {RENDERER_VERSION}",
        versions={"rakkan": __version__},
    )
    destination = out or config.load().pictures / f"figures-{seed}.png"
    typer.echo(str(assemble.release()(Picture(pixels, recipe, "figure"), destination)))


@app.command()
def survey(
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Which figures are drawn.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="The JSON to write (default: docs/measurements/renderer.json; none if quick)."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A rehearsal on a few figures.")] = False,
) -> None:
    """Search the renderer's drawings for faults, compare its hairstyles, and time it."""
    import json

    destination = out if out or quick else _MEASUREMENT
    if destination is not None:
        if destination.is_dir():  # better said now than after the work
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(destination))
        destination.parent.mkdir(parents=True, exist_ok=True)
    found = _survey(seed, quick)
    if destination is not None:
        destination.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        typer.echo(str(destination))


def _survey(seed: int, quick: bool) -> dict[str, Any]:
    """Everything measured, with a line of progress for each part."""
    from itertools import islice

    from rakkan.corpus.figures import silhouettes, survey
    from rakkan.corpus.figures.spread import cores, spread_over

    sizes = _QUICK if quick else _FULL
    load = os.getloadavg()[0]
    with spread_over(cores()) as spread:
        typer.echo("looking for faults in every pair of attribute values")
        scan = survey.scan(islice(survey.covering_figures(seed), sizes.figures), seed, spread)
        typer.echo(f"{scan.figures} figures, {scan.pairs} pairs, {scan.faulty} with faults")
        for fault in scan.faults[:_MOST_FAULTS]:
            typer.echo(f"fault: {fault.kind}, {fault.pixels} pixels, seed {fault.seed}, {fault.attributes}")
        typer.echo(f"timing {sizes.pictures} pictures on {spread.workers} cores")
        pace = survey.pace(sizes.pictures, seed, spread)
        typer.echo(f"{pace.pictures / pace.seconds:.1f} pictures per second")
        typer.echo("telling hairstyles apart by their silhouettes")
        told = silhouettes.compare(
            sizes.learnt,
            sizes.asked,
            seed=seed,
            spread=spread,
            progress=lambda view: typer.echo(f"{view.names[0]}: {100 * view.share:.1f} % right"),
        )
    worst = told.worst_pair
    typer.echo(f"worst pair, {' and '.join(worst.names)}: {100 * worst.share:.1f} % right")
    return {
        "measured": _measured(seed, quick, scan.figures, spread.workers),
        "pairs": _scanned(scan),
        "silhouettes": {
            "learnt_per_style_and_view": sizes.learnt,
            "asked_per_style_and_view": sizes.asked,
            **_compared(told),
        },
        "speed": {
            "n": pace.pictures,
            "size": "256x256",
            "cores": spread.workers,
            # What else the machine did: on a busy one, the processor time says more than the clock.
            "load_average_before": round(load, 2),
            "pictures_per_second": round(pace.pictures / pace.seconds, 2),
            "processor_milliseconds_per_picture": round(1000 * pace.processor_seconds / pace.pictures, 3),
        },
    }


def _measured(seed: int, quick: bool, figures: int, workers: int) -> dict[str, Any]:
    from datetime import UTC, datetime

    from rakkan.checkout import commit
    from rakkan.corpus.figures.drawing import RENDERER_VERSION
    from rakkan.studio.engines.device import processor

    return {
        "command": f"rakkan figures survey --seed {seed}" + " --quick" * quick,
        "seed": seed,
        "commit": commit(Path(__file__).parent),
        "n": figures,
        "interval": "Wilson, 95 %",
        "processor": processor(),
        "cores": workers,
        "renderer": RENDERER_VERSION,
        "date": datetime.now(UTC).date().isoformat(),
    }


def _scanned(scan: Scan) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "n": scan.figures,
        "pairs": scan.pairs,
        "faulty": scan.faulty,
        "faulty_share": scan.faulty / scan.figures,
        "interval": _interval(scan.faulty, scan.figures),
        "faults": [asdict(fault) for fault in scan.faults[:_MOST_FAULTS]],
    }


def _compared(told: Comparison) -> dict[str, Any]:
    return {
        "one_of_all": _verdict(told.overall),
        "by_view": [_verdict(view) for view in told.views],
        "worst_pair": _verdict(told.worst_pair),
        "worst_pair_in_one_view": _verdict(told.worst_pair_in_one_view),
        "pairs": len(told.pairs),
        "pairs_below_95_percent": [_verdict(pair) for pair in told.pairs if pair.share < _WANTED],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "names": verdict.names,
        "right": verdict.right,
        "n": verdict.asked,
        "share": verdict.share,
        "interval": _interval(verdict.right, verdict.asked),
    }


def _interval(hits: int, trials: int) -> list[float]:
    from rakkan.studio.starter.evaluation.statistics import wilson

    return [round(end, 6) for end in wilson(hits, trials)]
