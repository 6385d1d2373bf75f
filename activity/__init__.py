"""What a program does beside its requests, as observations; collectors lie in their folder."""
