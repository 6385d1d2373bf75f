"""From the facts of a process to the script it runs: pure, no files, no sockets, no clock."""

from attribution.resolution.resolve import Resolution, resolve

__all__ = ["Resolution", "resolve"]
