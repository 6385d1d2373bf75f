"""Evidence packs: what they hold, and that nothing in them can be changed unseen; by their own
program, on a bare Python.
"""

import base64
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from core.case_keys import case_key
from core.happenings import Event, happening
from core.observation import Kind
from core.record import Record
from evidence.chain import canonical
from evidence.merkle import Frontier
from evidence.merkle import Tree as OurTree
from evidence.notary import Notary
from evidence.parts import SALT_BYTES, Seal, cuts_of, erase, sealed_link
from evidence.store import Store
from exports.own import Own
from exports.pack import verify as program
from exports.pack.building import Sources, build
from exports.pack.building import _info as member
from exports.selection import Selection
from exports.verification import verify_export
from tests.evidence.conftest import make_observation

Make = Callable[..., Record]
COUNTED = {"time": 2, "case": 1, "nothing": 0}
POLICY = b"rules: []\n"
SOURCES = Sources(policies={"ab12": POLICY}, script=lambda sha: f"# {sha}\nprint('hello')\n")
BARE = {**os.environ, "PYENV_VERSION": "3.9.18"}


def old_python() -> str:
    """A Python 3.9 where there is one that runs, else this one."""
    found = shutil.which("python3.9")
    if found is not None:
        tried = subprocess.run([found, "-V"], env=BARE, capture_output=True, check=False)
        if tried.returncode == 0:
            return found
    return sys.executable


NAMES = {
    "records.jsonl",
    "records.csv",
    "records.ocsf.jsonl",
    "scripts/" + "ab" * 32 + ".py.txt",
    "checkpoints.json",
    "coverage.json",
    "report.html",
    "report.pdf",
    "verify.py",
    "INDEX.md",
    "statement.dsse.json",
}


def pack(place: Path, out: Path, selection: Selection | None = None) -> Path:
    """Make a pack."""
    store = Store(place)
    with out.open("w+b") as file:
        build(store, selection or Selection(), file, by="auditor", sources=SOURCES)
    store.close()
    return out


@pytest.fixture
def packed(full: Path, tmp_path: Path) -> Path:
    return pack(full, tmp_path / "pack.zip")


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def checked(path: Path, *arguments: str) -> tuple[int, str]:
    """Check by the program that a pack holds, in this process."""
    said: list[str] = []
    code = program.main([str(path), *arguments], said.append)
    return code, "\n".join(said)


def test_a_pack_proves_itself_on_a_bare_old_python(packed: Path, tmp_path: Path) -> None:
    """Its own program checks it with nothing but a Python of 2020, zipped or unpacked."""
    folder = tmp_path / "unpacked"
    shutil.unpack_archive(packed, folder)
    for arguments in ([str(packed)], []):
        done = subprocess.run(
            [old_python(), "-I", "-S", str(folder / "verify.py"), *arguments],
            capture_output=True,
            text=True,
            env=BARE,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "The pack is whole." in done.stdout
        assert "records: complete, 5 of 5" in done.stdout
        assert "as of the checkpoint of 2" in done.stdout and "exports too" in done.stdout


def test_observations_are_in_it_and_counted(
    full: Path, write: Callable[..., None], tmp_path: Path
) -> None:
    """A pack proves what was seen beside the requests, and says how much of it there is."""
    write(make_observation(1), make_observation(2, kind=Kind.LISTENER))
    made = pack(full, tmp_path / "seen.zip")
    code, said = checked(made)
    assert code == 0, said
    told = b"".join(parts_of(made).values())
    assert b'"outgate.observation/1"' in told
    assert b'"observations":{"connection":1,"listener":1}' in told.replace(b" ", b"").replace(
        b"\n", b""
    )


def test_outgate_checks_it_too(packed: Path, full: Path) -> None:
    """By the same program, and against the evidence of the machine."""
    report = verify_export(packed, Own(full))
    assert (report.ok, report.format, report.result, report.entries) == (
        True,
        "pack",
        "complete",
        5,
    )


def test_it_holds_what_an_auditor_asks_for(packed: Path) -> None:
    """Records in three forms, reviews, scripts, proofs, coverage, reports, index and program."""
    parts = parts_of(packed)
    assert set(parts) == NAMES
    assert b"officer" in parts["records.jsonl"]
    assert b"How many" not in parts["INDEX.md"]
    assert parts["INDEX.md"].count(b"not covered") >= 5
    assert parts["report.pdf"].startswith(b"%PDF")
    coverage = json.loads(parts["coverage.json"])
    assert coverage["attribution_by_certainty"] == {"exact": {"requests": 5, "share": "100.0 %"}}


def test_a_policy_that_was_in_force_is_in_it(
    write: Callable[..., None], place: Path, make_record: Make, tmp_path: Path
) -> None:
    """With its text where it is kept; else the pack says that it is not."""
    from dataclasses import replace

    for number, version in enumerate(("ab12", "cd34")):
        record = make_record(number)
        write(replace(record, decision=replace(record.decision, policy=version)))
    parts = parts_of(pack(place, tmp_path / "p.zip"))
    assert parts["policy/ab12.yaml"] == POLICY
    assert json.loads(parts["coverage.json"])["policies_without_text"] == ["cd34"]


def test_times_without_evidence_are_in_it(full: Path, tmp_path: Path) -> None:
    """What could not be recorded is told, not left out."""
    store = Store(full)
    store.tell(happening(Event.EVIDENCE_GAP, {"lost": 3}))
    store.close()
    [window] = json.loads(parts_of(pack(full, tmp_path / "p.zip"))["coverage.json"])["windows"]
    assert (window["event"], window["facts"]) == ("evidence_gap", {"lost": 3})


def test_the_same_evidence_gives_the_same_bytes(full: Path, tmp_path: Path) -> None:
    """Also after the export itself was chained."""
    first = pack(full, tmp_path / "a.zip").read_bytes()
    store = Store(full)
    store.tell(happening(Event.EXPORTED, {"format": "pack"}, who="auditor"))
    store.checkpoint("review")
    store.close()
    assert pack(full, tmp_path / "b.zip").read_bytes() == first


@pytest.mark.parametrize("chosen", ["time", "case", "nothing"])
def test_a_part_is_shown_without_the_rest(
    chosen: str, full: Path, write: Callable[..., None], make_record: Make, tmp_path: Path
) -> None:
    """Each record of a filtered pack is proven to be in the evidence that was signed."""
    other = make_record(9, script="/srv/other.py")
    write(other)
    selection = {
        "time": Selection(since=make_record(2).at, until=make_record(4).at),
        "case": Selection(cases=frozenset({case_key(other)})),
        "nothing": Selection(since=make_record(90).at + timedelta(days=1)),
    }[chosen]
    out = pack(full, tmp_path / "p.zip", selection)
    code, said = checked(out)
    assert code == 0, said
    assert f"records: filtered, {COUNTED[chosen]} of 6" in said
    parts = parts_of(out)
    proofs = json.loads(parts["proofs.json"])
    if proofs["records"]["entries"]:
        seq = next(iter(proofs["records"]["entries"]))
        proofs["records"]["entries"][seq][0] = "A" * 43 + "="
        parts["proofs.json"] = json.dumps(proofs).encode()
        code, said = checked(rewritten(out, parts))
        assert f"record {seq} is not in the evidence that was signed" in said


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


def test_a_pack_of_an_earlier_version_still_proves_itself(packed: Path, full: Path) -> None:
    """Its manifest does not say how the files were packed, and all in them is covered."""
    parts = parts_of(packed)
    envelope = json.loads(parts["statement.dsse.json"])
    statement = json.loads(base64.b64decode(envelope["payload"]))
    del statement["predicate"]["zip"]
    payload = canonical(statement)
    kind = envelope["payloadType"].encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    envelope["payload"] = base64.b64encode(payload).decode()
    signature = base64.b64encode(Notary(full).key.sign(message)).decode()
    envelope["signatures"][0]["sig"] = signature
    parts["statement.dsse.json"] = canonical(envelope)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data in parts.items():
            archive.writestr(member(name), data)
    code, said = checked(packed)
    assert code == 0, said


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


def forged(packed: Path, full: Path, edit: Callable[[dict[str, bytes]], None]) -> tuple[int, str]:
    """Change a pack and sign its manifest anew with the right key, as its owner could."""
    import base64
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
    payload = program.canonical(statement)
    kind = envelope["payloadType"].encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    envelope["payload"] = base64.b64encode(payload).decode()
    envelope["signatures"][0]["sig"] = base64.b64encode(key.sign(message)).decode()
    parts["statement.dsse.json"] = program.canonical(envelope)
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


def test_nothing_can_be_said_in_place_of_what_was_erased(make_record: Make) -> None:
    """No hash covers what stands where a part was: only the words for an erased one may."""
    text = canonical(make_record().to_json())
    seal = Seal(salt=b"s" * SALT_BYTES, cuts=cuts_of(text))
    left, sealed = erase(text, seal, range(len(seal.cuts)))
    place = {"seq": 7, "prev": "00" * 32, **sealed.to_json()}
    whole = sealed_link(bytes(32), 7, text, seal).hex()
    assert program.linked(place, left) == whole
    assert {left[start:end] for start, end in sealed.cuts} <= set(program.STAND_INS)
    for start, end in sealed.cuts:
        for at in range(start, end):
            other = left[:at] + bytes((left[at] ^ 1,)) + left[at + 1 :]
            assert program.linked(place, other) != whole


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


def test_a_checkpoint_changed_or_signed_by_another_is_named(packed: Path, full: Path) -> None:
    """Roots and signatures are recomputed."""

    def other_root(parts: dict[str, bytes]) -> None:
        told = json.loads(parts["checkpoints.json"])
        lines = told[-1]["note"].split("\n")
        lines[2] = "A" * 43 + "="
        told[-1]["note"] = "\n".join(lines)
        parts["checkpoints.json"] = program.canonical(told)

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


@given(
    seed=st.binary(min_size=32, max_size=32),
    message=st.binary(max_size=200),
    bit=st.integers(0, 511),
)
def test_signatures_are_told_apart(seed: bytes, message: bytes, bit: int) -> None:
    """Ed25519 in pure Python agrees with the library, and refuses one bit more or less."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert program.signed(public, message, signature)
    changed = bytearray(signature)
    changed[bit // 8] ^= 1 << bit % 8
    assert not program.signed(public, message, bytes(changed))
    assert not program.signed(public, message + b"x", signature)


def test_signatures_that_only_look_right_are_refused() -> None:
    """A second form of the same signature, a point that is none, lengths that are wrong."""
    key = Ed25519PrivateKey.generate()
    public, signature = key.public_key().public_bytes_raw(), key.sign(b"m")
    s = int.from_bytes(signature[32:], "little") + program.ORDER
    assert not program.signed(public, b"m", signature[:32] + s.to_bytes(32, "little"))
    assert not program.signed(b"\xff" * 32, b"m", signature)
    assert not program.signed(public, b"m", signature[:63])
    assert not program.signed(public[:31], b"m", signature)


@given(size=st.integers(1, 70), data=st.data())
def test_proofs_are_told_apart(size: int, data: st.DataObject) -> None:
    """Its trees and proofs are those of the evidence."""
    leaves = [bytes([n]) * 32 for n in range(size)]
    ours, frontier, theirs = OurTree(leaves), Frontier(), program.Tree()
    for one in leaves:
        frontier.append(one)
        theirs.append(one)
    assert theirs.root() == ours.root() == frontier.root()
    index = data.draw(st.integers(0, size - 1))
    proof = list(ours.inclusion(index))
    assert program.proves(leaves[index], index, size, proof, ours.root())
    assert not program.proves(b"x" * 32, index, size, proof, ours.root())
    assert not program.proves(leaves[index], index, size, [*proof, b"x" * 32], ours.root())
    if size > 1:
        other = (index + 1) % size
        assert not program.proves(leaves[index], other, size, proof, ours.root())


def test_no_marks_of_people_beyond_the_records(packed: Path) -> None:
    """Reports, index and coverage hold numbers, not values."""
    parts = parts_of(packed)
    for name in ("report.html", "INDEX.md", "coverage.json"):
        assert b"0123456789abcdef" not in parts[name]
        assert "an••••om".encode() not in parts[name]


def test_an_empty_evidence_is_a_pack(place: Path, tmp_path: Path) -> None:
    """Nothing happened, and that can be shown."""
    code, said = checked(pack(place, tmp_path / "p.zip"))
    assert code == 0, said


def test_a_stream_that_cannot_be_searched_takes_a_pack(full: Path) -> None:
    """`--out -` writes to a pipe."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.data += bytes(data)
            return len(data)

    store, pipe = Store(full), Pipe()
    build(store, Selection(), pipe, by="auditor", sources=SOURCES)  # type: ignore[arg-type]
    store.close()
    with zipfile.ZipFile(io.BytesIO(pipe.data)) as archive:
        assert archive.testzip() is None
