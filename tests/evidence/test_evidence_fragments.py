"""A record's text made of pieces is the canonical text of its JSON, byte for byte."""

from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from benchmarks.evidence_records import records
from core.attribution import Attribution, Certainty, CodeLine, SenderPeer
from core.record import Record
from core.sent_file import FilesLook
from core.values import changed
from evidence import fragments
from evidence.chain import canonical
from evidence.entries import read_record
from evidence.fragments import Fragments

Make = Callable[..., Record]


def variants(made: Record) -> list[Record]:
    """Return records unlike most: hostile words, odd numbers, parts that are equal and not the
    same.
    """
    assert made.llm is not None
    hostile = 'a"\\\u202e\n\ud83d\ude00é'.encode("utf-16", "surrogatepass").decode("utf-16")
    place = replace(made.destination, path=hostile, host=hostile)
    return [
        made,
        replace(made, destination=place),
        replace(made, destination=replace(place), llm=None, findings=()),
        replace(made, sender=replace(made.sender, user=hostile)),
        replace(made, notes=(hostile, "0.0000", "1e-7,")),
        replace(made, files_look=FilesLook.IN_PART),
        replace(made, llm=replace(made.llm, model=hostile, tools=("0.0000", "1e-9]"))),
        replace(made, request=replace(made.request, bytes=2**70)),
        replace(made, request=replace(made.request, bytes=0.00001)),  # type: ignore[arg-type]
        replace(made, decision=replace(made.decision, reason=hostile, policy="1e5}")),
    ]


def test_the_text_is_the_canonical_one(make_record: Make) -> None:
    """Whatever a record holds, and whichever of its parts were seen before."""
    known = Fragments()
    several = [*records(200, 3), *variants(make_record()), *records(200, 4)]
    for record in [*several, *reversed(several)]:
        assert known.text_of(record) == canonical(record.to_json())


def test_a_sender_is_another_where_any_field_of_it_is(make_record: Make) -> None:
    """Senders with one line of code have a text in common only where all else is the very same,
    also where one has taken the place of another in memory.
    """
    known, one = Fragments(), make_record().sender
    line = CodeLine(file="a.py", line=3, function="send", certainty=Certainty.LIKELY, stack=("a",))
    assert one.script is not None and one.process is not None
    other: dict[str, object] = {
        "line": replace(line, stack=("b",)),
        "script": replace(one.script, version={"size": 1}),
        "process": replace(one.process, pid=one.process.pid + 1),
        "certainty": Certainty.UNKNOWN,
        "ancestry": (replace(one.process, pid=77),),
        "candidates": (replace(one.process, pid=78),),
        "script_candidates": ("b.py",),
        "script_process": one.process,
        "is_python": not one.is_python,
        "socket": 7,
    }
    names = [field.name for field in fields(Attribution)]
    words = {name: f"another {name}" for name in ("method", "reason", "user", "started_by")}
    peer = SenderPeer(process=one.process, script=None, certainty=Certainty.LIKELY, is_python=None)
    changes = {**other, **words, "on_behalf": (peer,)}
    assert set(names) == set(changes)
    for _ in range(3):
        for name, value in changes.items():
            for given in (dict[str, object](), {name: value}):
                sender = changed(one, **{"line": line, **given})
                record = replace(make_record(), sender=sender)
                assert known.text_of(record) == canonical(record.to_json())


@pytest.mark.parametrize("number", ["count", "distinct", "records", "subjects"])
def test_an_odd_number_among_findings_is_written_as_ever(make_record: Make, number: str) -> None:
    """Two encoders write the smallest numbers differently: the canonical text has one way."""
    made = make_record()
    record = replace(made, findings=(changed(made.findings[0], **{number: 0.00001}),))
    assert Fragments().text_of(record) == canonical(record.to_json())


def test_decisions_of_a_hold_are_their_own(make_record: Make) -> None:
    """How long a request was held is written as it was measured, equal or not."""
    known, made = Fragments(), make_record()
    for seconds in (1, 1.0, 0.00001, 1):
        held = replace(made.decision, hold_key="ab", hold_seconds=seconds)
        record = replace(made, decision=held)
        assert known.text_of(record) == canonical(record.to_json())


def test_parts_that_are_forgotten_are_written_again(
    make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few parts are remembered, the text and what is added up stay the same."""
    monkeypatch.setattr(fragments, "_PARTS_KNOWN", 2)
    known = Fragments()
    for record in [*records(40, 3), *variants(make_record())]:
        assert known.text_of(record) == canonical(record.to_json())
        again = read_record(known.text_of(record)) if record.request.bytes == 1000 else record
        assert known.destination(record.destination).host == again.destination.host
        assert known.sender(record.sender).user == again.sender.user


def test_what_no_json_can_hold_is_refused(make_record: Make) -> None:
    """Half a character in an id, which nothing makes harmless, is no text."""
    with pytest.raises(ValueError, match="not a JSON value"):
        Fragments().text_of(replace(make_record(), id="\ud800"))
