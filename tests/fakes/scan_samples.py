"""Scans of made-up machines: a root to fill, and a scan without rights, network or gate."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from classifiers.credentials import CredentialDetector
from core.organisation import Organisation
from core.scanned import ScannedScript, ScanResult
from inventory import flaws
from inventory.scan import Question, scan


@cache
def _detector() -> CredentialDetector:
    return CredentialDetector(None, Organisation(), long_tail=False)


def put(root: Path, name: str, text: str | bytes = "print(1)\n") -> Path:
    """Write a file of this made-up machine."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def distribution(
    folder: Path, name: str, version: str, modules: str = "", files: tuple[str, ...] = ()
) -> None:
    """Install a made-up distribution into a package folder."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    put(info, "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    imported = modules.split() or [name.replace("-", "_")]
    for module in imported:
        put(folder, f"{module}/__init__.py", "import os\n")
    listed = [*(f"{module}/__init__.py" for module in imported), *files]
    put(info, "RECORD", "".join(f"{line},,\n" for line in listed))


def virtual_environment(prefix: Path, settings: str = "version = 3.12.4\n") -> Path:
    """Make an environment; return its package folder."""
    put(prefix, "pyvenv.cfg", f"home = /usr/bin\n{settings}")
    put(prefix, "bin/python", "")
    folder = prefix / "lib/python3.12/site-packages"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def scanned(*roots: Path, **asked: Any) -> ScanResult:
    """Scan these folders."""
    given = {"credentials": _detector(), "ruff": flaws.program(), **asked}
    return scan(Question(roots=tuple(str(root.resolve()) for root in roots), **given))


def one(result: ScanResult, path: Path) -> ScannedScript:
    """Return what was found of one script."""
    return next(script for script in result.scripts if script.path == str(path.resolve()))


def alone(root: Path, name: str, content: str | bytes) -> ScannedScript:
    """Return what is found of a script that lies alone in a folder."""
    path = put(root, name, content)
    return one(scanned(root), path)


def paths(result: ScanResult, root: Path) -> set[str]:
    """Return the scripts that were found, as their paths below a root."""
    return {str(Path(script.path).relative_to(root.resolve())) for script in result.scripts}


def notebook(*cells: tuple[str, str], output: str = "") -> str:
    """Return a notebook of cells (type, source); `output` stands below the last."""
    made: list[dict[str, Any]] = [
        {"cell_type": kind, "source": source.splitlines(keepends=True), "metadata": {}}
        for kind, source in cells
    ]
    for cell in made:
        if cell["cell_type"] == "code":
            cell |= {"execution_count": 1, "outputs": []}
    if output:
        made[-1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": [output]}]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
