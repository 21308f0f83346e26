"""Changing pictures that are there: one thing of a figure, a part under a mask, what lies beyond the edges.

Each step is a plain function on a frozen record; what draws, what enlarges, what reads a figure and the way
in and out are handed in.
"""
