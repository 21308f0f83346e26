"""What may be asked for and what may be shown: safe for all audiences, and no real people."""
