"""Trains the network that reads figures: `rakkan.features.figures` uses it, without torch."""
