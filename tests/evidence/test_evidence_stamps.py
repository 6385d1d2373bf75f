"""Time stamps of checkpoints: by a server that really signs, checked without a network."""

import base64
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from evidence_file import rechained, run
from stamp_server import Authority

import evidence
from core.happenings import Event, happening
from core.record import Record
from evidence.notary import Notary
from evidence.stamps import BadStamp, Stamp, keep, read_stamp
from evidence.store import Store
from evidence.witness import beside

AUTHORITY = Authority()
OTHER = Authority()


@dataclass(frozen=True, slots=True)
class Kept:
    """An evidence file with one stamp, and what checks it."""

    evidence: Path
    file: Path
    root: Path

    def said(self, *witnesses: Path, root: Path | None = None) -> str:
        report = evidence.verify(self.evidence, witnesses, stamp_roots=root or self.root)
        return report.text()


@pytest.fixture
def kept(full: Path, tmp_path: Path) -> Kept:
    taken = Notary(full).take_now("printed")
    stamp = Stamp.of(taken, AUTHORITY.token(taken.note.encode()))
    file = keep(full, stamp)
    store = Store(full)
    facts = {"server": "127.0.0.1", "checkpoint": stamp.digest, "stamped_at": "now"}
    store.tell(happening(Event.STAMPED, facts, who="o"))
    store.close()
    return Kept(full, file, AUTHORITY.write_root(tmp_path / "root.pem"))


def changed(file: Path, **values: str) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


def test_a_stamp_is_told_with_its_time(kept: Kept) -> None:
    """The report says by when the checkpoint was there, by the server's word."""
    said = kept.said()
    assert "The evidence is whole" in said
    assert f"Stamped at {AUTHORITY.now:%Y-%m-%dT%H:%M:%S}" in said


def test_without_a_root_it_is_not_believed(kept: Kept) -> None:
    """The certificate inside a token proves nothing: it is told as not checked."""
    report = evidence.verify(kept.evidence)
    assert report.ok
    assert any("not checked: 1, for no root" in note for note in report.notes)


def test_a_server_below_another_root_is_named(kept: Kept, tmp_path: Path) -> None:
    """Whoever stamps with a server of his own is found out."""
    said = kept.said(root=OTHER.write_root(tmp_path / "other.pem"))
    assert "NOT whole" in said and "no server below the root" in said


def test_a_file_that_is_no_root_is_told(kept: Kept) -> None:
    """A root that cannot be read checks nothing, and the report says so."""
    said = kept.said(root=kept.evidence)
    assert "root cannot be read" in said


def of_other_text(kept: Kept) -> None:
    token = AUTHORITY.token(b"another text")
    changed(kept.file, token=base64.b64encode(token).decode())


def of_another_server(kept: Kept) -> None:
    token = OTHER.token(read_stamp(kept.file).note.encode())
    changed(kept.file, token=base64.b64encode(token).decode())


def a_byte_of_the_token(kept: Kept) -> None:
    token = bytearray(read_stamp(kept.file).token)
    token[-20] ^= 1
    changed(kept.file, token=base64.b64encode(token).decode())


def no_token(kept: Kept) -> None:
    changed(kept.file, token="")


def a_byte_of_the_note(kept: Kept) -> None:
    changed(kept.file, note=read_stamp(kept.file).note.replace("time 2", "time 1"))


ATTACKS: dict[str, tuple[Callable[[Kept], object], str]] = {
    "a token over another text": (of_other_text, "is forged"),
    "a token of another server": (of_another_server, "is forged"),
    "a byte of a token": (a_byte_of_the_token, "is forged"),
    "no token": (no_token, "is forged"),
    "another key": (lambda kept: changed(kept.file, public="00" * 32), "is forged"),
    "a byte of the note": (a_byte_of_the_note, "is forged"),
    "garbage": (lambda kept: kept.file.write_text("garbage"), "cannot be read"),
    "nothing": (lambda kept: kept.file.write_text(""), "cannot be read"),
    "a stamp taken away": (lambda kept: kept.file.unlink(), "was taken away"),
    "the newest records cut off": (
        lambda kept: run(kept.evidence, "DELETE FROM entries WHERE seq > 3",
                         "DELETE FROM checkpoints"),
        "a time stamp of",
    ),
    "all written anew": (
        lambda kept: rechained(kept.evidence, 2, lambda body: {**body, "notes": ["x"]}),
        "a time stamp of",
    ),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_stamp_proves_is_named(kept: Kept, attack: str) -> None:
    """Stamps forged or removed, and evidence that is not what was stamped."""
    act, words = ATTACKS[attack]
    act(kept)
    said = kept.said()
    assert "NOT whole" in said
    assert words in said


def test_a_copy_elsewhere_sees_a_folder_put_back(
    kept: Kept,
    write: Callable[..., None],
    make_record: Callable[..., Record],
    tmp_path: Path,
) -> None:
    """Yesterday's whole folder adds up by itself; a stamp that is kept elsewhere knows better."""
    yesterday = tmp_path / "yesterday"
    shutil.copytree(kept.evidence.parent, yesterday)
    write(make_record(9))
    taken = Notary(kept.evidence).take_now("printed")
    later = keep(kept.evidence, Stamp.of(taken, AUTHORITY.token(taken.note.encode())))
    elsewhere = tmp_path / "elsewhere.json"
    shutil.copy(later, elsewhere)
    old = yesterday / kept.evidence.name
    beside(old).path.unlink(missing_ok=True)
    assert evidence.verify(old, stamp_roots=kept.root).ok
    report = evidence.verify(old, [elsewhere], stamp_roots=kept.root)
    assert "an older copy was put back" in (report.first_problem or "")


@pytest.mark.parametrize("text", ["", "{}", "[]", "7", "[" * 90_000, '{"schema": "x"}'])
def test_what_is_no_stamp_is_refused(tmp_path: Path, text: str) -> None:
    """Other files are none."""
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(BadStamp):
        read_stamp(tmp_path / "x.json")


def test_a_stamp_is_kept_once(kept: Kept) -> None:
    """Nobody's stamp is written over."""
    with pytest.raises(FileExistsError):
        keep(kept.evidence, read_stamp(kept.file))
