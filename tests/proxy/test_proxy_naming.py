"""By which names a request goes: also what a server may read in a name that is none."""

import pytest
from mitmproxy.test import tflow, tutils

from core.exchange import OtherName
from proxy.naming import names_beside

OURS, OTHER = "files.example", "other.example"


def _names(host: bytes, *, authority: bytes = b"") -> list[str]:
    request = tutils.treq(
        host=OURS,
        port=443,
        scheme=b"https",
        authority=authority,
        headers=((b"host", host),),
    )
    flow = tflow.tflow(req=request)
    flow.client_conn.sni = OURS
    found = names_beside(flow, OURS)
    assert all(isinstance(one, OtherName) and one.in_doubt for one in found)
    return [one.host for one in found]


@pytest.mark.parametrize(
    "text",
    [
        "other.example",
        "files.example, other.example",
        "files.example,other.example",
        "files.example other.example",
        "files.example\r\n other.example",
        "other.example/files.example",
        "files.example/other.example",
        "other.example?files.example",
        "other.example#files.example",
        "files.example\\@other.example",
        "files.example;other.example",
        "files.example, other.example:443",
        "%6fther.example",
        "other%2Eexample",
        "o%74her%2eexample:443",
        "https://other.example",
        "files.example%20other.example",
        "files.example%2cother.example",
        "files.example\0other.example",
        "files.example\x0bother.example",
    ],
)
def test_what_a_server_may_read_in_a_host_is_a_name(text: str) -> None:
    """A server that undoes an escape, or takes the first or the last of several, goes where a rule
    can stop it; so does the authority.
    """
    assert OTHER in _names(text.encode())
    assert OTHER in _names(b"files.example", authority=text.encode())


@pytest.mark.parametrize(
    "text",
    ["files.example", "FILES.example.", "files.example:443", "files。example"],
)
def test_the_own_host_is_no_other(text: str) -> None:
    """What names nothing but the host itself names no other."""
    assert _names(text.encode()) == []


def test_very_many_names_are_not_all_asked_about() -> None:
    """A header of 60 KB of names costs no more than one of a few; the whole of it is in doubt."""
    assert len(_names(b",".join(b"h%d.example" % n for n in range(6_000)))) < 20
