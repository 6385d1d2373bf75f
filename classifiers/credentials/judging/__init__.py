"""Which matches are really credentials."""
