"""Asks a server of the organisation's for a time stamp (RFC 3161) of a checkpoint."""

import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import EvidenceError, InputError
from core.happenings import Event, happening
from core.ids import rfc3339
from evidence.notary import Taken
from evidence.stamps import MOST_BYTES, BadStamp, Stamp, keep, read_roots, request_of
from evidence.store import Store

_WAIT_S = 15.0
_ASKED, _ANSWERED = "application/timestamp-query", "application/timestamp-reply"


def stamped(store: Store, taken: Taken, url: str, root: Path | None, *, who: str) -> Path:
    """Have a checkpoint stamped, keep the stamp beside the evidence and tell it; return its file.

    Raises InputError for a wrong address or root, EvidenceError where there is no stamp.
    """
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise InputError("A time stamp server is named by its http or https address.")
    if root is None:
        raise InputError(
            "Nobody can check a time stamp without the root certificate of its server.",
            remedy="Name its PEM file: `stamp_root` in the settings, or --stamp-root.",
        )
    try:
        roots = read_roots(root)
    except (OSError, ValueError):
        raise InputError(f"{root} holds no certificate in PEM.", remedy="Check the file.") from None
    stamp = Stamp.of(taken, _asked(url, request_of(taken.note)))
    try:
        at = rfc3339(stamp.time(roots))
        file = keep(store.path, stamp)
    except BadStamp as bad:
        raise EvidenceError(
            f"The time stamp was refused: {bad}.", remedy="Check the server and its root."
        ) from None
    except OSError as error:
        raise EvidenceError(f"The time stamp cannot be kept: {error.strerror}.") from None
    facts = {"server": urlsplit(url).hostname, "checkpoint": stamp.digest, "stamped_at": at}
    store.tell(happening(Event.STAMPED, facts, who=who))
    return file


def _asked(url: str, query: bytes) -> bytes:
    asked = urllib.request.Request(url, data=query, headers={"Content-Type": _ASKED})  # noqa: S310 - http or https, see above
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(asked, timeout=_WAIT_S) as answer:
            token: bytes = answer.read(MOST_BYTES)
            kind = answer.headers.get_content_type()
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", None) or type(error).__name__
        raise EvidenceError(
            f"The time stamp server did not answer: {why}.", remedy="Try again later."
        ) from None
    if kind != _ANSWERED:
        raise EvidenceError(
            "The server answered with something else than a time stamp.",
            remedy="Check its address.",
        )
    return token
