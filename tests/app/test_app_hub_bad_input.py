"""Every kind of bad input to the commands of the fleet ends in one line."""

from pathlib import Path

import pytest
from hub_commands import hub_fixture, port_fixture, postgres_fixture  # noqa: F401 - fixtures

from hub.settings import load
from tests.app.conftest import Runs

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
