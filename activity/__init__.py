"""What a program does beside its requests, as observations. Collectors are found in their folder."""
