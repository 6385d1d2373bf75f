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
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from packs import NAMES, POLICY, SOURCES, checked, pack, parts_of, rewritten

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
from exports.pack.building import _info as member
from exports.pack.building import build
from exports.pack.checking import curve, names, places, trees
from exports.selection import Selection
from exports.verification import verify_export
from tests.evidence.conftest import make_observation

Make = Callable[..., Record]
COUNTED = {"time": 2, "case": 1, "nothing": 0}
BARE = {**os.environ, "PYENV_VERSION": "3.9.18"}


def old_python() -> str:
    """A Python 3.9 where there is one that runs, else this one."""
    found = shutil.which("python3.9")
    if found is not None:
        tried = subprocess.run([found, "-V"], env=BARE, capture_output=True, check=False)
        if tried.returncode == 0:
            return found
    return sys.executable


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


def test_nothing_can_be_said_in_place_of_what_was_erased(make_record: Make) -> None:
    """No hash covers what stands where a part was: only the words for an erased one may."""
    text = canonical(make_record().to_json())
    seal = Seal(salt=b"s" * SALT_BYTES, cuts=cuts_of(text))
    left, sealed = erase(text, seal, range(len(seal.cuts)))
    place = {"seq": 7, "prev": "00" * 32, **sealed.to_json()}
    whole = sealed_link(bytes(32), 7, text, seal).hex()
    assert places.linked(place, left) == whole
    assert {left[start:end] for start, end in sealed.cuts} <= set(names.STAND_INS)
    for start, end in sealed.cuts:
        for at in range(start, end):
            other = left[:at] + bytes((left[at] ^ 1,)) + left[at + 1 :]
            assert places.linked(place, other) != whole


@given(
    seed=st.binary(min_size=32, max_size=32),
    message=st.binary(max_size=200),
    bit=st.integers(0, 511),
)
def test_signatures_are_told_apart(seed: bytes, message: bytes, bit: int) -> None:
    """Ed25519 in pure Python agrees with the library, and refuses one bit more or less."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert curve.signed(public, message, signature)
    changed = bytearray(signature)
    changed[bit // 8] ^= 1 << bit % 8
    assert not curve.signed(public, message, bytes(changed))
    assert not curve.signed(public, message + b"x", signature)


def test_signatures_that_only_look_right_are_refused() -> None:
    """A second form of the same signature, a point that is none, lengths that are wrong."""
    key = Ed25519PrivateKey.generate()
    public, signature = key.public_key().public_bytes_raw(), key.sign(b"m")
    s = int.from_bytes(signature[32:], "little") + curve.ORDER
    assert not curve.signed(public, b"m", signature[:32] + s.to_bytes(32, "little"))
    assert not curve.signed(b"\xff" * 32, b"m", signature)
    assert not curve.signed(public, b"m", signature[:63])
    assert not curve.signed(public[:31], b"m", signature)


@given(size=st.integers(1, 70), data=st.data())
def test_proofs_are_told_apart(size: int, data: st.DataObject) -> None:
    """Its trees and proofs are those of the evidence."""
    leaves = [bytes([n]) * 32 for n in range(size)]
    ours, frontier, theirs = OurTree(leaves), Frontier(), trees.Tree()
    for one in leaves:
        frontier.append(one)
        theirs.append(one)
    assert theirs.root() == ours.root() == frontier.root()
    index = data.draw(st.integers(0, size - 1))
    proof = list(ours.inclusion(index))
    assert trees.proves(leaves[index], index, size, proof, ours.root())
    assert not trees.proves(b"x" * 32, index, size, proof, ours.root())
    assert not trees.proves(leaves[index], index, size, [*proof, b"x" * 32], ours.root())
    if size > 1:
        other = (index + 1) % size
        assert not trees.proves(leaves[index], other, size, proof, ours.root())


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


@pytest.mark.parametrize("word", ["none", "broken"])
def test_a_script_without_a_seal_is_told(full: Path, tmp_path: Path, word: str) -> None:
    """In the coverage, and by the pack's program."""
    out, sources = tmp_path / "pack.zip", replace(SOURCES, seal=lambda _: word)
    with out.open("w+b") as file:
        build(Store(full), Selection(), file, by="auditor", sources=sources)
    told = json.loads(parts_of(out)["coverage.json"])["scripts_without_seal"]
    assert told == {"ab" * 32: word}
    code, said = checked(out)
    assert code == 0 and f"Script abababababab: the seal of its text was {word}." in said


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
