"""Bytes and statements about bytes: the vault, the ledger and the database that finds things in it."""
