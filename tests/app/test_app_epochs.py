"""Epochs of the key of marks: a value is found under every key that is kept, and under none that
was destroyed.
"""

import io
import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from invented_day import sample_records

from app.epochs import CURRENT, destroy, epochs, is_due, past_their_time, rotate
from app.gate_assembly import _end_epochs, _rotated
from app.home import Home, private_key
from app.settings import Settings
from core.errors import InputError, SettingsError
from core.findings import Confidence, Finding
from core.fingerprint import Fingerprinter
from core.happenings import Event, Happening
from core.ids import utc_now, uuid7
from evidence import open_evidence, open_store, verify
from evidence.acts import StoredAct
from tests.app.conftest import Runs

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)
IBAN = "DE89370400440532013000"


@pytest.fixture
def sent(home: Path) -> Callable[[int], None]:
    """Let a gate record that the value was sent, under the key in force."""

    def send(number: int) -> None:
        marks = Fingerprinter(private_key(Home(home).fingerprint_key))
        finding = Finding(
            kind="iban", detector="iban", confidence=Confidence.CERTAIN, count=1, distinct=1,
            where=("body",), excerpt="••••", fingerprints=(marks.of("iban", IBAN),),
        )  # fmt: skip
        at = NOW + timedelta(seconds=number)
        record = replace(sample_records(NOW)[-1], id=uuid7(at), at=at, findings=(finding,))
        evidence = open_evidence(home / "evidence.db")
        told = threading.Event()
        evidence.writer.close_record(record, lambda _: told.set())
        assert told.wait(30)
        evidence.close()

    return send


def found(outgate: Runs, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(IBAN + "\n"))
    told = outgate("find", "--json")
    assert told.code == 0
    return int(json.loads(told.out)["records"])


def acts(home: Path) -> list[Event]:
    store = open_store(home / "evidence.db", clock=lambda: NOW)
    happened = [one.act for one in store.iter_acts() if isinstance(one, StoredAct)]
    store.close()
    return [one.event for one in happened if isinstance(one, Happening)]


def test_a_value_is_found_in_every_epoch_that_is_kept(
    home: Path, sent: Callable[[int], None], outgate: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through two changes of the key nothing is lost; a key that is destroyed takes its marks with
    it; each change is an act, and the evidence stays whole.
    """
    for number in range(3):
        sent(number)
        if number < 2:
            told = outgate("keys", "rotate")
            assert told.code == 0 and "new epoch" in told.out
            kept = epochs(Home(home))[-2].path
            kept.rename(kept.with_name(f"fingerprint-2026112{number}T000000Z.key"))
    assert found(outgate, monkeypatch) == 3
    told = outgate("keys", "list", "--json")
    assert [one["epoch"] for one in json.loads(told.out)] == [
        "20261120T000000Z", "20261121T000000Z", CURRENT,
    ]  # fmt: skip
    told = outgate("keys", "destroy", "20261120T000000Z", "--reason", "its time is over")
    assert told.code == 0
    assert found(outgate, monkeypatch) == 2
    assert [one for one in acts(home) if one.value.startswith("marks")] == [
        Event.MARKS_KEY_ROTATED, Event.MARKS_KEY_ROTATED, Event.MARKS_KEY_DESTROYED,
    ]  # fmt: skip
    assert verify(home / "evidence.db").ok
    monkeypatch.setattr("sys.stdin", io.StringIO(IBAN + "\n"))
    assert "from a time whose key" not in outgate("find").out  # for these records are younger
    out = outgate("keys", "list").out
    assert "in force" in out and "2026-11-21" in out and "2026-11-20" not in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("destroy", "20200101T000000Z", "--reason", "x"), "No epoch is called"),
        (("destroy", "../../etc/passwd", "--reason", "x"), "No epoch is called"),
        (("destroy", CURRENT, "--reason", "x"), "in force cannot be destroyed"),
        (("destroy", CURRENT), "--reason"),
    ],
)
def test_what_cannot_be_destroyed_is_told(
    home: Path, outgate: Runs, words: tuple[str, ...], told: str
) -> None:
    """A key that is in use, or is none, is left alone."""
    key = private_key(Home(home).fingerprint_key)
    answer = outgate("keys", *words)
    assert (answer.code, told in answer.line) == (2, True)
    assert private_key(Home(home).fingerprint_key) == key


def test_an_answer_says_what_it_cannot_see(
    outgate: Runs, sent: Callable[[int], None], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a key was destroyed and records from its time are kept, the answer counts them."""
    sent(0)
    assert outgate("keys", "rotate").code == 0
    ended = epochs(Home(home))[0].name
    assert outgate("keys", "destroy", ended, "--reason", "asked for").code == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(IBAN + "\n"))
    out = outgate("find").out
    assert "0 records hold it" in out and "1 record of anybody's" in out and "destroyed" in out


def test_while_a_gate_runs_its_key_stays(outgate: Runs, home: Path) -> None:
    """It would go on with the key before, and what it marks would be of no epoch."""
    key = private_key(Home(home).fingerprint_key)
    evidence = open_evidence(home / "evidence.db")
    told = outgate("keys", "rotate")
    ended = outgate("keys", "destroy", CURRENT, "--reason", "x")
    evidence.close()
    assert told.code == 1 and "gate is running" in told.line
    assert ended.code != 0
    assert private_key(Home(home).fingerprint_key) == key
    assert outgate("keys", "rotate").code == 0


def test_a_rotation_keeps_the_key_before_and_its_mode(tmp_path: Path) -> None:
    """Both keys are the owner's alone; a second rotation in the same second changes nothing."""
    home = Home(tmp_path)
    before = private_key(home.fingerprint_key)
    ended = rotate(home, NOW)
    assert (ended.name, ended.until, ended.key) == ("20261120T141400Z", NOW, before)
    now = private_key(home.fingerprint_key)
    assert now != before
    with pytest.raises(InputError, match="this very second"):
        rotate(home, NOW)
    assert [one.key for one in epochs(home)] == [before, now]
    assert {one.path.stat().st_mode & 0o777 for one in epochs(home)} == {0o600}
    assert sorted(one.name for one in home.fingerprint_key.parent.iterdir()) == [
        "fingerprint-20261120T141400Z.key", "fingerprint.key",
    ]  # fmt: skip


def test_a_key_with_a_name_of_its_own_is_listed_as_what_it_is(home: Path, outgate: Runs) -> None:
    """Somebody put it aside by hand: it is searched with, and is not the one in force."""
    key = private_key(Home(home).fingerprint_key)
    Home(home).fingerprint_key.with_name("fingerprint-old.key").write_bytes(key[::-1])
    lines = outgate("keys", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == ["old", CURRENT]
    assert "in force" not in lines[0] and "in force" in lines[1]


def test_a_damaged_key_is_not_rotated_away(tmp_path: Path) -> None:
    """It is told, and left for whoever has a backup."""
    home = Home(tmp_path)
    home.fingerprint_key.parent.mkdir()
    home.fingerprint_key.write_bytes(b"short")
    with pytest.raises(SettingsError, match="damaged"):
        rotate(home, NOW)
    assert home.fingerprint_key.read_bytes() == b"short"


@pytest.mark.parametrize(
    ("age", "days", "due"), [(91, 90, True), (89, 90, False), (5000, 0, False)]
)
def test_a_key_has_its_time(tmp_path: Path, age: int, days: int, due: bool) -> None:
    """It is changed after the days of the settings; with 0 never by itself."""
    home = Home(tmp_path)
    assert not is_due(home, days, NOW)
    private_key(home.fingerprint_key)
    at = (NOW - timedelta(days=age)).timestamp()
    os.utime(home.fingerprint_key, (at, at))
    assert is_due(home, days, NOW) is due


def test_a_key_goes_with_the_last_record_of_its_epoch(tmp_path: Path) -> None:
    """Not before: as long as one record from its time is kept, its marks can be looked up."""
    home = Home(tmp_path)
    for day in (1, 10, 20):
        rotate(home, datetime(2026, 11, day, tzinfo=UTC))
    oldest = int(datetime(2026, 11, 10, 12, tzinfo=UTC).timestamp() * 1e6)
    past = past_their_time(home, oldest)
    assert [one.name for one in past] == ["20261101T000000Z", "20261110T000000Z"]
    assert not past_their_time(home, None)
    for one in past:
        destroy(one)
    assert [one.name for one in epochs(home)] == ["20261120T000000Z", CURRENT]


def test_a_gate_that_starts_rotates_an_old_key_and_says_so(
    home: Path, sent: Callable[[int], None]
) -> None:
    """After the days of the settings, once; and it ends the epochs of which no record is kept."""
    sent(0)
    aged = (NOW - timedelta(days=40)).timestamp()
    os.utime(Home(home).fingerprint_key, (aged, aged))
    store = open_store(home / "evidence.db", clock=lambda: NOW)
    for _ in range(2):
        _rotated(Home(home), Settings(fingerprint_days=30), store)
    assert [one.name == CURRENT for one in epochs(Home(home))] == [False, True]
    kept = epochs(Home(home))[0].path
    long_ago = kept.with_name("fingerprint-20251101T000000Z.key")
    long_ago.write_bytes(kept.read_bytes())
    _end_epochs(Home(home), store, started=utc_now() + timedelta(days=1))
    store.close()
    assert [one.path for one in epochs(Home(home))] == [kept, Home(home).fingerprint_key]
    assert [one for one in acts(home) if one.value.startswith("marks")] == [
        Event.MARKS_KEY_ROTATED, Event.MARKS_KEY_DESTROYED,
    ]  # fmt: skip
