"""Engines: what turns token ids and a seed into pixels."""
