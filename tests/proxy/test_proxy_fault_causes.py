"""Why a server could not be reached, in our own words."""

from errno import EHOSTUNREACH, ENETUNREACH, ETIMEDOUT

import pytest

from core.fate import (
    CUT_NOTE,
    LEFT_EARLY_NOTE,
    LEFT_NOTE,
    NO_ANSWER_NOTE,
    UNREACHED_NOTE,
    UNWAITED_NOTE,
)
from proxy.fault_causes import cause_of, why_broken


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("Certificate verify failed: certificate has expired", "its certificate has expired"),
        ("Certificate verify failed: Hostname mismatch", "its certificate is for another name"),
        ("[Errno 111] Connect call failed ('192.0.2.1', 443)", "it refused the connection"),
        ("[Errno -2] Name or service not known", "its name is not known"),
        ("server closed connection", "it ended the connection without an answer"),
        (f"[Errno {EHOSTUNREACH}] Connect call failed ('192.0.2.1', 443)", "no way leads there"),
        (f"[Errno {ENETUNREACH}] Connect call failed ('192.0.2.1', 443)", "no way leads there"),
        (f"[Errno {ETIMEDOUT}] Connect call failed ('192.0.2.1', 443)", "it did not answer in"),
        ("DE89 3704 0044 0532 0130 00", None),
    ],
)
def test_causes_are_told_in_words_of_ours(error: str, words: str | None) -> None:
    """Nothing of what a server or a library said is quoted."""
    told = cause_of(error)
    assert told is None if words is None else (told or "").startswith(words)


def test_who_left_is_told_apart() -> None:
    """A client that went away is not the server's fault, nor does it mean that nothing was sent."""
    for error, left in (
        ("Client disconnected.", False),
        ("stream reset by client (CANCEL)", False),
        ("peer closed connection", True),
    ):
        why = why_broken(error, reached=True, client_left=left)
        assert (why.no_answer, why.cut) == ((LEFT_NOTE,), (CUT_NOTE, LEFT_EARLY_NOTE))
        unsent = why_broken(error, reached=False, client_left=left)
        assert unsent.no_answer == (UNREACHED_NOTE, UNWAITED_NOTE)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("connection reset by peer", "it broke the connection"),
        (
            "peer closed connection without sending complete message body (received 5 bytes)",
            "it ended the connection in the middle of its answer",
        ),
    ],
)
def test_an_answer_that_broke_off_has_its_cause(error: str, cause: str) -> None:
    """An answer of which a part is missing is told as that, and whose fault it was."""
    why = why_broken(error, reached=True)
    assert why.cut == (CUT_NOTE, f"the destination: {cause}")
    assert why_broken("what nobody knows", reached=True).cut[1].startswith("the destination: ")
    assert why.no_answer[0] == NO_ANSWER_NOTE
    assert why_broken(error, reached=False).no_answer[0] == UNREACHED_NOTE


@pytest.mark.parametrize(
    ("error", "whose"),
    [
        (
            "Upstream proxy x:1 refused HTTP CONNECT request: 407 x",
            "the proxy behind the gate: it w",
        ),
        (
            "Upstream proxy x:1 refused HTTP CONNECT request: 503 x",
            "the proxy behind the gate: it r",
        ),
        ("Upstream proxy x:1 refused HTTP CONNECT request: x", "the proxy behind the gate: it r"),
        ("[Errno -2] Name or service not known", "the proxy behind the gate: its name"),
        ("connection closed", "the destination, or the proxy behind the gate: it ended"),
        ("Certificate verify failed: Hostname mismatch", "the destination: its certificate"),
    ],
)
def test_the_proxy_on_the_way_has_faults_of_its_own(error: str, whose: str) -> None:
    """Before there is a tunnel through it, what fails is the proxy; what is inside is not."""
    assert why_broken(error, reached=False, proxied=True).no_answer[1].startswith(whose)


@pytest.mark.parametrize(("of_the_end", "whose"), [(True, "the destination: "), (False, "the p")])
def test_a_certificate_is_of_whom_the_connection_was_to(of_the_end: bool, whose: str) -> None:
    """A proxy that is spoken to by TLS has one, too; through another way there is none."""
    for error in ("certificate verify failed: IP address mismatch", "alert handshake failure"):
        why = why_broken(error, reached=False, proxied=True, of_the_end=of_the_end)
        assert why.no_answer[1].startswith(whose)
        direct = why_broken(error, reached=False, of_the_end=of_the_end)
        assert direct.no_answer[1].startswith("the destination: ")


def test_a_server_cannot_accuse_the_proxy() -> None:
    """What was answered inside the tunnel is the destination's word."""
    said = "unexpected server response: b'Upstream proxy x refused HTTP CONNECT request: 407'"
    why = why_broken(said, reached=True, proxied=True)
    assert why.no_answer[1] == "the destination: it did not answer in HTTP"
