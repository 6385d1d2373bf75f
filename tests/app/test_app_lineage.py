"""File to wire: what is told of a file is proven, and near-equal, changed and equal-sized files are
never taken for it.
"""

import base64
import gzip
import io
import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from app.lineage import Tracer
from attribution import near_files
from attribution.facts import ProcessFacts
from attribution.os_users import People
from attribution.plain_files import opened
from attribution.process_profile import Portrait
from attribution.reader import InPlace
from attribution.sender_files import FilesOfSenders
from core.attribution import Attribution, Certainty, ProcessRef
from core.exchange import Exchange
from core.ids import utc_now, uuid7
from core.sent_file import FilesLook, FoundBy, SameAs, SentFile, Traced

if TYPE_CHECKING:
    from attribution.backends.opened_files import OpenedFiles

pytestmark = pytest.mark.skipif(os.name == "nt", reason="looks at /proc")

SENDER = Attribution(certainty=Certainty.EXACT, method="test")
TABLE = b"id;name\n" + b"".join(b"%d;name %d\n" % (n, n) for n in range(100))


def portrait(folder: Path, *arguments: str, script: Path | None = None) -> Portrait:
    """This very process, as one that runs in a folder and was told of files."""
    facts = ProcessFacts(
        pid=os.getpid(), start=1, argv=("python3", "job.py", *arguments), cwd=str(folder)
    )
    return Portrait(
        facts=facts,
        ref=ProcessRef(pid=facts.pid, started_at=None, name="python3", exe=None),
        ancestry=(),
        user="ada",
        script=None,
        script_facts=facts,
        script_path=None if script is None else str(script),
        is_itself_python=True,
        started_by=None,
        is_python=True,
        certainty=Certainty.EXACT,
        reason=None,
        script_candidates=(),
        again_s=None,
        has_beacon=False,
    )


type Sends = Callable[..., tuple[SentFile, ...]]
type Traces = Callable[..., Traced]


@pytest.fixture
def traces(tmp_path: Path) -> Traces:
    """Ask which files a body holds that is sent from a folder, and whether these are all."""

    def ask(
        body: bytes, *arguments: str, media: str = "", script: Path | None = None, path: str = "/"
    ) -> Traced:
        files = FilesOfSenders(
            lambda _: portrait(tmp_path, *arguments, script=script),
            InPlace(),
            People("clear", None),
        )
        exchange = Exchange(
            id=uuid7(), at=utc_now(), scheme="https", host="a.example", port=443, method="POST",
            path=path, headers=(("content-type", media),), body=body, body_bytes=len(body),
        )  # fmt: skip
        return Tracer(files=files).sent(exchange, SENDER)

    return ask


@pytest.fixture
def sends(tmp_path: Path, traces: Traces) -> Sends:
    """Ask which files it holds."""

    def ask(*args: Any, **options: Any) -> tuple[SentFile, ...]:
        told = traces(*args, **options).files
        # other tests of this process may have files open, too
        return tuple(file for file in told if file.path.startswith(str(tmp_path)))

    return ask


def proven(told: tuple[SentFile, ...]) -> list[str]:
    return [file.path for file in told if file.same is not SameAs.OPEN]


def test_the_file_in_the_working_folder_is_named_with_owner_and_rows(
    tmp_path: Path, sends: Sends
) -> None:
    """Which file it was, whose, how many rows: what an officer asks first."""
    path = tmp_path / "data" / "customers.csv"
    path.parent.mkdir()
    path.write_bytes(TABLE)
    (file,) = sends(TABLE)
    assert (file.path, file.same, file.found_by) == (str(path), SameAs.BYTES, FoundBy.FOLDER)
    assert (file.rows, file.size, file.owner is not None) == (100, len(TABLE), True)
    (file,) = sends(json.dumps({"f": base64.b64encode(TABLE).decode()}).encode())
    assert file.same is SameAs.DECODED


def mutations(content: bytes, seed: int) -> Iterator[bytes]:
    """Yield contents that are nearly this one, most of the very same size."""
    dice = random.Random(seed)
    at = dice.randrange(len(content))
    yield content[:at] + bytes([content[at] ^ (1 << dice.randrange(8))]) + content[at + 1 :]
    yield content[1:] + content[:1]
    yield content[::-1]
    yield content[:-1] + b"\n\n"[: 1 + (content[-1:] == b"\n")]
    yield content[:at] + content[at:].swapcase()
    yield dice.randbytes(len(content))
    yield content + b" "
    yield content[:-1]


def test_of_a_thousand_near_equal_contents_none_is_taken_for_a_file(
    tmp_path: Path, sends: Sends
) -> None:
    """Equal size, one bit changed, shifted, cut: never the file; and what is the file always is."""
    dice, wrong, asked, missed = random.Random(3), [], 0, 0
    contents = {}
    for number in range(40):
        content = TABLE[: 200 + number] + dice.randbytes(300)
        contents[str(tmp_path / f"file{number}.bin")] = content
        (tmp_path / f"file{number}.bin").write_bytes(content)
    seed = 0
    while asked < 1000:
        for path, content in contents.items():
            seed += 1
            for near in mutations(content, seed):
                if near == content:
                    continue
                packed = asked % 3
                body = near if packed == 0 else gzip.compress(near)
                if packed == 2:
                    body = json.dumps({"f": base64.b64encode(near).decode()}).encode()
                told = proven(sends(body))
                wrong += [one for one in told if contents.get(one) != near]
                asked += 1
            missed += path not in proven(sends(content))
            if asked >= 1000:
                break
    assert (wrong, missed) == ([], 0)


def test_a_decoy_of_the_same_size_hides_nothing(tmp_path: Path, sends: Sends) -> None:
    """A file that only has the size of what is sent does not keep the look from what is in it."""
    (tmp_path / "customers.csv").write_bytes(TABLE)
    letters = base64.b64encode(TABLE).decode()
    body = json.dumps({"f": letters, "x": "y" * 100_000}).encode()
    (tmp_path / "decoy").write_bytes(b"z" * len(body))
    assert proven(sends(body, media="application/json")) == [str(tmp_path / "customers.csv")]


def test_a_file_that_changed_since_is_not_named(tmp_path: Path, sends: Sends) -> None:
    """What was read before it changed is not what lies there now, though its size is the same."""
    path = tmp_path / "customers.csv"
    path.write_bytes(TABLE)
    assert proven(sends(TABLE)) == [str(path)]
    path.write_bytes(TABLE.swapcase())
    assert proven(sends(TABLE)) == []


def test_a_file_that_changes_while_it_is_read_is_not_named(
    tmp_path: Path, sends: Sends, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hash of half of one state and half of another proves nothing."""
    path = tmp_path / "customers.csv"
    path.write_bytes(TABLE)
    digest = near_files._digest

    def changed(file: io.RawIOBase, left: int) -> str:
        told = digest(file, left)
        path.write_bytes(TABLE + b"more")
        return told

    monkeypatch.setattr(near_files, "_digest", changed)
    assert proven(sends(TABLE)) == []


@pytest.mark.parametrize("how", ["argument", "option", "relative", "folder", "curl"])
def test_what_the_command_line_names_is_found(tmp_path: Path, sends: Sends, how: str) -> None:
    """Wherever it lies, a file that the sender was told of is looked at."""
    place = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    place.mkdir()
    path = place / "ledger.csv"
    path.write_bytes(TABLE)
    argument = {
        "argument": str(path), "option": f"--in={path}", "relative": f"../{place.name}/ledger.csv",
        "folder": str(place), "curl": f"file=@{path}",
    }[how]  # fmt: skip
    (file,) = sends(TABLE, argument)
    assert (file.path, file.found_by) == (str(path), FoundBy.COMMAND_LINE)
    assert sends(TABLE) == ()


def test_what_the_script_names_is_found(tmp_path: Path, sends: Sends) -> None:
    """A path that stands in the script's text is looked at, be it whole or from the folder on; and
    what lies beside the script, too.
    """
    place = tmp_path.parent / f"{tmp_path.name}-home"
    (place / "in").mkdir(parents=True)
    script, named, beside = place / "job.py", tmp_path.parent / f"{tmp_path.name}.csv", place / "b"
    named.write_bytes(TABLE)
    script.write_text(f"import csv\nrows = csv.reader(open({str(named)!r}))\n")
    (file,) = sends(TABLE, script=script)
    assert (file.path, file.found_by) == (str(named), FoundBy.SCRIPT)
    beside.write_bytes(TABLE[::-1])
    (file,) = sends(TABLE[::-1], script=script)
    assert (file.path, file.found_by) == (str(beside), FoundBy.BESIDE)


def test_what_is_open_comes_first_though_it_was_deleted(tmp_path: Path, sends: Sends) -> None:
    """A descriptor leads to the file itself, whatever became of its name."""
    path = tmp_path.parent / f"{tmp_path.name}-gone.csv"
    path.write_bytes(TABLE)
    with path.open("rb") as file:
        file.read()
        path.unlink()
        (told,) = sends(TABLE)
    assert told.path.startswith(str(path)) and told.found_by is FoundBy.DESCRIPTOR


def test_how_far_an_open_file_was_read_is_proven_or_not_said(tmp_path: Path, sends: Sends) -> None:
    """The first part of a file is that part; what was converted is only a file that was open."""
    path = tmp_path.parent / f"{tmp_path.name}-long.csv"
    path.write_bytes(TABLE * 3)
    with path.open("rb", buffering=0) as file:
        assert sends(TABLE) == ()  # nothing of it was read yet
        file.read(len(TABLE))
        (part,) = sends(TABLE)
        (unlike,) = sends(TABLE[:-5] + b"other")
    assert (part.same, part.read_to, part.path) == (SameAs.BYTES, len(TABLE), str(path))
    assert (unlike.same, unlike.sha256, unlike.read_to) == (SameAs.OPEN, None, len(TABLE))


def test_a_file_open_to_be_written_is_no_source(tmp_path: Path, sends: Sends) -> None:
    """A log that the script writes is not what it sends."""
    with (tmp_path.parent / f"{tmp_path.name}.log").open("wb") as file:
        file.write(b"something else, long enough to be a file")
        file.flush()
        assert sends(TABLE) == ()


def test_copies_are_told_and_the_best_known_is_named(tmp_path: Path, sends: Sends) -> None:
    """Where several files have the very content, the officer is told that there are several."""
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_bytes(TABLE)
    (file,) = sends(TABLE, "b.csv")
    assert (file.name, file.copies) == ("b.csv", 3)


def test_nothing_is_opened_that_has_another_size(
    tmp_path: Path, sends: Sends, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Private files of the user are not read because they lie there."""
    asked: list[str] = []

    def watched(path: str) -> int | None:
        asked.append(path)
        return opened(path)

    monkeypatch.setattr(near_files, "opened", watched)
    for number in range(20):
        (tmp_path / f"private{number}.txt").write_bytes(b"p" * (100 + number))
    (tmp_path / "customers.csv").write_bytes(TABLE)
    assert sends(TABLE)
    assert asked == [str(tmp_path / "customers.csv")]


def test_pipes_devices_links_in_circles_and_missing_files_are_passed_by(
    tmp_path: Path, sends: Sends
) -> None:
    """What is no plain file is never opened, and harms nobody."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "null").symlink_to("/dev/null")
    (tmp_path / "to.csv").symlink_to(tmp_path / "customers.csv")
    (tmp_path / "customers.csv").write_bytes(TABLE)
    (file,) = sends(TABLE, "pipe", "round", "missing.csv", "/dev/zero", "x\0y", "-", "")
    assert file.copies == 1


@pytest.mark.parametrize("name", ["../../secret.csv", "/etc/passwd", "a\x00b", "x" * 5000])
def test_a_hostile_name_in_a_request_reads_nothing_but_equals(sends: Sends, name: str) -> None:
    """A request cannot make the gate tell of a file: only one that is the content is named."""
    body = f'--b\r\ncontent-disposition: form-data; filename="{name}"\r\n\r\n'.encode()
    assert proven(sends(body + TABLE + b"\r\n--b--\r\n", media="multipart/x; boundary=b")) == []


def test_a_whole_look_says_so_with_and_without_a_file(tmp_path: Path, traces: Traces) -> None:
    """That no file is in it is told only by who has looked at all."""
    (tmp_path / "customers.csv").write_bytes(TABLE)
    for body in (TABLE, b"nothing of the kind, and long enough"):
        assert traces(body).look is FilesLook.WHOLE


@pytest.mark.parametrize("most", ["MOST_FILES", "_MOST_ENTRIES", "_MOST_DESCRIPTORS"])
def test_more_files_than_are_looked_at_are_told(
    tmp_path: Path, traces: Traces, monkeypatch: pytest.MonkeyPatch, most: str
) -> None:
    """A bound on the look is no bound on what a script may send."""
    monkeypatch.setattr(near_files, most, 2)
    names = [f"{name}.bin" for name in "abcde"]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(TABLE[: 100 + number])
    held = [(tmp_path / name).open("rb") for name in names]
    try:
        assert traces(b"nothing of the kind, and long enough").look is FilesLook.IN_PART
    finally:
        for file in held:
            file.close()


def test_a_file_too_large_to_be_read_is_told(
    tmp_path: Path, traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has the very size and is not read may be the one."""
    monkeypatch.setattr(near_files, "MOST_BYTES", 100)
    (tmp_path / "customers.csv").write_bytes(TABLE)
    assert traces(TABLE).look is FilesLook.IN_PART
    assert traces(TABLE + b"more").look is FilesLook.WHOLE


def test_a_file_that_cannot_be_opened_is_told(
    tmp_path: Path, traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What may not be read may be the one."""
    monkeypatch.setattr(near_files, "opened", lambda path: None)
    (tmp_path / "customers.csv").write_bytes(TABLE)
    assert traces(TABLE).look is FilesLook.NO_RIGHTS


def test_files_of_a_process_that_may_not_be_looked_at_are_told() -> None:
    """Another user's open files are not none."""
    mine = os.geteuid()
    other = ProcessFacts(pid=1, start=1, argv=("python3",), cwd=None)
    if mine == 0:
        os.seteuid(65534)
    try:
        *_, missed = near_files.files_near((other,), None, ())
    finally:
        os.seteuid(mine)
    assert missed == (FilesLook.NO_RIGHTS.value,)


def test_a_sender_that_has_ended_is_told(tmp_path: Path) -> None:
    """What it had open is gone with it; what lies in its folder is found all the same."""
    (tmp_path / "customers.csv").write_bytes(TABLE)
    ended = ProcessFacts(pid=2**22 + 1, start=1, argv=("python3",), cwd=str(tmp_path))
    _, folders, missed = near_files.files_near((ended,), None, ())
    assert missed == (FilesLook.ENDED.value,)
    assert [(path, lying) for path, _, _, lying in folders] == [
        (str(tmp_path), [("customers.csv", len(TABLE))])
    ]


@pytest.mark.parametrize("named", [True, False])
def test_a_sender_of_whom_nothing_is_known_is_told(named: bool) -> None:
    """Whose files nobody could look at is not without files."""
    process = ProcessRef(pid=1, started_at=None, name="python3", exe=None) if named else None
    files = FilesOfSenders(lambda _: None, InPlace(), People("clear", None))
    look = files.near(replace(SENDER, process=process), ()).look
    assert look is (FilesLook.ENDED if named else FilesLook.UNNAMED)


class Opened:
    """Stands for what the kernel told."""

    obstacle: str | None = None
    is_whole = True

    def __init__(self, *paths: Path) -> None:
        self.paths = tuple(map(str, paths))

    def of(self, pid: int, start: int) -> tuple[str, ...]:
        return self.paths if (pid, start) == (os.getpid(), 1) else ()


def with_opened(folder: Path, opened: Opened, body: bytes) -> Traced:
    files = FilesOfSenders(
        lambda _: portrait(folder), InPlace(), People("clear", None), cast("OpenedFiles", opened)
    )
    exchange = Exchange(
        id=uuid7(), at=utc_now(), scheme="https", host="a.example", port=443, method="POST",
        path="/", headers=(), body=body, body_bytes=len(body),
    )  # fmt: skip
    return Tracer(files=files).sent(exchange, SENDER)


def test_what_the_kernel_saw_opened_was_open_in_this_run(tmp_path: Path) -> None:
    """A file of which a native reader made something else is named as open, and never as sent; one
    that is the content is proven, wherever it lies.
    """
    place = tmp_path.parent / f"{tmp_path.name}-data"
    place.mkdir()
    one, other = place / "visits.parquet", place / "ledger.csv"
    one.write_bytes(b"PAR1" + TABLE[::-1])
    other.write_bytes(TABLE)
    told = with_opened(tmp_path, Opened(one, other), TABLE).files
    known = {file.name: (file.same, file.found_by) for file in told if "-data/" in file.path}
    assert known == {
        "ledger.csv": (SameAs.BYTES, FoundBy.OPENED),
        "visits.parquet": (SameAs.OPEN, FoundBy.OPENED),
    }


@pytest.mark.parametrize(
    ("obstacle", "look"), [("no root", FilesLook.NO_RIGHTS), (None, FilesLook.IN_PART)]
)
def test_where_the_kernel_cannot_be_heard_the_look_is_not_whole(
    tmp_path: Path, obstacle: str | None, look: FilesLook
) -> None:
    """Folders that are to be watched and are not leave it unknown what was read there."""
    opened = Opened()
    opened.obstacle, opened.is_whole = obstacle, False
    assert with_opened(tmp_path, opened, TABLE).look is look
