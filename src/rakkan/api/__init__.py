"""What the command line and Python have in common: each of the studio's jobs as one call."""
