"""The beacon's word: read from hostile bytes, joined with what was seen from outside, overruling
nothing.
"""

import os
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution import examination
from attribution.beacon import reading
from attribution.beacon.claims import RequestClaim, StartClaim, read_claims
from attribution.beacon.doubt import OTHER_PROGRAM, OTHER_VERSION, doubt
from attribution.facts import ProcessFacts
from attribution.filesystem import HostFiles
from attribution.line.frames import Program
from attribution.line.joining import joined
from core.attribution import Certainty, CodeLine

KEY = b"k" * 32
HEAD = ("POST", "/v1/x?y=1", "12")
DIGEST = blake2b(b"POST /v1/x?y=1 12", key=KEY, digest_size=16).hexdigest()
NOW = 1_700_000_000_000_000_000
PROGRAM = Program(strings_are_own=False, absolute=lambda file: file)


def hexed(text: str) -> str:
    return text.encode().hex() or "-"


def start(mark: object = 77, main: str = "/w/job.py", sha: str = "-") -> str:
    return f"S {mark} {hexed(main)} {sha} {hexed('/w')} {hexed('/w/.venv')} 3.13.0\n"


def request(at: int = NOW, line: int = 5, file: str = "/w/job.py", function: str = "f") -> str:
    return f"R {at} {DIGEST} {line} {hexed(file)} {hexed(function)}\n"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Path]:
    """A run's folder; write(pid, text) is what a process's beacon wrote."""
    folder = tmp_path / "beacons" / "1-ab"
    (folder / "records").mkdir(parents=True)
    (folder / "key").write_bytes(KEY)
    reading.listen_to(str(tmp_path / "beacons"))
    yield folder
    reading.listen_to("")


def facts(pid: int = 4242, mark: int = 77) -> ProcessFacts:
    return ProcessFacts(pid=pid, start=mark, uid=os.getuid())


def told(run: Path, text: str | bytes, mark: int = 77) -> tuple[RequestClaim, ...]:
    data = text.encode() if isinstance(text, str) else text
    (run / "records" / "4242").write_bytes(data)
    return reading.request_claims(facts(mark=mark), HEAD, NOW + 1000)


def test_what_a_process_says_of_this_request_is_found(run: Path) -> None:
    """By process, method, keyed digest of the target, and time: the claim of this very request, the
    newest first.
    """
    other = f"R {NOW} {'0' * 32} 9 {hexed('/w/job.py')} {hexed('g')}\n"
    old = request(at=NOW - 6_000_000_000, line=1)
    found = told(run, start() + old + other + request(line=5) + request(at=NOW + 1, line=6))

    assert [claim.line for claim in found] == [6, 5]
    assert reading.request_claims(facts(), ("GET", *HEAD[1:]), NOW) == ()
    assert reading.request_claims(facts(pid=4243), HEAD, NOW) == ()


def test_a_replayed_file_of_another_process_says_nothing(run: Path) -> None:
    """A file left by an earlier process with the same number, or copied from another, is not this
    one's word.
    """
    assert told(run, start(mark=76) + request()) == ()
    assert told(run, request()) == ()  # without a start it belongs to nobody
    assert told(run, start(mark=76) + request(line=1) + start() + request(line=2))[0].line == 2
    assert len(told(run, start(mark=76) + request(line=1) + start() + request(line=2))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "job\x1b]0;owned\x07.py",
        "/w/\x1b[2Jjob.py",
        "/w/a\nS 77",
        "/w/\u202egnp.py",
        "/w/\u0000job.py",
        "/w/\x9bjob.py",
        "",
    ],
)
def test_text_that_a_terminal_would_act_on_is_not_taken(run: Path, text: str) -> None:
    """Escapes, line ends, direction marks and zero bytes in names make the claim void."""
    assert told(run, start() + request(file=text)) == ()
    assert told(run, start() + request(function=text)) == ()
    (run / "records" / "4242").write_text(start(main=text))
    found = reading.start_claim(facts())
    assert found is None or found.main == ""


@pytest.mark.parametrize(
    "line",
    [
        "R 1 2 3 4 5",
        f"R {NOW} {DIGEST} 99999999 2f61 66",
        f"R {NOW} {DIGEST} -1 2f61 66",
        f"R {NOW} {DIGEST} ५ 2f61 66",
        f"R {'9' * 21} {DIGEST} 5 2f61 66",
        f"R {NOW} {DIGEST} 5 2f6 66",
        f"R {NOW} {DIGEST} 5 {'2f' * 5000} 66",
        f"R {NOW} {DIGEST} 5 ff 66",
        f"R {NOW} {DIGEST} 5 2f61 66 67",
        f" R {NOW} {DIGEST} 5 2f61 66",
    ],
)
def test_what_is_not_exactly_of_the_form_is_nothing(run: Path, line: str) -> None:
    """A line that is out of shape anywhere is left out, and the good ones beside it stay."""
    assert [claim.line for claim in told(run, start() + line + "\n" + request())] == [5]


def test_hostile_files_are_not_read(run: Path, tmp_path: Path) -> None:
    """Links, pipes, folders, files of other sizes than a beacon's and of other users are no
    beacon.
    """
    place = run / "records" / "4242"
    aside = tmp_path / "aside"
    aside.write_text(start() + request())
    place.symlink_to(aside)
    assert reading.request_claims(facts(), HEAD, NOW) == ()
    place.unlink()
    os.mkfifo(place)
    assert reading.request_claims(facts(), HEAD, NOW) == ()
    place.unlink()
    place.mkdir()
    assert reading.request_claims(facts(), HEAD, NOW) == ()
    place.rmdir()
    assert told(run, (start() + request()).encode() + b"x" * (1 << 20)) == ()
    (run / "key").write_bytes(b"short")
    assert told(run, start() + request()) == ()
    assert reading.start_claim(ProcessFacts(pid=4242, start=77, uid=os.getuid() + 1)) is None


def test_a_long_file_is_read_at_both_ends(run: Path) -> None:
    """Of a file with thousands of requests the start and the last ones are read; one of a terabyte
    is none that a beacon writes, and not read at all.
    """
    many = "".join(request(at=NOW - 9_000_000_000 + n, line=n % 999) for n in range(7000))
    found = told(run, start() + many + request(line=321))
    assert [claim.line for claim in found] == [321]

    with (run / "records" / "4242").open("r+b") as file:
        file.seek(1 << 40)
        file.write(f"\n{request(line=322)}".encode())
    assert reading.request_claims(facts(), HEAD, NOW + 1000) == ()
    assert len(told(run, start() + "".join(request(line=n) for n in range(900)))) == 50


@given(st.binary(max_size=300))
def test_any_bytes_can_be_read(data: bytes) -> None:
    """Whatever a process writes, reading it ends, and gives only printable text."""
    found = read_claims(start().encode() + data)
    for claim in found.requests:
        assert (claim.file + claim.function).isprintable()


def claim(line: int, function: str = "f", at: int = NOW, file: str = "/w/job.py") -> RequestClaim:
    return RequestClaim(at_ns=at, digest=DIGEST, file=file, line=line, function=function)


def seen(line: int, certainty: Certainty = Certainty.EXACT, function: str = "f") -> CodeLine:
    return CodeLine(file="/w/job.py", line=line, function=function, certainty=certainty)


def test_the_beacons_word_alone_is_likely() -> None:
    """Where nothing was seen from outside, the sender's own word gives a line that is likely, and
    never more.
    """
    found = joined(None, [claim(5)], PROGRAM)
    assert found is not None
    assert (found.line, found.certainty, found.stack) == (5, Certainty.LIKELY, ("/w/job.py:5 f",))


def test_the_same_request_from_two_lines_shows_both() -> None:
    """Two requests alike, sent at once from two lines, cannot be told apart: likely, and both are
    shown.
    """
    found = joined(None, [claim(5), claim(9, "g", NOW - 900_000_000), claim(1, "h", 0)], PROGRAM)
    assert found is not None
    assert found.certainty is Certainty.LIKELY
    assert found.stack == ("/w/job.py:5 f", "/w/job.py:9 g")


def test_a_lying_beacon_cannot_give_another_line() -> None:
    """What was seen from outside stays the line; a beacon that says otherwise makes it likely, and
    both are shown.
    """
    found = joined(seen(5), [claim(9, "innocent")], PROGRAM)
    assert found is not None
    assert (found.line, found.certainty) == (5, Certainty.LIKELY)
    assert found.stack == ("its own beacon says /w/job.py:9 innocent",)


def test_agreement_makes_a_likely_line_certain() -> None:
    """Where the look from outside and the beacon say the same, two independent witnesses agree."""
    for place in (claim(5, "other"), claim(4, "Job.f")):
        found = joined(seen(5, Certainty.LIKELY), [place], PROGRAM)
        assert found == seen(5)
    assert joined(seen(5), [], PROGRAM) == seen(5)
    two = joined(seen(5, Certainty.LIKELY), [claim(5), claim(9, "g")], PROGRAM)
    assert two == seen(5, Certainty.LIKELY)


def test_a_beacon_cannot_name_a_library() -> None:
    """A claim for a line of an installed package or of the standard library is no line of the
    user's.
    """
    library = "/v/lib/python3.13/site-packages/httpx/_client.py"
    assert joined(None, [claim(5, file=library)], PROGRAM) is None
    assert joined(seen(5), [claim(5, file="/usr/lib/python3.13/ssl.py")], PROGRAM) == seen(5)


def began(main: str, sha256: str | None = None) -> StartClaim:
    return StartClaim(mark=1, main=main, sha256=sha256, cwd="/", prefix="/", version="3.13.0")


def test_a_beacon_that_disagrees_makes_a_name_doubtful(tmp_path: Path) -> None:
    """Another main program, or another version, than what was found: the name is not certain any
    more.
    """
    files = HostFiles()
    job, other, link = tmp_path / "job.py", tmp_path / "other.py", tmp_path / "link.py"
    job.write_text("")
    other.write_text("")
    link.symlink_to(job)
    path = str(job)

    assert doubt(began(str(other)), path, "a", files) == OTHER_PROGRAM
    assert doubt(began(path, "b"), path, "a", files) == OTHER_VERSION
    assert doubt(began(path, "a"), path, "a", files) is None
    assert doubt(began(str(link), "a"), path, "a", files) is None
    assert doubt(began(str(tmp_path)), path, "a", files) is None  # a folder with its __main__.py
    assert doubt(began("/v/bin/streamlit"), path, "a", files) is None  # a tool that runs the script
    assert doubt(began("<string>"), path, "a", files) is None
    assert doubt(None, path, "a", files) is None


@pytest.mark.parametrize(
    ("mark", "refused", "heard"),
    [(77, True, True), (77, False, False), ("-", True, False), (76, True, False)],
    ids=["its own, unreadable", "readable", "without a mark", "of an earlier process"],
)
def test_a_beacon_is_a_witness_only_where_nobody_can_ask(
    run: Path, monkeypatch: pytest.MonkeyPatch, mark: object, refused: bool, heard: bool
) -> None:
    """Where the interpreter may be read, it is asked. Elsewhere the word of this very process
    counts, and not one that may be of another with its number.
    """
    monkeypatch.setattr(examination, "is_refused", lambda _: refused)
    (run / "records" / "4242").write_text(start(mark=mark))
    found = examination._beacons_word(facts(), reading.start_claim(facts()))
    assert (found is not None and found.main == "/w/job.py") is heard


def test_what_a_beacon_says_otherwise_is_shown_and_changes_no_name(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its other name stands among the candidates, with the reason; the name stays what the command
    line says.
    """
    monkeypatch.setattr(examination, "is_refused", lambda _: True)
    (run / "records" / "4242").write_text(start(main="/w/other.py"))
    asked = ProcessFacts(
        pid=4242,
        start=77,
        uid=os.getuid(),
        exe="/usr/bin/python3",
        argv=("python3", "/w/job.py"),
        is_asked=True,
    )
    seen = examination.examine([asked], frozenset())
    assert seen.resolution is not None
    assert seen.resolution.path == "/w/job.py"
    assert seen.note == OTHER_PROGRAM
    assert set(seen.candidates) == {"/w/job.py", "/w/other.py"}
