"""Where a request goes and whose account of that service it uses: corporate, personal, another tenant's, or nobody's."""

from classifiers.accounts.bindings import Bindings
from classifiers.accounts.destination import destination
from classifiers.accounts.tap import AccountTap

__all__ = ["AccountTap", "Bindings", "destination"]
