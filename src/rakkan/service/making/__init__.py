"""What workers do: the studio's work for an account, kept in the vault and told to the catalogue."""
