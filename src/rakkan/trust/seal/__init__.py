"""The seal: signed statements about a picture's origin, carried inside its file (C2PA 2.x)."""
