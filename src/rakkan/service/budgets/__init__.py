"""Budgets: how much an account, and those it is linked to, may read; and what happens beyond."""
