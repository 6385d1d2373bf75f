"""A pack that somebody changed is named as such, and the place in it."""

import base64
import gc
import json
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from packs import NAMES, checked, pack, parts_of, rewritten

from core.errors import EvidenceError
from evidence.chain import canonical
from exports.pack import verify as program
from exports.pack.building import _info as member
from exports.pack.checking import places
from exports.verification import verify_export


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_byte_of_any_file_is_named(name: str, packed: Path) -> None:
    """Each file, the manifest and the program too."""
    parts = parts_of(packed)
    for position in (0, len(parts[name]) // 2, len(parts[name]) - 1):
        changed = bytearray(parts[name])
        changed[position] ^= 1
        code, said = checked(rewritten(packed, {**parts, name: bytes(changed)}))
        assert code == 1 and name.partition(".")[0] in said, (position, said)
        report = verify_export(packed)
        assert not report.ok


def test_no_byte_around_the_files_can_be_changed(packed: Path) -> None:
    """What the zip says of its files, which no hash covers, is as it was written, too."""
    data = packed.read_bytes()
    with zipfile.ZipFile(packed) as archive:
        places = [archive.start_dir + n for n in range(0, len(data) - archive.start_dir, 7)]
        for one in archive.infolist():
            places += [one.header_offset + n for n in range(0, 30, 4)]
    for at in places:
        packed.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        try:
            check = program.Check(program.Pack(str(packed)), None)
            check.container()
            named = bool(check.problems)
        except Exception:  # noqa: BLE001 - no zip any more, which `main` says
            named = True
        assert named, at
    for changed in (data + b"x", b"x" + data, data[:-1], data + data, data[:-2] + b"\x01\x00x"):
        packed.write_bytes(changed)
        assert checked(packed)[0] == 1


def test_no_byte_of_a_pack_can_be_changed(packed: Path) -> None:
    """Also where what is unpacked stays the same: each byte of the file is covered."""
    data = packed.read_bytes()
    for at in {*range(0, len(data), len(data) // 30), *ends(packed)}:
        packed.write_bytes(data[:at] + bytes([data[at] ^ 0x80]) + data[at + 1 :])
        assert checked(packed)[0] == 1, at


def ends(packed: Path) -> list[int]:
    """Return where the packed files end: the last bits there say nothing."""
    with zipfile.ZipFile(packed) as archive:
        told = archive.infolist()
        return [one.header_offset + 30 + len(one.filename) + one.compress_size - 1 for one in told]


@pytest.mark.parametrize("left_out", ["", "statement.dsse.json", "records.jsonl"])
def test_a_pack_that_was_packed_in_another_order_is_known_as_a_pack(
    packed: Path, left_out: str
) -> None:
    """Whoever unpacks it and packs it again, by name and with its folders, reads of that, and not
    that the file is no export at all.
    """
    with zipfile.ZipFile(packed) as archive:
        parts = {name: archive.read(name) for name in sorted(archive.namelist())}
    with zipfile.ZipFile(packed, "w") as again:
        again.writestr("a.txt", b"x" * 5000)
        for name, data in parts.items():
            if name != left_out:
                again.writestr(name, data)
    report = verify_export(packed)
    assert (report.ok, report.format) == (False, "pack")
    assert any("a.txt" in problem for problem in report.problems) or left_out.startswith("state")


def test_a_pack_that_was_packed_again_is_named(packed: Path) -> None:
    """Whoever packs the same files another way could hide something between their bytes."""
    for level, names in ((1, NAMES), (9, NAMES), (9, {"statement.dsse.json"})):
        again = packed.with_name("again.zip")
        with zipfile.ZipFile(packed) as old, zipfile.ZipFile(again, "w") as new:
            for one in old.infolist():
                info = member(one.filename)
                if one.filename not in names:
                    info.compress_type = one.compress_type
                new.writestr(info, old.read(one.filename), compresslevel=level)
        code, said = checked(again)
        assert code == 1 and "packed otherwise" in said, said


def test_files_removed_or_put_in_are_named(packed: Path) -> None:
    """Nothing is missing and nothing is added unseen."""
    parts = parts_of(packed)
    for name in parts:
        rest = {one: data for one, data in parts.items() if one != name}
        code, said = checked(rewritten(packed, rest))
        assert code == 1 and f"{name} is missing" in said
    code, said = checked(rewritten(packed, {**parts, "extra.txt": b"x"}))
    assert code == 1 and "extra.txt was put in" in said


def test_a_file_that_stands_twice_is_named(packed: Path) -> None:
    """Two programs would read two files."""
    parts = parts_of(packed)
    with pytest.warns(UserWarning), zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("records.csv", parts["records.csv"])
    code, said = checked(packed)
    assert code == 1 and "records.csv stands twice" in said


def forged(
    packed: Path,
    full: Path,
    edit: Callable[[dict[str, bytes]], None],
    state: Callable[[Any, Any], None] = lambda statement, envelope: None,
) -> tuple[int, str]:
    """Change a pack and sign its manifest anew with the right key, as its owner could."""
    import hashlib

    parts = parts_of(packed)
    edit(parts)
    seed = (full.parent / "keys" / "checkpoint.key").read_bytes()
    key = Ed25519PrivateKey.from_private_bytes(seed)
    envelope = json.loads(parts["statement.dsse.json"])
    statement = json.loads(base64.b64decode(envelope["payload"]))
    statement["subject"] = [
        {"name": name, "digest": {"sha256": hashlib.sha256(data).hexdigest()}}
        for name, data in sorted(parts.items())
        if name != "statement.dsse.json"
    ]
    state(statement, envelope)
    payload = places.canonical(statement)
    kind = envelope["payloadType"].encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    envelope["payload"] = base64.b64encode(payload).decode()
    envelope["signatures"][0]["sig"] = base64.b64encode(key.sign(message)).decode()
    parts["statement.dsse.json"] = places.canonical(envelope)
    return checked(rewritten(packed, parts))


def lines_edited(edit: Callable[[list[bytes]], list[bytes]]) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        lines = parts["records.jsonl"].splitlines(keepends=True)
        parts["records.jsonl"] = b"".join(edit(lines))

    return change


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda lines: lines[:2] + lines[3:], "record 2 is missing"),
        (lambda lines: [lines[0], *lines[2:]], "record 1 is missing"),
        (lambda lines: lines[:-1], "act 2 is missing"),
        (lambda lines: [*lines[:3], *lines[2:]], "record 2 stands after 2"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "stands after"),
        (
            lambda lines: [*lines[:2], lines[2].replace(b"POST", b"GETS"), *lines[3:]],
            "record 2 was changed",
        ),
        (
            lambda lines: [
                *lines[:2],
                lines[2].replace(b'"id":', b'"id":"x","id":', 1),
                *lines[3:],
            ],
            "line 3",
        ),
        (
            lambda lines: [*lines[:2], lines[2].replace(b"{", b'{"a":1,', 1), *lines[3:]],
            "record 2 was changed",
        ),
        (lambda lines: [*lines[:2], b"rubbish\n", *lines[2:]], "line 3"),
        (lambda lines: [lines[0].replace(b"auditor", b"nobody!"), *lines[1:]], "head of records"),
        (lambda lines: [], "records.jsonl is empty"),
    ],
)
def test_who_signs_the_manifest_anew_is_found_by_the_chain(
    edit: Callable[[list[bytes]], list[bytes]], words: str, packed: Path, full: Path
) -> None:
    """The manifest's signature is not all that protects the records."""
    code, said = forged(packed, full, lines_edited(edit))
    assert code == 1 and words in said, said


def test_a_checkpoint_changed_or_signed_by_another_is_named(packed: Path, full: Path) -> None:
    """Roots and signatures are recomputed."""

    def other_root(parts: dict[str, bytes]) -> None:
        told = json.loads(parts["checkpoints.json"])
        lines = told[-1]["note"].split("\n")
        lines[2] = "A" * 43 + "="
        told[-1]["note"] = "\n".join(lines)
        parts["checkpoints.json"] = places.canonical(told)

    code, said = forged(packed, full, other_root)
    assert code == 1
    assert "is not signed by its key" in said
    assert "are not those that were signed" in said


def test_another_key_is_named(packed: Path) -> None:
    """Whoever signs with another key is found by its fingerprint."""
    code, said = checked(packed, "--key", "0123456789abcdef")
    assert code == 1 and "is signed with key" in said
    right = said.partition("Signed with key ")[2][:16]
    assert checked(packed, "--key", right)[0] == 0


def test_what_is_no_pack_is_told(packed: Path, tmp_path: Path) -> None:
    """Cut off, empty, or something else: never whole, never a trace of the program."""
    data = packed.read_bytes()
    for number, bad in enumerate((b"", b"x", data[:100], data[:-30], data[50:])):
        path = tmp_path / str(number)
        path.write_bytes(bad)
        code, said = checked(path)
        assert code == 1 and "NOT whole" in said


@pytest.mark.parametrize("more", [b',"user":"ada"', b',"note":1'])
def test_an_entry_that_was_erased_whole_says_nothing_else(
    more: bytes, packed: Path, full: Path
) -> None:
    """Of such an entry its id is left; whatever else stands there was put in."""

    def edit(lines: list[bytes]) -> list[bytes]:
        value = json.loads(lines[2])
        erased = {"chain": value["chain"], "erased": True, "id": value["id"]}
        return [*lines[:2], canonical(erased)[:-1] + more + b"}\n", *lines[3:]]

    code, said = forged(packed, full, lines_edited(edit))
    assert code == 1 and "record 2 was changed" in said, said


def noted(edit: Callable[[list[Any]], list[Any]]) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        kept = json.loads(parts["checkpoints.json"])
        parts["checkpoints.json"] = places.canonical(edit(kept))

    return change


def in_manifest(**said: Any) -> Callable[[Any, Any], None]:
    return lambda statement, envelope: statement["predicate"].update(said)


def without(name: str) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        del parts[name]

    return change


def untouched(parts: dict[str, bytes]) -> None:
    """Change no file."""


def more_in_a_place(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[2].replace(b'"chain":{', b'"chain":{"aa":"words",', 1), *lines[3:]]


def emptied(lines: list[bytes]) -> list[bytes]:
    value = json.loads(lines[2])
    left = {"chain": value["chain"], "erased": True, "id": value["id"]}
    return [*lines[:2], canonical(left) + b"\n", *lines[3:]]


def without_end(lines: list[bytes]) -> list[bytes]:
    return [*lines[:-1], lines[-1][:-1]]


def doubled(parts: dict[str, bytes]) -> None:
    again = parts["checkpoints.json"].replace(b'{"note":', b'{"note":"x","note":', 1)
    parts["checkpoints.json"] = again


type Forgery = tuple[Callable[[dict[str, bytes]], None], Callable[[Any, Any], None] | None, str]
FORGERIES: dict[str, Forgery] = {
    "a record emptied": (lines_edited(emptied), None, "record 2 was emptied, and no act tells"),
    "words in a place": (lines_edited(more_in_a_place), None, "line 3: this is no entry"),
    "half a line": (lines_edited(without_end), None, "ends in the middle of a line"),
    "no checkpoints": (noted(lambda kept: []), None, "checkpoints.json holds none"),
    "the newest checkpoint": (noted(lambda kept: kept[:-1] or [1]), None, "checkpoint"),
    "a checkpoint twice": (noted(lambda kept: [*kept, kept[-1]]), None, "repeated"),
    "words beside a checkpoint": (
        noted(lambda kept: [{**one, "zz": 1} for one in kept]), None, "keys doubled or put in",
    ),
    "words behind a checkpoint": (
        noted(lambda kept: [{**one, "note": one["note"] + "more\n"} for one in kept]), None,
        "is not signed by its key",
    ),
    "a key of checkpoints twice": (doubled, None, "keys doubled or put in"),
    "no checkpoints.json": (
        without("checkpoints.json"), None, "names no checkpoints.json",
    ),
    "no records": (without("records.jsonl"), None, "no records.jsonl"),
    "no index": (without("INDEX.md"), None, "names no INDEX.md"),
    "no coverage": (without("coverage.json"), None, "no coverage.json"),
    "fewer records": (untouched, in_manifest(records=1), "not the one that the manifest names"),
    "another root": (untouched, in_manifest(root="AAAA"), "not the one that the manifest names"),
    "another chain": (untouched, in_manifest(chain="records:x"), "another chain"),
    "another time": (untouched, in_manifest(at="2020-01-01T00:00:00Z"), "another time"),
    "another person": (untouched, in_manifest(by="nobody"), "another export than the pack's"),
    "another type": (
        untouched, lambda statement, envelope: statement.update(predicateType="x"),
        "not one of an evidence pack",
    ),
    "another key's name": (
        untouched, lambda statement, envelope: envelope["signatures"][0].update(keyid="00"),
        "names another key",
    ),
    "a second signature": (
        untouched, lambda statement, envelope: envelope["signatures"].append({"sig": "AAAA"}),
        "more than its signature",
    ),
    "words in the envelope": (
        untouched, lambda statement, envelope: envelope.update(extra="words"), "more than its",
    ),
    "a file named twice": (
        untouched, lambda statement, envelope: statement["subject"].append(statement["subject"][0]),
        "names its files otherwise",
    ),
    "another hash of a file": (
        untouched,
        lambda statement, envelope: statement["subject"][0]["digest"].update(sha512="00"),
        "names its files otherwise",
    ),
}  # fmt: skip


def test_what_the_owner_of_the_key_makes_up_is_held_against_the_rest(
    packed: Path, full: Path
) -> None:
    """With the right signature on it: what does not fit the chains and their checkpoints is
    named.
    """
    as_packed = packed.read_bytes()
    for forgery, (edit, state, words) in FORGERIES.items():
        packed.write_bytes(as_packed)
        code, said = forged(packed, full, edit, state or (lambda statement, envelope: None))
        assert code == 1 and words in said, (forgery, said)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["/nowhere/pack.zip"], "there is no file"),
        (["--key"], "--key needs a fingerprint"),
        (["--key", ""], "--key needs a fingerprint"),
        (["--key", "ab"], "--key needs a fingerprint"),
        (["--key=xyz"], "--key needs a fingerprint"),
        (["--frobnicate"], "there is no option"),
        (["a", "b"], "one pack is checked"),
    ],
)
def test_wrong_use_of_the_program_checks_nothing(arguments: list[str], words: str) -> None:
    """Nobody takes a slip of the pen for a pack that is whole, or for one that is not."""
    said: list[str] = []
    assert program.main(arguments, said.append) == 2
    assert len(said) == 1 and words in said[0] and "Nothing was checked" in said[0]


def test_a_pack_that_ends_in_an_error_writes_nothing_behind_it(
    full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the evidence cannot be read, that is all that is said: the half made zip is silent."""
    ignored = list[object]()
    monkeypatch.setattr(sys, "unraisablehook", lambda told: ignored.append(told.exc_value))
    with closing(sqlite3.connect(full)) as connection, connection:
        connection.execute("UPDATE scripts SET first_us = 9223372036854775807")
    with pytest.raises(EvidenceError):
        pack(full, tmp_path / "half.zip")
    gc.collect()
    assert ignored == []
