"""The lines that are offered for a client that cannot be inspected load as they are, and mean no
more than it.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.exception_lines import Needed, Wants, exception_lines
from policy.loading import load_bytes, parse

TODAY = datetime.now(UTC).date()
_REST = "\nversion: 1\nmode: enforce\nrules: []\n"


def _loaded(*needed: Needed) -> list[tuple[str, list[str], list[str] | None, date]]:
    text = "\n".join(exception_lines(needed, TODAY)) + _REST
    load_bytes(text.encode(), "offered")
    entries = parse(text.encode(), "offered").pass_through
    return [
        (e.id, list(e.hosts), None if e.scripts is None else list(e.scripts), e.until)
        for e in entries
    ]


def test_one_entry_for_each_reason_and_script() -> None:
    """Hosts of one reason stand together; each entry ends within a quarter."""
    wants = Wants.CERTIFICATE
    entries = _loaded(
        Needed(wants=wants, host="a.bank.example"),
        Needed(wants=wants, host="B.bank.example."),
        Needed(wants=wants, host="a.bank.example"),
        Needed(wants=Wants.PINNED, host="a.bank.example", script="/srv/jobs/x.py"),
        Needed(wants=Wants.PINNED, host="c.example", script="/srv/jobs/y.py"),
    )
    until = TODAY + timedelta(days=90)
    assert entries == [
        ("client-certificate", ["a.bank.example", "b.bank.example"], None, until),
        ("pinned-client", ["a.bank.example"], ["/srv/jobs/x.py"], until),
        ("pinned-client-2", ["c.example"], ["/srv/jobs/y.py"], until),
    ]


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1",
        "::1",
        "*.example",
        "*",
        "",
        "a b",
        "https://x.example",
        "x.example:443",
        "a\nb: c",
    ],
)
def test_what_is_no_name_is_offered_no_exception(host: str) -> None:
    """An address or a pattern would let pass more than was met."""
    assert exception_lines([Needed(wants=Wants.PINNED, host=host)], TODAY) == []


@pytest.mark.parametrize("script", ["/srv/*.py", "/srv/[a].py", "/srv/a?.py", "/srv/\x1b[2J.py"])
def test_a_path_that_means_more_than_itself_is_left_out(script: str) -> None:
    """A star in a file's name is no pattern of anybody's."""
    [entry] = _loaded(Needed(wants=Wants.PINNED, host="a.example", script=script))
    assert entry[2] is None


@given(host=st.text(max_size=300), script=st.text(max_size=40))
def test_no_name_and_no_path_breaks_out_of_its_line(host: str, script: str) -> None:
    """Whatever a file or a host is called, the lines hold one entry and nothing else."""
    needed = Needed(wants=Wants.PINNED, host=host, script=f"/srv/{script}")
    if exception_lines([needed], TODAY):
        [(name, hosts, scripts, _)] = _loaded(needed)
        assert (name, len(hosts)) == ("pinned-client", 1)
        assert scripts in (None, [f"/srv/{script}"])
