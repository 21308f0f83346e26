"""``rakkan starter``: train the model that ships with Rakkan, and measure it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

app = typer.Typer(help="Train the starter model on fresh renders, and measure it.", no_args_is_help=True)


@app.command()
def train(
    stage: Annotated[str, typer.Option(help="autoencoder, then flow, then reference, then distil.")],
    minutes: Annotated[float, typer.Option(help="How long to train, start-up included.")],
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    folder: Annotated[Path, typer.Option(help="Where weights, logs and sample grids go.")] = Path(
        "training/starter"
    ),
    resume: Annotated[bool, typer.Option("--resume", help="Go on from this stage's saved weights.")] = False,
    latent: Annotated[str, typer.Option(help="Latent space: f16c32 or f8c16.")] = "f16c32",
    seed: Annotated[int, typer.Option(help="Seed of the first weights and of the figures.")] = 0,
    workers: Annotated[int, typer.Option(help="Processes that render (0: chosen by device).")] = 0,
    guidance: Annotated[float, typer.Option(help="Guidance scale that distillation bakes in.")] = 2.0,
    scope: Annotated[str, typer.Option(help="Figures to learn from: all, or busts for a short run.")] = "all",
    crop: Annotated[int, typer.Option(help="Side of the squares the autoencoder is shown (0: whole).")] = 0,
    grids: Annotated[bool, typer.Option(help="Release sample grids, sealed, into the folder.")] = True,
) -> None:
    """Train one stage of the starter model; Ctrl-C saves and ends the run."""
    from rakkan.errors import RakkanError

    try:
        from rakkan.studio.starter.recipe import run
        from rakkan.studio.starter.settings import Settings
    except ModuleNotFoundError as fault:
        if fault.name != "torch":
            raise
        raise RakkanError("training needs torch", "install it with: pip install 'rakkan[torch]'") from None
    settings = Settings(
        stage=stage,
        minutes=minutes,
        folder=folder,
        device=device,
        resume=resume,
        latent=latent,
        seed=seed,
        workers=workers,
        guidance=guidance,
        crop=crop,
        scope=scope,
        show=_released(seed) if grids else None,
    )
    run(settings, typer.echo)
    typer.echo(f"weights are in {folder / 'weights'}")


@app.command()
def reader(
    minutes: Annotated[float, typer.Option(help="How long to train, start-up included.")],
    folder: Annotated[Path, typer.Option(help="Where weights, renders and the log go.")] = Path(
        "training/reader"
    ),
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the saved weights.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the first weights and of the figures.")] = 0,
    workers: Annotated[int, typer.Option(help="Processes that render (0: learn from those in stock).")] = 1,
) -> None:
    """Train the network that reads figures; Ctrl-C saves and ends the run."""
    from rakkan.errors import RakkanError

    try:
        from rakkan.studio.starter.reading.running import Settings, run
    except ModuleNotFoundError as fault:
        if fault.name != "torch":
            raise
        raise RakkanError("training needs torch", "install it with: pip install 'rakkan[torch]'") from None
    run(Settings(minutes, folder, resume, seed, workers=workers), typer.echo)
    typer.echo(f"weights are in {folder}")


def _released(seed: int) -> Callable[[NDArray[numpy.uint8], str, int, Path], object]:
    """What releases a sample grid: a picture of a model in the making."""
    from rakkan import __version__, assemble
    from rakkan.records import Picture, TrainingGridRecipe

    release = assemble.release("full")

    def show(pixels: NDArray[numpy.uint8], stage: str, steps: int, file: Path) -> object:
        height, width = pixels.shape[:2]
        recipe = TrainingGridRecipe(
            "rakkan-starter in training", stage, steps, seed, width, height, {"rakkan": __version__}
        )
        return release(Picture(pixels, recipe, "draft"), file)

    return show


@app.command()
def evaluate(
    folder: Annotated[Path, typer.Option(help="What the measurement keeps to go on from.")] = Path(
        ".proof/starter"
    ),
    documents: Annotated[
        Path | None,
        typer.Option(
            help="Where the figures and the model card go.",
            show_default="docs, of a rehearsal below --folder",
        ),
    ] = None,
    training: Annotated[
        Path, typer.Option(help="The folder of the training run, to look for memorised renders.")
    ] = Path("training/starter"),
    classifier_minutes: Annotated[
        float, typer.Option(help="How long to train the classifier, unless the folder holds one.")
    ] = 5.0,
    quick: Annotated[bool, typer.Option("--quick", help="A rehearsal on a few pictures.")] = False,
) -> None:
    """Measure the starter model and write its card; goes on where it was stopped."""
    from dataclasses import replace

    from rakkan import assemble, config
    from rakkan.errors import RakkanError

    try:
        from rakkan.studio.starter import WEIGHTS
        from rakkan.studio.starter.evaluation import protocol, publish
    except ModuleNotFoundError as fault:
        if fault.name != "torch":
            raise
        raise RakkanError("measuring needs torch", "install it with: pip install 'rakkan[torch]'") from None
    if not 0 < classifier_minutes <= 10_000:
        raise RakkanError(
            f"a classifier cannot be trained for {classifier_minutes:g} minutes",
            "give --classifier-minutes above 0",
        )
    settings = replace(protocol.Plan(), classifier_seconds=60 * classifier_minutes)
    if quick:  # neither its hasty classifier nor its figures may be taken for the published ones
        settings, folder = protocol.Plan.quick(), folder / "quick"
    card = publish.run(
        assemble.engine(),
        assemble.release("full"),
        folder,
        documents or (folder / "docs" if quick else Path("docs")),
        training,
        settings,
        typer.echo,
        assemble.vault(),
        weights=config.load().weights or WEIGHTS,
        rehearsal=quick,
    )
    typer.echo(str(card))
