"""Dangerous code, by ruff's rules of the S family: one subprocess for many files, which reads no
settings of anybody, keeps no cache and heeds no comment that asks it to look away.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.scanned import Flaw, Grade
from core.text import printable

EXTRA = "outgate[flaws]"
_BATCH = 200
_MOST_ARGUMENTS = 96_000
_LIMIT_S = 300.0
_MOST_EACH = 100

_NOT_ASKED = "S101"
"""An assertion is no flaw in a script."""
_REMARKS = frozenset(
    (
        "S105 S106 S107 S110 S112 S311 S310 S404 S403 S405 S406 S407 S408 S409 S411 S412 "
        "S413 S603 S606 S607 S401 S402 S415"
    ).split()
)
"""Imports, and calls that are right in most programs; passwords are found by the secrets engine."""
_GRAVE = frozenset(
    (
        "S102 S201 S202 S301 S302 S307 S323 S501 S502 S503 S506 S507 S602 S604 S605 S608 "
        "S609 S611 S612 S704"
    ).split()
)
_WORDS: Mapping[str, str] = {
    "S102": "runs text as code (exec)",
    "S103": "gives everybody rights to a file",
    "S104": "listens on all of the machine's addresses",
    "S108": "uses a file in a shared temporary folder under a fixed name",
    "S110": "passes over errors in silence",
    "S113": "waits without end for an answer",
    "S201": "runs a web server in debug mode",
    "S202": "unpacks an archive to wherever it says",
    "S301": "loads pickled data, which can run code",
    "S302": "loads marshalled data, which can run code",
    "S303": "uses a broken hash function",
    "S304": "uses a broken cipher",
    "S305": "uses a broken mode of a cipher",
    "S306": "makes a temporary file that others can put theirs in place of",
    "S307": "evaluates text as code (eval)",
    "S308": "marks text as safe for a web page",
    "S310": "opens an address that may also be a file",
    "S311": "takes random numbers that can be foreseen",
    "S312": "speaks Telnet, which is not encrypted",
    "S321": "speaks FTP, which is not encrypted",
    "S323": "does not verify certificates",
    "S324": "uses a broken hash function",
    "S501": "does not verify certificates",
    "S502": "allows broken versions of TLS",
    "S503": "allows broken versions of TLS",
    "S504": "leaves the version of TLS open",
    "S505": "makes a key that is too short",
    "S506": "loads YAML that can run code",
    "S507": "trusts any host's key (SSH)",
    "S508": "speaks SNMP without encryption",
    "S509": "speaks SNMP without encryption",
    "S602": "runs a command through the shell",
    "S604": "runs a command through the shell",
    "S605": "runs a command through the shell",
    "S608": "builds a database query from text",
    "S609": "runs a command with a wildcard",
    "S610": "builds a database query from text",
    "S611": "builds a database query from text",
    "S612": "takes logging settings from the network",
    "S701": "fills templates without escaping",
    "S702": "fills templates without escaping",
    "S704": "marks text as safe for a web page",
}


def program() -> str | None:
    """Return where ruff of this installation lies; None when it is not installed."""
    try:
        from ruff import find_ruff_bin

        return os.fsdecode(find_ruff_bin())
    except (ImportError, FileNotFoundError):
        return None


def version() -> str | None:
    """Return the version of the rules; None when they are not installed."""
    from importlib import metadata

    try:
        return metadata.version("ruff")
    except metadata.PackageNotFoundError:
        return None


def in_files(ruff: str, paths: Sequence[str]) -> Iterator[tuple[str, Flaw]]:
    """Yield the flaws of files, each with its file. A batch that fails is yielded by nobody: see
    `failed`.
    """
    for batch in _batches(paths):
        yield from _told(_run(ruff, [*batch], None))


def in_text(ruff: str, text: str) -> Iterator[Flaw]:
    """Yield the flaws of code that lies in no file of its own."""
    for _, flaw in _told(_run(ruff, ["-"], text.encode("utf-8", "replace"))):
        yield flaw


class FlawsError(Exception):
    """ruff did not answer; holds no source."""


def _batches(paths: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for path in paths:
        if len(batch) >= _BATCH or sum(map(len, batch)) + len(path) > _MOST_ARGUMENTS:
            yield batch
            batch = []
        batch.append(path)
    if batch:
        yield batch


def _run(ruff: str, targets: Sequence[str], given: bytes | None) -> list[dict[str, Any]]:
    command = [
        *(ruff, "check", "--isolated", "--no-cache", "--quiet", "--no-fix", "--ignore-noqa"),
        *("--select", "S", "--ignore", _NOT_ASKED, "--output-format", "json", "--exit-zero"),
        *("--no-respect-gitignore", "--target-version", "py313", "--"),
        *targets,
    ]
    if given is not None:
        command[-1:-1] = []
        at = command.index("--")
        command[at:at] = ["--stdin-filename", "script.py"]
    kept = {"PATH", "SYSTEMROOT", "LD_LIBRARY_PATH"}
    try:
        done = subprocess.run(
            command,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name in kept},
            cwd=os.path.abspath(os.sep),  # noqa: PTH100 - the root, under whatever name
            timeout=_LIMIT_S,
            check=False,
        )
        found = json.loads(done.stdout or b"null")
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise FlawsError(type(error).__name__) from None
    if done.returncode != 0 or not isinstance(found, list):
        raise FlawsError(f"code {done.returncode}")
    return [entry for entry in found if isinstance(entry, dict)]


def _told(entries: Sequence[dict[str, Any]]) -> Iterator[tuple[str, Flaw]]:
    counts: dict[str, int] = {}
    for entry in entries:
        rule, file = str(entry.get("code") or ""), str(entry.get("filename") or "")
        counts[file] = counts.get(file, 0) + 1
        if not rule.startswith("S") or not rule[1:].isdecimal() or counts[file] > _MOST_EACH:
            continue
        line = (entry.get("location") or {}).get("row")
        cell = entry.get("cell")
        where = f"cell {cell}, line {line}" if cell is not None else f"line {line}"
        yield (
            file,
            Flaw(
                rule=rule, place=where, line=line, words=_words(rule, entry), grade=grade_of(rule)
            ),
        )


def _words(rule: str, entry: dict[str, Any]) -> str:
    """Return our words, or the rule's name; ruff's message may quote the source."""
    return _WORDS.get(rule) or printable(str(entry.get("name") or rule), 80).replace("-", " ")


def grade_of(rule: str) -> Grade:
    """Return how grave a rule's flaws are."""
    if rule in _GRAVE:
        return Grade.GRAVE
    return Grade.REMARK if rule in _REMARKS else Grade.MODERATE
