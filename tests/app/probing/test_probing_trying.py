"""What is told of a client, by what was seen of it on the wire and by its own words."""

import sys
from pathlib import Path

import pytest

from app.probing.canary import Canary, Seen
from app.probing.clients import PYTHON
from app.probing.interpreters import Interpreter, interpreters
from app.probing.trying import Verdict, _verdict, try_clients


@pytest.mark.parametrize(
    ("seen", "code", "said", "verdict"),
    [
        (Seen(proxied=1), 0, "", Verdict.WORKS),
        (Seen(proxied=3), 0, "SSL warning", Verdict.WORKS),
        (Seen(direct=1), 0, "", Verdict.PAST),
        (Seen(direct=1), 1, "certificate verify failed", Verdict.PAST),
        (Seen(direct=1, proxied=1), 0, "", Verdict.PAST),
        (Seen(proxied=1), 1, "[SSL: CERTIFICATE_VERIFY_FAILED]", Verdict.DISTRUSTS),
        (Seen(proxied=1), 60, "curl: (60) self-signed certificate", Verdict.DISTRUSTS),
        (Seen(proxied=1), 1, "502 Bad Gateway", Verdict.BREAKS),
        (Seen(), 1, "certificate store is empty", Verdict.BREAKS),
        (Seen(), 0, "", Verdict.BREAKS),
        (Seen(proxied=1), 128, "fatal: not valid: is this a repository?", Verdict.WORKS),
        (Seen(), 128, "fatal: not valid", Verdict.BREAKS),
    ],
)
def test_the_wire_decides_and_words_only_tell_why(
    seen: Seen, code: int, said: str, verdict: Verdict
) -> None:
    """Who came to the canary went past; who came to the gate and failed distrusts it or breaks."""
    assert _verdict(seen, code, said, "not valid") is verdict


def test_every_probe_is_a_program_of_its_own() -> None:
    """Each is valid Python, has a name of its own, and says what to do where it goes past."""
    assert len({probe.name for probe in PYTHON}) == len(PYTHON)
    for probe in PYTHON:
        compile(probe.code, probe.name, "exec")
        assert probe.mend or not probe.by_nature, probe.name


def test_a_client_that_reaches_nothing_breaks(tmp_path: Path) -> None:
    """A gate that is not there is none that is trusted; who ignores it goes past all the same."""
    only = {"urllib.request", "http.client"}
    [found] = [i for i in interpreters([Path(sys.executable)]) if isinstance(i, Interpreter)]
    bare = Interpreter(
        program=found.program,
        prefix=found.prefix,
        version=found.version,
        modules=frozenset(only),
        certifi=None,
    )
    with Canary(("127.0.0.1", 1), tmp_path) as canary:
        environment = {"https_proxy": canary.proxy, "PATH": ""}
        tried = {
            t.probe.name: t
            for t in try_clients(canary, [bare], environment, "/none")
            if t.interpreter
        }
    assert tried["urllib"].verdict is Verdict.BREAKS
    assert tried["http.client"].verdict is Verdict.PAST
    assert tried["http.client"].mend
