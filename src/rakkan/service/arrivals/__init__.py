"""What people bring that is no picture: large files in parts, and texts to draw from."""
