"""All rules written for Outgate, in one fixed order."""

from classifiers.credentials.rules.commands import COMMANDS
from classifiers.credentials.rules.generic import GENERIC
from classifiers.credentials.rules.in_context import IN_CONTEXT
from classifiers.credentials.rules.issued import issued_rules
from classifiers.credentials.rules.rule import Rule
from classifiers.credentials.rules.spoken import SPOKEN
from classifiers.credentials.rules.structures import STRUCTURES


def own_rules() -> list[Rule]:
    """Return the rules written for Outgate."""
    return [*issued_rules(), *STRUCTURES, *COMMANDS, *IN_CONTEXT, *GENERIC, *SPOKEN]
