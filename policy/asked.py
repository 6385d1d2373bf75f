"""What the rules of a policy look at: what no rule asks for need not be found out."""

from dataclasses import dataclass
from functools import cached_property

from policy.compiled import CompiledRule
from policy.inputs import COUNTRY, FILES, HABITS, PACKAGES, PAST, PLACE, RESOURCES, Inputs
from policy.unknown_account import UnknownAccountAnswer


@dataclass(frozen=True, kw_only=True)
class AskedRules:
    """The rules of a policy, in their order."""

    rules: tuple[CompiledRule, ...]
    unknown_account: UnknownAccountAnswer | None = None

    @cached_property
    def inputs(self) -> Inputs:
        """All that its rules look at."""
        together = 0
        for rule in self.rules:
            together |= rule.inputs
        return together

    @property
    def asks_past(self) -> bool:
        """True when some rule looks at a script's history or at earlier volume."""
        adds_up = self.unknown_account is not None and self.unknown_account.over > 0
        return adds_up or bool(self.inputs & PAST)

    @property
    def asks_packages(self) -> bool:
        """True when some rule looks at what a script is made of."""
        return bool(self.inputs & PACKAGES)

    @property
    def asks_files(self) -> bool:
        """True when some rule looks at which files were sent."""
        return bool(self.inputs & FILES)

    @property
    def asks_habits(self) -> bool:
        """True when some rule looks at what a script does as a rule."""
        return bool(self.inputs & HABITS)

    @property
    def asks_resources(self) -> bool:
        """True when some rule looks at what a process uses."""
        return bool(self.inputs & RESOURCES)

    @property
    def asks_country(self) -> bool:
        """True when some rule looks at the country of a destination."""
        return bool(self.inputs & COUNTRY)

    @property
    def asks_address(self) -> bool:
        """True when some rule looks at the address that is connected to, or what it tells."""
        return bool(self.inputs & PLACE)
