"""Whom a rule that is made of a case is about: the script; where none is known, what a rule can say
of the sender all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.attribution import Attribution, Certainty
from core.case_keys import destination_of, sender_of
from core.errors import InputError
from core.observation import OBSERVED
from core.record import Record
from core.review import Case, CaseFilter
from core.stored import StoredRecord
from evidence.store import Store
from tui.rule_making import Wish
from tui.wording import safe

_BY_HAND = "Write the rule by hand: docs/policy.md."


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a rule is about."""

    words: str
    """As the rule's sentence calls it."""
    conditions: Mapping[str, Any]
    """Sections of `when` beside those of place and data."""
    is_script: bool = True
    """False: also what other senders send to this place is tried against it."""
    certain: bool = True
    """It asks for what only a certain sender tells."""
    of: str = field(default="of this script")
    """Whose requests its effect is told of."""

    def wanted(self, case: Case) -> CaseFilter:
        """Return the filter of the cases that it is tried against."""
        if self.is_script:
            return CaseFilter(status=None, script=case.script_path or case.script)
        return CaseFilter(status=None, destination=case.service or case.host)

    def is_alike(self, one: Case, case: Case) -> bool:
        """Return whether it is tried against this case, too."""
        if self.is_script:
            return (one.script_path, one.script) == (case.script_path, case.script)
        return (one.service or one.host) == (case.service or case.host)

    def is_of(self, record: Record, case: Case) -> bool:
        """Return whether it is tried against a record that stands in no case."""
        if self.is_script:
            return sender_of(record) == (case.script_path or case.script)
        return destination_of(record) == (case.service or case.host)


def subject_of(case: Case, store: Store, wish: Wish) -> Subject:
    """Return it. Raises InputError where no rule can say it, in words for the person; EvidenceError
    where the file cannot be read.
    """
    if case.verdict == OBSERVED:
        raise InputError(
            "This was only observed on the machine: no request of it came to Outgate, and no rule "
            "is asked about what does not come to it.",
            remedy="Close the case with a reason; docs/deploy.md tells how requests are made to go "
            "through Outgate.",
        )
    if case.script_path is not None:
        return Subject(
            words=f"“{safe(case.script, 100)}”", conditions={"script": {"path": case.script_path}}
        )
    sender = _newest(case, store)
    script, user = sender.script, sender.user
    if script is not None and script.name:
        who = {"name": script.name} | ({"user": user} if user else {})
        by = f", run by {safe(user, 60)}," if user else ""
        return Subject(words=f"“{safe(script.name, 100)}”{by}", conditions={"script": who})
    if wish is Wish.ALLOW:
        raise InputError(
            "No script is known here, so a rule that allows this would let pass what anything else "
            "sends there, too.",
            remedy="Close the case as an allowed purpose instead; or stop it, or have it ask you.",
        )
    return _anything(sender)


def _anything(sender: Attribution) -> Subject:
    """Return what can be said where no script is known: who runs it, or that nobody can name it."""
    about: dict[str, Any] = {"script": {"user": sender.user}} if sender.user else {}
    by = f" that {safe(sender.user, 60)} runs" if sender.user else ""
    of = "to this place that stand in cases"
    if sender.certainty is Certainty.UNKNOWN:
        about["attribution"] = {"certainty": [Certainty.UNKNOWN.value]}
        words = "a sender that nobody can name"
        words += f", run by {safe(sender.user, 60)}," if sender.user else ""
        return Subject(words=words, conditions=about, is_script=False, certain=False, of=of)
    return Subject(
        words=f"any program{by}", conditions=about, is_script=False, certain=False, of=of
    )


def _newest(case: Case, store: Store) -> Attribution:
    for entry in store.records(case.key, 1):
        if isinstance(entry, StoredRecord):
            return entry.record.sender
    raise InputError(
        "The newest request of this case cannot be read, so that nobody knows whom a rule would be "
        "about.",
        remedy=_BY_HAND,
    )
