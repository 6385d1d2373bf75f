"""A record's text made of pieces is the canonical text of its JSON, byte for byte."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from benchmarks.evidence_records import records
from core.record import Record
from core.sent_file import FilesLook
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
