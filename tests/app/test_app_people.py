"""`find`, `erase` and `hold`: the answer to a person who asks what is known of her."""

import io
import json
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from invented_day import sample_records
from reading import read

from app import current_user
from app.home import Home, private_key
from app.settings import Settings
from app.value_marks import marks_of
from classifiers.decoding import decode
from classifiers.personal import PersonalDetector
from core.exchange import Exchange
from core.findings import Confidence, Finding
from core.fingerprint import Fingerprinter
from core.happenings import Event, happening
from core.ids import uuid7
from core.review import script_event
from core.stored import StoredRecord
from evidence import open_evidence, open_store
from evidence import verify as verify_file
from evidence.acts import append_happening
from evidence.database import connect, transaction
from tests.app.conftest import Runs

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)
IBAN, EMAIL = "DE89370400440532013000", "mia.canary@example.org"


def finding(home: Path, kind: str, value: str) -> Finding:
    """Return what a gate of this home finds of such a value."""
    marks = Fingerprinter(private_key(Home(home).fingerprint_key))
    return Finding(
        kind=kind,
        detector=kind,
        confidence=Confidence.CERTAIN,
        count=1,
        distinct=1,
        where=(f"body.{kind}",),
        excerpt="••••",
        fingerprints=(marks.of(kind, value),),
    )


@pytest.fixture
def kept(home: Path) -> Path:
    """Evidence of one request with two persons' values, and of others without."""
    *others, made = sample_records(NOW)[-3:]
    found = (finding(home, "iban", IBAN), finding(home, "email", EMAIL))
    sender = replace(made.sender, user="canary-user")
    records = [*others, replace(made, sender=sender, findings=found)]
    evidence = open_evidence(home / "evidence.db")
    told = threading.Semaphore(0)
    for record in records:
        evidence.writer.close_record(record, lambda _: told.release())
        assert told.acquire(timeout=30)
    evidence.close()
    return home / "evidence.db"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def types(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return types


@pytest.mark.parametrize(
    "spelt",
    [
        IBAN,
        "DE89 3704 0044 0532 0130 00",
        "de89-3704-0044-0532-0130-00",
        f"{EMAIL}\n",
        EMAIL.upper(),
    ],
)
def test_a_value_is_found_however_it_is_spelt(
    outgate: Runs, kept: Path, typed: Callable[[str], None], spelt: str
) -> None:
    """Spaces in an account number and capitals in an address make no difference."""
    typed(spelt)
    told = outgate("find", "--json")
    assert told.code == 0
    answer = json.loads(told.out)
    (sent,) = answer["sent"]
    assert (answer["records"], sent["records"], sent["users"]) == (1, 1, ["canary-user"])
    assert sent["destination"] and sent["script"]
    assert spelt.strip() not in told.out


@pytest.mark.parametrize("table", ["lots", "past"])
def test_a_value_is_found_where_a_table_of_other_things_is_missing(
    outgate: Runs, kept: Path, typed: Callable[[str], None], table: str
) -> None:
    """Which one is told beside the answer."""
    with closing(connect(kept)) as connection:
        connection.execute(f"DROP TABLE {table}").close()
    typed(EMAIL)
    told = outgate("find")
    assert told.code == 0 and told.out.startswith("1 record holds it.")
    assert f"lacks the table {table}" in told.out


@pytest.mark.parametrize(
    "sent",
    [
        {"iban": "DE89 3704 0044 0532 0130 00"},
        {"email": "Mia.Canary@Example.org"},
        {"phone": "+49 (30) 123-456 78"},
        {"card_number": "4242 4242 4242 4242"},
        {"us_ssn": "536-90-4399"},
        {"full_name": "Mia Canary"},
        {"date_of_birth": "1990-02-03"},
    ],
    ids=lambda sent: next(iter(sent)),
)
def test_what_the_detectors_mark_is_found_by_what_was_sent(
    home: Path, sent: dict[str, str]
) -> None:
    """Whatever a detector makes of a value before it marks it, what was sent finds it."""
    body = json.dumps(sent).encode()
    request = Exchange(
        id=uuid7(NOW), at=NOW, scheme="https", host="x.example", port=443, method="POST", path="/",
        headers=(("content-type", "application/json"),), body=body, body_bytes=len(body),
    )  # fmt: skip
    hits = PersonalDetector().detect(decode(request))
    assert hits
    made = Fingerprinter(private_key(Home(home).fingerprint_key))
    marks = {made.of(hit.kind, hit.value) for hit in hits}
    assert marks & marks_of(Home(home), next(iter(sent.values())))


def test_who_approved_the_script_is_part_of_the_answer(
    outgate: Runs, kept: Path, typed: Callable[[str], None]
) -> None:
    """Which scripts sent it where, when, and by whom they were approved."""
    store = open_store(kept, clock=lambda: NOW)
    (record,) = (one for one in store.iter_entries() if b"canary-user" in one.text)
    path = json.loads(record.text)["sender"]["script"]["path"]
    (version,) = store.script_versions(path)
    store.append([script_event(version, approve=True, who="ada", at=NOW, note="read")])
    store.close()
    typed(IBAN)
    told = outgate("find")
    assert told.code == 0
    assert "approve_script by ada" in told.out
    assert "1 record holds it" in told.out


def test_what_is_not_there_is_not_found(
    outgate: Runs, kept: Path, typed: Callable[[str], None]
) -> None:
    """A value that nobody sent gives an empty answer, and so does half of one."""
    for text in ("DE02120300000000202051", "mia.canary", "nobody@example.org"):
        typed(text)
        assert json.loads(outgate("find", "--json").out)["sent"] == []


def test_nothing_typed_is_an_error(outgate: Runs, kept: Path, typed: Callable[[str], None]) -> None:
    """An empty line looks for nothing and erases nobody."""
    for command in (["find"], ["erase", "--person"]):
        typed("\n")
        assert outgate(*command).code == 2


def test_marks_of_earlier_keys_are_searched(
    outgate: Runs, home: Path, kept: Path, typed: Callable[[str], None]
) -> None:
    """A key that was put aside still finds what was marked with it."""
    own = Home(home).fingerprint_key
    own.rename(own.with_name("fingerprint-2026.key"))
    typed(IBAN)
    assert json.loads(outgate("find", "--json").out)["records"] == 1
    assert Fingerprinter(private_key(own)).of("iban", IBAN)


@pytest.mark.parametrize("who", [IBAN, EMAIL, "canary-user"])
def test_a_person_is_erased_after_a_dry_run(
    outgate: Runs, kept: Path, typed: Callable[[str], None], who: str
) -> None:
    """First it says what would go and changes nothing; then it is gone, and the evidence whole."""
    typed(who)
    told = outgate("erase", "--person")
    assert (told.code, "Nothing was changed" in told.out) == (0, True)
    assert "parts are erased: 1" in told.out
    typed(who)
    assert outgate("erase", "--person", "--yes").code == 2
    typed(who)
    told = outgate("erase", "--person", "--yes", "--reason", "Art. 17")
    assert (told.code, told.out.splitlines()[0]) == (0, "Erased.")
    assert who not in told.out + told.err
    typed(who)
    assert json.loads(outgate("find", "--json").out)["sent"] == []
    assert verify_file(kept).ok
    assert outgate("verify").code == 0


def test_a_script_is_erased_with_its_sources(outgate: Runs, home: Path, kept: Path) -> None:
    """What was kept of its versions goes with its records."""
    store = open_store(kept)
    texts = [json.loads(one.text) for one in store.iter_entries()]
    store.close()
    script = texts[-1]["sender"]["script"]
    place = home / "scripts" / script["sha256"][:2] / f"{script['sha256']}.zst"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"kept")
    told = outgate("erase", "--script", script["path"], "--yes", "--reason", "left the house")
    assert told.code == 0
    assert not place.exists()
    assert verify_file(kept).ok


def test_what_is_under_a_hold_stays_until_it_is_lifted(outgate: Runs, kept: Path) -> None:
    """A legal hold is an act with a reason; erasure says how much it keeps."""
    assert outgate("hold", "matter-7").code == 2
    told = outgate("hold", "matter-7", "--reason", "letter")
    assert told.code == 0 and "Other records go when their time is over" in told.out
    told = outgate("erase", "--before", "2030-01-01", "--yes", "--reason", "age")
    assert "under a legal hold: 3" in told.out
    assert outgate("hold", "matter-7", "--lift", "--reason", "settled").code == 0
    told = outgate("erase", "--before", "2030-01-01", "--yes", "--reason", "age")
    assert "erased whole: 3" in told.out
    assert outgate("verify").code == 0


def test_one_thing_at_a_time(outgate: Runs, kept: Path) -> None:
    """Two ways to say what goes are refused, and so is none."""
    assert outgate("erase").code == 2
    assert outgate("erase", "--before", "7d", "--script", "/x.py").code == 2


def test_settings_have_defaults_that_tell_nothing_of_the_machine() -> None:
    """The machine's own name is told only where somebody set so."""
    assert not Settings().host_name


def test_an_erasure_takes_two_people_where_that_is_set(
    outgate: Runs, kept: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is written down by a keyed mark, the same person twice is refused, another does
    it; what was confirmed is used up.
    """
    (home / "settings.yaml").write_text("second_person_erasure: true\n")
    store = open_store(kept)
    script = next(version.script for version in store.script_versions())
    store.close()
    line = ("erase", "--script", script, "--reason", "Art. 17", "--yes")

    def says(who: str, *line: str) -> tuple[int, str]:
        monkeypatch.setattr(current_user, "_user", lambda: who)
        told = outgate(*line)
        return told.code, told.out + told.err

    before = kept.read_bytes()
    assert says("ada", *line)[1].startswith("Asked for.")
    assert script.encode() in before and script.encode() in kept.read_bytes()
    for same in ("ada", "Ada", "ada@corp.example", "CORP\\ada"):
        code, told = says(same, *line)
        assert (code, "a second person has to confirm" in told) == (1, True), same
    assert says("bo", "erase", "--script", "/srv/other.py", "--reason", "x", "--yes")[0] == 0
    assert "your --yes confirms it" in says("bo", "erase", "--script", script)[1]
    assert says("bo", *line)[1].startswith("Erased.")
    assert verify_file(kept).ok
    assert says("carl", *line)[1].startswith("There is nothing to erase:")


def test_what_the_evidence_does_not_hold_is_not_said_to_be_erased(
    outgate: Runs, kept: Path
) -> None:
    """A slip in the name of a script must not look as if the duty were done."""
    store = open_store(kept)
    path = next(version.script for version in store.script_versions())
    store.close()
    for line in (["--script", "/nope.py"], ["--script", path.rpartition("/")[2]]):
        told = outgate("erase", *line)
        assert told.out.startswith("There is nothing to erase:"), told
        assert "whole path" in told.out and "Add --yes" not in told.out
        told = outgate("erase", *line, "--yes", "--reason", "x")
        assert (told.code, "Erased" in told.out, "would be" in told.out) == (0, False, False)
    told = outgate("erase", "--before", "2001-01-01")
    assert told.out.startswith("There is nothing to erase:") and "whole path" not in told.out
    assert outgate("erase", "--script", path).out.startswith("This would be erased:")


def test_a_confirmed_erasure_reaches_no_further_than_what_was_asked(
    outgate: Runs, kept: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All before a day: the second person cannot make it a later one."""
    (home / "settings.yaml").write_text("second_person_erasure: true\n")
    store = open_store(kept)
    times = sorted(record.at for record in read(store.iter_records()))
    between = times[1].isoformat()
    for who, before in (("ada", between), ("bo", "2026-12-31")):
        monkeypatch.setattr(current_user, "_user", lambda who=who: who)
        told = outgate("erase", "--before", before, "--reason", "time", "--yes")
        assert told.out.startswith("Asked for." if who == "ada" else "Erased.")
    left = (entry for entry in store.iter_records() if isinstance(entry, StoredRecord))
    assert sorted(record.at for record in read(left)) == times[1:]
    store.close()


def test_what_an_interrupted_erasure_left_goes_with_the_next(outgate: Runs, kept: Path) -> None:
    """Verification says what is owed; erasing again pays it, be there more to erase or not."""
    with closing(connect(kept)) as connection, transaction(connection):
        told = happening(Event.ERASED, {"why": "killed", "entries": [], "parts": []})
        append_happening(connection, told)
    assert "free room" in outgate("verify").out
    line = ("erase", "--script", "/none.py")
    asked = outgate(*line).out
    assert asked.startswith("An earlier erasure is not finished; there is nothing more to erase:")
    assert "to finish that erasure" in asked and "whole path" not in asked
    told_again = outgate(*line, "--yes", "--reason", "again")
    assert (told_again.code, "NOT finished" in told_again.out) == (0, False)
    assert told_again.out.startswith("An earlier erasure is finished now; there is nothing more")
    assert "free room" not in outgate("verify").out
    assert outgate(*line).out.startswith("There is nothing to erase:")
