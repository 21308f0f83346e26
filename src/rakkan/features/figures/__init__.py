"""Reads a drawn figure: attributes with how sure they are, parts, main colours, and who it is like."""
