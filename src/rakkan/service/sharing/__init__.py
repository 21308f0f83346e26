"""Characters that their makers share: published, found, drawn with, copied with credit, taken down."""
