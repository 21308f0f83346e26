"""A page of characters that nobody asked for, which grows for as long as it is let."""
