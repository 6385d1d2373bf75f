"""Why a server could not be reached, in words: from what mitmproxy and OpenSSL say. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.fate import (
    CUT_NOTE,
    LEFT_EARLY_NOTE,
    LEFT_NOTE,
    NO_ANSWER_NOTE,
    UNREACHED_NOTE,
    UNWAITED_NOTE,
    WANTS_CERTIFICATE,
)

_OF_THE_FAR_SIDE = "the destination: "
_CLIENT_LEFT = ("client disconnected", "reset by client", "cancelled by client")
_MTLS = WANTS_CERTIFICATE.removeprefix(_OF_THE_FAR_SIDE)
_EARLY = "it ended the connection in the middle of its answer"
_CAUSES = (
    ("certificate has expired", "its certificate has expired"),
    ("certificate is not yet valid", "its certificate is not valid yet"),
    ("self-signed certificate", "its certificate is signed by nobody that is trusted here"),
    ("self signed certificate", "its certificate is signed by nobody that is trusted here"),
    ("unable to get local issuer", "its certificate is signed by nobody that is trusted here"),
    ("unable to get issuer", "its certificate is signed by nobody that is trusted here"),
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
    ("name or service not known", "its name is not known"),
    ("no address associated", "its name is not known"),
    ("nodename nor servname", "its name is not known"),
    ("temporary failure in name resolution", "names cannot be looked up here now"),
    ("getaddrinfo", "its name could not be looked up"),
    ("upstream proxy", "the proxy behind the gate refused to connect to it"),
    ("connect call failed", "it refused the connection"),
    ("connection refused", "it refused the connection"),
    ("timed out", "it did not answer in time"),
    ("timeout", "it did not answer in time"),
    ("no route to host", "no way leads there"),
    ("network is unreachable", "no way leads there"),
    ("connection reset", "it broke the connection"),
    ("sending complete message body", _EARLY),
    ("closed connection", "it ended the connection without an answer"),
    ("connection closed", "it ended the connection without an answer"),
    ("invalid content-length", "it answered with lengths that contradict each other"),
    ("unknown transfer-encoding", "it answered in a coding that nobody knows"),
    ("cannot parse http response", "it did not answer in HTTP"),
    ("unexpected server response", "it did not answer in HTTP"),
)
"""Part of the words, in lower case, → what it means; the first that is found counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """What the record says of an exchange that broke off: before an answer came, or within it."""

    no_answer: Sequence[str]
    cut: Sequence[str]


def why_broken(error: str, *, reached: bool, client_left: bool = False) -> Broken:
    """Return what to say of it. `reached`: there was a connection to the destination."""
    low = error[:2000].lower()
    if client_left or any(words in low for words in _CLIENT_LEFT):
        left = (LEFT_NOTE,) if reached else (UNREACHED_NOTE, UNWAITED_NOTE)
        return Broken(no_answer=left, cut=(CUT_NOTE, LEFT_EARLY_NOTE))
    cause = cause_of(error)
    first = NO_ANSWER_NOTE if reached else UNREACHED_NOTE
    return Broken(
        no_answer=(first,) if cause is None else (first, f"{_OF_THE_FAR_SIDE}{cause}"),
        cut=(CUT_NOTE, f"{_OF_THE_FAR_SIDE}{cause or _EARLY}"),
    )


def cause_of(error: str) -> str | None:
    """Return what an error means, in words of ours alone; None where that is not known."""
    low = error[:2000].lower()
    return next((words for part, words in _CAUSES if part in low), None)
