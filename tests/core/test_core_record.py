"""A record read back: the same as written, whatever later versions add; and never half of one that
is not understood.
"""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from families import with_each
from hypothesis import given
from hypothesis import strategies as st

from core.attribution import Attribution, Certainty, CodeLine, LaunchedAs, ProcessRef, Script
from core.classification import (
    Account,
    AccountKind,
    Attachment,
    Category,
    CostBasis,
    Destination,
    LlmCall,
    TokensBasis,
)
from core.decision import Decision, HoldOutcome, Verdict
from core.findings import Confidence, Finding
from core.record import Record, RequestSummary, ResponseSummary

AT = datetime(2026, 11, 20, 14, 14, 3, 25, tzinfo=UTC)
PROCESS = ProcessRef(pid=7, started_at=AT, name="python3", exe="/usr/bin/python3")
FULL = Record(
    id="01a1fde5-1aa2-7000-bb90-ca9061f1a9dd",
    at=AT,
    sender=Attribution(
        certainty=Certainty.LIKELY,
        method="psutil",
        reason="Two processes share the connection.",
        process=PROCESS,
        user="analyst",
        script=Script(
            path="/srv/a.py",
            sha256="ab" * 32,
            launched_as=LaunchedAs.MODULE,
            name="a",
            version={"size": 3, "git": {"commit": "c"}},
        ),
        script_process=PROCESS,
        line=CodeLine(
            file="/srv/a.py", line=3, function="f", certainty=Certainty.EXACT, stack=("a.py:3 f",)
        ),
        ancestry=(PROCESS,),
        candidates=(PROCESS, PROCESS),
        started_by="cron",
        is_python=True,
    ),
    destination=Destination(
        scheme="https",
        host="api.openai.com",
        port=443,
        path="/v1",
        service="openai",
        category=Category.LLM,
        account=Account(kind=AccountKind.PERSONAL, id="o-1", evidence="host"),
        upload=True,
        address="192.0.2.1",
        country="DE",
    ),
    request=RequestSummary(method="POST", content_type="text/plain", bytes=9, complete=True),
    response=ResponseSummary(status=200, bytes=4),
    llm=LlmCall(
        provider="openai",
        operation="chat",
        model="m",
        stream=True,
        input_tokens=1,
        output_tokens=2,
        cache_read_tokens=3,
        cache_write_tokens=4,
        reasoning_tokens=5,
        tokens_basis=TokensBasis.ESTIMATED,
        tokens_band="±1 %",
        cost_usd="0.1",
        cost_basis=CostBasis.TABLE,
        cost_left_out=("web searches",),
        response_id="resp_1",
        tier="flex",
        key_fingerprint="feed",
        key_class="project",
        organisation="org",
        project="p",
        tools=("t",),
        attachments=(Attachment(media_type="image/png", bytes=3, sha256="cd" * 32),),
        messages=1,
        evidence=("host",),
    ),
    findings=(
        Finding(
            kind="iban",
            detector="iban",
            confidence=Confidence.CERTAIN,
            count=2,
            distinct=1,
            records=2,
            where=("column a",),
            excerpt="DE••••00",
            fingerprints=("0f",),
            test_data=True,
            note="n",
            subjects=1,
        ),
    ),
    decision=Decision(
        verdict=Verdict.HOLD,
        rule="r",
        reason="Because.",
        degraded=("names: late",),
        intended=Verdict.BLOCK,
        policy="a3f1c2d4e5b60718",
        headers=(("x-tenant", ""),),
        hold_key="5a",
        hold_seconds=2.5,
        hold_outcome=HoldOutcome.TIMED_OUT,
    ),
    notes=("the client left",),
)
LEAST = Record(
    id="01a1fde5-1aa2-7000-bb90-ca9061f1a9de",
    at=AT,
    sender=Attribution(certainty=Certainty.UNKNOWN, method="none"),
    destination=Destination(
        scheme="http", host="h", port=80, path="/", service=None, category=Category.OTHER
    ),
    request=RequestSummary(method="GET", content_type=None, bytes=0, complete=False),
    response=ResponseSummary(),
    llm=None,
    findings=(),
    decision=Decision(verdict=Verdict.ALLOW),
)

type Path = tuple[str | int, ...]

LATER_ADDITIONS: frozenset[tuple[str, ...]] = frozenset(
    {
        ("sender", "reason"),
        ("sender", "started_at"),
        ("sender", "script_process"),
        ("sender", "candidates"),
        ("sender", "started_by"),
        ("sender", "is_python"),
        ("sender", "script", "version"),
        ("sender", "line", "stack"),
        ("destination", "upload"),
        ("destination", "address"),
        ("destination", "country"),
        ("destination", "other_names"),
        ("llm", "evidence"),
        ("llm", "cost_left_out"),
        ("llm", "response_id"),
        ("llm", "tier"),
        ("findings", "test_data"),
        ("findings", "note"),
        ("findings", "subjects"),
        ("decision", "intended"),
        ("decision", "policy"),
        ("decision", "headers"),
        ("decision", "hold"),
        ("notes",),
    }
)
"""What early records lack; a process anywhere may lack `started_at` as well."""


def stored(record: Record = FULL) -> dict[str, Any]:
    """Return the record as it comes back from JSON text."""
    value: dict[str, Any] = json.loads(json.dumps(record.to_json()))
    return value


def paths(value: Any, here: Path = ()) -> Iterator[Path]:
    """Yield the place of every value inside, without what a script's version holds."""
    items: Any = ()
    if isinstance(value, dict) and here[-1:] != ("version",):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield (*here, key)
        yield from paths(inner, (*here, key))


def parent_of(value: Any, path: Path) -> Any:
    """Return what holds the value at this place."""
    for step in path[:-1]:
        value = value[step]
    return value


FIELDS = [path for path in paths(stored()) if isinstance(path[-1], str)]
PLACES = list(paths(stored()))


@pytest.mark.parametrize("record", [FULL, LEAST], ids=["full", "least"])
def test_what_was_written_is_read(record: Record) -> None:
    """Nothing of a record is lost or changed by being stored."""
    assert Record.from_json(stored(record)).to_json() == record.to_json()


@pytest.mark.parametrize(
    "path", [(), *(p for p in PLACES if isinstance(parent_of(stored(), (*p, "")), dict))], ids=str
)
def test_what_a_later_version_adds_is_left_alone(path: Path) -> None:
    """A record with fields that this version does not know is read like any other."""
    value = stored()
    parent_of(value, (*path, ""))["quantum_safe"] = {"yes": True}
    if path[-1:] != ("version",):
        assert Record.from_json(value) == Record.from_json(stored())
    else:
        Record.from_json(value)


@with_each("path", FIELDS)
def test_a_field_that_is_missing_is_never_made_up(path: Path) -> None:
    """What was recorded from the beginning has to be there; what came later is then unknown."""
    value = stored()
    del parent_of(value, path)[path[-1]]
    name = tuple(str(step) for step in path if isinstance(step, str))
    process = name[:2] in {("sender", "ancestry"), ("sender", "candidates")} or name[1:2] == (
        "script_process",
    )
    if name in LATER_ADDITIONS or (process and name[-1] == "started_at"):
        Record.from_json(value)
    else:
        with pytest.raises(ValueError, match=f"{path[-1]} is missing|is no object"):
            Record.from_json(value)


WORDS = {
    "certainty",
    "launched_as",
    "category",
    "kind",
    "tokens_basis",
    "cost_basis",
    "verdict",
    "intended",
    "outcome",
}
WORD_FIELDS = [
    path for path in FIELDS if path[-1] in WORDS and (path[0], path[-1]) != ("findings", "kind")
]


@pytest.mark.parametrize("path", WORD_FIELDS, ids=str)
def test_a_word_of_a_later_version_makes_no_half_a_record(path: Path) -> None:
    """What a word of a later version means is not guessed: the record is one that cannot be
    read.
    """
    value = stored()
    parent_of(value, path)[path[-1]] = "quarantined"
    with pytest.raises(ValueError, match=f"{path[-1]} is not what this version knows"):
        Record.from_json(value)


def test_a_record_of_another_format_is_refused() -> None:
    """`outgate.record/2` may mean something else by the same names."""
    with pytest.raises(ValueError, match="schema"):
        Record.from_json({**stored(), "schema": "outgate.record/2"})


def damage() -> st.SearchStrategy[Any]:
    """Values of every JSON type, each wrong at most places."""
    scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    return scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(), scalars, max_size=2)


@given(path=st.sampled_from(PLACES), value=damage())
def test_damage_is_told_without_its_value_and_never_otherwise(path: Path, value: Any) -> None:
    """Whatever stands in a field, the record is read and can be written again, or the complaint is
    a ValueError.
    """
    broken = copy.deepcopy(stored())
    parent_of(broken, path)[path[-1]] = value
    try:
        record = Record.from_json(broken)
    except ValueError as error:
        assert not isinstance(value, str) or len(value) < 4 or value not in str(error)
    else:
        record.to_json()


@pytest.mark.parametrize("value", [None, [], "", 7, {}, {"id": "x"}], ids=repr)
def test_what_is_no_record_at_all_is_told(value: object) -> None:
    """Anything may stand in a damaged file."""
    with pytest.raises(ValueError, match="record"):
        Record.from_json(value)


@pytest.mark.parametrize("at", ["yesterday", "2026-11-20", "2026-11-20T14:14:03"])
def test_a_time_without_a_zone_is_no_time(at: str) -> None:
    """A time that could be any of 24 orders nothing."""
    with pytest.raises(ValueError, match="at is not"):
        Record.from_json({**stored(), "at": at})
