"""What can be seen in pixels: networks that judge pictures, and fingerprints that find them again."""
