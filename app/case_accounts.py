"""From a case to an account of the organisation: which account it is, its effect, its writing."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.classification import AccountKind
from core.errors import InputError
from core.record import Record
from core.review import Case, CaseFilter
from core.stored import StoredRecord
from core.vocabulary.sizes import counted, number
from destinations.naming import place_name
from evidence.store import Store
from policy.account_writing import account_lines, add_account
from tui.case_queue import all_cases
from tui.rule_making import Proposal

_BY_HAND = "Write it by hand, under organisation: docs/policy.md."
_MOST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAccounts:
    """Lists accounts of cases of one store as the organisation's own, in one policy file."""

    store: Store
    policy: Path

    def propose(self, case: Case) -> Proposal:
        """Return what would be written. Raises OutgateError."""
        service, account = self._account(case)
        name = place_name(service, case.host)
        return Proposal(
            name=account,
            sentence=f"The {name} account “{account}” is the organisation's own.",
            effect=self._effect(service, account, name),
            lines=tuple(account_lines(service, account)),
        )

    def write(self, case: Case) -> str:
        """Write it into the policy file. Raises OutgateError."""
        service, account = self._account(case)
        try:
            add_account(self.policy, service, account)
        except OSError as error:
            raise InputError(
                f"The policy file {self.policy} cannot be written: {error.strerror}.",
                remedy="Ask the person who runs Outgate here.",
            ) from error
        return f"The account is in {self.policy.name}, as the organisation's own."

    def _account(self, case: Case) -> tuple[str, str]:
        """Return the service and the account of the case's newest request."""
        newest = next(iter(self.store.records(case.key, 1)), None)
        if not isinstance(newest, StoredRecord):
            raise InputError("No request of this case can be read.", remedy=_BY_HAND)
        where = newest.record.destination
        if where.account.kind is AccountKind.CORPORATE:
            raise InputError("This account is the organisation's own already.")
        if where.service is None:
            raise InputError("Outgate knows no accounts of this place.", remedy=_BY_HAND)
        if where.account.id is None:
            raise InputError("Which account this is, is not known.", remedy=_BY_HAND)
        if "@" in where.account.id:
            raise InputError(
                "Of an e-mail address the evidence holds the domain alone.", remedy=_BY_HAND
            )
        return where.service, where.account.id

    def _effect(self, service: str, account: str, name: str) -> str:
        wanted = CaseFilter(status=None, destination=service)
        keys = frozenset(one.key for one in all_cases(self.store, wanted))
        found = (entry.opened() for entry in islice(self.store.iter_of_cases(keys), _MOST))
        records = [one.record for one in found if isinstance(one, StoredRecord)]
        same = sum(_goes_to(one, service, account) for one in records)
        return (
            f"{counted(same, 'request')} of {number(len(records))} to {name} went to it: what comes"
            " counts as sent to an own account."
        )


def _goes_to(record: Record, service: str, account: str) -> bool:
    where = record.destination
    return where.service == service and where.account.id == account
