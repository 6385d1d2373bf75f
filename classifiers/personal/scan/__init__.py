"""Personal data by pattern and check digit, in any text."""
