"""Says what an account is to the organisation: its own, a person's, another's, or unknown."""

from core.classification import Account, AccountKind
from core.organisation import Organisation
from core.text import printable
from destinations.signals import MAX_ID, Signal

_NONE: frozenset[str] = frozenset()


def judge(
    signal: Signal | None, service: str, family: str | None, organisation: Organisation
) -> Account:
    """Return the account that a signal tells, by what the organisation lists under the service's
    id or family.

    An id that it does not list is another tenant's only when it lists any for this service: an
    empty list knows nothing.
    """
    if signal is None:
        return Account()
    name = None if signal.id is None else printable(signal.id, MAX_ID)
    kind = _kind(signal, _listed(organisation, service, family), organisation)
    return Account(kind=kind, id=name, evidence=signal.evidence)


def _listed(organisation: Organisation, service: str, family: str | None) -> frozenset[str]:
    accounts = organisation.accounts
    listed = accounts.get(service, _NONE) | accounts.get(family or "", _NONE)
    return frozenset([entry.lower() for entry in listed]) if listed else _NONE


def _kind(signal: Signal, known: frozenset[str], organisation: Organisation) -> AccountKind:
    if _is_ours(signal, known, organisation):
        return AccountKind.CORPORATE
    if signal.personal:
        return AccountKind.PERSONAL
    by_id = signal.id is not None and known
    by_domain = signal.domain is not None and organisation.domains
    return AccountKind.OTHER_TENANT if by_id or by_domain else AccountKind.UNKNOWN


def _is_ours(signal: Signal, known: frozenset[str], organisation: Organisation) -> bool:
    for name in (signal.id, signal.also, signal.domain):
        if name is not None and name.lower() in known:
            return True
    return signal.domain is not None and signal.domain.lower() in organisation.domains
