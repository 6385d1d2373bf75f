"""Reading a version of a script on the command line, and approving only what can be read."""

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from zstandard import ZstdCompressor

from app.home import Home
from app.kept_sources import KeptSources, seal_trouble, source_store
from attribution.identity.contents import ContentStore
from attribution.identity.source_seals import Sealed
from benchmarks.habits_world import Sent
from evidence import open_evidence
from evidence.notary import Notary

from .conftest import Runs

FIRST = "import requests\n# first\nrequests.post('https://own.example')\n"
THEN = FIRST.replace("own", "away").replace("# first", "x = '\x1b[2J\u202e'")
THIRD = THEN + "done = 1\n"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def seen(home: Path, script: Path, versions: Sequence[str]) -> None:
    """Write records of these versions, the oldest first."""
    now, evidence = datetime.now(UTC), open_evidence(home / "evidence.db")
    for n, text in enumerate(versions):
        at = now - timedelta(days=len(versions) - n)
        sent = Sent(
            at=at, script=str(script), place="api.example", size=10, kinds=(), sha256=digest(text)
        )
        evidence.writer.close_record(sent.record(), lambda _: None)
    evidence.close()


@pytest.fixture
def script(home: Path, tmp_path: Path) -> Path:
    """A script of three versions, of which the source is kept."""
    path = tmp_path / "job.py"
    path.write_text(THIRD)
    seen(home, path, (FIRST, THEN, THIRD))
    for text in (FIRST, THEN, THIRD):
        ContentStore(home / "scripts", str).keep(text.encode(), digest(text))
    return path


def test_the_difference_is_to_the_approved_version(outgate: Runs, script: Path) -> None:
    """To the one before, as long as none is approved; then to the approved one, and whose approval
    it was is said.
    """
    told = outgate("scripts", str(script), "--diff").out
    assert "+done = 1" in told and "-# first" not in told and "the one before" in told
    first = ("--version", digest(FIRST)[:8])
    assert outgate("scripts", str(script), "--approve", "--reason", "read", *first).code == 0
    told = outgate("scripts", str(script), "--diff").out
    assert "+done = 1" in told and "-# first" in told and "approved." in told
    assert not {"\x1b", "\u202e"} & set(told)
    told = outgate("scripts", str(script), "--diff", "--version", digest(THEN)[:8]).out
    assert "+done = 1" not in told and "-# first" in told


def test_a_version_is_printed_whole(outgate: Runs, script: Path) -> None:
    """Inert, line by line; the first version can only be read so."""
    told = outgate("scripts", str(script), "--source")
    assert told.code == 0 and "done = 1" in told.out and not {"\x1b", "\u202e"} & set(told.out)
    first = ("--version", digest(FIRST)[:8])
    assert "# first" in outgate("scripts", str(script), "--source", *first).out
    told = outgate("scripts", str(script), "--diff", *first)
    assert told.code == 2 and "--source" in told.err


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("never", "Not kept: it had ended or changed"),
        ("off", "keep_scripts is off"),
        ("damaged", "the copy is damaged"),
        ("long", "is longer than 4,000 characters"),
    ],
)
def test_what_cannot_be_read_is_not_approved(
    outgate: Runs, home: Path, script: Path, how: str, said: str
) -> None:
    """The reason is named; nothing is written. With the organisation's leave it is, and says so."""
    kept = ContentStore(home / "scripts", str)
    if how == "damaged":
        kept._place(digest(THIRD)).write_bytes(b"no such thing")
    elif how == "long":
        kept._write(kept._place(digest(THIRD)), "x" * 5_000)
    else:
        kept.forget(digest(THIRD))
    if how == "off":
        (home / "settings.yaml").write_text("keep_scripts: false\n")
    newest = ("--version", digest(THIRD)[:8])
    told = outgate("scripts", str(script), "--approve", "--reason", "ok", *newest)
    assert told.code == 2 and said in told.err
    assert "approved by" not in outgate("scripts", str(script)).out
    (home / "settings.yaml").write_text("approve_unread: true\n")
    told = outgate("scripts", str(script), "--approve", "--reason", "ok", *newest)
    assert told.code == 0 and "\nApproved unread: version" in told.out
    assert "“approved unread: ok”" in outgate("scripts", str(script)).out


def test_what_is_new_is_shown_before_it_is_approved(outgate: Runs, script: Path) -> None:
    """Without the version nothing is approved: a newer one may have come since it was read."""
    approve = ("scripts", str(script), "--approve", "--reason", "read")
    told = outgate(*approve)
    assert told.code == 2 and "Nothing is approved yet" in told.err
    assert "whole of version" in told.out and "done = 1" in told.out
    assert f"--version {digest(THIRD)[:12]}" in told.err
    assert "approved by" not in outgate("scripts", str(script)).out
    told = outgate(*approve, "--version", digest(THEN)[:8])
    assert told.code == 0 and told.out.index("away") < told.out.index("Approved")
    told = outgate(*approve, "--version", digest(THIRD)[:8])
    assert told.code == 0 and "+ done = 1" in told.out and "own.example" not in told.out
    assert told.out.index("+ done = 1") < told.out.index("Approved: version")
    assert not {"\x1b", "\u202e"} & set(told.out)


@pytest.mark.parametrize("option", ["--diff", "--source"])
def test_one_script_is_read_at_a_time(outgate: Runs, script: Path, option: str) -> None:
    """Without a script, or of one that was never seen, the command says what is missing."""
    told = outgate("scripts", option)
    assert told.code == 2 and "Name one script" in told.err
    assert outgate("scripts", "/nowhere.py", option).code == 2


def test_a_hash_that_is_none_is_not_kept(tmp_path: Path) -> None:
    """Whatever a record holds as a hash, it names no file of another folder."""
    kept = KeptSources(home=Home(tmp_path), keeps=True)
    for sha256 in ("", "../../etc/passwd", "ab", "A" * 64):
        assert kept.of(sha256).text is None and kept.of(sha256).why


def test_a_text_laid_in_the_place_of_a_version_is_not_read_as_it(
    outgate: Runs, home: Path, script: Path
) -> None:
    """It is neither shown nor approved. What an earlier version kept is shown, and said to carry
    no seal.
    """
    newest = ("--version", digest(THIRD)[:8])
    told = outgate("scripts", str(script), "--source", *newest)
    assert "done = 1" in told.out and "carries no seal" in told.err + told.out
    public = public_key_made(home)
    kept = source_store(Home(home))
    for text in (FIRST, THEN, THIRD):
        assert not kept.has(digest(text)) and kept.keep(text.encode(), digest(text))
    told = outgate("scripts", str(script), "--source", *newest)
    assert public and "done = 1" in told.out and "seal" not in told.err + told.out
    kept._place(digest(THIRD)).write_bytes(kept._place(digest(FIRST)).read_bytes())
    told = outgate("scripts", str(script), "--source", *newest)
    assert told.code == 2 and "seal is broken" in told.err and "# first" not in told.out
    told = outgate("scripts", str(script), "--approve", "--reason", "ok", *newest)
    assert told.code == 2 and "seal is broken" in told.err
    assert "seal is broken" in outgate("scripts", str(script), "--format", "json").out


def public_key_made(home: Path) -> bytes:
    """Make the key of the installation, as a gate does when it starts."""
    return Notary(home / "evidence.db").public


@pytest.mark.parametrize("what", ["its own", "another"])
def test_a_seal_that_was_taken_off_is_as_loud_as_a_wrong_one(
    outgate: Runs, home: Path, script: Path, what: str
) -> None:
    """Where this installation sealed everything when the version was seen first: its text is not
    shown, nor approved.
    """
    public_key_made(home)
    kept, sha256 = source_store(Home(home)), digest(THIRD)
    text = THIRD if what == "its own" else FIRST
    kept._place(sha256).write_bytes(ZstdCompressor().compress(text.encode()))
    with closing(sqlite3.connect(home / "evidence.db")) as connection, connection:
        connection.execute("UPDATE scripts SET first_us = 1 << 52, last_us = 1 << 52")
    newest = ("--version", sha256[:8])
    told = outgate("scripts", str(script), "--source", *newest)
    assert told.code == 2 and "seal" in told.err and "done = 1" not in told.out
    told = outgate("scripts", str(script), "--approve", "--reason", "ok", *newest)
    assert told.code == 2 and "took the seal off" in told.err
    assert seal_trouble(source_store(Home(home)), sha256) is Sealed.TAKEN_OFF
    assert source_store(Home(home)).text(sha256) is None
