"""Tables wherever they stand in a text: found by their shape, handed to the column reader."""

from classifiers.shapes.stage import pasted_in, tables_in

__all__ = ["pasted_in", "tables_in"]
