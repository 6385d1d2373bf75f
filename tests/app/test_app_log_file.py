"""The log as a file: every record is somewhere, on one line, for its owner only."""

import errno
import json
import logging
import multiprocessing
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.log_file import LogFile
from app.safe_logging import JsonFormatter, LogFormat, formatter

EACH, WRITERS = 300, 3


class Spare(logging.Handler):
    """Keeps what the file did not take."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.records.append(record.getMessage())


def record(message: str, *values: object, name: str = "outgate.test") -> logging.LogRecord:
    """Return a warning."""
    return logging.LogRecord(name, logging.WARNING, __file__, 7, message, values, None)


def opened(path: Path, most: int = 1 << 20, kept: int = 3, spare: Spare | None = None) -> LogFile:
    """Return a handler that writes JSON."""
    handler = LogFile(path, most, kept, spare or Spare())
    handler.setFormatter(JsonFormatter())
    return handler


def told(*paths: Path) -> list[str]:
    """Return the messages of these files, in order; each line has to be a whole object."""
    lines = [line for path in paths for line in path.read_bytes().splitlines()]
    return [json.loads(line)["message"] for line in lines]


def mode(path: Path) -> int:
    """Return who may do what with a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_put_aside_is_whole_and_in_order(tmp_path: Path) -> None:
    """No record is lost, none is twice, and all files are their owner's."""
    path = tmp_path / "gate.log"
    handler = opened(path, most=1000, kept=50)
    for number in range(200):
        handler.handle(record("%d", number))
    aside = sorted(tmp_path.glob("gate.log.*"), key=lambda one: -int(one.suffix[1:]))
    assert len(aside) > 10
    assert told(*aside, path) == [str(number) for number in range(200)]
    assert all(one.stat().st_size <= 1000 for one in (*aside, path))
    assert {mode(one) for one in (*aside, path)} == {0o600}


def test_as_many_are_kept_as_was_said(tmp_path: Path) -> None:
    """The oldest goes."""
    path = tmp_path / "gate.log"
    handler = opened(path, most=300, kept=2)
    for number in range(60):
        handler.handle(record("%d", number))
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "gate.log",
        "gate.log.1",
        "gate.log.2",
    ]
    assert told(path)[-1] == "59"


def test_a_line_longer_than_a_file_is_written_whole(tmp_path: Path) -> None:
    """An empty file is not put aside for it."""
    path = tmp_path / "gate.log"
    handler = opened(path, most=10)
    handler.handle(record("x" * 500))
    assert told(path) == ["x" * 500]
    assert [one.name for one in tmp_path.iterdir()] == ["gate.log"]


def _write(path: Path, writer: int) -> None:
    handler = opened(path, most=2000, kept=100)
    for number in range(EACH):
        handler.handle(record("%d-%d", writer, number))


def test_two_gates_may_write_one_file(tmp_path: Path) -> None:
    """As when one hands its port to the next: whoever puts it aside, all is there once."""
    path = tmp_path / "gate.log"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(path, one)) for one in range(WRITERS)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert [one.exitcode for one in writers] == [0] * WRITERS
    found = told(*tmp_path.iterdir())
    assert len(list(tmp_path.iterdir())) > 5
    assert sorted(found) == sorted(f"{w}-{n}" for w in range(WRITERS) for n in range(EACH))


def test_the_systems_rotation_may_move_it(tmp_path: Path) -> None:
    """And make a new one that others may read."""
    path = tmp_path / "gate.log"
    handler = opened(path)
    handler.handle(record("before"))
    path.rename(tmp_path / "gate.log-20261128")
    path.touch(mode=0o644)
    handler.handle(record("after"))
    path.unlink()
    handler.handle(record("later"))
    assert told(tmp_path / "gate.log-20261128") == ["before"]
    assert told(path) == ["later"]
    assert mode(path) == 0o600


def test_what_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    """A file that is there already is gone on with."""
    path = tmp_path / "gate.log"
    opened(path).handle(record("old"))
    path.chmod(0o666)
    opened(path).handle(record("new"))
    assert told(path) == ["old", "new"]
    assert mode(path) == 0o600


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_only_a_file_of_its_own_name_is_written(tmp_path: Path) -> None:
    """No link to elsewhere, and no pipe, whose reader would stop the gate."""
    elsewhere, link, pipe = tmp_path / "elsewhere", tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(elsewhere)
    os.mkfifo(pipe)
    for path in (link, pipe, tmp_path):
        with pytest.raises(OSError, match=r"\w"):
            opened(path)
    assert not elsewhere.exists()


@pytest.mark.parametrize("held", [b"SQLite format 3\0", b"rules: []\n", b"-----BEGIN", b"\n"])
def test_a_file_that_is_no_log_is_left_alone(tmp_path: Path, held: bytes) -> None:
    """A setting that names the evidence by mistake neither adds to it nor puts it aside."""
    path, spare = tmp_path / "evidence.db", Spare()
    path.write_bytes(held)
    path.chmod(0o640)
    with pytest.raises(FileExistsError):
        opened(path)
    path.rename(tmp_path / "kept")
    handler = opened(path, spare=spare)
    (tmp_path / "kept").replace(path)
    handler.handle(record("said"))
    assert path.read_bytes() == held
    assert mode(path) == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["evidence.db"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_log_of_either_form_is_gone_on_with(tmp_path: Path, form: LogFormat) -> None:
    """The form may have been set anew."""
    path = tmp_path / "gate.log"
    first = opened(path)
    first.setFormatter(formatter(form, dated=True))
    first.handle(record("first"))
    opened(path).handle(record("second"))
    lines = path.read_text().splitlines()
    assert ["first" in lines[0], "second" in lines[1]] == [True, True]


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    """What was opened goes on to be written."""
    path, elsewhere = tmp_path / "gate.log", tmp_path / "elsewhere"
    handler = opened(path)
    path.rename(tmp_path / "moved")
    path.symlink_to(elsewhere)
    handler.handle(record("said"))
    assert told(tmp_path / "moved") == ["said"]
    assert not elsewhere.exists()


def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit goes to standard error, and the next line is a line of its own."""
    path, spare = tmp_path / "gate.log", Spare()
    handler = opened(path, spare=spare)
    written, room = os.write, [20]

    def full(file: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "full")
        taken = written(file, data[: room[0]])
        room[0] -= taken
        return taken

    monkeypatch.setattr("app.log_file.os.write", full)
    handler.handle(record("first"))
    handler.handle(record("second"))
    room[0] = 10_000
    handler.handle(record("third"))
    assert spare.records == ["first", "second"]
    begun, whole = path.read_bytes().splitlines()
    assert len(begun) == 20
    assert json.loads(whole)["message"] == "third"


def test_what_cannot_be_put_aside_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing that was put aside goes for it."""
    path = tmp_path / "gate.log"
    handler = opened(path, most=100, kept=2)
    for number in range(3):
        handler.handle(record("%d", number))
    replace = Path.replace

    def refused(one: Path, other: Path) -> Path:
        if one == path:
            raise PermissionError
        return replace(one, other)

    monkeypatch.setattr(Path, "replace", refused)
    for number in range(3, 9):
        handler.handle(record("%d", number))
    kept = [path.with_name(f"gate.log.{number}") for number in (2, 1)]
    there = [one for one in kept if one.exists()]
    assert told(*there, path)[-8:] == [str(number) for number in range(1, 9)]


@given(st.text(), st.text(min_size=1))
def test_every_record_is_one_object_in_ascii(value: str, name: str) -> None:
    """Whatever was quoted."""
    line = JsonFormatter().format(record("%s", value, name=f"outgate.{name}"))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line).keys() == {"time", "level", "logger", "message"}


def test_json_tells_of_an_error_its_place_and_no_word() -> None:
    """And of another's record neither."""
    try:
        raise ValueError("secret")
    except ValueError as error:
        one = logging.LogRecord("hpack", 40, __file__, 7, "secret", (), (type(error), error, None))
    told_of = json.loads(JsonFormatter().format(one))
    assert told_of["message"] == "hpack:7 (text withheld)"
    assert told_of["error"].startswith("ValueError at test_app_log_file.py:")
    assert "secret" not in json.dumps(told_of)


FAULTY = """
import logging, sys
from pathlib import Path
from app.safe_logging import quieten
quieten(sys.stderr)
if sys.argv[1:]:
    from app.log_file import log_to
    log_to(Path(sys.argv[1]), 1000, 1, "json")
logging.getLogger("outgate").warning("%d people", "Ada Lovelace")
logging.getLogger("outgate").warning("goes on")
"""


@pytest.mark.parametrize("to_file", [False, True])
def test_a_record_that_cannot_be_made_is_not_quoted(tmp_path: Path, to_file: bool) -> None:
    """Python's own words for that show what was to be logged."""
    path = tmp_path / "gate.log"
    done = subprocess.run(
        [sys.executable, "-c", FAULTY, *([str(path)] if to_file else [])],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Ada" not in done.stderr
    assert "was not written (TypeError at " in done.stderr
    assert "goes on" in (path.read_text() if to_file else done.stderr)


def test_where_there_can_be_no_file_standard_error_has_it(tmp_path: Path) -> None:
    """A gate serves all the same."""
    done = subprocess.run(
        [sys.executable, "-c", FAULTY, str(tmp_path / "none" / "gate.log")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "the log goes to standard error: " in done.stderr
    assert "goes on" in done.stderr
