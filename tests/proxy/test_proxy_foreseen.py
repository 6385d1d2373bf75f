"""Requests whose like had an answer that streamed are known; nothing of them is kept."""

from core.exchange import Exchange
from core.ids import utc_now
from proxy.foreseen import Foreseen


def asked(path: str, host: str = "a.example", method: str = "POST") -> Exchange:
    """Return a request."""
    return Exchange(
        id="a",
        at=utc_now(),
        scheme="https",
        host=host,
        port=443,
        method=method,
        path=path,
        headers=(),
        body=b"",
        body_bytes=0,
        complete=True,
    )


def test_the_last_answer_of_its_like_is_what_counts() -> None:
    """Host, method and path are its like, whatever is asked for behind the path."""
    foreseen = Foreseen()
    assert not foreseen.streams(asked("/chat"))
    foreseen.note(asked("/chat?a=1"), streamed=True)
    assert foreseen.streams(asked("/chat?b=2"))
    for other in (asked("/chat/1"), asked("/chat", "b.example"), asked("/chat", method="GET")):
        assert not foreseen.streams(other)
    foreseen.note(asked("/other"), streamed=False)
    assert foreseen.streams(asked("/chat"))
    foreseen.note(asked("/chat"), streamed=False)
    assert not foreseen.streams(asked("/chat"))


def test_only_so_many_are_remembered() -> None:
    """The one that streamed longest ago is forgotten first."""
    foreseen = Foreseen(2)
    for path in ("/1", "/2", "/1", "/3"):
        foreseen.note(asked(path), streamed=True)
    assert [foreseen.streams(asked(path)) for path in ("/1", "/2", "/3")] == [True, False, True]


def test_no_path_is_kept() -> None:
    """A path may hold what belongs to a person."""
    foreseen = Foreseen()
    foreseen.note(asked("/people/anna"), streamed=True)
    assert "anna" not in repr(vars(foreseen))
