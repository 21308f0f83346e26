"""Trains and converts what tells photographs from drawings (``rakkan.features.drawing``); not shipped."""
