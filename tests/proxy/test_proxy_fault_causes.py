"""Why a server could not be reached, in our own words."""

import pytest

from core.fate import UNREACHED_NOTE
from proxy.fault_causes import cause_of, why_no_answer


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("Certificate verify failed: certificate has expired", "its certificate has expired"),
        ("Certificate verify failed: Hostname mismatch", "its certificate is for another name"),
        ("[Errno 111] Connect call failed ('192.0.2.1', 443)", "it refused the connection"),
        ("[Errno -2] Name or service not known", "its name is not known"),
        ("server closed connection", "it ended the connection without an answer"),
        ("Upstream proxy 192.0.2.1:3128 refused HTTP CONNECT request: 407 x", "the proxy behind"),
        ("DE89 3704 0044 0532 0130 00", None),
    ],
)
def test_causes_are_told_in_words_of_ours(error: str, words: str | None) -> None:
    """Nothing of what a server or a library said is quoted."""
    told = cause_of(error)
    assert told is None if words is None else (told or "").startswith(words)


def test_who_left_is_told_apart() -> None:
    """A client that went away is not the server's fault, nor does it mean that nothing was sent."""
    assert why_no_answer("Client disconnected.", reached=True) == why_no_answer(
        "peer closed connection", reached=True, client_left=True
    )
    assert why_no_answer("server closed connection", reached=False)[0] == UNREACHED_NOTE
