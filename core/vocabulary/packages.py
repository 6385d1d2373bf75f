"""What the packages of a script are, as rules name it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class PackageState(StrEnum):
    """What can be the matter with the packages of a script."""

    VULNERABLE = "vulnerable"
    MALICIOUS = "malicious"
    NOT_ALLOWED = "not_allowed"


PACKAGE_STATES: Mapping[PackageState, str] = MappingProxyType(
    {
        PackageState.VULNERABLE: "It imports a package in a version that an advisory names.",
        PackageState.MALICIOUS: "A package known to be malicious lies in its environment.",
        PackageState.NOT_ALLOWED: "It imports a package that the organisation does not list.",
    }
)
