"""Placing roots and variables where the programs of a machine look for them, and taking them out
again without a trace.
"""
