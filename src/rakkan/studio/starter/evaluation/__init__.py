"""Measuring the starter model: two instruments for adherence, distances, neighbours and the report."""
