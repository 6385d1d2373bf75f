"""Personal data in columns and under keys."""
