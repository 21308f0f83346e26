"""The starter model: a small latent-diffusion model of our own, trained on the figure renderer alone."""
