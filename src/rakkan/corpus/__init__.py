"""Training data in the open: corpora and what they are made of."""
