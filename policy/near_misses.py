"""How a rule stands to what was recorded: what it holds for, what it missed by one condition, and
which rules decide before it. Pure.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.case_keys import sender_of
from core.record import Record
from core.situation import Situation, situation_of
from destinations.naming import place_name
from policy.decide import RulePolicy
from policy.inputs import PAST


@dataclass(slots=True)
class NearMiss:
    """Requests for which all conditions of a rule held but this one."""

    condition: str
    """As its author would say it."""
    count: int = 0
    scripts: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    last_at: datetime | None = None

    def add(self, record: Record) -> None:
        """Count a request."""
        where = record.destination
        self.count += 1
        self.scripts[sender_of(record)] += 1
        self.places[place_name(where.service, where.host)] += 1
        if self.last_at is None or record.at > self.last_at:
            self.last_at = record.at


@dataclass(slots=True)
class Stands:
    """How one rule stands to some records."""

    several: bool
    """Whether it has more than one condition."""
    records: int = 0
    decided: int = 0
    """For so many it decides."""
    others: Counter[str] = field(default_factory=Counter)
    """It would hold, and another decides before it: that rule → requests."""
    untold: int = 0
    """Of so many nobody can tell: records do not hold what it asks for."""
    missed: dict[str, NearMiss] = field(default_factory=dict)

    @property
    def near(self) -> tuple[NearMiss, ...]:
        """The near misses, the most frequent first."""
        return tuple(sorted(self.missed.values(), key=lambda one: (-one.count, one.condition)))


def stands(policy: RulePolicy, rule_id: str, records: Iterable[Record]) -> Stands | None:
    """Return how a rule stands to these records; None when it is not in force."""
    rule = next((rule for rule in policy.rules if rule.id == rule_id), None)
    if rule is None:
        return None
    # What misses the only condition that there is misses the rule, and not nearly.
    told = Stands(several=len(rule.when.parts) > 1)
    for record in records:
        told.records += 1
        _add(told, policy, rule_id, record)
    return told


def _add(told: Stands, policy: RulePolicy, rule_id: str, record: Record) -> None:
    situation: Situation = replace(situation_of(record), degraded=())
    unmet = policy.unmet(rule_id, situation, PAST)
    if unmet is None or len(unmet) > 1:
        return
    if unmet and not told.several:
        return
    if unmet:
        told.missed.setdefault(unmet[0], NearMiss(unmet[0])).add(record)
        return
    decision, unsure = policy.tell(situation, PAST)
    if decision.rule == rule_id:
        told.decided += 1
    elif rule_id in unsure or decision.rule is None:
        told.untold += 1
    else:
        told.others[decision.rule] += 1
