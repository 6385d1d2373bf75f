"""The commands of the fleet, as people type them: from an empty folder to an answer, and every
kind of bad input in one line.
"""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import orjson
import pytest
from fleet_world import a_server

from app.demo.simulated_endpoints import made_up_records, parts_of, write_evidence
from app.home import Home
from app.shipping import State, keep_shipping, kept_state
from attribution.identity.contents import ContentStore
from core.ids import utc_now
from fleet.line import HttpsLine
from fleet.shipper import Shipper
from hub.answering import Hub
from hub.authority import load_authority, server_files
from hub.database import Database
from hub.own_postgres import OwnPostgres
from hub.service import Serving, server_context
from hub.settings import load, policy_public
from tests.app.conftest import Runs


@pytest.fixture(scope="module", name="postgres")
def postgres_fixture() -> Iterator[OwnPostgres]:
    """A server for the tests of this file; skipped where no PostgreSQL is installed."""
    with a_server() as server:
        yield server


@pytest.fixture(name="hub")
def hub_fixture(
    postgres: OwnPostgres, outgate: Runs, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A hub's folder, made by the command, with an empty database."""
    from hub.database import connect

    with connect(postgres.url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    folder = Path(tempfile.mkdtemp(prefix="og-hub-"))
    told = outgate("hub", "init", str(folder), "--database", postgres.url, "--name", "127.0.0.1")
    assert told.code == 0, told
    monkeypatch.setenv("OUTGATE_HUB", str(folder))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(name="port")
def port_fixture(hub: Path) -> Iterator[int]:
    """The hub of that folder, serving."""
    settings = load(hub)
    authority = load_authority(hub)
    file = server_files(authority, hub, list(settings.names), utc_now())
    database = Database(settings.database)
    serving = Hub(database=database, authority=authority, policy_key=policy_public(hub))
    with Serving(serving, server_context(file, settings.authority_file)) as running:
        yield running.port
    database.close()


def test_from_an_empty_folder_to_an_answer(outgate: Runs, home: Path, hub: Path, port: int) -> None:
    """Init, token, enrol, ship, ask, publish, approve, sweep, verify, revoke: each by a command."""
    write_evidence(home / "evidence.db", made_up_records(3, 60, utc_now()))
    for script in {
        r.sender.script.sha256 for r in made_up_records(3, 60, utc_now()) if r.sender.script
    }:
        assert script is not None
        parts = parts_of(script)
        assert parts is not None
        ContentStore(home / "scripts", lambda text: text).keep_parts(script, parts)
    token = outgate("hub", "token", "--group", "finance").out.strip()
    ca = str(hub / "authority.pem")
    url = f"https://127.0.0.1:{port}"
    assert outgate("fleet", "enrol", "--hub", url, "--token", token, "--ca", ca).code == 0
    assert outgate("fleet", "status").code == 1
    assert "Shipped 60 records" in outgate("fleet", "ship", "--once").out
    assert "Shipped 0 records" in outgate("fleet", "ship", "--once").out
    told = outgate("fleet", "status")
    assert told.code == 0
    assert "it has 60 records" in told.out

    known = orjson.loads(outgate("hub", "status", "--json").out)
    assert (known["endpoints"], known["records"], known["alarms"]) == (1, 60, 0)
    (endpoint,) = orjson.loads(outgate("hub", "endpoints", "--json").out)
    assert endpoint["group"] == "finance"
    scripts = orjson.loads(outgate("hub", "scripts", "--json").out)
    assert sum(one["records"] for one in scripts) == 60
    for command in ("status", "endpoints", "scripts", "cases", "alarms"):
        assert outgate("hub", command).code == 0
        orjson.loads(outgate("hub", command, "--json").out)
    package = parts_of(scripts[0]["versions"][0])
    assert package is not None
    name, version, _ = package["installed"][0]
    hunted = outgate("hub", "hunt", name, version, "--json")
    assert hunted.code == 1
    assert orjson.loads(hunted.out)["had"]
    assert outgate("hub", "hunt", "nobody-has-this", "<2").code == 0

    policy = home / "new.yaml"
    policy.write_text(outgate("policy", "preset", "no-personal-cloud").out)
    assert outgate("hub", "publish", str(policy)).code == 0
    sha256 = scripts[0]["versions"][0]
    assert outgate("hub", "approve", sha256, "--reason", "seen").code == 0
    outgate("fleet", "ship", "--once")
    assert (home / "outgate.yaml").read_text() == policy.read_text()
    assert "Version 1 of the fleet's policy is in force." in outgate("fleet", "status").out
    given = home / "given.yaml"
    given.write_text("locked: [fingerprint_days]\nfingerprint_days: 30\nhold_mb: 4\n")
    (home / "settings.yaml").write_text("fingerprint_days: 1\nhold_mb: 2\nspool_mb: 7\n")
    ordered = outgate("hub", "settings", str(given), "--reason", "shorter epochs")
    assert (ordered.code, "all" in ordered.out) == (0, True)
    outgate("fleet", "ship", "--once")
    outgate("fleet", "ship", "--once")
    told = outgate("hub", "settings", "--json")
    assert told.code == 0, told
    (kept,) = orjson.loads(told.out)
    assert (kept["followed_by"], kept["settings"]) == (1, given.read_text())
    shown = orjson.loads(outgate("settings", "show", "--json").out)
    fleets = {"value": 30, "origin": "the fleet's settings, version 1"}
    assert shown["fingerprint_days"] == fleets
    assert (shown["hold_mb"]["value"], shown["spool_mb"]["value"]) == (4, 7)
    assert "Version 1 of the fleet's settings is in force." in outgate("fleet", "status").out
    assert outgate("hub", "retention", "--days", "90", "--reason", "agreed").code == 0
    lists = ("policies", "settings", "retention", "hunts", "asked", "months", "streams", "holds")
    for command in (*lists, "council", "advisories", "review"):
        answer = outgate("hub", command, "--json")
        assert (answer.err == "" and orjson.loads(answer.out) is not None) or answer.code == 2
    assert "0 erasures done" in outgate("hub", "sweep").out
    assert "whole" in outgate("hub", "verify").out
    kept = outgate("hub", "months", "--keep", "12", "--reason", "agreed")
    assert (kept.code, "keeps 12 whole months" in kept.out, "here" in kept.out) == (0, True, True)
    assert outgate("hub", "revoke", endpoint["id"][:8]).code == 0
    refused = outgate("fleet", "ship", "--once")
    assert (refused.code, "revoked" in refused.line) == (1, True)
    assert "revoked" in outgate("fleet", "status").out


BAD = (
    (("hub", "settings", "/nonexistent", "--reason", "x"), "Cannot read"),
    (("hub", "settings", "/", "--reason", "x"), "Cannot read"),
    (("hub", "settings", "{bad}", "--reason", "x"), "the fleet's settings"),
    (("hub", "settings", "{bad}"), "A reason is needed"),
    (("hub", "status", "--hub", "/nonexistent"), "There is no hub in"),
    (("hub", "token", "--hub", "/nonexistent"), "There is no hub in"),
    (("hub", "publish", "/nonexistent"), "Cannot read"),
    (("hub", "publish", "{bad}"), "bad.yaml"),
    (("hub", "resolve", "7", "--reason", "x"), "No such alarm"),
    (("hub", "resolve", "-- -1", "--reason", "x"), ""),
    (("hub", "resolve", "7", "--reason", " "), "A reason is needed"),
    (("hub", "review", "--web", "--json"), "do not go together"),
    (("hub", "review", "--tls"), "is for --web only"),
    (("hub", "months", "--keep", "3"), "A reason is needed"),
    (("hub", "months", "--keep", "-1", "--reason", "x"), "1 to 1200 months"),
    (("hub", "months", "--note-dropped", "--reason", "x"), "Nothing is missing"),
    (("hub", "revoke", "nobody"), "no such endpoint"),
    (("hub", "revoke", ""), "no such endpoint"),
    (("hub", "approve", "zz", "--reason", "x"), "no SHA-256"),
    (("hub", "approve", "ab" * 32, "--reason", ""), "A reason is needed"),
    (
        ("hub", "approve", "ab" * 32, "--reason", "x", "--key", "/nonexistent"),
        "not in /nonexistent",
    ),
    (("hub", "revoke", "\udcff"), "cannot be kept"),
    (("hub", "reveal", "\udcff", "--reason", "x"), "cannot be kept"),
    (("hub", "hunt", "\udcff"), "no name of a package"),
    (("hub", "hunt", ""), "no name of a package"),
    (("hub", "hunt", "", "--over", "scripts"), "nothing to hunt for"),
    (("hub", "hunt", "a\x1b[2J", "--over", "files"), "nothing to hunt for"),
    (("hub", "hunt", "\udcff", "--over", "observations"), "nothing to hunt for"),
    (("hub", "hunt", "a.example", "1.0", "--over", "destinations"), "Only packages have versions"),
    (("hub", "hunt", "a.py", "--over", "scripts", "--save"), "A reason is needed"),
    (("hub", "hunt", "a b;c", "--save", "--reason", "x"), "no name of a package"),
    (("hub", "token", "--group", " "), "name of a group"),
    (("hub", "token", "--group", "x" * 61), "name of a group"),
    (("hub", "token", "--group", "\udcff"), "name of a group"),
    (("hub", "publish", "{good}", "--group", "nobody-is-here"), "No endpoint is in that group"),
    (("hub", "preview", "{good}", "--group", "nobody-is-here"), "No endpoint is in that group"),
    (("hub", "publish", "{good}", "--key", "/nonexistent"), "not in /nonexistent"),
    (("hub", "stream", "", "--to", "-"), "no name of a stream"),
    (("hub", "stream", "x", "--to", "https://[::1/x"), "no address of a webhook"),
    (("hub", "stream", "x", "--to", "https://127.0.0.1:99999/"), "no address of a webhook"),
    (
        (
            "hub",
            "council",
            "--pseudonyms",
            "--may-reveal",
            "",
            "--may-reveal",
            "b",
            "--reason",
            "x",
        ),
        "nobody",
    ),
    (
        ("fleet", "enrol", "--hub", "https://127.0.0.1:1", "--token", "\udcff", "--ca", "{root}"),
        "no token",
    ),
    (("hub", "widen", "9", "--percent", "10"), "no such version"),
    (("hub", "widen", "9", "--percent", "101"), "Try:"),
    (("hub", "hunt", "requests", "<zonk"), "no range"),
    (("hub", "init", "{file}/x", "--database", "host=/x", "--name", "a"), "Cannot write"),
    (("hub", "init", "{new}", "--database", "host=/x", "--name", "a b"), "no host name"),
    (("hub", "init", "{new}", "--database", "host=/x", "--name", "a", "--listen", "x"), "ADDRESS"),
    (("fleet", "ship", "--once"), "belongs to no fleet"),
    (("fleet", "status"), "belongs to no fleet"),
    (("fleet", "enrol", "--hub", "http://x", "--token", "t", "--ca", "/x"), "no address"),
    (("fleet", "enrol", "--hub", "https://127.0.0.1:1", "--token", "t", "--ca", "/x"), "/x"),
    (
        ("fleet", "enrol", "--hub", "https://127.0.0.1:1", "--token", "t", "--ca", "{bad}"),
        "bad.yaml",
    ),
    (
        ("fleet", "enrol", "--hub", "https://127.0.0.1:1", "--token", "t", "--ca", "{root}"),
        "Nothing was enrolled",
    ),
)


@pytest.mark.parametrize(
    ("command", "words"), BAD, ids=lambda one: one if isinstance(one, str) else " ".join(one)[:40]
)
def test_bad_input_is_told_in_one_line(
    outgate: Runs, home: Path, hub: Path, command: tuple[str, ...], words: str
) -> None:
    """What is missing, of the wrong kind or garbage: one line with what to do, code 2."""
    bad, file = home / "bad.yaml", home / "file"
    bad.write_text("nothing: [")
    good = home / "good.yaml"
    good.write_text("version: 1\nrules: []\n")
    file.write_text("")
    places = {
        "{bad}": str(bad),
        "{good}": str(good),
        "{file}": str(file),
        "{new}": str(home / "new"),
    }
    places["{root}"] = str(hub / "authority.pem")

    def placed(word: str) -> str:
        for name, place in places.items():
            word = word.replace(name, place)
        return word

    told = outgate(*map(placed, command))
    assert told.code == 2, told
    assert told.line.startswith("outgate: ")
    assert words in told.line


@pytest.mark.parametrize(
    "text",
    ["", "[]", "x", "database: 7\n", "names: []\n", "zonk: 1\n", "a: [", "database: x\nnames: a\n"],
)
def test_a_damaged_settings_file_of_a_hub_is_named(outgate: Runs, hub: Path, text: str) -> None:
    """Whatever stands in `hub.yaml`, the fault is told with its place."""
    (hub / "hub.yaml").write_text(text)
    told = outgate("hub", "status")
    assert told.code == 2
    assert "hub.yaml" in told.line


def test_the_password_of_the_database_is_shown_nowhere(
    outgate: Runs, hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is the owner's alone; no message and no repr holds the address."""
    assert (hub / "hub.yaml").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("OUTGATE_HUB_DATABASE", "host=/nowhere user=x password=hunter2 dbname=y")
    told = outgate("hub", "status")
    assert told.code == 1
    assert "hunter2" not in told.out + told.err + repr(load(hub))


def test_no_bad_word_of_the_desk_ends_in_more_than_one_line(
    outgate: Runs, home: Path, hub: Path, tmp_path: Path
) -> None:
    """Holds, cases, hunts, streams, archives and requests: what is wrong is told with what to do,
    and nothing is changed.
    """
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"no certificate \xff")
    reason = ("--reason", "x")
    for words in (
        ("answer", "1", "approve", *reason),
        ("answer", "1", "maybe", *reason),
        ("answer", "9" * 30, "refuse", *reason),
        ("answer", "1", "approve", "--reason", " "),
        ("case", "1"),
        ("case", "1", "--assign", "a", "--take"),
        ("council", "--smallest-group", "3", *reason),
        ("council", "--pseudonyms", *reason),
        ("council", "--pseudonyms", "--may-reveal", "a", "--may-reveal", "b"),
        ("reveal", "person-x", *reason),
        ("confirm", "1", *reason),
        ("preview", str(tmp_path)),
        ("preview", str(garbage)),
        ("widen", "3", "--percent", "4"),
        ("hunts", "--end", "3"),
        ("hunt", "x", "<>"),
        ("hunt", "x", "--save"),
        ("advisories",),
        ("advisories", str(garbage)),
        ("stream", "X", "--to", "-"),
        ("stream", "x", "--to", "ftp://x"),
        ("stream", "x", "--to", "http://siem.corp.example/"),
        ("stream", "x", "--to", str(tmp_path)),
        ("stream", "x", "--to", "https://127.0.0.1:1/", "--authority", str(garbage)),
        ("stream", "x", "--to", "https://127.0.0.1:1/", "--secret", "/no/such"),
        ("stream", "x", "--to", "otlp+https://127.0.0.1:1", "--headers", str(garbage)),
        ("archive", str(garbage), "--month", "2026-11"),
        ("archive", str(tmp_path), "--month", "2026-13"),
        ("asked", "7"),
        ("ask", "burn", *reason),
        ("restored",),
    ):
        told = outgate("hub", *words)
        assert told.code == 2, (words, told)
        assert told.line, words
    assert outgate("hub", "hunts").out.startswith("No hunt is saved")
    assert outgate("hub", "streams").out.startswith("There is no stream")
    assert outgate("hub", "policies").out.startswith("No policy was published")
    assert outgate("hub", "asked").out.startswith("The fleet was asked nothing")
    assert outgate("hub", "council").out == "People are shown by their names.\n"


def test_a_second_init_keeps_the_keys(outgate: Runs, postgres: OwnPostgres, hub: Path) -> None:
    """After an update the same command brings the schema forward and changes no key."""
    before = {n: (hub / n).read_bytes() for n in ("authority.pem", "authority.key", "policy.key")}
    told = outgate(
        "hub", "init", str(hub), "--database", postgres.url, "--name", "hub.corp.example"
    )
    assert told.code == 0
    assert {name: (hub / name).read_bytes() for name in before} == before
    assert load(hub).names == ("hub.corp.example",)


class Chances:
    """Stops the shipper after so many rounds, and keeps how long it would have waited."""

    def __init__(self, rounds: int) -> None:
        self.left = rounds
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0)
        self.left -= 1
        return self.left < 0


def ship_at(place: Home, shipper: Shipper, out: TextIO, chances: Chances) -> None:
    """Ship as often as there are chances, without resting."""

    def rested(stop: threading.Event, rest: float, looking: object) -> bool:
        return stop.wait(rest)

    stop: Any = chances
    keep_shipping(place, shipper, out, chance=lambda: 0.5, stop=stop, rested=rested)


def test_a_shipper_that_is_refused_waits_longer_and_says_it_once(
    outgate: Runs, home: Path, hub: Path, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """While the hub is away the shipper asks less and less often, tells it once, and says when it
    is over; what was known stays in its status.
    """
    import io

    from app.commands.fleet import _member
    from app.shipping import shipper_of

    write_evidence(home / "evidence.db", made_up_records(3, 5, utc_now()))
    token = outgate("hub", "token").out.strip()
    url, ca = f"https://127.0.0.1:{port}", str(hub / "authority.pem")
    outgate("fleet", "enrol", "--hub", url, "--token", token, "--ca", ca)
    place, out, chances = Home(home), io.StringIO(), Chances(1)
    shipper = shipper_of(place, _member(place))
    ship_at(place, shipper, out, chances)
    state = kept_state(place)
    assert state is not None
    assert (state.records, state.trouble, out.getvalue()) == (5, "", "")

    assert isinstance(shipper.line, HttpsLine)
    shipper.line.hub = "https://127.0.0.1:1"
    shipper.line.close()
    away = Chances(6)
    ship_at(place, shipper, out, away)
    assert away.waits[2:] == sorted(away.waits[2:])
    assert out.getvalue().count("\n") == 1
    later = kept_state(place)
    assert isinstance(later, State)
    assert (later.records, bool(later.trouble), later.at) == (5, True, state.at)
    assert outgate("fleet", "status").code == 1

    shipper.line.hub = url
    ship_at(place, shipper, out, Chances(1))
    assert kept_state(place) is not None


def test_without_a_postgresql_the_demonstration_says_what_to_install(
    outgate: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, and nothing is left behind."""
    monkeypatch.setattr("hub.own_postgres.binaries", lambda: None)
    told = outgate("hub", "demo")
    assert told.code == 2
    assert "apt-get install postgresql" in told.line


@pytest.mark.parametrize(
    "command", [("hub", "status"), ("hub", "demo"), ("hub", "token"), ("hub", "serve")]
)
def test_without_its_extra_the_hub_says_which_one(
    outgate: Runs, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """An endpoint does not need it, and its own commands go without."""
    monkeypatch.setattr("app.hub_access.find_spec", lambda name: None)
    told = outgate(*command)
    assert told.code == 2
    assert "outgate[hub]" in told.line
    assert "belongs to no fleet" in outgate("fleet", "status").line
