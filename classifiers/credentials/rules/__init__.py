"""What a credential looks like: rules, one table a file."""
