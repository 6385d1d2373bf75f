"""CONTRIBUTING's table names what is there: who adds something by it finds each file, module and
name where it says.
"""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
QUOTED = re.compile(r"`([^`]+)`")


def rows(page: str) -> dict[str, str]:
    """Return the table: what is added, to what is to be written."""
    lines = [line.strip("|").split("|", 1) for line in page.splitlines() if line.startswith("|")]
    return {what.strip(): write.strip() for what, write in lines[2:]}


def commands(page: str) -> list[list[str]]:
    """Return the words of each command of the block at the top, comments left out."""
    block = page.split("```")[1]
    return [words for line in block.splitlines() if (words := shlex.split(line, comments=True))]


def picture(page: str) -> list[list[str]]:
    """Return the packages of each line of the picture, from the top."""
    block = page.split("```")[3]
    lines = [re.split(r"\s{2,}", line)[0] for line in block.splitlines() if line.strip()]
    return [[name.strip() for name in line.split("|")] for line in lines]


def is_place(quoted: str) -> bool:
    """Return whether this is a file or a folder."""
    return " " not in quoted and ("/" in quoted or quoted.endswith((".py", ".md", ".toml")))


def places(quoted: str) -> list[Path]:
    """Return the files that this names: one, those of a folder, those of a pattern."""
    found = sorted(ROOT.glob(quoted.replace("NNNN", "[0-9]*").rstrip("/")))
    return [
        file
        for place in found
        for file in (sorted(place.rglob("*.*")) if place.is_dir() else [place])
    ]


def missing(row: str) -> list[str]:
    """Return what a row names that is not there: files and modules, and names that none of the
    row's files holds.
    """
    quoted = QUOTED.findall(row)
    files = {one: places(one) for one in quoted if is_place(one)}
    read = [file for found in files.values() for file in found if "__pycache__" not in file.parts]
    text = "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in read)
    lacking = [one for one, found in files.items() if not found]
    for one in quoted:
        if (module := re.search(r"python -m ([\w.]+)", one)) is not None:
            stem = module[1].replace(".", "/")
            lacking += [] if places(f"{stem}.py") or places(f"{stem}/__main__.py") else [one]
        elif not is_place(one):
            name = re.split(r"[=. ]", one)[-1 if "." in one else 0]
            lacking += [] if re.search(rf"\b{re.escape(name)}\b", text) else [one]
    return lacking


@pytest.mark.parametrize("what", rows(PAGE))
def test_what_a_row_names_is_there(what: str) -> None:
    """A file that was moved, or a name that was changed, is changed in the table."""
    assert missing(rows(PAGE)[what]) == []


@pytest.mark.parametrize(
    ("row", "lacks"),
    [
        ("a row in `core/vocabulary/`", []),
        ("a file in `core/vocabularies/`", ["core/vocabularies/"]),
        ("`hub/schema/NNNN.sql`, `core/record*.py`", []),
        ("`python -m evidence.compiling` in `evidence/tables.py`", []),
        ("`python -m evidence.computing`", ["python -m evidence.computing"]),
        ("`PARTS` of `tui/review_screen.py`", []),
        ("`PIECES` of `tui/review_screen.py`", ["PIECES"]),
        ("`OWNER.minded` in `core/duties.py`", ["OWNER.minded"]),
    ],
)
def test_what_is_gone_is_seen(row: str, lacks: list[str]) -> None:
    """A table that names what is not there is told from one that does."""
    assert missing(row) == lacks


def test_its_commands_name_what_is_there() -> None:
    """Files are there, and programs are those of the development group."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    kept = {"uv", *(re.split(r"[=;\[]", one)[0] for one in settings["dependency-groups"]["dev"])}
    kept |= {"python", "pip", "ruff", "lint-imports"}
    for words in commands(PAGE):
        for before, word in zip(["&&", *words], words, strict=False):
            if "/" in word:
                assert (ROOT / word).is_file(), word
            elif before in {"&&", "run"} and word not in {"run", "&&"}:
                assert word in kept, word


def test_its_picture_is_the_contract() -> None:
    """Each package stands in the picture once, and none above one that may not know it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["type"] == "layers")
    floor = {name.strip(): at for at, layer in enumerate(layers) for name in layer.split("|")}
    shown = [name for line in picture(PAGE) for name in line]
    assert sorted(shown) == sorted(settings["tool"]["importlinter"]["root_packages"])
    assert [floor[name] for name in shown] == sorted(floor[name] for name in shown)
    assert all(len({floor[name] for name in line}) == 1 for line in picture(PAGE))
