"""Models that people bring: known by their hashes and cards, kept in the vault."""
