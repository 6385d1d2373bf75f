"""Packs and exports in which something stands that no hash covers: links and pipes in a folder, and
words put in by the owner of the key, who signs head and manifest anew.
"""

import ast
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from packs import checked, pack, parts_of

from exports.pack import verify as program
from exports.pack.checking import places
from exports.verification import verify_export

type Change = Callable[[Any], None]
"""Of the place of an entry in its chain, of the head, or of the checkpoints."""
SEAL = "statement.dsse.json"


@pytest.fixture
def folder(packed: Path, tmp_path: Path) -> Path:
    """A pack that was unpacked."""
    place = tmp_path / "folder"
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(place)
    return place


@pytest.fixture
def key(full: Path) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(
        (full.parent / "keys" / "checkpoint.key").read_bytes()
    )


def link_to_a_folder(place: Path) -> None:
    (place / "more").symlink_to("/etc")


def link_for_a_file(place: Path) -> None:
    (place / "records.csv").rename(place.with_name("elsewhere.csv"))
    (place / "records.csv").symlink_to(place.with_name("elsewhere.csv"))


def link_for_the_seal(place: Path) -> None:
    (place / SEAL).rename(place.with_name("seal"))
    (place / SEAL).symlink_to(place.with_name("seal"))


def link_for_a_folder(place: Path) -> None:
    (place / "scripts").rename(place.with_name("scripts"))
    (place / "scripts").symlink_to(place.with_name("scripts"))


def pipe_for_a_file(place: Path) -> None:
    (place / "records.csv").unlink()
    os.mkfifo(place / "records.csv")


def pipe_for_the_records(place: Path) -> None:
    (place / "records.jsonl").unlink()
    os.mkfifo(place / "records.jsonl")


def pipe_more(place: Path) -> None:
    os.mkfifo(place / "more")


def name_in_another_case(place: Path) -> None:
    (place / "Records.csv").write_bytes(b"x")


def name_that_tells_a_lie(place: Path) -> None:
    (place / "a\nThe pack is whole.").write_bytes(b"x")


def name_that_is_no_text(place: Path) -> None:
    Path(os.fsdecode(os.fsencode(place) + b"/\xff\x1b[2J")).write_bytes(b"x")


FOLDERS = (
    *(link_to_a_folder, link_for_a_file, link_for_the_seal, link_for_a_folder),
    *(pipe_for_a_file, pipe_for_the_records, pipe_more),
    *(name_in_another_case, name_that_tells_a_lie, name_that_is_no_text),
)


@pytest.mark.parametrize("attack", FOLDERS, ids=lambda one: one.__name__)
def test_what_is_no_plain_file_is_named_and_never_waited_for(
    folder: Path, attack: Callable[[Path], None]
) -> None:
    """In an unpacked pack only plain files count, and no name writes lines of its own."""
    assert checked(folder)[0] == 0
    attack(folder)
    code, said = checked(folder)
    assert code == 1
    lines = said.splitlines()
    assert lines[-1] == "The pack is NOT whole." and lines.count("The pack is whole.") == 0
    assert said.isascii() and "\x1b" not in said


def in_place(line: bytes, change: Change) -> bytes:
    """Change an entry's place in its chain."""
    begin = line.index(b'"chain":{')
    end = line.index(b"}", begin) + 1
    place = json.loads(line[begin + 8 : end])
    change(place)
    return line[: begin + 8] + places.canonical(place) + line[end:]


def key_of_part(place: dict[str, Any], number: int) -> str:
    return hashlib.sha256(bytes.fromhex(place["salt"]) + number.to_bytes(4, "big")).hexdigest()


def with_keys(word: str, *more: str) -> Change:
    """Tell the keys of all parts, as where one was erased, and something else."""

    def change(place: dict[str, Any]) -> None:
        for number, part in enumerate(place["parts"]):
            part.extend([word, key_of_part(place, number), *more])
        del place["salt"]

    return change


def spaced(place: dict[str, Any]) -> None:
    place["salt"] = place["salt"][:2] + " " * 40 + place["salt"][2:]


def in_capitals(place: dict[str, Any]) -> None:
    place["salt"] = place["salt"].upper() if place["salt"].upper() != place["salt"] else "AA"


def words_in_a_part(place: dict[str, Any]) -> None:
    place["parts"][0] += ["key", key_of_part(place, 0), "words"]


def a_part_by_fractions(place: dict[str, Any]) -> None:
    place["parts"][0][0] = float(place["parts"][0][0])


PLACES: dict[str, Change] = {
    "digits with room between": spaced,
    "digits in capitals": in_capitals,
    "words in a part": words_in_a_part,
    "words beside the key of a part": with_keys("key", "words"),
    "another word for a part": with_keys("words"),
    "a part from a fraction on": a_part_by_fractions,
    "words for the hash before": lambda place: place.update(prev=place["prev"].upper() + " "),
}


def moved(line: bytes, behind: bytes) -> bytes:
    """Put the place of an entry elsewhere among its keys: its text stays the same."""
    begin = line.index(b'"chain":{')
    end = line.index(b"}", begin) + 1
    rest = line[:begin] + line[end + 1 :]
    at = rest.index(behind)
    return rest[:at] + line[begin:end] + b"," + rest[at:]


def resigned(
    packed: Path,
    key: Ed25519PrivateKey,
    lines: Callable[[list[bytes]], list[bytes]] = list,
    head: Change = lambda head: None,
    kept: Change = lambda kept: None,
) -> tuple[Path, Path]:
    """Change a pack as the owner of the key could: each signature and hash fits. Return the
    unpacked pack, and its records as an export by itself.
    """
    parts = parts_of(packed)
    first, *others = parts["records.jsonl"].splitlines(keepends=True)
    others = lines(others)
    told = json.loads(first)
    del told["signature"]
    told["sha256"] = hashlib.sha256(b"".join(others)).hexdigest()
    head(told)
    told["signature"] = key.sign(places.canonical(told)).hex()
    parts["records.jsonl"] = places.canonical(told) + b"\n" + b"".join(others)
    checkpoints = json.loads(parts["checkpoints.json"])
    kept(checkpoints)
    parts["checkpoints.json"] = places.canonical(checkpoints)
    parts[SEAL] = sealed(parts, key)
    place = packed.with_name("resigned")
    for name, data in parts.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    return place, place / "records.jsonl"


def sealed(parts: dict[str, bytes], key: Ed25519PrivateKey) -> bytes:
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
    return places.canonical(envelope)


def test_what_was_signed_anew_and_not_changed_is_whole(
    packed: Path, key: Ed25519PrivateKey
) -> None:
    """The tests below are told of what they changed, and of nothing else."""
    place, alone = resigned(packed, key)
    assert checked(place)[0] == 0 and verify_export(alone).ok
    told, alone = resigned(
        packed, key, lambda lines: [in_place(lines[0], with_keys("key")), *lines[1:]]
    )
    assert checked(told)[0] == 0 and verify_export(alone).ok


@pytest.mark.parametrize("attack", PLACES)
def test_no_words_stand_where_an_entry_is_sealed(
    packed: Path, key: Ed25519PrivateKey, attack: str
) -> None:
    """What an entry is hashed with is no room for words: in packs and in exports."""
    change = PLACES[attack]
    place, alone = resigned(packed, key, lambda told: [in_place(told[0], change), *told[1:]])
    code, said = checked(place)
    assert code == 1 and "records.jsonl, line 2" in said, said
    assert not verify_export(alone).ok


@pytest.mark.parametrize("name", ["salt", "parts"])
def test_an_act_has_no_seal(packed: Path, key: Ed25519PrivateKey, name: str) -> None:
    """Acts are hashed whole: a salt that nothing needs is a word."""

    def change(place: dict[str, Any]) -> None:
        place[name] = "68656c6c6f" if name == "salt" else [[1, 2, "words", "00"]]

    place, alone = resigned(packed, key, lambda told: [*told[:-1], in_place(told[-1], change)])
    assert checked(place)[0] == 1
    assert not verify_export(alone).ok


@pytest.mark.parametrize("behind", [b'"at":', b'"destination":', b'"sender":'])
def test_a_place_stands_where_it_is_put(
    packed: Path, key: Ed25519PrivateKey, behind: bytes
) -> None:
    """One entry is written in one way only."""
    place, alone = resigned(packed, key, lambda told: [moved(told[0], behind), *told[1:]])
    assert "line 2: this is no entry" in checked(place)[1]
    assert not verify_export(alone).ok


HEADS: dict[str, Change] = {
    "a fraction of entries": lambda head: head["records"].update(entries=[[1.0, 5.5]]),
    "a size with a point": lambda head: head["records"].update(of=5.0),
    "true for one": lambda head: head["records"].update(entries=[[True, 5]]),
}


@pytest.mark.parametrize("attack", HEADS)
def test_a_head_counts_in_whole_numbers(packed: Path, key: Ed25519PrivateKey, attack: str) -> None:
    """Two programs would count otherwise."""
    place, _ = resigned(packed, key, head=HEADS[attack])
    assert "no whole number" in checked(place)[1]


@pytest.mark.parametrize("change", [str.upper, lambda text: f"{text[:2]}  {text[2:]}"])
def test_keys_of_checkpoints_are_plain_digits(
    packed: Path, key: Ed25519PrivateKey, change: Callable[[str], str]
) -> None:
    """No signature covers how a key is written."""

    def edit(kept: list[dict[str, str]]) -> None:
        kept[-1]["public"] = change(kept[-1]["public"])

    place, _ = resigned(packed, key, kept=edit)
    assert "keys doubled or put in" in checked(place)[1]


def _defined(tree: ast.Module) -> list[str]:
    """Return what a module defines below its imports, as the compiler sees it."""
    kept = [one for one in tree.body[1:] if not isinstance(one, ast.Import | ast.ImportFrom)]
    return [ast.dump(one) for one in kept]


def test_the_program_is_its_parts() -> None:
    """All that they define, in their order, and nothing that is not in them."""
    whole = ast.parse(program.program())
    rooms = resources.files("exports.pack.checking")
    parts = [ast.parse(rooms.joinpath(f"{one}.py").read_text()) for one in program.PARTS]
    assert _defined(whole) == [one for part in parts for one in _defined(part)]
    there = {one.name for one in rooms.iterdir() if one.name.endswith(".py")}
    assert there == {"__init__.py", *(f"{one}.py" for one in program.PARTS)}
    assert ast.get_docstring(whole) == ast.get_docstring(parts[-1])


@pytest.mark.parametrize("seed", ["0", "1", "77"])
def test_the_same_parts_give_the_same_program(seed: str) -> None:
    """In another process, whatever order its sets have."""
    command = "import sys; from exports.pack.verify import program; sys.stdout.buffer.write("
    done = subprocess.run(
        [sys.executable, "-c", f"{command}program())"],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        check=True,
    )
    assert done.stdout == program.program()


def test_a_pack_holds_that_program_and_states_its_hash(full: Path, tmp_path: Path) -> None:
    """The one that was put together, and it finds its own pack whole where nothing is installed."""
    made = pack(full, tmp_path / "one.zip")
    with zipfile.ZipFile(made) as opened:
        text, seal = opened.read("verify.py"), json.loads(opened.read("statement.dsse.json"))
    assert text == program.program()
    subjects = json.loads(base64.b64decode(seal["payload"]))["subject"]
    told = {one["name"]: one["digest"]["sha256"] for one in subjects}
    assert told["verify.py"] == hashlib.sha256(text).hexdigest()
    (tmp_path / "verify.py").write_bytes(text)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(made)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def _cut(packed: bytes) -> bytes:
    return packed[: len(packed) // 2]


def _flipped(packed: bytes) -> bytes:
    at = packed.index(b"report.html") + 200
    return packed[:at] + bytes((packed[at] ^ 1,)) + packed[at + 1 :]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_cut, "the pack cannot be opened: it is cut off, or no zip"),
        (lambda packed: b"hello", "the pack cannot be opened: it is cut off, or no zip"),
        (_flipped, "report.html is damaged"),
    ],
    ids=["cut", "no zip", "a bit"],
)
def test_a_damaged_file_is_told_in_words(
    packed: Path, damage: Callable[[bytes], bytes], words: str
) -> None:
    packed.write_bytes(damage(packed.read_bytes()))
    code, said = checked(packed)
    assert code == 1 and words in said
    assert not PYTHONS.search(said)


PYTHONS = re.compile(r"\b\w+Error\b|\bError\b|BadZipFile|Exception|Traceback")
"""How Python calls what went wrong: an auditor need not know it."""


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (SEAL, b"", "nothing says what the pack should hold"),
        (SEAL, b"{}", "nothing says what the pack should hold"),
        (SEAL, b"\xff", "nothing says what the pack should hold"),
        ("records.jsonl", b"", "records.jsonl is empty"),
        ("records.jsonl", b"\xff\n", "not all records were checked"),
        ("checkpoints.json", b"{", "nothing shows that the evidence is complete"),
        ("coverage.json", b"[]", "were not held against the records"),
        ("records.csv", b"", "were not held against the records"),
    ],
)
def test_a_file_that_is_none_of_ours_is_told_in_words(
    packed: Path, name: str, text: bytes, words: str
) -> None:
    """With what was not checked for it."""
    parts = {**parts_of(packed), name: text}
    with zipfile.ZipFile(packed, "w") as archive:
        for one, content in parts.items():
            archive.writestr(one, content)
    code, said = checked(packed)
    assert code == 1 and name in said and words in said, said
    assert not PYTHONS.search(said), said


@pytest.mark.parametrize("asked", ["-h", "--help"])
def test_help_shows_how_it_is_used(asked: str) -> None:
    """And checks nothing."""
    said: list[str] = []
    assert program.main([asked], said.append) == 2
    assert "verify.py [PACK.zip] [--key FINGERPRINT]" in said[0]
