"""What a record says of doubts about a script, and of those for whom a sender may send."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.attribution import (
    Attribution,
    Certainty,
    LaunchedAs,
    ProcessRef,
    Script,
    SenderPeer,
)
from core.record_reading import read_sender
from core.record_writing import sender_json

PROCESS = ProcessRef(
    pid=7, started_at=datetime(2026, 11, 1, tzinfo=UTC), name="python3", exe="/usr/bin/python3"
)
SCRIPT = Script(path="/w/ask.py", sha256="a" * 64, launched_as=LaunchedAs.FILE, name="ask.py")
SENDER = Attribution(certainty=Certainty.LIKELY, method="sock_diag", reason="r", process=PROCESS)
PEER = SenderPeer(process=PROCESS, script=SCRIPT, certainty=Certainty.EXACT, is_python=True)


@pytest.mark.parametrize(
    "sender",
    [
        SENDER,
        replace(SENDER, on_behalf=()),
        replace(SENDER, on_behalf=(PEER, replace(PEER, script=None, is_python=None))),
        replace(SENDER, script_candidates=("/w/a.py", "/w/b.py")),
    ],
)
def test_what_was_written_is_read_again(sender: Attribution) -> None:
    """Candidates and peers come back as they were; that nobody was connected is not that none is
    taken.
    """
    assert read_sender(sender_json(sender)) == sender


def test_ordinary_records_stay_as_they_were() -> None:
    """Where there is no doubt and no peer, the record has no field for them."""
    assert not {"on_behalf", "script_candidates"} & sender_json(SENDER).keys()


def test_names_of_peers_are_inert() -> None:
    """What a peer calls its script does nothing on a screen."""
    peer = replace(PEER, script=replace(SCRIPT, path="/w/\x1b[31mred.py"))
    told = str(sender_json(replace(SENDER, on_behalf=(peer,), script_candidates=("/w/\x1b",))))
    assert "\x1b" not in told
    assert "\\x1b" not in told
