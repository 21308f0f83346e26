"""Model files as creators share them: what tensors they hold, and which architecture those make up."""
