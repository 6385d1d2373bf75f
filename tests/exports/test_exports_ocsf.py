"""OCSF: every event that we write is one by the published schema."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from ocsf_schema import complaints

from core.attribution import UNATTRIBUTED
from core.case_keys import case_key
from core.decision import Decision, HoldOutcome, Verdict
from core.findings import Confidence, Finding, not_inspected
from core.happenings import Event, happening
from core.observation import Kind, Seen
from core.record import Record
from core.review import Action, Disposition, ReviewEvent, ScriptVersion, script_event
from core.vocabulary.kinds import KINDS
from evidence.store import Store
from exports.selection import Selection
from exports.writing import export
from tests.core.test_core_sent_file import FILE
from tests.evidence.conftest import LATER, make_observation, make_record

Make = Callable[..., Record]
METHODS = "GET POST PUT PATCH DELETE HEAD OPTIONS TRACE CONNECT PROPFIND WEBSOCKET".split()


def _made() -> list[Record]:
    made = [make_record(n, verdict=verdict) for n, verdict in enumerate(Verdict)]
    plain = make_record(20, llm=None)
    made += [replace(plain, request=replace(plain.request, method=method)) for method in METHODS]
    made += [
        replace(plain, sender=UNATTRIBUTED),
        replace(plain, findings=()),
        replace(plain, findings=(not_inspected("sealed", "decoder"),)),
        replace(plain, files=(FILE,)),
        replace(plain, response=replace(plain.response, status=None)),
        replace(plain, notes=("the destination could not be reached: nothing was sent",)),
        replace(plain, destination=replace(plain.destination, address="192.0.2.7", country="de")),
        replace(plain, destination=replace(plain.destination, country="unknown", service=None)),
        replace(plain, destination=replace(plain.destination, host="mistyped.invalid", port=0)),
    ]
    made += [
        replace(plain, findings=(Finding(
            kind=kind, detector="d", confidence=confidence, count=1, distinct=1,
            records=3, subjects=2, test_data=True,
        ),))
        for kind in KINDS for confidence in Confidence
    ]  # fmt: skip
    call = make_record(30).llm
    assert call is not None
    made += [
        make_record(30, llm=one)
        for one in (
            replace(call, model=None),
            replace(call, provider=None),
            replace(call, input_tokens=None, output_tokens=None),
            replace(call, model=None, provider=None),
        )
    ]
    made += [
        make_record(
            40,
            decision=Decision(
                verdict=Verdict.HOLD, hold_outcome=outcome, policy="ab12", intended=Verdict.HOLD
            ),
        )
        for outcome in (None, *HoldOutcome)
    ]
    return made


@pytest.fixture
def events(write: Callable[..., None], place: Path, tmp_path: Path) -> list[dict[str, Any]]:
    """All kinds of records and acts there are, as events."""
    records = _made()
    write(*(replace(one, id=f"{one.id[:-4]}{n:04x}") for n, one in enumerate(records)))
    nowhere: dict[str, Any] = {
        "server": Seen(value=None, how="told"),
        "address": Seen(value="no ip", how="told"),
    }
    kept: tuple[dict[str, Any], ...] = ({}, {"facts": {}}, {"facts": nowhere})
    write(*(
        make_observation(n, kind=kind, sender=sender, ended=ended, **facts)
        for n, (kind, sender, facts, ended) in enumerate(
            product(Kind, (records[0].sender, UNATTRIBUTED), kept, (None, records[0].at))
        )
    ))  # fmt: skip
    store = Store(place, clock=lambda: LATER)
    key = case_key(records[1])
    for number, action in enumerate((Action.NOTE, Action.CLOSE, Action.REOPEN)):
        store.append([ReviewEvent(
            id=f"e{number}", at=records[0].at, case_key=key, action=action, who="ada", note="n",
            disposition=Disposition.TEST_DATA if action is Action.CLOSE else None,
        )])  # fmt: skip
    version = ScriptVersion(
        script="/home/analyst/upload.py", sha256="ab" * 32,
        first_at=records[0].at, last_at=records[0].at,
    )  # fmt: skip
    for approve in (True, False):
        at = records[0].at
        store.append([script_event(version, approve=approve, who="ada", at=at, note="ok")])
    for event in Event:
        store.tell(happening(event, {"records": 3, "why": "x", "none": None}, who="ada"))
        store.tell(happening(event, {}))
    out = tmp_path / "x.ocsf.jsonl"
    export("ocsf", store, Selection(), out, by="auditor")
    store.close()
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def test_every_event_is_one_by_the_schema(events: list[dict[str, Any]]) -> None:
    """Names, types, enumerations, profiles and requirements are those published; nothing is
    invented where a field exists.
    """
    told = {complaint for event in events for complaint in complaints(event)}
    assert sorted(told) == []


def test_the_validator_finds_what_is_wrong(events: list[dict[str, Any]]) -> None:
    """A check that finds nothing in anything is none."""
    good = next(event for event in events if event["class_uid"] == 4002)
    for wrong, words in (
        ({"invented": 1}, "is invented"),
        ({"severity_id": 42}, "enumeration"),
        ({"time": "today"}, "is no timestamp_t"),
        ({"type_uid": 1}, "type_uid"),
        ({"dst_endpoint": {"port": 70000, "name": "x"}}, "out of range"),
        ({"dst_endpoint": {"port": 7}}, "one of"),
        ({"ai_model": {"name": "x", "ai_provider": "y"}}, "is invented"),
        ({"http_response": {}}, "is required"),
    ):
        assert words in " ".join(complaints({**good, **wrong})), wrong


def test_each_kind_of_event_is_there(events: list[dict[str, Any]]) -> None:
    """Requests, calls of models, findings, decisions, approvals, starts, exports, connections."""
    classes = {event["class_uid"] for event in events}
    assert classes == {4002, 6003, 2006, 2004, 3004, 6002, 1008, 4001, 0}


def test_a_finding_never_holds_its_value(events: list[dict[str, Any]]) -> None:
    """No field for matched text is filled."""
    assert not [e for e in events if "pattern_match" in str(e)]


def test_a_port_that_nobody_knows_is_left_out(events: list[dict[str, Any]]) -> None:
    """No event says port 0, nor another that was made up; and one that is known stands there."""
    unknown = [text for text in map(json.dumps, events) if "mistyped.invalid" in text]
    assert unknown
    assert all('"port"' not in text for text in unknown)
    assert any('"port": 443' in text for text in map(json.dumps, events))
