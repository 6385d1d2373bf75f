"""What is asked of a language model."""
