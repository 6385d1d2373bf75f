"""Asks a server of the organisation's for a time stamp (RFC 3161) of a checkpoint."""

import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.errors import EvidenceError, InputError
from core.happenings import Event, happening
from core.ids import rfc3339
from evidence.notary import Taken
from evidence.stamps import MOST_BYTES, BadStamp, Stamp, keep, read_roots, request_of
from evidence.store import Store

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_WAIT_S = 15.0
_ASKED, _ANSWERED = "application/timestamp-query", "application/timestamp-reply"


@dataclass(frozen=True, slots=True, kw_only=True)
class StampServer:
    """A server that may be asked, and by which certificates its stamps are checked."""

    url: str
    host: str
    roots: "list[Certificate]"


def stamp_server(url: str, root: Path | None) -> StampServer:
    """Return the server at this address. Asks nobody; raises InputError for a wrong address or
    root.
    """
    host = _host(url)
    if host is None:
        raise InputError(
            "A time stamp server is named by its http or https address.",
            remedy="For example https://tsa.example/tsr",
        )
    if root is None:
        raise InputError(
            "Nobody can check a time stamp without the root certificate of its server.",
            remedy="Name its PEM file: `stamp_root` in the settings, or --stamp-root.",
        )
    try:
        roots = read_roots(root)
    except (OSError, ValueError):
        raise InputError(f"{root} holds no certificate in PEM.", remedy="Check the file.") from None
    return StampServer(url=url, host=host, roots=roots)


def _host(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.hostname if parts.scheme in {"http", "https"} else None


def stamped(store: Store, taken: Taken, server: StampServer, *, who: str) -> Path:
    """Have a checkpoint stamped, keep the stamp beside the evidence and tell it; return its file.

    Raises EvidenceError where there is no stamp.
    """
    stamp = Stamp.of(taken, _asked(server.url, request_of(taken.note)))
    try:
        at = rfc3339(stamp.time(server.roots))
        file = keep(store.path, stamp)
    except BadStamp as bad:
        raise EvidenceError(
            f"The time stamp was refused: {bad}.", remedy="Check the server and its root."
        ) from None
    except OSError as error:
        raise EvidenceError(f"The time stamp cannot be kept: {error.strerror}.") from None
    facts = {"server": server.host, "checkpoint": stamp.digest, "stamped_at": at}
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
