"""That the authority in use ends soon, for whoever starts something behind it."""

from app.home import Home
from core.ids import utc_now


def authority_ending(home: Home) -> str | None:
    """Return what to tell; None while there is time, or no authority yet."""
    from cryptography import x509

    from certs.remarks import ends_soon

    try:
        chain = x509.load_pem_x509_certificates(home.chain.read_bytes())
    except (OSError, ValueError):
        return None
    return ends_soon(min(one.not_valid_after_utc for one in chain), utc_now())
