"""That the authority in use ends soon, for whoever starts something behind it."""

from datetime import datetime

from app.gate_registry import RunningGate
from app.home import Home
from certs.ending import ends_soon
from core.ids import utc_now


def authority_end(home: Home) -> datetime | None:
    """Return when clients accept nothing more that the authority signs; None where there is none
    yet.
    """
    from cryptography import x509

    try:
        chain = x509.load_pem_x509_certificates(home.chain.read_bytes())
    except (OSError, ValueError):
        return None
    return min(one.not_valid_after_utc for one in chain)


def authority_ending(home: Home) -> str | None:
    """Return what to tell of this home's authority; None while there is time, or none yet."""
    end = authority_end(home)
    return None if end is None else ends_soon(end, utc_now())


def ending_at(gate: RunningGate) -> str | None:
    """Return what to tell of the authority that this gate uses, by the gate's own word: no run has
    to read a certificate. None while there is time, and where it says nothing.
    """
    try:
        return ends_soon(datetime.fromisoformat(gate.authority_ends), utc_now())
    except (ValueError, TypeError):  # a time without its zone cannot be compared
        return None
