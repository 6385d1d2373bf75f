"""Bad input to every command: one line that says what is wrong and what to do, and the exit code of
the table.
"""

import json
import os
import shutil
import sqlite3
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.utils import CryptographyDeprecationWarning

from app.cli import main
from app.gate_registry import RunningGate
from app.home import Home
from evidence import open_store
from tests.app.conftest import Runs

ENTRY = {"request": {"url": "https://a.example/", "method": "GET", "headers": []}}
PROBLEM, WRONG_USE = 1, 2


def har(*entries: object) -> bytes:
    return json.dumps({"log": {"entries": entries}}).encode()


def one_line(told: Any, code: int) -> str:
    """The command failed with this code and one plain line."""
    assert told.code == code, told
    assert told.line.startswith("outgate: ")
    assert "\x1b" not in told.err + told.out
    assert "Traceback" not in told.err
    return str(told.line)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "neither a HAR file nor a mitmproxy flow file"),
        (har(ENTRY)[:-20], "not a HAR file"),
        (b"{}", "needs log.entries"),
        (b'{"log": []}', "needs log.entries"),
        (b'{"log": {"entries": 5}}', "needs log.entries"),
        (b"[" * 100_000, "neither a HAR file nor a mitmproxy flow file"),
        (b'{"log": ' + b"[" * 200_000, "needs log.entries"),
        (b'{"log": "\xff\xfe"}', "needs log.entries"),
        (b"\x00\x01\x02 nothing of ours \xff" * 50, "neither a HAR file nor a mitmproxy flow file"),
        (b"9999999999:x", "neither a HAR file nor a mitmproxy flow file"),
        (har(7), "Entry 0"),
        (har({}), "Entry 0"),
        (har({"request": None}), "Entry 0"),
        (har({"request": {**ENTRY["request"], "url": "https://a.example:99999/"}}), "Entry 0"),
        (har({"request": {**ENTRY["request"], "url": "https://[::1/"}}), "Entry 0"),
        (har({"request": {**ENTRY["request"], "url": 4}}), "Entry 0"),
        (har({"request": {**ENTRY["request"], "headers": [{"name": "x"}]}}), "Entry 0"),
        (har({"request": {**ENTRY["request"], "headers": 3}}), "Entry 0"),
        (har({**ENTRY, "startedDateTime": "yesterday"}), "Entry 0"),
        (har({**ENTRY, "response": {"status": "soon", "headers": []}}), "Entry 0"),
        (har({**ENTRY, "response": 3}), "Entry 0"),
    ],
)
def test_a_recording_that_is_none_is_named(home: Path, content: bytes, words: str) -> None:
    """A file that is truncated, empty, of another kind or broken inside is named, with what it
    would need.
    """
    from core.errors import InputError
    from proxy.recordings import read_recording

    path = home / "recording.har"
    path.write_bytes(content)

    with pytest.raises(InputError) as told:
        list(read_recording(path))
    assert words in f"{told.value.message} {told.value.remedy}"
    assert "recording.har" in told.value.message


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("nonsense", WRONG_USE, "No such command 'nonsense'. Try: outgate --help"),
        ("exprt", WRONG_USE, "Did you mean 'export'"),
        ("--frobnicate", WRONG_USE, "No such option: --frobnicate"),
        ("export", WRONG_USE, "'--out' / '-o'. Try: outgate export --help"),
        ("export --out", WRONG_USE, "'--out' requires an argument. Try: outgate export --help"),
        ("hub token --group", WRONG_USE, "Try: outgate hub token --help"),
        ("audit export --format", WRONG_USE, "Try: outgate --help"),
        ("export --out x --since tomorrow", WRONG_USE, "Use 2026-11-01"),
        ("export --out x --since 999999d", WRONG_USE, "Use 2026-11-01"),
        ("export --out x --since 2026-02-30", WRONG_USE, "Use 2026-11-01"),
        ("export --out x --since 0001-01-01", WRONG_USE, "Use 2026-11-01"),
        ("export --out there", WRONG_USE, "add --force"),
        ("export --out x --format xml", WRONG_USE, "Known: csv, jsonl, "),
        ("export --out - --format xml", WRONG_USE, "Known: csv, jsonl, "),
        ("verify nothing.jsonl", WRONG_USE, "There is no file “nothing.jsonl”"),
        ("verify .", WRONG_USE, "There is no file “.”"),
        ("verify", WRONG_USE, "There is no evidence yet. Start the gate"),
        ("verify --rebuild", WRONG_USE, "There is no evidence yet"),
        ("verify --since-checkpoint", WRONG_USE, "There is no evidence yet"),
        ("checkpoint", WRONG_USE, "There is no evidence yet"),
        ("review", WRONG_USE, "There is no evidence yet"),
        ("review --plain", WRONG_USE, "There is no evidence yet. Start the gate"),
        ("review --commands", WRONG_USE, "There is no evidence yet"),
        ("review --plain to:openai", WRONG_USE, "There is no evidence yet"),
        ("erase --before 7d", WRONG_USE, "There is no evidence yet"),
        ("find", WRONG_USE, "There is no evidence yet"),
        ("retention", WRONG_USE, "There is no evidence yet"),
        ("export --out x", WRONG_USE, "There is no evidence yet"),
        ("export --out - --format csv", WRONG_USE, "There is no evidence yet"),
        ("export --out x --format pack", WRONG_USE, "There is no evidence yet"),
        ("report", WRONG_USE, "There is no evidence yet"),
        ("report --format pdf --out x", WRONG_USE, "There is no evidence yet"),
        ("report --breach x", WRONG_USE, "There is no evidence yet"),
        ("hold matter --reason letter", WRONG_USE, "There is no evidence yet"),
        ("policy replay", WRONG_USE, "There is no evidence yet"),
        ("scripts", WRONG_USE, "There is no evidence yet"),
        ("inspect missing.har", WRONG_USE, "Cannot read missing.har"),
        ("inspect .", WRONG_USE, "Is a directory"),
        ("inspect there --format xml", WRONG_USE, "Known: table, csv, jsonl, "),
        ("inspect there --policy none.yaml", WRONG_USE, "There is no policy file none.yaml"),
        ("policy check none.yaml", WRONG_USE, "There is no policy file none.yaml"),
        ("policy check .", WRONG_USE, ". is a folder, and no policy file. Name the file in it."),
        ("policy preset none", WRONG_USE, "watch-everything"),
        ("policy test there", WRONG_USE, "there:"),
        ("policy replay --since x", WRONG_USE, "Use 2026-11-01"),
        ("ca import --key none --chain none", WRONG_USE, "none"),
        ("ca import --key there --chain there", WRONG_USE, "No private key"),
        (
            "ca import --key there --chain there --passphrase-file none",
            WRONG_USE,
            "Cannot read none",
        ),
        ("ca export --out no/such/folder/x", WRONG_USE, "Cannot write"),
        ("ca nonsense", WRONG_USE, "Try: outgate ca --help"),
        ("run", WRONG_USE, "Try: outgate run --help"),
        ("run --frobnicate -- x", WRONG_USE, "No such option: --frobnicate"),
        ("start --listen here", WRONG_USE, "--listen 127.0.0.1:8899"),
        ("start --listen 127.0.0.1:99999", WRONG_USE, "--listen 127.0.0.1:8899"),
        ("start --policy none.yaml", WRONG_USE, "There is no policy file none.yaml"),
        ("start --policy there", WRONG_USE, "there:1:"),
        ("start --connect-to a:b", WRONG_USE, "--connect-to takes HOST:PORT:ADDRESS:PORT"),
        ("start --upstream-ca none", WRONG_USE, "Cannot read none"),
        ("start --upstream-ca there", WRONG_USE, "there holds no PEM certificate"),
    ],
)
def test_wrong_use_is_one_line(
    outgate: Runs, home: Path, command: str, code: int, words: str
) -> None:
    """Whatever is mistyped or missing is told in one line with what to do next."""
    (home.parent / "there").write_text("hello")

    assert words in one_line(outgate(*command.split()), code)
    assert (home.parent / "there").read_text() == "hello"
    assert not (home / "evidence.db").exists()
    assert not (home.parent / "x").exists()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("export --out no/such/folder/x", "Check the folder"),
        ("export --out . --force", "Name a file in it"),
    ],
)
def test_a_file_that_cannot_be_written_is_named(
    outgate: Runs, home: Path, command: str, words: str
) -> None:
    """What would be written is there, and its place is not."""
    open_store(home / "evidence.db").close()

    assert words in one_line(outgate(*command.split()), WRONG_USE)


@pytest.mark.parametrize(
    "command",
    [
        "export --out x",
        "export --out x --format pack",
        "export --out -",
        "observations",
        "hold matter --reason letter",
        "report",
    ],
)
def test_a_time_that_ends_before_it_begins_is_none(outgate: Runs, home: Path, command: str) -> None:
    """An export or a legal hold of no time at all would look as if it had been done."""
    times = "--since 2026-11-20 --until 2026-11-10"
    assert "ends before it begins" in one_line(outgate(*command.split(), *times.split()), WRONG_USE)
    assert not (home.parent / "x").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("workers: many", "workers"),
        ("workers: 99", "workers"),
        ("wrkers: 2", "wrkers: there is no setting of that name. Did you mean workers?"),
        ("qqqqqqqq: 2", "qqqqqqqq: there is no setting of that name. See docs/settings.md."),
        ("- a\n- b", "settings.yaml"),
        ("workers: [1", "is not YAML"),
        ("a: 1\na: 2", "is not YAML"),
        ("x: \x07", "is not YAML"),
        ("!!python/object:os.system {}", "is not YAML"),
        ("[" * 2000, "is not YAML"),
        ("just words", "settings.yaml"),
    ],
)
def test_wrong_settings_are_named(outgate: Runs, home: Path, text: str, words: str) -> None:
    """A settings file with a fault stops the command and names the setting or says that it is no
    YAML.
    """
    (home / "settings.yaml").write_text(text)

    line = one_line(outgate("start", "--listen", "127.0.0.1:0"), WRONG_USE)
    assert words in line


def test_settings_in_another_encoding_are_named(outgate: Runs, home: Path) -> None:
    """A settings file that is not UTF-8 is said to be none that can be read."""
    (home / "settings.yaml").write_bytes("listen: é".encode("utf-16"))

    assert "is not YAML" in one_line(outgate("doctor"), WRONG_USE)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: 1\nrulez: []", "rulez"),
        ("version: 1\nrules:\n  - id: a\n    then: blok", "outgate.yaml:4:11: “blok”"),
        ("version: [", "1"),
    ],
)
def test_a_wrong_policy_names_line_and_word(
    outgate: Runs, home: Path, text: str, words: str
) -> None:
    """A policy with a fault is refused with file, line and column by `check` and by the gate."""
    file = home / "outgate.yaml"
    file.write_text(text)
    checked = outgate("policy", "check")

    assert checked.code == PROBLEM
    assert all(line.startswith(f"{file}:") for line in checked.err.splitlines())
    assert words in checked.err
    assert str(file) in one_line(outgate("start", "--listen", "127.0.0.1:0"), WRONG_USE)


@pytest.mark.parametrize("place", ["/proc/nobody/home", "there/home"])
def test_a_home_that_cannot_be_used_is_named(
    outgate: Runs, home: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """An Outgate folder that cannot be made is named with the variable that moves it."""
    (home.parent / "there").write_text("a file")
    monkeypatch.setenv("OUTGATE_HOME", place)

    assert "Set OUTGATE_HOME" in one_line(outgate("status"), WRONG_USE)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_home_that_may_not_be_written_is_named(
    outgate: Runs, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of somebody else is named with the variable that moves it."""
    (home / "locked").mkdir(mode=0o500)
    monkeypatch.setenv("OUTGATE_HOME", str(home / "locked" / "below"))

    assert "Set OUTGATE_HOME" in one_line(outgate("status"), WRONG_USE)


READERS = ("review", "export --out x", "verify", "policy replay")


@pytest.mark.parametrize("command", [*READERS, "start --listen 127.0.0.1:0"])
def test_a_file_that_is_no_database_is_named(outgate: Runs, home: Path, command: str) -> None:
    """Where the evidence file is something else, every command says so and what to do with it."""
    (home / "evidence.db").write_bytes(b"this is no database. " * 900)

    assert "not an evidence file" in one_line(outgate(*command.split()), PROBLEM)


@pytest.mark.parametrize("command", [*READERS, "start --listen 127.0.0.1:0"])
def test_a_damaged_database_is_named(outgate: Runs, home: Path, command: str) -> None:
    """Where pages of the evidence are overwritten, every command says that the file is damaged."""
    path = home / "evidence.db"
    open_store(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\x5a" * (len(whole) - 8192))

    assert "damaged" in one_line(outgate(*command.split()), PROBLEM)


def test_a_locked_database_is_named(
    outgate: Runs, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another program keeps the evidence to itself, every reader says so instead of waiting
    for ever.
    """
    from evidence import database, schema, store, verification

    open_store(home / "evidence.db").close()
    for module in (schema, verification):
        monkeypatch.setattr(module, "connect", partial(database.connect, busy_timeout_s=0.05))
    impatient = partial(store.Store, busy_timeout_s=0.05)
    monkeypatch.setattr("evidence.open_store", lambda path, **_: impatient(path))
    other = sqlite3.connect(home / "evidence.db", isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("CREATE TABLE occupied (x)")
    try:
        for command in READERS:
            assert "locked" in one_line(outgate(*command.split()), PROBLEM), command
    finally:
        other.close()


def test_a_full_disk_is_one_line(
    outgate: Runs, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When there is no room for the gate's own files, the start says so in one line."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(home / "bundle.pem"))

    monkeypatch.setattr("certs.trust.write_bundle", full)

    assert "No space left on device" in one_line(
        outgate("start", "--listen", "127.0.0.1:0"), PROBLEM
    )


@pytest.fixture
def rules_made_ahead(home: Path, rule_pack: Path) -> None:
    """A gate that is to fail does not begin eight seconds of work beside."""
    shutil.copytree(rule_pack / "credentials", Home(home).cache / "credentials")


@pytest.mark.usefixtures("rules_made_ahead")
def test_a_taken_port_is_one_line(outgate: Runs, home: Path) -> None:
    """A port that another program uses is told with the option that changes it."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = outgate("start", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")

    assert told.code == WRONG_USE
    assert "Cannot listen on" in told.err.splitlines()[-1]
    assert "--listen" in told.err.splitlines()[-1]
    assert "Traceback" not in told.err


@pytest.mark.usefixtures("rules_made_ahead")
@pytest.mark.parametrize(
    ("listen", "words"),
    [
        ("192.0.2.1:8899", "This machine has no such address"),
    ],
)
def test_an_address_that_is_not_ours_is_one_line(
    outgate: Runs, home: Path, listen: str, words: str
) -> None:
    """A foreign address or a mistyped name is told as what it is, not as a taken port."""
    told = outgate("start", "--listen", listen)

    assert told.code == WRONG_USE
    assert words in told.err.splitlines()[-1]
    assert "Another program" not in told.err


def test_a_fault_of_our_own_quotes_nothing(outgate: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug is told by type and place; its message, which may hold payload, is not shown."""

    def bug() -> None:
        raise RuntimeError("canary-of-a-payload-8842")

    monkeypatch.setattr("app.home.open_home", bug)
    told = outgate("status")

    assert "RuntimeError at test_app_bad_input.py" in one_line(told, PROBLEM)
    assert "canary" not in told.err + told.out


def test_hostile_text_in_arguments_is_harmless(outgate: Runs, home: Path) -> None:
    """Control characters in what was typed do not reach the terminal."""
    for command in (
        ["\x1b[31mred"],
        ["export", "--out", "x", "--since", "\x1b]0;x\x07"],
        ["inspect", "\x1b[2Jx"],
    ):
        assert "\x1b" not in one_line(outgate(*command), WRONG_USE)


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"host": 1}', "null", '{"host":"h","port":"x","pid":1,"started_at":""}']
)
def test_a_broken_announcement_is_no_gate(outgate: Runs, home: Path, text: str) -> None:
    """A damaged note of the running gate means: none is running."""
    (home / "gate.json").write_text(text)

    told = outgate("status")
    assert (told.code, told.err) == (PROBLEM, "")
    assert "No gate is running" in told.out


@pytest.mark.parametrize("text", ["nonsense: [1\n", "evidence_days: 3\n", "listen: 7\n"])
def test_status_tells_that_the_settings_are_broken(
    outgate: Runs, home: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate that runs is well; the next one would not start, and nobody would have known."""
    gate = RunningGate(host="127.0.0.1", port=1, pid=7, started_at="2026-11-20T08:00:00Z")
    monkeypatch.setattr("app.machine_gate.running_gate", lambda _: gate)
    monkeypatch.setattr("app.gate_registry.health", lambda _: {"outgate": "gate", "healthy": True})
    well = outgate("status")
    assert (well.code, well.err) == (0, "")
    assert json.loads(outgate("status", "--json").out)["settings"] is None
    home.mkdir(exist_ok=True)
    (home / "settings.yaml").write_text(text)
    told = outgate("status")
    assert told.code == PROBLEM and "Healthy." in told.out
    assert "no gate starts" in told.err and "settings.yaml" in told.err
    answer = outgate("status", "--json")
    assert answer.code == PROBLEM and "settings.yaml" in json.loads(answer.out)["settings"]


@pytest.mark.parametrize("kind", [UserWarning, DeprecationWarning, CryptographyDeprecationWarning])
def test_no_library_warns_the_person_who_runs_a_command(
    kind: type[Warning], monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    """An error is one line: no path and no line of source of a library stands before it."""

    def warns(_: object) -> int:
        warnings.warn("this certificate is strange", kind, stacklevel=1)
        return 2

    monkeypatch.setattr("app.cli.code_of", warns)
    monkeypatch.setattr("sys.warnoptions", [])
    with pytest.raises(SystemExit) as ended:
        main([])
    assert (ended.value.code, list(recwarn)) == (2, [])
