"""What reading a YAML text raises beside the reader's own errors: one home for all five readers."""

NO_VALUE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""ruamel.yaml makes values as it reads and lets pass what Python says of those that are none: a
31st of February, `!!int x`, `!!bool maybe`, a list as a name. UnicodeDecodeError is a ValueError.
"""
