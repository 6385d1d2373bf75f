"""What is told of a client, by what was seen of it on the wire and by its own words."""

import os
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from app.probing import trying
from app.probing.canary import Canary, Seen
from app.probing.clients import PROGRAMS, PYTHON, Probe
from app.probing.interpreters import Interpreter, interpreters
from app.probing.trying import Stand, Tried, Verdict, _verdict, try_clients
from certs.client_environment import client_environment

DATA_CLIENTS = frozenset(
    {
        "adlfs",
        "az",
        "azure-core",
        "botocore",
        "databricks-sdk",
        "databricks-sql",
        "deltalake",
        "docker",
        "duckdb (httpfs)",
        "fsspec",
        "gcloud",
        "gcsfs",
        "go",
        "google-auth",
        "grpcio",
        "java",
        "node",
        "polars",
        "pyarrow (S3)",
        "s3fs",
        "snowflake",
    }
)


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


@pytest.mark.parametrize("name", sorted(DATA_CLIENTS))
def test_data_clients_are_tried(name: str) -> None:
    """Who works with data reads of the clients that he uses, not of HTTP libraries alone."""
    [probe] = [probe for probe in (*PYTHON, *PROGRAMS) if probe.name == name]
    assert not any(word in probe.answered_by.lower() for word in ("certificate", "ssl", "tls"))


_TELLS = "import os, sys; sys.stderr.write(os.environ.get('OF_ITS_OWN', '') + ' '.join(sys.argv))"


def _asked(monkeypatch: pytest.MonkeyPatch, canary: Canary, **changed: Any) -> list[Tried]:
    """Return what becomes of a made-up program that says what it was given, and fails."""
    values: dict[str, Any] = {"name": "odd", "needs": sys.executable, **changed}
    monkeypatch.setattr("app.probing.trying.PROGRAMS", (Probe(**values),))
    return list(try_clients([Stand(canary=canary, environment={"PATH": ""})], [], "/none"))


def test_what_a_program_needs_is_put_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Address, place and variables reach it."""
    with Canary(("127.0.0.1", 1), tmp_path) as canary:
        [tried] = _asked(
            monkeypatch,
            canary,
            command=("-c", f"{_TELLS}; sys.exit(1)", "{place}", "{url}", "{own: 1}"),
            variables=(("OF_ITS_OWN", "<{url}/>"),),
        )
        place = f"localhost:{canary.port}"
    assert f"<https://{place}/ok/>-c {place} https://{place}/ok {{own: 1}}" in tried.words


def test_what_is_not_there_is_not_said_to_break(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A client that lacks a part of its own is not tried; where it has sent all the same, that is
    told.
    """
    with Canary(("127.0.0.1", 1), tmp_path) as canary:
        lacks = "import sys; sys.exit('Install it first')"
        sends = (
            "import socket, sys\ns = socket.create_connection(sys.argv[1].split(':'))\n"
            "s.sendall(b'x')\ns.recv(1)\nsys.exit('Install it first')"
        )
        told = [
            [one.verdict for one in _asked(monkeypatch, canary, command=command, absent=absent)]
            for command, absent in (
                (("-c", lacks, "{place}"), "Install it"),
                (("-c", lacks, "{place}"), "Another"),
                (("-c", lacks, "{place}"), ""),
                (("-c", sends, "{place}"), "Install it"),
            )
        ]
    assert told == [[], [Verdict.BREAKS], [Verdict.BREAKS], [Verdict.PAST]]


def test_what_is_not_installed_is_told_with_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each program that is tried where it is there has a row where it is not, which says so, never
    that it works, with what the client matrix knows.
    """
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with Canary(("127.0.0.1", 1), tmp_path) as canary:
        told = {
            t.probe.name: t
            for t in try_clients([Stand(canary=canary, environment={})], [], "/none")
        }
        assert set(told) == {probe.name for probe in PROGRAMS} >= {"az", "gcloud", "go", "java"}
        assert {t.verdict for t in told.values()} == {Verdict.ABSENT}
        assert all(t.words == "not installed" and t.mend for t in told.values())
        assert "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE" in told["gcloud"].mend
        assert "JAVA_TOOL_OPTIONS" in told["java"].mend


@pytest.mark.parametrize("name", ["docker", "go"])
def test_go_is_tried_by_a_name_of_this_machine_that_it_asks_a_proxy_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """It, and what is written in it, comes to the gate's door, by variables alone, and leaves no
    module behind.
    """
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    [probe] = [one for one in PROGRAMS if one.name == name]
    monkeypatch.setattr(trying, "PROGRAMS", (probe,))
    monkeypatch.setenv("GOPATH", str(tmp_path / "go"))
    with Canary(("127.0.0.1", 1), tmp_path) as canary:
        environment = client_environment(
            canary.proxy, "/none", os.environ, loopback_through_proxy=True
        )
        [told] = try_clients([Stand(canary=canary, environment=environment)], [], "/none")
        assert (canary.seen.direct, canary.seen.proxied > 0) == (0, True), told.words
    assert told.verdict is Verdict.BREAKS, "there is no gate behind the door"
    assert not [one for one in (tmp_path / "go").rglob("*") if one.is_file()]


def test_a_client_that_reaches_nothing_breaks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A gate that is not there is none that is trusted; who ignores it goes past all the same."""
    monkeypatch.setattr("app.probing.trying.PROGRAMS", ())
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
            for t in try_clients([Stand(canary=canary, environment=environment)], [bare], "/none")
            if t.interpreter
        }
    assert tried["urllib"].verdict is Verdict.BREAKS
    assert tried["http.client"].verdict is Verdict.PAST
    assert tried["http.client"].mend


def test_a_registry_client_that_got_an_answer_is_not_called_broken() -> None:
    """The canary is no registry; who trusts the gate gets so far."""
    [probe] = [probe for probe in PROGRAMS if probe.name == "docker"]
    said = "unsupported manifest media type and no default available: application/json"
    assert _verdict(Seen(proxied=1), 1, said, probe.answered_by) is Verdict.WORKS
    refused = "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    assert _verdict(Seen(proxied=1), 1, refused, probe.answered_by) is Verdict.DISTRUSTS


def test_a_client_that_asks_for_parts_of_a_file_is_not_called_broken() -> None:
    """It came through the gate and trusted it: only the canary serves no parts."""
    [probe] = [probe for probe in PYTHON if probe.name == "polars"]
    said = "OSError: object-store error: Operation not supported: Range request not supported by "
    assert _verdict(Seen(proxied=1), 1, said, probe.answered_by) is Verdict.WORKS
    refused = "OSError: object-store error: invalid peer certificate: UnknownIssuer"
    assert _verdict(Seen(proxied=1), 1, refused, probe.answered_by) is Verdict.DISTRUSTS


@pytest.mark.parametrize(
    ("module", "verdict", "words"),
    [
        ("raise RuntimeError('broken \\x1b[31m')", Verdict.UNUSABLE, "RuntimeError: broken"),
        ("import not_there_at_all", Verdict.UNUSABLE, "ModuleNotFoundError"),
        ("def get(url): raise OSError('not reached')", Verdict.BREAKS, "OSError: not reached"),
    ],
)
def test_a_client_that_does_not_load_is_not_the_gates_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: str, verdict: Verdict, words: str
) -> None:
    """What cannot even be loaded is broken without the gate, too: nobody looks for a reason there.
    What loads and then reaches nothing breaks behind the gate.
    """
    (tmp_path / "odd_client.py").write_text(module)
    monkeypatch.setenv("PATH", "")
    code = "import sys, odd_client\nodd_client.get(sys.argv[1])"
    monkeypatch.setattr(trying, "PYTHON", (Probe(name="odd", needs="odd_client", code=code),))
    monkeypatch.setattr(trying, "PROGRAMS", ())
    here = Interpreter(
        program=sys.executable,
        prefix=sys.prefix,
        version="3",
        modules=frozenset({"odd_client"}),
        certifi=None,
    )
    (tmp_path / "canary").mkdir()
    with Canary(("127.0.0.1", 1), tmp_path / "canary") as canary:
        [tried] = try_clients(
            [Stand(canary=canary, environment={"PYTHONPATH": str(tmp_path)})], [here], "/none"
        )
    assert (tried.verdict, words in tried.words) == (verdict, True), tried.words
    assert "\x1b" not in tried.words
    assert ("behind the gate" in tried.words) == (verdict is Verdict.BREAKS)
    assert tried.mend


def test_several_are_tried_at_a_time_and_told_in_their_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A client that waits for its server keeps the others waiting no longer than there are stands,
    and none is taken for another.
    """
    meets = (
        "import pathlib, sys, time\n"
        "here, other, ends = map(pathlib.Path, sys.argv[1:4])\n"
        "here.touch()\n"
        "while not other.exists() and not ends.exists(): time.sleep(0.01)\n"
        "sys.exit(here.name + (' met' if other.exists() else ' alone'))\n"
    )
    names = ("first", "second")
    probes = tuple(
        Probe(name=name, needs=sys.executable, command=("-c", meets, *map(str, paths)))
        for name, paths in zip(
            names,
            (
                (tmp_path / "first", tmp_path / "second", tmp_path / "end"),
                (tmp_path / "second", tmp_path / "first", tmp_path / "end"),
            ),
            strict=True,
        )
    )
    monkeypatch.setattr("app.probing.trying.PROGRAMS", probes)
    with ExitStack() as stack:
        stands = []
        for name in names:
            folder = tmp_path / f"of {name}"
            folder.mkdir()
            canary = stack.enter_context(Canary(("127.0.0.1", 1), folder))
            stands.append(Stand(canary=canary, environment={}))
        told = [one.words.rpartition(": ")[2] for one in try_clients(stands, [], "/none")]
    assert told == ["first met", "second met"]
