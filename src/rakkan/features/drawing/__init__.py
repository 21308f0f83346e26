"""Tells photographs, and what looks like one, from drawings."""
