"""The narrow columns of a record say what the record says, and of foreign text nothing breaks."""

import json
import random
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_day import sample_records

from app.demo.simulated_endpoints import made_up_records
from core.case_keys import case_key, destination_of, key_before, observation_key, sender_of
from core.findings import NOT_INSPECTED
from core.ids import uuid7
from core.observation import Kind, Observation, Seen
from core.record import Record
from core.review import needs_review
from evidence.chain import canonical
from hub.facts import ERASED, UNREADABLE, fact_of

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
RECORDS = [*sample_records(NOW), *made_up_records(1, 40, NOW), *made_up_records(3, 40, NOW)]


@pytest.mark.parametrize("number", range(len(RECORDS)))
def test_the_columns_of_a_record_are_what_it_says(number: int) -> None:
    """Sender, destination, case, outcome, whether it left, as the endpoint itself tells them."""
    record = Record.from_json(orjson.loads(canonical(RECORDS[number].to_json())))
    fact = fact_of(canonical(RECORDS[number].to_json()))
    key = (fact.sender.path, fact.destination, fact.account)

    assert fact.at == record.at
    assert fact.sender.path == sender_of(record)
    assert fact.destination == destination_of(record)
    assert "\x1f".join(key) == case_key(record)
    assert "\x1f".join((*key, ",".join(fact.kinds), fact.outcome)) == key_before(record)
    assert fact.went is record.left
    assert fact.review is needs_review(record)
    assert fact.bytes == record.request.bytes
    assert fact.found == sum(f.distinct for f in record.findings if f.kind != NOT_INSPECTED)
    assert (fact.sender.person or None) == record.sender.user


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
