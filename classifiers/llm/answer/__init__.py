"""What a language model answered, and what it counted."""
