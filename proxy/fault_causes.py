"""Why a server could not be reached, in words: from what mitmproxy and OpenSSL say. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from errno import EHOSTUNREACH, ENETUNREACH, ETIMEDOUT

from core.fate import (
    CUT_NOTE,
    LEFT_EARLY_NOTE,
    LEFT_NOTE,
    NO_ANSWER_NOTE,
    PROXYS_FAULT,
    UNREACHED_NOTE,
    UNTRUSTED_SERVER,
    UNWAITED_NOTE,
    WANTS_CERTIFICATE,
)

_OF_THE_FAR_SIDE = "the destination: "
_CLIENT_LEFT = ("client disconnected", "reset by client", "cancelled by client")
_MTLS = WANTS_CERTIFICATE.removeprefix(_OF_THE_FAR_SIDE)
_UNTRUSTED = UNTRUSTED_SERVER.removeprefix(_OF_THE_FAR_SIDE)
_NO_WAY = "no way leads there"
_NO_HTTP = "it did not answer in HTTP"
_REFUSED = "it refused the connection"
_ENDED = "it ended the connection without an answer"
_LATE = "it did not answer in time"
_BROKE = "it broke the connection"
_NO_NAME = "its name is not known"
_NO_NAMES = "names cannot be looked up here now"
_NO_ADDRESS = "its name could not be looked up"
ITSELF = "it is this gate itself"
NAMES_NOBODY = frozenset({_NO_NAME, _NO_ADDRESS})
"""What no waiting mends: the name says no address."""
_PROXY_REFUSED = "Upstream proxy "
_WANTS_CREDENTIALS = "it wants other credentials than it was given, or any"
_BEFORE_THE_TUNNEL = frozenset({_REFUSED, _NO_WAY, _NO_NAME, _NO_NAMES, _NO_ADDRESS, _NO_HTTP})
"""What happens before there is a tunnel through a proxy, of which the destination knows nothing."""
_OF_EITHER = frozenset({_ENDED, _LATE, _BROKE})
_EARLY = "it ended the connection in the middle of its answer"
_CAUSES = (
    ("destination unknown", ITSELF),
    ("certificate has expired", "its certificate has expired"),
    ("certificate is not yet valid", "its certificate is not valid yet"),
    ("self-signed certificate", _UNTRUSTED),
    ("self signed certificate", _UNTRUSTED),
    ("unable to get local issuer", _UNTRUSTED),
    ("unable to get issuer", _UNTRUSTED),
    ("unable to verify the first", "its certificate chain is not complete"),
    ("hostname mismatch", "its certificate is for another name"),
    ("ip address mismatch", "its certificate is for another address"),
    ("certificate revoked", "its certificate was revoked"),
    ("certificate verify failed", "its certificate is not valid"),
    ("does not speak tls", "it does not speak TLS"),
    ("alert certificate required", _MTLS),
    ("alert handshake failure", "it agreed to no TLS handshake"),
    ("alert bad certificate", _MTLS),
    ("agree on a tls version", "it speaks only versions of TLS that are not safe"),
    ("alert protocol version", "it speaks only versions of TLS that are not safe"),
    ("unsupported protocol", "it speaks only versions of TLS that are not safe"),
    ("name or service not known", _NO_NAME),
    ("no address associated", _NO_NAME),
    ("nodename nor servname", _NO_NAME),
    ("temporary failure in name resolution", _NO_NAMES),
    ("getaddrinfo", _NO_ADDRESS),
    (f"[errno {ETIMEDOUT}] connect call", _LATE),
    (f"[errno {EHOSTUNREACH}] connect call", _NO_WAY),
    (f"[errno {ENETUNREACH}] connect call", _NO_WAY),
    ("connect call failed", _REFUSED),
    ("connection refused", _REFUSED),
    ("timed out", _LATE),
    ("timeout", _LATE),
    ("no route to host", _NO_WAY),
    ("network is unreachable", _NO_WAY),
    ("connection reset", _BROKE),
    ("sending complete message body", _EARLY),
    ("closed connection", _ENDED),
    ("connection closed", _ENDED),
    ("invalid content-length", "it answered with lengths that contradict each other"),
    ("unknown transfer-encoding", "it answered in a coding that nobody knows"),
    ("cannot parse http response", _NO_HTTP),
    ("unexpected server response", _NO_HTTP),
)
"""Part of the words, in lower case, → what it means; the first that is found counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """What the record says of an exchange that broke off: before an answer came, or within it."""

    no_answer: Sequence[str]
    cut: Sequence[str]


def why_broken(
    error: str,
    *,
    reached: bool,
    proxied: bool = False,
    of_the_end: bool = True,
    client_left: bool = False,
) -> Broken:
    """Return what to say of it. `reached`: there was a connection to the destination. `proxied`:
    the way there is through a proxy of the organisation's. `of_the_end`: the connection to the
    destination itself says so, and not the one to a proxy that it would have gone through.
    """
    low = error[:2000].lower()
    if client_left or any(words in low for words in _CLIENT_LEFT):
        left = (LEFT_NOTE,) if reached else (UNREACHED_NOTE, UNWAITED_NOTE)
        return Broken(no_answer=left, cut=(CUT_NOTE, LEFT_EARLY_NOTE))
    cause = _whose(error, by_proxy=proxied and not reached, of_the_end=of_the_end)
    first = NO_ANSWER_NOTE if reached else UNREACHED_NOTE
    return Broken(
        no_answer=(first,) if cause is None else (first, cause),
        cut=(CUT_NOTE, cause or f"{_OF_THE_FAR_SIDE}{_EARLY}"),
    )


def _whose(error: str, *, by_proxy: bool, of_the_end: bool) -> str | None:
    """Return whose fault it was, and what: the destination's, or that of the proxy on the way."""
    if by_proxy and error.startswith(_PROXY_REFUSED):
        status = error[:2000].rpartition(" request: ")[2][:3]
        known = status if status.isascii() and status.isdigit() else "no status"
        does = _WANTS_CREDENTIALS if status == "407" else "it refused to connect to the destination"
        return f"{PROXYS_FAULT}{does} ({known})"
    cause = cause_of(error)
    if cause is None:
        return None
    if by_proxy and cause in _OF_EITHER:
        return f"the destination, or {PROXYS_FAULT}{cause}"
    is_the_proxys = by_proxy and (cause in _BEFORE_THE_TUNNEL or not of_the_end)
    return f"{PROXYS_FAULT if is_the_proxys else _OF_THE_FAR_SIDE}{cause}"


def cause_of(error: str) -> str | None:
    """Return what an error means, in words of ours alone; None where that is not known."""
    low = error[:2000].lower()
    return next((words for part, words in _CAUSES if part in low), None)
