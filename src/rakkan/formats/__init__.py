"""Capped readers and writers of file formats."""
