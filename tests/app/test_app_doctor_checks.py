"""`doctor` and the words around `run`: what is told, and that it is told where it matters."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from certs_samples import make

from app import doctor_checks
from app.doctor_checks import Result
from app.probing import report
from tests.app.conftest import Runs

UNCLEAR = """
version: 1
rules:
  - id: nameless
    when: {destination: {service: [onedrve]}}
    then: block
  - id: everything
    description: All is watched
    then: watch
  - id: never
    description: Not reached
    then: block
"""


@pytest.fixture(autouse=True)
def no_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real clients are tried in the scenarios; here they would cost seconds."""
    fine = Result(subject="client curl", mark="ok", words="works behind the gate", verdict="works")
    monkeypatch.setattr(report, "clients", lambda *_: iter([fine]))


def test_a_healthy_machine_is_told_so(outgate: Runs, home: Path) -> None:
    """On a machine with nothing wrong every line is `ok` or a `note`, and the exit code says so."""
    told = outgate("doctor")

    marks = {line.split()[0] for line in told.out.splitlines() if not line.startswith(" ")}
    assert (told.code, told.err) == (0, "")
    assert marks <= {"ok", "note"}
    assert "client curl: works behind the gate" in told.out


_FIELDS = {"subject", "mark", "words", "remedy", "verdict", "python"}


def test_machines_get_the_same(outgate: Runs, home: Path) -> None:
    """`--json` holds the same findings as the lines for people."""
    import json

    results = json.loads(outgate("doctor", "--json").out)

    assert {"folder", "authority", "policy", "evidence", "gate"} <= {r["subject"] for r in results}
    assert all(set(r) == _FIELDS for r in results)


def test_an_open_folder_is_broken_with_its_remedy(home: Path) -> None:
    """A folder that others may read is a fault, with the command that mends it."""
    from app.home import Home
    from app.settings import Settings

    os.chmod(home, 0o755)  # noqa: PTH101
    [first, *_] = doctor_checks._folder(Home(home), Settings())

    assert (first.mark, first.remedy) == ("BROKEN", f"chmod 700 {home}")


def test_what_is_mended_is_looked_at_again(
    outgate: Runs, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--mend` says that something is mended where a second look says so, and never else."""
    bundle = home / "bundle.pem"
    bundle.write_bytes(b"")
    told = outgate("doctor", "--mend")
    assert (told.code, bundle.stat().st_size > 10_000) == (0, True)
    assert "of the roots that clients should trust: mended\n" in told.out

    bundle.write_bytes(b"")
    monkeypatch.setattr("certs.trust.replace_file", lambda path, content, _: None)  # a lost write
    roots = {True: {b"x"}, False: set[bytes]()}
    monkeypatch.setattr("app.doctor_gate._roots", lambda file: roots[file != bundle])
    told = outgate("doctor", "--mend")
    assert told.code == 1, told.out
    assert "mending it did not help" in told.out
    assert ": mended" not in told.out


def test_mending_a_bundle_loses_none_of_the_users_own_roots(
    outgate: Runs, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A root of the user's that clients trusted before is trusted behind it; one that the bundle
    never held comes into it when a gate starts, not by the doctor.
    """
    own = {name: make(name).pem for name in ("held", "new")}
    file = tmp_path / "own.pem"
    file.write_bytes(b"".join(own.values()))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    bundle = home / "bundle.pem"
    bundle.write_bytes(own["held"])
    told = outgate("doctor", "--mend")
    assert "of the roots that clients should trust: mended\n" in told.out
    content = bundle.read_bytes()
    assert (own["held"] in content, own["new"] in content) == (True, False)
    assert content.count(b"BEGIN") > 10


def test_a_damaged_database_is_one_of_many_lines(outgate: Runs, home: Path) -> None:
    """One broken part is named with its remedy; the others are looked at all the same."""
    (home / "evidence.db").write_bytes(b"this is no database. " * 900)
    told = outgate("doctor")

    assert told.code == 1
    assert "BROKEN  evidence: The evidence file is not an evidence file" in told.out
    assert "ok      authority" in told.out


def test_a_damaged_key_is_named(outgate: Runs, home: Path) -> None:
    """An authority whose key cannot be read is a fault of this machine, not a traceback."""
    assert outgate("ca", "create").code == 0
    for path in (home / "authority").iterdir():
        path.write_bytes(b"-----BEGIN NOTHING-----\n")
    told = outgate("doctor")

    assert told.code == 1
    assert "BROKEN  authority" in told.out


def test_a_policy_that_is_probably_not_meant_gets_advice(outgate: Runs, home: Path) -> None:
    """Rules that are never reached, name no known service or explain nothing are pointed out by
    `check` and `doctor`.
    """
    (home / "outgate.yaml").write_text(UNCLEAR)
    checked, examined = outgate("policy", "check"), outgate("doctor")

    assert checked.code == 0
    assert checked.out.startswith("The policy is valid")
    assert "note: never is never reached" in checked.err
    assert "onedrve" in checked.err
    assert "nameless has no description" in checked.err
    assert "never is never reached" in examined.out
    assert examined.code == 0


def test_presets_need_no_advice(outgate: Runs, home: Path) -> None:
    """The policies that ship with Outgate are meant as they are."""
    for name in outgate("policy", "preset").out.split():
        (home / "outgate.yaml").write_text(outgate("policy", "preset", name).out)
        assert outgate("policy", "check").err == "", name


@pytest.mark.parametrize(
    ("no_proxy", "told"),
    [
        ("intra.example,localhost", "intra.example"),
        ("localhost,127.0.0.1", None),
        ("kept.example", None),
        ("", None),
    ],
)
def test_dropped_exceptions_are_told(
    outgate: Runs, home: Path, monkeypatch: pytest.MonkeyPatch, no_proxy: str, told: str | None
) -> None:
    """A host that the user had excepted from proxies goes through the gate, and `run` says so
    once.
    """
    from app import client

    (home / "settings.yaml").write_text("direct_hosts: [kept.example]")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setattr(client, "gate_for", _no_gate)
    said = outgate("run", "--", "true")

    assert ("NO_PROXY is not followed for" in said.err) is (told is not None)
    assert told is None or f"outgate: NO_PROXY is not followed for {told};" in said.err


def _no_gate(*_: object) -> Any:
    raise KeyboardInterrupt


@pytest.mark.parametrize("why", ["missing", "refused", "refused by a decoder"])
def test_a_library_that_inspects_nothing_is_told(
    why: str, outgate: Runs, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without RE2, or where it refuses a pattern of ours, doctor names it and no gate is built."""
    import re2

    import classifiers.engine
    from classifiers.codecs import linear
    from classifiers.credentials.engines import engine

    def refuse(_: str = "") -> None:
        raise re2.error("bad pattern")

    if why == "missing":
        monkeypatch.setitem(sys.modules, classifiers.engine.__name__, None)
    elif why == "refused":
        monkeypatch.setattr(engine, "regex", refuse)
    else:
        monkeypatch.setattr(linear, "_MADE", [refuse])

    told = outgate("doctor")

    assert told.code != 0
    assert "BROKEN  inspection: Outgate cannot load what it inspects with" in told.out
    kind = "ModuleNotFoundError" if why == "missing" else re2.error.__name__
    assert kind in told.out


def test_what_is_inspected_with_can_be_used(outgate: Runs, home: Path) -> None:
    """On a whole installation doctor says how many rules of our own are in use."""
    assert "own rules for secrets can be used" in outgate("doctor").out
