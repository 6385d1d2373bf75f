"""What somebody changed in the evidence file is no record that an export tells as one."""

import sqlite3
from pathlib import Path

import pytest
from reading_files import readable

from core.stored import CHANGED, UnreadableEntry
from evidence.frames import packed, unpacked
from evidence.store import Store
from exports.formats import formats
from exports.selection import Selection
from exports.verification import verify_export
from exports.writing import export


def changed(place: Path, seq: int) -> None:
    """Write another number into one entry, as whoever can write the file might."""
    with sqlite3.connect(place) as connection:
        [(frame,)] = connection.execute("SELECT body FROM entries WHERE seq = ?", (seq,))
        text = unpacked(frame)
        at = text.index(b'"bytes":') + len(b'"bytes":')
        digit = b"7" if text[at : at + 1] != b"7" else b"3"
        body = packed(text[:at] + digit + text[at + 1 :])
        connection.execute("UPDATE entries SET body = ? WHERE seq = ?", (body, seq))


@pytest.mark.parametrize("name", sorted(set(formats()) - {"jsonl"}))
def test_a_changed_entry_is_told_as_one_that_cannot_be_read(
    full: Path, tmp_path: Path, name: str
) -> None:
    """Its numbers stand in no file that people read, but its place does; the others stay."""
    store = Store(full)
    ids = [entry.id for entry in store.iter_entries()]
    store.close()
    changed(full, 3)
    store, out = Store(full), tmp_path / "out"
    assert export(name, store, Selection(), out, by="auditor").records == 5
    store.close()
    text = readable(out)
    assert [id_ for id_ in ids if id_ not in text] == []
    assert text.count("not what was chained") >= 1


def test_a_changed_act_is_told_as_one_that_cannot_be_read(full: Path, tmp_path: Path) -> None:
    """Who said what in the review cannot be turned into another word in a table either."""
    with sqlite3.connect(full) as connection:
        connection.execute("UPDATE review_entries SET body = replace(body, 'officer', 'forger')")
    store, out = Store(full), tmp_path / "out"
    export("csv", store, Selection(), out, by="auditor")
    said = next(Selection().contents(store).opened_acts())
    store.close()
    assert isinstance(said, UnreadableEntry)
    assert "forger" not in readable(out)


def test_an_export_with_its_chain_shows_the_change_itself(full: Path) -> None:
    """Lines of JSON carry the chain: they tell the text as it is, and do not verify there."""
    changed(full, 3)
    store, out = Store(full), full.with_name("out.jsonl")
    export("jsonl", store, Selection(), out, by="auditor")
    store.close()
    report = verify_export(out)
    assert not report.ok
    assert "entry 3 was changed after it was written" in str(report.first_problem)


def test_what_nobody_changed_is_told_as_it_is(full: Path) -> None:
    """Honest entries are marked by nothing, and by no erasure of some of their parts."""
    store = Store(full)
    entries = list(Selection().contents(store).records())
    store.close()
    assert [entry.is_changed for entry in entries] == [False] * 5
    assert CHANGED not in "".join(str(entry.opened()) for entry in entries)
