"""The starter model: a small latent-diffusion model of our own, trained on the figure renderer alone."""

from pathlib import Path

#: Where the starter model lies in the package.
WEIGHTS = Path(__file__).parent / "weights"
