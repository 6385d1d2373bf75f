"""What is kept of a script's source: its text with the secrets and personal values in it masked."""
