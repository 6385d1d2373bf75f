"""The narrow columns of a record say what the record says, and of foreign text nothing breaks."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from families import with_each
from hypothesis import given
from hypothesis import strategies as st
from invented_day import sample_records

from app.demo.simulated_endpoints import made_up_records
from core.case_keys import case_key, destination_of, key_before, observation_key, sender_of
from core.decision import HoldOutcome, Verdict
from core.fate import (
    CUT_OFF,
    MESSAGE_TOO_LARGE,
    NOT_READ_BACK,
    SPOKE_OTHERWISE,
    UNFINISHED_NOTE,
    UNREACHED_NOTE,
)
from core.findings import NOT_INSPECTED
from core.ids import uuid7
from core.observation import Kind, Observation, Seen
from core.record import Record
from core.review import needs_review
from evidence.chain import canonical
from hub import facts
from hub.facts import ERASED, UNREADABLE, Fact, fact_of

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
RECORDS = [*sample_records(NOW), *made_up_records(1, 40, NOW), *made_up_records(3, 40, NOW)]


@with_each("number", range(len(RECORDS)))
def test_the_columns_of_a_record_are_what_it_says(number: int) -> None:
    """Sender, destination, case, outcome, whether it left, as the endpoint itself tells them."""
    record = Record.from_json(orjson.loads(canonical(RECORDS[number].to_json())))
    fact = fact_of(canonical(RECORDS[number].to_json()))
    key = (fact.sender.path, fact.destination, fact.account)

    assert fact.at == record.at
    assert fact.sender.path == sender_of(record)
    assert fact.destination == destination_of(record)
    assert "\x1f".join(key) == case_key(record)
    kinds = [kind for kind in fact.kinds if kind != NOT_INSPECTED or not record.decision.degraded]
    assert "\x1f".join((*key, ",".join(kinds), fact.outcome)) == key_before(record)
    assert (NOT_INSPECTED in fact.kinds) is record.unread
    assert fact.went is (record.left or record.left_in_part)
    assert fact.review is needs_review(record)
    assert fact.bytes == record.request.bytes
    assert fact.found == sum(f.distinct for f in record.findings if f.kind != NOT_INSPECTED)
    assert (fact.sender.person or None) == record.sender.user


@with_each("verdict", Verdict)
@with_each("ended", [None, *HoldOutcome])
@with_each(
    "notes",
    [
        (),
        ("cut",),
        (f"{CUT_OFF} 8,000,000 bytes had left",),
        (MESSAGE_TOO_LARGE,),
        (SPOKE_OTHERWISE,),
        (NOT_READ_BACK,),
    ],
)
@with_each("fate", [None, UNREACHED_NOTE, UNFINISHED_NOTE])
def test_whether_it_left_is_what_the_record_says(
    verdict: Verdict, ended: HoldOutcome | None, notes: tuple[str, ...], fate: str | None
) -> None:
    """Whole or in part, read in pieces or whole."""
    decision = replace(RECORDS[0].decision, verdict=verdict, hold_outcome=ended, hold_key="k")
    told = notes if fate is None else (*notes, fate)
    text = canonical(replace(RECORDS[0], decision=decision, notes=told).to_json())
    record = Record.from_json(orjson.loads(text))
    assert fact_of(text).went is record.went
    assert whole(text) == fact_of(text)


def test_a_record_of_which_a_check_failed_is_not_all_read() -> None:
    """Whatever was found, and however many kinds: the columns say so, as the record does."""
    for record in RECORDS:
        decision = replace(record.decision, degraded=("personal data: the worker was late",))
        failed = canonical(replace(record, decision=decision).to_json())
        kinds, before = fact_of(failed).kinds, fact_of(canonical(record.to_json())).kinds
        assert set(kinds) == {*before, NOT_INSPECTED} and list(kinds) == sorted(kinds)
    value = orjson.loads(failed)
    found = next(r for r in RECORDS if r.findings).to_json()["findings"][0]
    value["findings"] = [{**found, "kind": f"a{n:02}"} for n in range(60)]
    assert NOT_INSPECTED in fact_of(canonical(value)).kinds and len(fact_of(failed).kinds) <= 40


@pytest.mark.parametrize("notable", [True, False])
@pytest.mark.parametrize("kind", Kind)
def test_the_columns_of_an_observation_are_what_it_says(kind: Kind, notable: bool) -> None:
    """What was only seen is told as that: it is no entry that cannot be read, and nothing left."""
    seen = Observation(
        id=uuid7(NOW),
        at=NOW,
        kind=kind,
        about="postgresql at db.example:5432",
        sender=RECORDS[0].sender,
        facts={"bytes_sent": Seen(value=812, how="the kernel")},
        notable=notable,
    )
    fact = fact_of(canonical(seen.to_json()))
    key = (fact.sender.path, fact.destination, ",".join(fact.kinds), fact.outcome)
    assert "\x1f".join(key) == observation_key(seen)
    assert (fact.at, fact.bytes, fact.went, fact.review) == (NOW, 812, False, notable)


@given(data=st.binary(max_size=60))
def test_what_is_no_record_is_unreadable_and_never_clean(data: bytes) -> None:
    """Garbage is something to look at; nothing is something that was erased."""
    fact = fact_of(data)
    assert fact.outcome == (UNREADABLE if data else ERASED)
    assert fact.review is bool(data)


HOSTILE: tuple[Any, ...] = (
    *(None, True, -1, 1 << 80, 1.5, "", "\0", "\x1b[31m", "\u202e", "a" * 5000, [], {}),
    *([None], {"kind": 1}, "9999-12-31T23:59:59", "0001-01-01T00:00:00Z", "\ud800"),
)


def paths(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [before] if before else []
    if isinstance(value, dict):
        for key in value:
            found += paths(value[key], (*before, key))
    if isinstance(value, list):
        for at, one in enumerate(value):
            found += paths(one, (*before, at))
    return found


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda one: repr(one)[:20])
def test_no_value_of_any_field_breaks_the_reading(hostile: Any) -> None:
    """Whatever stands in whatever field: the columns fit their tables, and hold no control
    character.
    """
    value = RECORDS[0].to_json()
    for path in paths(value):
        changed = orjson.loads(orjson.dumps(value))
        place = changed
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = hostile
        text = json.dumps(changed).encode()
        fact = fact_of(text)
        words = [fact.destination, fact.outcome, fact.account, *fact.kinds]
        words += [fact.sender.path, fact.sender.name, fact.sender.person]
        assert all(word.isprintable() and len(word) <= 401 for word in words), path
        assert 0 <= fact.bytes < 1 << 62
        assert 0 <= fact.found < 1 << 31
        assert 0 <= fact.rows < 1 << 31
        assert fact.at is None or fact.at.tzinfo is UTC


def test_a_case_with_any_kind_is_counted_in_its_order() -> None:
    """Kinds stand in the order of their names, once each, as in the key of a case."""
    chance = random.Random(4)
    value = RECORDS[0].to_json()
    finding = value["findings"][0] if value["findings"] else RECORDS[1].to_json()["findings"][0]
    kinds = ["iban", "email", "iban", "person"]
    chance.shuffle(kinds)
    value["findings"] = [{**finding, "kind": kind} for kind in kinds]
    assert fact_of(orjson.dumps(value)).kinds == ("email", "iban", "person")


def whole(text: bytes) -> Fact | None:
    """The columns as they are read of the whole text at once; None where it is no record."""
    try:
        return facts._read(orjson.loads(text))
    except facts._NO_RECORD:
        return None


ANCHORS = (facts._DECISION, facts._FINDINGS, facts._SENDER, b',"at":"2026-01-01T00:00:00Z"')
ODD = (*ANCHORS, b"}", b"{", b'"', b",", b"]", b'"schema":1,', b'"sender":{},', b"\xff", b"null")


@given(
    number=st.integers(0, len(RECORDS) - 1),
    at=st.lists(st.floats(0, 1), min_size=1, max_size=3),
    pieces=st.lists(st.sampled_from(ODD), min_size=1, max_size=3),
    cut=st.integers(0, 40),
)
def test_pieces_say_what_the_whole_text_says(
    number: int, at: list[float], pieces: list[bytes], cut: int
) -> None:
    """Whatever stands where in a text, also what looks like the beginning of a piece."""
    text = canonical(RECORDS[number].to_json())
    assert facts._pieces(text) == whole(text) is not None
    for place, piece in zip(at, pieces, strict=False):
        where = int(place * len(text))
        text = text[:where] + piece + text[where + cut :]
        found = facts._in_pieces(text)
        assert found is None or found == whole(text)


def test_what_looks_like_a_piece_is_read_as_it_stands() -> None:
    """Names that stand twice, in another order, within one another, and in texts."""
    value = RECORDS[-1].to_json()
    text = canonical(value)
    other = canonical(RECORDS[0].to_json())
    decision, sender = orjson.dumps(value["decision"]), orjson.dumps(value["sender"])
    texts = [
        orjson.dumps(dict(reversed(value.items()))),
        b'{"aa":{"x":1' + facts._DECISION + b"}}," + text[1:],
        b'{"aa":[1],"at":"2020-01-01T00:00:00Z",' + text[1:],
        text[:-1] + b',"decision":' + decision + b"}",
        text[:-1] + b',"sender":' + sender + b',"at":"2020-01-01T00:00:00Z"}',
        text[:-1] + b',"findings":[]}',
        text[:-1] + other[other.index(facts._DECISION) : -1] + b"}",
        text.replace(b'"path":"', b'"path":"\\",\\"decision\\":{', 1),
        text + b" ",
        b" " + text,
    ]
    for one in texts:
        assert fact_of(one) == whole(one)
        assert whole(one) is not None
    for one in (text[:-1], text + b"}", text[1:], text + text):
        assert fact_of(one).outcome == UNREADABLE
