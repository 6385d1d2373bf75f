"""Tricks with a pack that need no wrong hash: what the zip says around its files, names that look
like others, and what the owner of the key can sign. Each is named, and none ends the program.
"""

import base64
import hashlib
import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from packs import checked, parts_of

from exports.pack.building import _info as member
from exports.pack.checking import places
from exports.verification import verify_export

SEAL = "statement.dsse.json"
type Around = Callable[[Path], None]
"""Changes what stands around the files of a zip."""
type Inside = Callable[[dict[str, bytes], Ed25519PrivateKey], None]
"""Changes files as the owner of the key could."""


@pytest.fixture
def key(full: Path) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(
        (full.parent / "keys" / "checkpoint.key").read_bytes()
    )


def again(
    packed: Path, change: Callable[[zipfile.ZipInfo, bytes], tuple[zipfile.ZipInfo, bytes]]
) -> None:
    """Write each file of the zip anew, as this says."""
    with zipfile.ZipFile(packed) as old:
        both = [change(one, old.read(one.filename)) for one in old.infolist()]
    with zipfile.ZipFile(packed, "w") as new:
        for info, data in both:
            new.writestr(info, data)


def of(name: str, edit: Callable[[zipfile.ZipInfo], None]) -> Around:
    def change(packed: Path) -> None:
        def one(info: zipfile.ZipInfo, data: bytes) -> tuple[zipfile.ZipInfo, bytes]:
            if info.filename == name:
                edit(info)
            return info, data

        again(packed, one)

    return change


def cut(share: float) -> Around:
    def change(packed: Path) -> None:
        data = packed.read_bytes()
        packed.write_bytes(data[: int(share * len(data))])

    return change


def _ignore(_: object) -> None:
    pass


def put_in(name: str, data: bytes = b"x") -> Around:
    def change(packed: Path) -> None:
        with zipfile.ZipFile(packed, "a") as archive:
            archive.writestr(member(name), data)

    return change


def commented(packed: Path) -> None:
    with zipfile.ZipFile(packed, "a") as archive:
        archive.comment = b"checked by the auditor"


def as_link(info: zipfile.ZipInfo) -> None:
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16


def named(name: str) -> Callable[[zipfile.ZipInfo], None]:
    return lambda info: setattr(info, "filename", name)


def huge(packed: Path) -> None:
    """A file that unpacks to a thousand times of what it takes here."""
    inner = packed.with_name("huge")
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(inner, "w") as new:
        for one in old.infolist():
            if one.filename != "coverage.json":
                new.writestr(one, old.read(one.filename))
                continue
            with new.open(member("coverage.json"), "w", force_zip64=True) as file:
                for _ in range(1 << 3):
                    file.write(bytes(1 << 20))
    inner.replace(packed)


def flagged(packed: Path) -> None:
    """Say of a file that it is encrypted."""
    data = bytearray(packed.read_bytes())
    at = data.index(b"PK\1\2")
    data[at + 8] |= 1
    packed.write_bytes(bytes(data))


def sized(packed: Path) -> None:
    """Say of a file that it is larger than it is."""
    data = bytearray(packed.read_bytes())
    at = data.index(b"PK\1\2")
    data[at + 24 : at + 28] = b"\xf0\xff\xff\xff"
    packed.write_bytes(bytes(data))


AROUND: dict[str, Around] = {
    "cut in its list": cut(0.999),
    "cut in its files": cut(0.5),
    "cut to its first bytes": cut(0.0002),
    "a zip's comment": commented,
    "a file's comment": of("records.csv", lambda info: setattr(info, "comment", b"words")),
    "an extra field": of("records.csv", lambda i: setattr(i, "extra", b"\x99\x99\x02\x00ab")),
    "a link": of("records.csv", as_link),
    "a folder of a file's name": put_in("records.csv/"),
    "another case": put_in("Records.jsonl"),
    "another case in place": of("records.jsonl", named("RECORDS.JSONL")),
    "a letter that looks alike": of("records.jsonl", named("r\u0435cords.jsonl")),
    "a way out of the folder": put_in("../verify.py"),
    "a way from the root": put_in("/etc/outgate/policy.yaml"),
    "another system's way": put_in("scripts\\..\\verify.py"),
    "a name with an end of line": put_in("a\nThe pack is whole."),
    "another packing": of("records.csv", lambda i: setattr(i, "compress_type", zipfile.ZIP_BZIP2)),
    "a later date": of(
        "records.csv", lambda info: setattr(info, "date_time", (2026, 1, 1, 0, 0, 0))
    ),
    "a file that unpacks to much": huge,
    "said to be encrypted": flagged,
    "said to be larger": sized,
    "a zip in front": lambda packed: _ignore(packed.write_bytes(_other() + packed.read_bytes())),
}


def _other() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("records.jsonl", b"{}")
    return out.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("attack", AROUND)
def test_what_stands_around_the_files_is_named(packed: Path, attack: str) -> None:
    assert checked(packed)[0] == 0
    AROUND[attack](packed)
    code, said = checked(packed)
    lines = said.splitlines()
    assert code == 1 and lines[0].startswith("NOT whole: "), said
    assert "The pack is whole." not in lines and "Traceback" not in said
    assert not verify_export(packed).ok


# What the owner of the key can sign


def signed_anew(parts: dict[str, bytes], key: Ed25519PrivateKey, place: Path) -> Path:
    """Sign the manifest over these files; return the unpacked pack, in which no zip is checked."""
    envelope = json.loads(parts[SEAL])
    statement = json.loads(base64.b64decode(envelope["payload"]))
    statement["subject"] = [
        {"name": name, "digest": {"sha256": hashlib.sha256(data).hexdigest()}}
        for name, data in sorted(parts.items())
        if name != SEAL
    ]
    payload = places.canonical(statement)
    kind = envelope["payloadType"].encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    envelope["payload"] = base64.b64encode(payload).decode()
    envelope["signatures"][0]["sig"] = base64.b64encode(key.sign(message)).decode()
    for name, data in {**parts, SEAL: places.canonical(envelope)}.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    return place


def more(name: str, data: bytes = b"words") -> Inside:
    return lambda parts, _: parts.update({name: data})


def noted(which: int, *edits: tuple[int, Callable[[str], str]]) -> Inside:
    """Change lines of a checkpoint, and sign it with the right key."""

    def change(parts: dict[str, bytes], key: Ed25519PrivateKey) -> None:
        kept = json.loads(parts["checkpoints.json"])
        text = kept[which]["note"].partition("\n\n")[0] + "\n"
        lines = text.split("\n")
        for number, edit in edits:
            lines[number] = edit(lines[number])
        text, public = "\n".join(lines), bytes.fromhex(kept[which]["public"])
        id_ = hashlib.sha256(lines[0].encode() + b"\n\x01" + public).digest()[:4]
        signature = base64.b64encode(id_ + key.sign(text.encode())).decode()
        kept[which]["note"] = f"{text}\n\u2014 {lines[0]} {signature}\n"
        parts["checkpoints.json"] = places.canonical(kept)

    return change


def replaced(name: str, old: bytes, new: bytes) -> Inside:
    def change(parts: dict[str, bytes], _: Ed25519PrivateKey) -> None:
        assert old in parts[name], parts[name][:300]
        parts[name] = parts[name].replace(old, new, 1)

    return change


def policies_swapped(parts: dict[str, bytes], _: Ed25519PrivateKey) -> None:
    (name,) = [one for one in parts if one.startswith("policy/")] or [
        "policy/" + "ab" * 8 + ".yaml"
    ]
    parts[name] = b"rules: [] # another"


def ended_otherwise(parts: dict[str, bytes], _: Ed25519PrivateKey) -> None:
    parts["records.jsonl"] = parts["records.jsonl"].replace(b"\n", b"\r\n")


INSIDE: dict[str, Inside] = {
    "a file that is none of a pack's": more("notes.txt"),
    "another case": more("RECORDS.jsonl"),
    "a letter that looks alike": more("r\u0435port.html"),
    "a name that joins its marks": more("re\u0301port.html"),
    "a hidden file": more(".records.jsonl"),
    "a second report": more("report (1).html"),
    "a program beside the program": more("verify.pyc"),
    "a script that is none": more("scripts/report.html"),
    "a policy that is none": more("policy/README.md"),
    "a policy's text": policies_swapped,
    "a checkpoint of another chain": noted(0, (0, lambda line: f"{line[:-4]}beef")),
    "acts of another chain": noted(0, (3, lambda line: "reviews:beef " + line.partition(" ")[2])),
    "the newest of another chain": noted(-1, (0, lambda line: f"{line[:-4]}beef")),
    "another prefix": noted(-1, (0, lambda line: "evil.example/" + line.rpartition("/")[2])),
    "a time before the one before": noted(-1, (4, lambda _: "time 2001-01-01T00:00:00Z")),
    "a time that is none": noted(0, (4, lambda _: "time yesterday")),
    "a first checkpoint after the last": noted(0, (4, lambda _: "time 2099-01-01T00:00:00Z")),
    "words for a time": noted(0, (4, lambda _: "approved by everybody")),
    "fewer records signed": noted(0, (1, lambda line: str(int(line) - 1))),
    "a number with a sign": noted(0, (1, lambda line: f"+{line}")),
    "other ends of lines": ended_otherwise,
    "a mark before the records": lambda parts, _: parts.update(
        {"records.jsonl": b"\xef\xbb\xbf" + parts["records.jsonl"]}
    ),
    "a row twice": lambda parts, _: parts.update(
        {"records.csv": parts["records.csv"] + parts["records.csv"].splitlines(keepends=True)[-1]}
    ),
    "deep nesting": lambda parts, _: parts.update({"coverage.json": b"[" * 100_000}),
    "a number without end": lambda parts, _: parts.update({"coverage.json": b"9" * 100_000}),
    "words in the coverage": replaced("coverage.json", b"{", b'{"a":"approved by everybody",'),
    "words for a count": replaced(
        "coverage.json", b'"acts_that_cannot_be_read":0', b'"acts_that_cannot_be_read":"none"'
    ),
    "words behind a checkpoint's time": noted(0, (4, lambda line: line + "\napproved")),
    "no number": replaced("coverage.json", b":0", b":NaN"),
}


@pytest.mark.parametrize("attack", INSIDE)
def test_what_the_owner_of_the_key_signs_besides_is_named(
    packed: Path, tmp_path: Path, key: Ed25519PrivateKey, attack: str
) -> None:
    parts = parts_of(packed)
    assert checked(signed_anew(parts, key, tmp_path / "plain"))[0] == 0
    INSIDE[attack](parts, key)
    code, said = checked(signed_anew(parts, key, tmp_path / "changed"))
    assert code == 1 and said.startswith("NOT whole: "), said
    assert said.isascii() and "Traceback" not in said
