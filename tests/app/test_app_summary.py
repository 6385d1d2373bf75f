"""What `outgate status` prints is for people: words, and no value as a machine writes it."""

import pytest

from app.gate_registry import RunningGate
from app.summary import print_health

GATE = RunningGate(host="127.0.0.1", port=8899, pid=7, started_at="2026-11-28T04:43:55.1Z")
ANSWER = {
    "healthy": True,
    "policy": "081eebff1c183fe8",
    "evidence_backlog": None,
    "attribution": {
        "backend": "sock_diag",
        "certainty": {"exact": 2, "likely": 4, "unknown": 0},
        "method": {"sock_diag": 9},
        "speed": {"by_search": 8, "at_once": 1},
        "lines": {},
        "answers": True,
        "reasons": {
            "no process that may be read holds the socket: its owner\x1b[2J exited": 1200,
            "it began before the gate did": 1,
        },
    },
}


def told(capsys: pytest.CaptureFixture[str], answer: dict[str, object]) -> list[str]:
    print_health(GATE, answer)
    return capsys.readouterr().out.splitlines()


def test_counts_are_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    """How many senders were certain, and why others were not, the most frequent first."""
    lines = told(capsys, ANSWER)

    assert "  attribution certainty: 2 exact, 4 likely" in lines
    assert "  attribution speed: 8 by search, 1 at once" in lines
    assert "  attribution lines: none" in lines
    assert "  attribution answers: yes" in lines
    assert "  evidence backlog: not known" in lines
    at = lines.index("  attribution reasons:")
    assert lines[at + 1].startswith("    1,200 × no process that may be read holds the socket")
    assert lines[at + 2] == "    1 × it began before the gate did"


def test_nothing_is_written_as_a_machine_writes_it(capsys: pytest.CaptureFixture[str]) -> None:
    """No braces, quotes or names with underscores, and nothing that a terminal would obey."""
    text = "\n".join(told(capsys, ANSWER))
    for sign in ("{", "}", "'", "None", "True", "by_search", "\x1b"):
        assert sign not in text, text


def test_what_another_version_tells_is_told_too(capsys: pytest.CaptureFixture[str]) -> None:
    """A gate of another version may say more, or otherwise: it is printed all the same."""
    answer = {"healthy": True, "attribution": {"new": {"a": "x", "b": [1, "two"], "c": {"d": 1}}}}
    assert "  attribution new: x a, 1, two b, 1 d c" in told(capsys, answer)
