"""Says what an account is to the organisation: its own, a person's, another tenant's, nobody's, or unknown."""

from classifiers.destinations.signals import Signal
from core.classification import Account, AccountKind
from core.organisation import Organisation
from core.text import printable


def judge(
    signal: Signal | None, service: str, family: str | None, organisation: Organisation
) -> Account:
    """Return the account that a signal tells, by what the organisation lists under the service's id or family.

    An id that it does not list is another tenant's only when it lists any for this service: an empty list knows nothing.
    """
    if signal is None:
        return Account()
    listed = organisation.accounts.get(service, frozenset()) | organisation.accounts.get(
        family or "", frozenset()
    )
    known = {entry.lower() for entry in listed}
    name = None if signal.id is None else printable(signal.id, 200)
    if _is_ours(signal, known, organisation):
        return Account(kind=AccountKind.CORPORATE, id=name, evidence=signal.evidence)
    if signal.personal:
        return Account(kind=AccountKind.PERSONAL, id=name, evidence=signal.evidence)
    foreign = (signal.id is not None and known) or (
        signal.domain is not None and organisation.domains
    )
    kind = AccountKind.OTHER_TENANT if foreign else AccountKind.UNKNOWN
    return Account(kind=kind, id=name, evidence=signal.evidence)


def _is_ours(signal: Signal, known: set[str], organisation: Organisation) -> bool:
    for candidate in (signal.id, signal.also, signal.domain):
        if candidate is not None and candidate.lower() in known:
            return True
    return signal.domain is not None and signal.domain.lower() in organisation.domains
