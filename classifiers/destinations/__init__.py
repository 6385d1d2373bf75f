"""Where a request goes, and whose account of that service it uses."""

from classifiers.destinations.bindings import Bindings
from classifiers.destinations.destination import destination
from classifiers.destinations.tap import AccountTap

__all__ = ["AccountTap", "Bindings", "destination"]
