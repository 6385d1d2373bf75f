"""A new export format is one new file: the command, the review and the contract tests find it by
themselves.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scratch_copy import ScratchCopy, passed

from core.record import Record
from evidence.writer import Writer
from tests.evidence.conftest import Told

MARKDOWN = '''"""Markdown: one line a record, for reading."""

from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from core.case_keys import called
from core.stored import StoredObservation, StoredRecord
from core.vocabulary.files import files_told
from core.vocabulary.observations import observed
from exports.columns import told
from exports.contents import Contents, Said
from exports.formats import Format, Opened, Place
from exports.head import Sealer
from exports.lines import Write, read_lines, write_lines


def _body(contents: Contents, write: Write) -> None:
    said = Said(contents.opened_acts())
    for entry in contents.records():
        opened = entry.opened()
        if isinstance(opened, StoredRecord):
            words = f"{opened.record.destination.host}: {opened.record.decision.verdict}"
            words += "; ".join(map(told, said.of(opened.record)))
            words += "".join(f"; {one}" for one in files_told(opened.record))
        elif isinstance(opened, StoredObservation):
            words = f"{called(opened.observation)}: {observed(opened.observation)}"
        else:
            words = opened.for_officer()
        words = " ".join(words.splitlines())
        write(f"- {entry.link.seq} {entry.link.hash.hex()} {entry.id}: {words}\\n".encode())


def _first(head: bytes | None) -> bytes:
    return b"# Records\\n" if head is None else b"# Records " + head + b"\\n"


def _write(contents: Contents, sealer: Sealer | None, out: BinaryIO) -> None:
    write_lines(contents, sealer, out, _first, _body)


def _head(line: bytes) -> bytes | None:
    return line[10:] if line.startswith(b"# Records {") else None


def _place(where: str, line: bytes) -> Place:
    _, seq, hash_, _ = line.decode().split(" ", 3)
    return Place(where=where, seq=int(seq), hash=hash_)


def _read(path: Path) -> Opened:
    return replace(read_lines(path, _head, _place, _first), acts_apart=True)


FORMAT = Format(
    name="markdown",
    suffix=".md",
    purpose="for reading",
    write=_write,
    recognises=lambda start: start.startswith(b"# Records"),
    read=_read,
)
'''.replace("\\\\n", "\\n")

IN_THE_REVIEW = """
import sys
from pathlib import Path
from app.desk_acts import acts_of
from app.home import Home
from app.settings import Settings
from evidence import open_store
from tui.evidence_acts import cases_of, proposed
from tui.export_dialog import export_named
from core.review import CaseFilter
store = open_store(Path(sys.argv[1]) / "evidence.db")
acts = acts_of(store, Home(Path(sys.argv[1])), Settings())
asked = export_named(sys.argv[1] + "/cases.md", acts.formats)
print(proposed(acts.formats).suffix, asked.format_name, asked.path.name)
print(acts.export(asked.format_name, cases_of(store, CaseFilter()), asked.path))
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> ScratchCopy:
    """The house with one file more."""
    copy = ScratchCopy.of(tmp_path_factory.mktemp("stranger"), "exports")
    copy.add("exports/formats/markdown.py", MARKDOWN)
    return copy


@pytest.fixture
def recorded(
    house: ScratchCopy, make_record: Callable[..., Record], told: Callable[[], Told]
) -> Iterator[Path]:
    """Three records in the copy's evidence."""
    path = house.home / "evidence.db"
    writer, answer = Writer(path), told()
    for number in range(3):
        writer.close_record(make_record(number), answer)
    assert answer.wait(3) == [None] * 3
    writer.stop()
    yield house.home
    path.unlink()


def test_the_command_offers_and_writes_it(house: ScratchCopy, recorded: Path) -> None:
    """Its name and purpose stand in the help, and the file is written."""
    told = house.outgate("export", "--help").stdout
    assert "|markdown" in told
    assert "markdown for reading" in " ".join(told.split())
    assert "|markdown" in house.outgate("inspect", "--help").stdout

    done = house.outgate("export", "--format", "markdown", "--out", str(recorded / "all.md"))
    assert (done.returncode, done.stdout) == (0, f"3 records written to {recorded / 'all.md'}\n")
    assert (recorded / "all.md").read_text("utf-8").count("api.openai.com: watch") == 3
    assert ", markdown" in house.outgate("export", "-f", "x", "-o", "y").stderr


def test_the_review_offers_it_by_its_suffix(house: ScratchCopy, recorded: Path) -> None:
    """`.md` chooses it; what is proposed stays what it was."""
    done = house.python("-c", IN_THE_REVIEW, str(recorded))
    assert done.stdout.splitlines() == [".csv markdown cases.md", "3"], done.stderr


def test_the_contract_tests_pick_it_up(house: ScratchCopy) -> None:
    """What holds for every format is tested for it, without a line of test."""
    of_it = house.pytest(
        "tests/exports/test_exports_formats.py", "-k", "TestEveryFormat and markdown"
    )
    assert passed(of_it) >= 5
    unread = house.pytest(
        "tests/evidence/test_evidence_unreadable.py", "-k", "cannot_read and markdown"
    )
    assert passed(unread) >= 10


def test_a_format_that_breaks_a_promise_is_found(tmp_path: Path) -> None:
    """A format that drops what it cannot read, or takes another's suffix, does not pass."""
    copy = ScratchCopy.of(tmp_path, "exports")
    silent = MARKDOWN.replace("words = opened.for_officer()", "continue")
    copy.add("exports/formats/markdown.py", silent)
    done = copy.pytest(
        "tests/evidence/test_evidence_unreadable.py", "-k", "cannot_read and markdown"
    )
    assert done.returncode == 1 and "failed" in done.stdout
    (copy.root / "exports/formats/markdown.py").write_text(silent.replace('".md"', '".csv"'))
    told = copy.outgate("export", "--out", "x").stderr
    assert "The export format in" in told and "is not usable" in told
