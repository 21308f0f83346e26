"""The append-only, signed Merkle log of statements."""
