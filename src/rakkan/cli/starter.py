"""``rakkan starter``: train the model that ships with Rakkan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Train the starter model on fresh renders.", no_args_is_help=True)


@app.callback()
def _starter() -> None:
    """Keep ``train`` a command of its own while it is the only one."""


@app.command()
def train(
    stage: Annotated[str, typer.Option(help="autoencoder, then flow, then distil.")],
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
    crop: Annotated[int, typer.Option(help="Side of the squares the autoencoder is shown (0: whole).")] = 0,
) -> None:
    """Train one stage of the starter model; Ctrl-C saves and ends the run."""
    from rakkan.errors import RakkanError

    try:
        from rakkan.studio.starter.recipe import Settings, run
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
    )
    run(settings, typer.echo)
    typer.echo(f"weights are in {folder / 'weights'}")
