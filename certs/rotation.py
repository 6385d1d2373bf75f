"""Another authority in place of one that clients trust, without a moment at which they do not: the
next root is handed out while the present one still signs, and the former one stays trusted until
it ends.
"""

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import (
    AUTHORITY_FILE,
    NEXT_FILE,
    load_authority,
    new_root,
    replace_authority,
    save_authority,
)
from certs.chain import Authority, Clock, utc_now
from certs.checking import checked_authority
from certs.files import PUBLIC_FILE, replace_file
from core.errors import CertificateError

FORMER_FILE = "former.pem"


def prepare(folder: Path, *, clock: Clock = utc_now) -> Authority:
    """Return the next authority; it is made where there is none. The present one goes on signing.

    Raises CertificateError where the present one is the organisation's to renew.
    """
    if len(load_authority(folder, clock=clock).chain) > 1:
        raise CertificateError(
            "The authority is the organisation's own, and so is its successor.",
            remedy="Ask for a new one: outgate ca csr, then outgate ca import.",
        )
    if (found := upcoming(folder, clock=clock)) is not None:
        return found
    made = new_root(clock())
    save_authority(folder, made, file=NEXT_FILE)
    return made


def upcoming(folder: Path, *, clock: Clock = utc_now) -> Authority | None:
    """Return the authority that is to come; None where none is prepared."""
    path = folder / NEXT_FILE
    if not path.is_file():
        return None
    content = path.read_bytes()
    return checked_authority(content, content, passphrase=None, now=clock(), source=str(path))


def finish(folder: Path, *, clock: Clock = utc_now) -> Authority:
    """Put the prepared authority in the place of the present one, whose root stays trusted.

    Raises CertificateError where none is prepared.
    """
    found = upcoming(folder, clock=clock)
    if found is None:
        raise CertificateError(
            "No other authority is prepared.", remedy="Begin with: outgate ca rotate"
        )
    keep_former(folder, former_root(folder, clock=clock), clock=clock)
    (folder / NEXT_FILE).replace(folder / AUTHORITY_FILE)
    return found


def replace_ended(folder: Path, *, clock: Clock = utc_now) -> Authority | None:
    """Put the prepared authority, or else a new one, in the place of this machine's own that has
    ended: nothing trusts that one any more, so that there is nothing to wait for. None where the
    present one has not ended, or is not this machine's own.

    Raises CertificateError where what is prepared has ended, too.
    """
    try:
        content = (folder / AUTHORITY_FILE).read_bytes()
        present = x509.load_pem_x509_certificates(content)
    except (OSError, ValueError):
        return None
    if len(present) != 1 or present[0].not_valid_after_utc >= clock():
        return None
    if upcoming(folder, clock=clock) is not None:
        return finish(folder, clock=clock)
    return replace_authority(folder, clock=clock)


def former_root(folder: Path, *, clock: Clock = utc_now) -> x509.Certificate | None:
    """Return the root that clients trust now, before another takes its place; None of what has
    ended, is broken, or is not there.
    """
    try:
        return load_authority(folder, clock=clock).root
    except CertificateError:
        return None


def keep_former(folder: Path, root: x509.Certificate | None, *, clock: Clock = utc_now) -> None:
    """Keep a root among those that are still trusted until they end."""
    if root is None:
        return
    kept = dict.fromkeys([root, *_former(folder, clock())])
    pem = b"".join(one.public_bytes(Encoding.PEM) for one in kept)
    replace_file(folder / FORMER_FILE, pem, PUBLIC_FILE)


def trusted_besides(folder: Path, *, clock: Clock = utc_now) -> tuple[x509.Certificate, ...]:
    """Return the roots that clients trust beside the present one: the next, and former ones until
    they end.
    """
    found = upcoming(folder, clock=clock)
    return (*(() if found is None else (found.root,)), *_former(folder, clock()))


def _former(folder: Path, now: datetime) -> list[x509.Certificate]:
    path = folder / FORMER_FILE
    if not path.is_file():
        return []
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except ValueError as error:
        raise CertificateError(
            f"{path} holds no certificates in PEM form.",
            remedy="Remove it: the roots of former authorities are then trusted no more.",
        ) from error
    return [one for one in found if one.not_valid_after_utc > now]
