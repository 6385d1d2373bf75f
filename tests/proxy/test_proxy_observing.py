"""Scripts are looked at whatever becomes of their requests: those that are refused are the ones
that matter."""

import threading
from dataclasses import replace
from typing import Any

import httpx
import pytest
from patience import eventually

from core.attribution import Attribution, Certainty, LaunchedAs, ProcessRef, Script
from core.decision import Decision, Verdict
from core.errors import DegradedError
from core.situation import ScriptHistory, Volume
from tests.proxy.conftest import RunningGate, StartsGate

SECRET = b"TOP-SECRET"
BIG = b"x" * 300_000


class Watched:
    """A gate whose requests come from a script, and what its observer was told."""

    def __init__(self, gate: RunningGate, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gate = gate
        self.sender = sent_by("job.py")
        self.told: list[str] = []
        self.go = threading.Event()
        self.go.set()
        self.fail: Exception | None = None
        deciding = gate.addon.inspection.deciding
        deciding.parts = replace(deciding.parts, observer=self._observe, history=self._history)
        monkeypatch.setattr(gate.attributor, "attribute_now", lambda _: self.sender)

    def _observe(self, sender: Attribution) -> None:
        assert sender.script is not None
        self.go.wait(20)
        if self.fail is not None:
            raise self.fail
        self.told.append(sender.script.name)

    def _history(self, sender: Attribution, _: Any) -> tuple[ScriptHistory, Volume]:
        known = sender.script is not None and sender.script.name in self.told
        return ScriptHistory(imports=frozenset({"pandas"} if known else ())), Volume()

    def post(self, body: bytes = b"hello", host: str = "files.example") -> int:
        proxy, trusted = f"http://127.0.0.1:{self.gate.port}", self.gate.client_context()
        with httpx.Client(proxy=proxy, verify=trusted, timeout=30) as client:
            return client.post(f"https://{host}/in", content=body).status_code

    def was_told(self, names: list[str]) -> bool:
        return eventually(lambda: self.told == names)


def sent_by(name: str, pid: int = 4711, sha256: str = "a" * 64) -> Attribution:
    process = ProcessRef(pid=pid, started_at=None, name="python", exe="/usr/bin/python3")
    script = Script(name=name, path=f"/work/{name}", sha256=sha256, launched_as=LaunchedAs.FILE)
    return Attribution(
        certainty=Certainty.EXACT, method="fake", process=process, script=script, is_python=True
    )


@pytest.fixture
def watched(start_gate: StartsGate, monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(start_gate(hold_bytes=100_000, line_s=5.0), monkeypatch)


def flagged(verdict: Verdict) -> Any:
    def arrange(watched: Watched) -> None:
        watched.gate.policy.for_findings = Decision(
            verdict=verdict, rule="r", redact_kinds=frozenset({"secret"})
        )
        watched.gate.holds.fail = (
            OSError("nobody can be asked") if verdict is Verdict.HOLD else None
        )

    return arrange


def failing(where: str, error: Exception) -> Any:
    return lambda watched: setattr(getattr(watched.gate, where), "fail", error)


def nothing(_: Watched) -> None:
    """Leave the gate as it is."""


CASES = {
    "allowed": (nothing, b"hello", "files.example"),
    "watched": (flagged(Verdict.WATCH), SECRET, "files.example"),
    "warned": (flagged(Verdict.WARN), SECRET, "files.example"),
    "redacted": (flagged(Verdict.REDACT), SECRET, "files.example"),
    "held": (flagged(Verdict.HOLD), SECRET, "files.example"),
    "blocked": (nothing, SECRET, "files.example"),
    "blocked for its host": (nothing, b"hello", "blocked.example"),
    "refused on its headers": (nothing, BIG, "blocked.example"),
    "large": (nothing, BIG, "files.example"),
    "large, flagged later": (nothing, BIG + SECRET, "files.example"),
    "not readable": (
        failing("classifier", DegradedError("classifier", "no")),
        b"hello",
        "files.example",
    ),
    "the classifier fails": (failing("classifier", RuntimeError("no")), b"hello", "files.example"),
    "the policy fails": (failing("policy", RuntimeError("no")), b"hello", "files.example"),
}


@pytest.mark.parametrize("case", CASES, ids=[name.replace(" ", "-") for name in CASES])
def test_a_script_is_looked_at_whatever_becomes_of_its_first_request(
    watched: Watched, case: str
) -> None:
    """Source and imports of a script are kept when its first request is refused, held, rewritten or
    cut, as when it passes."""
    arrange, body, host = CASES[case]
    arrange(watched)
    watched.post(body, host)

    assert watched.was_told(["job.py"])


def test_what_passes_undecrypted_is_looked_at_too(watched: Watched) -> None:
    """An exception hides what a script sends, not which script it is."""
    watched.gate.policy.exempted["files.example"] = Decision(
        verdict=Verdict.ALLOW, rule="their own"
    )
    with pytest.raises(httpx.HTTPError):
        watched.post()  # the client sees the server's own certificate, which this one does not know

    assert watched.was_told(["job.py"])


def test_who_refuses_our_certificate_is_looked_at_and_watched_for(watched: Watched) -> None:
    """A script that trusts other roots is recorded, so it is looked at."""
    with (
        pytest.raises(httpx.HTTPError),
        httpx.Client(proxy=f"http://127.0.0.1:{watched.gate.port}") as client,
    ):
        client.get("https://files.example/")

    assert watched.was_told(["job.py"])


@pytest.mark.parametrize("body", [b"hello", SECRET, BIG])
def test_the_first_request_is_decided_with_what_the_script_imports(
    watched: Watched, body: bytes
) -> None:
    """A rule that asks what a script imports holds from its first request on."""
    watched.go.clear()
    threading.Timer(0.2, watched.go.set).start()
    watched.post(body)

    assert watched.gate.policy.situations
    assert all(s.history.imports == {"pandas"} for s in watched.gate.policy.situations)


def test_a_slow_look_holds_no_request_up_for_longer_than_a_line(
    start_gate: StartsGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not learnt in time is not waited for, and not again by the next request."""
    watched = Watched(start_gate(line_s=0.05), monkeypatch)
    watched.go.clear()
    try:
        assert [watched.post(), watched.post()] == [200, 200]
        assert [s.history.imports for s in watched.gate.policy.situations] == [
            frozenset(),
            frozenset(),
        ]
        assert watched.told == []
    finally:
        watched.go.set()


def test_what_a_script_is_made_of_is_waited_for_longer(
    start_gate: StartsGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule on packages holds from the first request on, though reading them takes its time."""
    watched = Watched(start_gate(line_s=0.01), monkeypatch)
    watched.gate.policy.asks_packages = True
    watched.go.clear()
    threading.Timer(0.4, watched.go.set).start()
    watched.post()

    assert all(s.history.imports == {"pandas"} for s in watched.gate.policy.situations)


def test_nobody_waits_where_no_rule_asks(watched: Watched) -> None:
    """Without rules on a script's past its first request waits for nothing; it is looked at all the
    same."""
    watched.gate.policy.asks_past = False
    watched.go.clear()
    assert watched.post() == 200
    assert watched.told == []
    watched.go.set()
    assert watched.was_told(["job.py"])


def test_each_process_and_version_is_looked_at_once(watched: Watched) -> None:
    """Many requests cost one look; a new version, another script or another process of it is looked
    at anew."""
    for sender in (
        sent_by("a.py"),
        sent_by("a.py", sha256="b" * 64),
        sent_by("b.py"),
        sent_by("a.py", pid=12),
    ):
        watched.sender = sender
        for body in (b"hello", SECRET):
            watched.post(body)

    assert watched.was_told(["a.py", "a.py", "b.py", "a.py"])


def test_a_look_that_fails_stops_no_request(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot be kept is logged by its kind, without a word of its content; the request is
    decided."""
    watched.fail = OSError("/home/anna/secret.py")
    assert watched.post() == 200
    assert watched.post(SECRET) != 200
    assert "OSError" in caplog.text
    assert "anna" not in caplog.text


def test_a_sender_without_a_script_is_not_looked_at(watched: Watched) -> None:
    """There is nothing to keep of a program that is no script."""
    watched.sender = replace(watched.sender, script=None)
    watched.post(SECRET)
    watched.sender = sent_by("job.py")
    watched.post(SECRET)

    assert watched.was_told(["job.py"])


def test_a_destination_that_had_no_line_for_want_of_budget_gets_it_later(watched: Watched) -> None:
    """A script that goes to many places at once gets a line for each of them, as soon as it may be
    sampled again."""
    lines = watched.gate.addon.inspection.lines.budget
    allowed, lines.allows = lines.allows, lambda *_: False
    watched.post()
    lines.allows = allowed
    watched.post()
    watched.post()

    records = _closed(watched, 3)
    assert [record.sender.line is not None for record in records] == [False, True, False]


def _closed(watched: Watched, number: int) -> list[Any]:
    eventually(lambda: len(watched.gate.evidence.closed) >= number)
    return sorted(watched.gate.evidence.closed, key=lambda record: record.id)
