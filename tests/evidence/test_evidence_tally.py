"""Adding up stored texts by pieces: never another sum than reading each record whole gives."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.evidence_records import records
from core.case_keys import case_key
from core.ids import uuid7
from core.observation import Kind, Observation
from core.record import Record
from core.review import needs_review
from evidence.chain import canonical
from evidence.entries import read_entry
from evidence.rollup import Rollup
from evidence.tally import Tally
from evidence.times import micros

Make = Callable[..., Record]


def _with_examples(number: int, record: Record) -> Record:
    """Make some findings, of every third record, those of published examples."""
    if number % 3:
        return record
    findings = tuple(
        replace(one, test_data=(number // 3 + at) % 2 == 0)
        for at, one in enumerate(record.findings)
    )
    return replace(record, findings=findings)


_MADE = [_with_examples(number, one) for number, one in enumerate(records(400, 9))]
MADE = [(canonical(one.to_json()), one) for one in _MADE]


def whole(texts: list[tuple[bytes, int]]) -> tuple[Rollup, list[object]]:
    """What reading each record whole gives."""
    sums, told = Rollup(), list[object]()
    for text, at_us in texts:
        try:
            record = read_entry(text)
        except ValueError:
            told.append(None)
            continue
        told.append((record.id, micros(record.at), sums.add(record, at_us)))
    return sums, told


def tallied(tally: Tally, texts: list[tuple[bytes, int]]) -> tuple[Rollup, list[object]]:
    tally.begin()
    told = list[object]()
    for text, at_us in texts:
        try:
            told.append(tally.add(text, at_us))
        except ValueError:
            told.append(None)
    return tally.sums, told


def test_sums_by_pieces_are_those_of_records_read_whole() -> None:
    """Many records of a varied machine add up to the same, also when it is done a second time."""
    texts = [(text, micros(one.at)) for text, one in MADE]
    tally = Tally()
    for _ in range(2):
        assert tallied(tally, texts) == whole(texts)
    assert all(case_key(one) in tally.sums.cases for _, one in MADE if needs_review(one))


def test_published_examples_are_in_the_marks_and_in_no_sum(make_record: Make) -> None:
    """What everybody finds in a manual makes no case more urgent, is no kind of its data, and
    counts as nobody's; it is found by its value like any other.
    """
    (real,) = make_record().findings[:1]
    findings = (real, replace(real, kind="iban", test_data=True, distinct=5000, records=5000))
    for found, kinds, values in ((findings, {real.kind}, real.distinct), (findings[1:], set(), 0)):
        record = make_record(findings=found)
        tally = Tally()
        sums, _ = tallied(tally, [(canonical(record.to_json()), micros(record.at))])
        [case] = sums.cases.values()
        assert (set(case.kinds), case.most_values) == (kinds, values)
        assert (case.most_records or 0) == (real.records or 0 if kinds else 0)
        assert case.people[0] == (values if kinds else 0) or not kinds
        assert {hour[4] for hour in sums.hours} == {f",{real.kind}," if kinds else ""}
        assert len(tally.pairs) >= len(real.fingerprints)


def _walk(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    return [path, *(one for key, item in inside for one in _walk(item, (*path, key)))]


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, -1, 7, 1.5, 2**63, 2**63 - 1, 2**80, -(2**63) - 1, "", "x", "allow",
     "certain", "2026-01-01T00:30:14.400000Z", "2026-01-01", '","decision":{', [], ["a"], [1],
     [None], [{}], {}, {"a": 1}, "\u2022 \u202e", "email\x1fiban", "CONNECT"]
)  # fmt: skip


@given(which=st.integers(0, len(MADE) - 1), where=st.integers(0, 10_000), odd=ODD,
       how=st.sampled_from(["put", "drop", "add"]))  # fmt: skip
def test_any_change_of_a_record_is_read_alike(which: int, where: int, odd: Any, how: str) -> None:
    """Whatever stands in a field, is missing or is there too: by pieces and whole say the same of
    it, be it that nobody can read it.
    """
    text, record = MADE[which]
    value = json.loads(text)
    path = [one for one in _walk(value) if one][where % (len(_walk(value)) - 1)]
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    if how == "put":
        holder[path[-1]] = odd
    elif how == "drop":
        del holder[path[-1]]
    elif isinstance(holder, dict):
        holder["new"] = odd
    changed = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
    at_us = micros(record.at)
    tally = Tally()
    tallied(tally, [(known, at_us) for known, _ in MADE])
    texts = [(changed, at_us), (text, at_us), (changed, at_us)]
    assert tallied(tally, texts) == whole(texts)


@given(which=st.integers(0, len(MADE) - 1), at=st.integers(0, 5000),
       byte=st.sampled_from(b'"{}[]:,0\\x\x80\x01'), insert=st.booleans())  # fmt: skip
def test_any_changed_byte_is_read_alike(which: int, at: int, byte: int, insert: bool) -> None:
    """A text with one byte changed or put in is read by pieces as it is read whole."""
    text, record = MADE[which]
    at %= len(text)
    changed = text[:at] + bytes([byte]) + text[at + (not insert) :]
    at_us = micros(record.at)
    tally = Tally()
    tallied(tally, [(known, at_us) for known, _ in MADE[:50]])
    texts = [(changed, at_us), (changed, at_us)]
    assert tallied(tally, texts) == whole(texts)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b',"destination":', b',"at":"2020-01-01T00:00:00.000000Z","destination":'),
        (b'"complete":true', b'"bytes":5,"complete":true'),
        (b',"schema":', b',"request":null,"schema":'),
        (b'"notes":[]', b'"notes":[],"notes":["x"]'),
        (b'"findings":[', b'"findings":[],"findings":['),
        (b'{"at":', b' {"at":'),
        (b'"status":200', b'"status":200,"bytes":9'),
        (b'"status":200', b'"status":"200"'),
        (b'"bytes":', b'"bytes":0'),
    ],
)
def test_a_member_that_stands_there_twice_is_read_alike(before: bytes, after: bytes) -> None:
    """No second member of the same name slips past, be it in a text like which others were read."""
    text, record = next((t, r) for t, r in MADE if before in t)
    changed, at_us = text.replace(before, after, 1), micros(record.at)
    tally = Tally()
    tallied(tally, [(known, at_us) for known, _ in MADE])
    texts = [(changed, at_us), (changed, at_us), (text, at_us)]
    assert tallied(tally, texts) == whole(texts)


def test_most_records_are_not_read_whole(
    make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ordinary records are added up by pieces; this is what makes verifying many of them short."""
    tally = Tally()

    def never(text: bytes, at_us: int, seq: int) -> None:
        raise AssertionError("read whole")

    monkeypatch.setattr(tally, "_whole", never)
    plain = make_record(3)
    made = [text for text, _ in MADE] + [canonical(replace(plain, llm=None).to_json())]
    made.append(canonical(plain.to_json()))
    for text in made:
        tally.add(text, 0)


def test_observations_between_records_are_added_up_alike() -> None:
    """What was only seen stands in the same chain: it is read whole, and counts as it ever did."""
    seen = [
        Observation(
            id=uuid7(one.at), at=one.at, kind=Kind.LISTENER, about="port 8000", sender=one.sender,
            notable=bool(number % 2),
        )
        for number, (_, one) in enumerate(MADE[:40])
    ]  # fmt: skip
    texts = [(canonical(one.to_json()), micros(one.at)) for one in seen]
    texts = [pair for both in zip(texts, [(t, micros(r.at)) for t, r in MADE[:40]], strict=True)
             for pair in both]  # fmt: skip
    assert tallied(Tally(), texts) == whole(texts)
