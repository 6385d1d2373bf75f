"""All rules written for Outgate, in one fixed order."""

from classifiers.credentials.generic import GENERIC
from classifiers.credentials.issued import issued_rules
from classifiers.credentials.rule import Rule
from classifiers.credentials.structures import STRUCTURES


def own_rules() -> list[Rule]:
    """Return the rules written for Outgate."""
    return [*issued_rules(), *STRUCTURES, *GENERIC]
