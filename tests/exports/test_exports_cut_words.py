"""What was cut on its way is called that, with its bytes, in every list, screen, export and report:
it was not "blocked", for a part of it had left.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fates import BYTES, ENDINGS, ended
from policy_samples import policy

from core.case_keys import case_key, destination_of, sender_of
from core.case_words import parse
from core.record import Record
from core.review import Case
from evidence.history import History
from evidence.hours import per_destination
from evidence.store import Store
from exports.outbox.collectors import Parcel
from exports.outbox.otlp import logs
from exports.selection import Selection
from exports.writing import export
from policy.replay import replayed
from policy.volumes import Volumes
from tui.wording import case_outcomes, case_sentence, case_words, record_words, sentence

type Make = Callable[..., Record]
type Write = Callable[..., None]
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
every = pytest.mark.parametrize("name", ENDINGS)
CUT = f"cut after {BYTES:,} bytes"


@every
def test_every_export_calls_a_cut_request_cut(
    name: str, write: Write, place: Path, make_record: Make, tmp_path: Path
) -> None:
    """Nothing that was not cut is called so."""
    record = ended(make_record, name)
    record = replace(record, decision=replace(record.decision, reason=""))
    write(record)
    told = {}
    with closing(Store(place)) as store:
        for format_ in ("csv", "ocsf", "cef"):
            export(format_, store, Selection(), tmp_path / format_, by="auditor")
            told[format_] = (tmp_path / format_).read_text(encoding="utf-8-sig")
        parcel = Parcel(machine="here", records=list(store.iter_entries()), acts=[])
    told["otlp"] = json.dumps(logs(parcel))
    for format_, text in told.items():
        words = f"It was {CUT} had left."
        assert (words in text) == (ENDINGS[name].delivery == "cut"), format_
        assert "It was blocked" not in text or name == "blocked", format_


@every
def test_ocsf_says_neither_denied_nor_blocked(
    name: str, write: Write, place: Path, make_record: Make, tmp_path: Path
) -> None:
    record = ended(make_record, name)
    write(record)
    with closing(Store(place)) as store:
        export("ocsf", store, Selection(), tmp_path / "out", by="auditor")
    rows = [
        json.loads(line) for line in (tmp_path / "out").read_text(encoding="utf-8").splitlines()
    ]
    told = {
        (row.get("action"), row["disposition_id"], row.get("disposition"))
        for row in rows
        if "disposition_id" in row
    }
    cut = ENDINGS[name].delivery == "cut"
    assert (told == {("Cut", 99, CUT.capitalize())}) if cut else all(row[1] != 99 for row in told)


def listed(place: Path, words: str) -> Sequence[Case]:
    with closing(Store(place, clock=lambda: NOW)) as store:
        return store.page(parse(words, NOW, UTC).wanted, 0, 50)


@every
def test_the_review_calls_it_cut(name: str, write: Write, place: Path, make_record: Make) -> None:
    record, cut = ended(make_record, name), ENDINGS[name].delivery == "cut"
    write(record, *(ended(make_record, other, 1) for other in ENDINGS if other != name))
    assert (record_words(record).word == "cut") == cut
    assert (f"It was {CUT} had left." in sentence(record, NOW)) == cut
    cases = {case.key: case for case in listed(place, "all")}
    found = {case.key for case in listed(place, "all cut")}
    assert found == {key for key, case in cases.items() if case_words(case).word == "cut"}
    case = cases.get(case_key(record))
    assert case is None or (case.cut, case_words(case).word == "cut") == (int(cut), cut)
    if case is not None:
        assert (f"It was {CUT} had left." in case_sentence(case, NOW)) == cut
    assert found == {key for key in cases if cases[key].cut}


def test_a_case_of_several_says_how_many_were_cut(
    write: Write, place: Path, make_record: Make
) -> None:
    """And where others left whole, the case goes by those."""
    of_one = {"script": "/srv/a.py", "host": "a.example"}
    cut = [ended(make_record, "upload cut", number, **of_one) for number in range(2)]
    write(*cut, ended(make_record, "blocked", 3, **of_one))
    (case,) = listed(place, "all")
    assert (
        case_words(case).outcome
        == f"2 requests were cut after {2 * BYTES:,} bytes in all had left."
    )
    assert case_outcomes(case) == "2 cut, 1 blocked"
    write(ended(make_record, "delivered", 4, **of_one))
    (case,) = listed(place, "all cut")
    assert (case.cut, case_words(case).word) == (2, "passed")
    write(ended(make_record, "past the gate", 5, **of_one))
    (case,) = listed(place, "all cut")
    assert case.cut == 2


@every
def test_a_replay_adds_up_what_leaves(name: str, make_record: Make) -> None:
    """By the policy that is asked: what failed by itself leaves by none."""
    ending, first = ENDINGS[name], ended(make_record, name)
    later = replace(ended(make_record, name, 1), at=first.at + timedelta(minutes=1))
    rules = "  - {id: more, when: {volume: {day_bytes_at_least: 8 MB}}, then: warn}\n"
    _, second = replayed(policy(rules), [first, later])
    assert second is not None
    would_leave = ending.went or (ending.stopped and ending.stage == "")
    assert (second.decision.rule == "more") == (would_leave and bool(ending.bytes))


def test_what_went_past_makes_no_other_sum_an_at_least(
    write: Write, place: Path, make_record: Make
) -> None:
    """Only that of its script and destination."""
    past = ended(make_record, "past the gate", host="a.example")
    others = [
        ended(make_record, "delivered", 1, script="/srv/past-the-gate.py", host="b.example"),
        ended(make_record, "delivered", 2, script="/srv/other.py", host="a.example"),
    ]
    write(past, *others)
    later = past.at + timedelta(minutes=9)
    with closing(Store(place)) as store:
        history = History(store)
        live = [history.volume(sender_of(r), destination_of(r), later) for r in (past, *others)]
        told = {row[0]: row[3].least for row in per_destination(store) if row[2] != "past"}
    replayed_ = Volumes()
    for record in (past, *others):
        replayed_.add(record)
    assert [one.day_exact for one in live] == [False, True, True]
    assert [replayed_.before(r).day_exact for r in (past, *others)] == [False, True, True]
    assert told == {"a.example": 0, "b.example": 0}
