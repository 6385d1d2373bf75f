"""The parts of a pack's verify.py, put together by `exports.pack.verify`: they import the standard
library and each other, nothing else.
"""
