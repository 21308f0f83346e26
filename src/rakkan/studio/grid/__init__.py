"""X/Y/Z plots: one picture for each pair of values of what it is drawn with, on one labelled sheet."""
