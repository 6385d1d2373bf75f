"""An exported file by itself: complete, filtered, or exactly what is missing."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.case_keys import case_key
from core.record import Record
from evidence.chain import canonical
from evidence.store import Store
from exports.contents import Contents
from exports.formats import formats
from exports.own import Own
from exports.selection import Selection
from exports.verification import verify_export
from exports.writing import export, export_bare

Make = Callable[..., Record]
Edit = Callable[[list[bytes]], list[bytes]]
LINES = ("cef", "csv", "jsonl")
"""Formats of one line a record."""


def exported(name: str, place: Path, out: Path, selection: Selection | None = None) -> Path:
    store = Store(place)
    export(name, store, selection or Selection(), out, by="auditor")
    store.close()
    return out


def edited(path: Path, edit: Edit) -> Path:
    """Change the lines of a file."""
    path.write_bytes(b"".join(edit(path.read_bytes().splitlines(keepends=True))))
    return path


TAMPERINGS: dict[str, tuple[Edit, str]] = {
    "a line removed": (lambda lines: lines[:2] + lines[3:], "record 2 is missing"),
    "the first line removed": (lambda lines: [lines[0], *lines[2:]], "record 1 is missing"),
    "lines repeated": (lambda lines: [*lines[:3], *lines[2:]], "stands after"),
    "lines reordered": (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "stands after"),
    "a changed byte": (
        lambda lines: [*lines[:2], lines[2].replace(b"upload", b"upl0ad"), *lines[3:]],
        "the file was changed after it was written",
    ),
    "a head changed": (
        lambda lines: [lines[0].replace(b"auditor", b"nobody!"), *lines[1:]],
        "the head was changed",
    ),
    "a head removed": (lambda lines: lines[1:], "head is missing"),
    "the end cut off": (lambda lines: lines[:4], "missing"),
    "all but the head removed": (lambda lines: lines[:1], "missing"),
    "all removed": (lambda lines: [], "the file is empty"),
    "blank lines only": (lambda lines: [b"\n", b" \n"], "the file is empty"),
    "a line cut": (lambda lines: [*lines[:2], lines[2][:40] + b"\n", *lines[3:]], "line 3"),
    "rubbish put in": (lambda lines: [*lines[:2], b"rubbish\n", *lines[2:]], "line 3"),
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize(("edit", "words"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_every_change_is_named(
    name: str, edit: Edit, words: str, full: Path, tmp_path: Path
) -> None:
    """Nobody can take a record out of an export, or change one, unseen."""
    report = verify_export(edited(exported(name, full, tmp_path / "file"), edit))
    assert not report.ok
    assert words in " ".join(report.problems), report
    assert "NOT whole" in report.text()


AROUND: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "headings exchanged": ("csv", lambda data: data.replace(b"Script", b"Scripf", 1)),
    "a heading more": ("csv", lambda data: data.replace(b"Script,", b"Script,More,", 1)),
    "other ends of lines": ("csv", lambda data: data.replace(b"\r\n", b"\n", 1)),
    "another program named": ("cef", lambda data: data.replace(b"|Outgate|Out", b"|Outgate|In", 1)),
    "another time of syslog": ("cef", lambda data: data.replace(b"Z - outgate", b"+ - outgate", 1)),
    "another severity": ("cef", lambda data: data.replace(b"|1|rt=", b"|9|rt=", 1)),
    "another class": ("ocsf", lambda data: data.replace(b'"class_uid":1', b'"class_uid":2', 1)),
    "a byte order mark": ("jsonl", lambda data: b"\xef\xbb\xbf" + data),
    "ends of lines as on Windows": ("jsonl", lambda data: data.replace(b"\n", b"\r\n")),
    "something behind": ("jsonl", lambda data: data + b"{}"),
    "a blank line behind": ("ocsf", lambda data: data + b"\n"),
    "a blank line before": ("csv", lambda data: b"\n" + data),
    "nothing behind the last line": ("cef", lambda data: data.removesuffix(b"\n")),
    "a number that is none": ("jsonl", lambda data: data.replace(b":1000,", b":NaN,", 1)),
    "a huge number": ("jsonl", lambda data: data.replace(b":1000,", b":" + b"9" * 400 + b",", 1)),
}  # fmt: skip


@pytest.mark.parametrize(("name", "change"), AROUND.values(), ids=AROUND)
def test_what_stands_around_the_head_is_as_it_was_written(
    name: str, change: Callable[[bytes], bytes], full: Path, tmp_path: Path
) -> None:
    """No byte of a file may be another: neither headings, nor the line that carries the head."""
    out = exported(name, full, tmp_path / "file")
    before = out.read_bytes()
    out.write_bytes(change(before))
    assert out.read_bytes() != before
    assert not verify_export(out).ok


@pytest.mark.parametrize("name", ["cef", "csv", "ocsf"])
def test_no_byte_of_the_first_line_can_be_changed(name: str, full: Path, tmp_path: Path) -> None:
    """Whatever byte of the line of the head is changed, it is told."""
    out = exported(name, full, tmp_path / "file")
    before = out.read_bytes()
    first = before.index(b"\n")
    for at in range(0, first, 3):
        out.write_bytes(before[:at] + bytes([before[at] ^ 2]) + before[at + 1 :])
        assert not verify_export(out).ok, at


def test_doubled_keys_are_named(full: Path, tmp_path: Path) -> None:
    """What two readers would read differently is no proof."""

    def doubled(lines: list[bytes]) -> list[bytes]:
        twice = lines[2].replace(b'"schema":', b'"schema":"x","schema":', 1)
        return [*lines[:2], twice, *lines[3:]]

    report = verify_export(edited(exported("jsonl", full, tmp_path / "file"), doubled))
    assert "keys doubled or moved" in " ".join(report.problems)


def test_a_review_cut_out_is_named(full: Path, tmp_path: Path) -> None:
    """What reviewers did cannot be left out unseen."""
    report = verify_export(
        edited(exported("jsonl", full, tmp_path / "file"), lambda lines: lines[:-1])
    )
    assert "act 2 is missing" in " ".join(report.problems)


@pytest.mark.parametrize("name", sorted(formats()))
def test_an_export_of_a_time_says_so(
    name: str, full: Path, make_record: Make, tmp_path: Path
) -> None:
    """Left out by a filter is not missing, and is not complete either."""
    since = make_record(2).at
    report = verify_export(
        exported(name, full, tmp_path / "file", Selection(since=since, until=since + _TWO))
    )
    assert (report.ok, report.result, report.missing) == (True, "filtered: 2 of 5", 3), report
    assert "2026-03-01T12:00:02" in report.text()


_TWO = timedelta(seconds=2)


@pytest.mark.parametrize("name", LINES)
def test_a_filtered_export_with_a_line_removed_is_named(
    name: str, full: Path, make_record: Make, tmp_path: Path
) -> None:
    """A filter excuses nothing: the head names the records that were chosen."""
    out = exported(name, full, tmp_path / "file", Selection(since=make_record(1).at))
    report = verify_export(edited(out, lambda lines: [lines[0], lines[1], *lines[3:]]))
    assert "record 3 is missing" in " ".join(report.problems)


def test_an_export_of_cases_has_what_was_said_of_them(
    full: Path, write: Callable[..., None], make_record: Make, tmp_path: Path
) -> None:
    """Other cases, and what was said of them, stay out."""
    other = make_record(9, script="/srv/other.py")
    write(other)
    for key, told in ((case_key(make_record()), (5, 2)), (case_key(other), (1, 0))):
        out = exported("jsonl", full, tmp_path / str(told), Selection(cases=frozenset({key})))
        report = verify_export(out)
        assert (report.ok, report.entries, report.acts) == (True, *told), report
        assert "Chosen by: 1 case." in report.text()


def test_a_head_signed_anew_is_known_by_its_key(full: Path, tmp_path: Path) -> None:
    """Whoever signs a shortened export anew has another key than the installation."""
    out = exported("jsonl", full, tmp_path / "file")
    lines = out.read_bytes().splitlines(keepends=True)
    head = json.loads(lines[0])
    key = Ed25519PrivateKey.generate()
    del head["signature"]
    head["key"] = key.public_key().public_bytes_raw().hex()
    head["by"] = "somebody else"
    head["signature"] = key.sign(canonical(head)).hex()
    out.write_bytes(canonical(head) + b"\n" + b"".join(lines[1:]))
    assert verify_export(out).ok
    report = verify_export(out, Own(full))
    assert report.problems == ("it is signed with another key than that of this installation",)


def test_an_export_of_a_file_that_was_rewritten_is_known(
    full: Path, write: Callable[..., None], make_record: Make, tmp_path: Path
) -> None:
    """The head must be one that the evidence had; later records change nothing of it."""
    out = exported("csv", full, tmp_path / "file")
    write(make_record(20))
    assert verify_export(out, Own(full)).ok
    import sqlite3

    with sqlite3.connect(full) as connection:
        connection.execute("UPDATE entries SET hash = zeroblob(32) WHERE seq = 5")
    assert "never had the head" in (verify_export(out, Own(full)).first_problem or "")


def test_a_file_that_is_no_export_is_told(tmp_path: Path) -> None:
    """Any other file is none, and never whole."""
    (tmp_path / "x").write_text("hello")
    report = verify_export(tmp_path / "x")
    assert (report.ok, "this is no export" in report.text()) == (False, True)


def test_no_event_of_a_record_can_be_taken_out(full: Path, tmp_path: Path) -> None:
    """Of a record that is told by several events, each is missed."""
    out = exported("ocsf", full, tmp_path / "file")
    lines = out.read_bytes().splitlines(keepends=True)
    for number in range(1, len(lines)):
        out.write_bytes(b"".join(lines[:number] + lines[number + 1 :]))
        problems = verify_export(out).problems
        assert problems, number
        assert "missing" in problems[0] or "too many" in problems[0], (number, problems)
    out.write_bytes(b"".join([*lines[:3], *lines[2:]]))
    assert "too many" in (verify_export(out).first_problem or "")


def test_an_export_from_before_there_were_heads_is_whole_and_unproven(
    full: Path, tmp_path: Path
) -> None:
    """Its records hold together; that none is missing nobody can say, and that is what is said."""
    store = Store(full)
    out = tmp_path / "old.jsonl"
    with out.open("wb") as file:
        export_bare(formats()["jsonl"], Contents(store.iter_entries()), file)
    store.close()
    report = verify_export(out)
    assert (report.ok, report.entries) == (False, 5)
    assert "whole, and without a head" in report.text() and "cannot be proven" in report.text()
    assert "NOT whole" not in report.text()
    lines = out.read_bytes().splitlines(keepends=True)
    out.write_bytes(b"".join(lines).replace(b'"POST"', b'"GET"', 1))
    assert "NOT whole" in verify_export(out).text()


@pytest.mark.parametrize("field", ["seq", "hash", "prev", "id", "salt", "parts"])
@pytest.mark.parametrize("value", ["null", "2.0", "true", '"2"', "-3", "[]", "{}", "9" * 40])
def test_values_of_another_type_are_told(
    field: str, value: str, full: Path, tmp_path: Path
) -> None:
    """Whatever stands in the place of a number or a hash, the check ends with words."""
    out = exported("jsonl", full, tmp_path / "out.jsonl")
    lines = out.read_bytes().splitlines(keepends=True)
    chain = json.loads(lines[2])["chain"]
    said = json.dumps(chain[field], separators=(",", ":"))
    found = lines[2].replace(f'"{field}":{said}'.encode(), f'"{field}":{value}'.encode())
    out.write_bytes(b"".join([*lines[:2], found, *lines[3:]]))
    report = verify_export(out)
    assert not report.ok and report.problems


@pytest.mark.parametrize("runs", [[[1, 10**15]], [[1, 10**15], [10**15, 10**16]], [[5, 1]], []])
def test_a_head_that_claims_very_much_costs_nothing(
    runs: list[list[int]], full: Path, tmp_path: Path
) -> None:
    """Whoever signs a head of their own can claim any numbers: they are not counted one by one."""
    out = exported("jsonl", full, tmp_path / "out.jsonl")
    first, _, rest = out.read_bytes().partition(b"\n")
    head = json.loads(first)
    del head["signature"]
    key = Ed25519PrivateKey.generate()
    head["key"] = key.public_key().public_bytes_raw().hex()
    head["records"]["entries"] = runs
    signed = canonical({**head, "signature": key.sign(canonical(head)).hex()})
    out.write_bytes(signed + b"\n" + rest)
    report = verify_export(out)
    assert not report.ok
    if runs and runs[0][1] > 5:
        told = next(problem for problem in report.problems if "is missing" in problem)
        assert told.startswith("record 6, 7, 8, 9, 10 and ")


def test_an_act_that_was_emptied_is_told_by_an_act(full: Path, tmp_path: Path) -> None:
    """Nobody can empty a review in an export and sign it anew without an act that says so."""
    out = exported("jsonl", full, tmp_path / "out.jsonl")
    lines = out.read_bytes().splitlines()
    at = next(n for n, line in enumerate(lines) if b'"outgate.review/1"' in line)
    act = json.loads(lines[at])
    lines[at] = canonical({"id": act["id"], "erased": True, "chain": act["chain"]})
    out.write_bytes(b"\n".join(lines) + b"\n")
    seq = act["chain"]["seq"]
    assert any(f"act {seq} was emptied" in problem for problem in verify_export(out).problems)
