"""What is to know of an authority that works: that it ends soon, signs for some names only, or may
do more than it should.
"""

from collections.abc import Iterator
from datetime import datetime

from cryptography import x509

from certs.chain import Authority
from certs.ending import ends_soon
from core.text import printable

_LISTED = 5


def remarks(authority: Authority, now: datetime) -> Iterator[str]:
    """Yield what to tell whoever looks after this authority, in plain words."""
    if (ending := ends_soon(authority.not_after, now)) is not None:
        yield ending
    for certificate in authority.chain:
        yield from _names(certificate)
    if len(authority.chain) > 1:
        length = authority.signer.extensions.get_extension_for_class(x509.BasicConstraints)
        if length.value.path_length != 0:
            yield (
                "It may make further authorities, for which Outgate has no use; ask for a path"
                " length of 0."
            )


def _names(certificate: x509.Certificate) -> Iterator[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return
    if found.permitted_subtrees:
        yield f"Clients trust it only for {_list(found.permitted_subtrees)}, and what is below."
    if found.excluded_subtrees:
        yield f"Clients do not trust it for {_list(found.excluded_subtrees)}, and what is below."


def _list(names: list[x509.GeneralName]) -> str:
    shown = [printable(str(name.value), 80) for name in names[:_LISTED]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
