"""The gate and what it asks before anything leaves."""
