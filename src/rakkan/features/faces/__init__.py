"""Finds photographic faces: where one is, and how sure. Nothing here says, or keeps, whose face it is."""
