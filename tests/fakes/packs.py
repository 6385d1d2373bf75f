"""Packs of evidence as tests make, open and change them."""

import zipfile
from pathlib import Path

from evidence.store import Store
from exports.pack import verify as program
from exports.pack.building import Sources, build
from exports.selection import Selection

POLICY = b"rules: []\n"
SOURCES = Sources(policies={"ab12": POLICY}, script=lambda sha: f"# {sha}\nprint('hello')\n")


NAMES = {
    "records.jsonl",
    "records.csv",
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
