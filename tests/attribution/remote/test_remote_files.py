"""What the attributor service looks at for its gate: files near senders, and runs."""

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import psutil
import pytest
from patience import eventually

from attribution import SocketAttributor, factory
from attribution.backends import program_runs
from attribution.remote import server
from attribution.remote.client import RemoteAttributor
from attribution.remote.files import RemoteFiles, RemoteRuns
from attribution.remote.looks import RunsTold
from attribution.remote.wire import Ask, Hello, Runs, Told, answered, read_told
from core.activity import EndedRun, ProgramRuns
from core.attribution import Attribution, Certainty
from core.exchange import Connection
from core.ids import utc_now
from core.sent_file import FilesLook, FoundBy, NearFile
from tests.attribution.remote.conftest import HERE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the service takes Linux")

TABLE = b"id;name\n" + b"".join(b"%d;name %d\n" % (n, n) for n in range(100))
STRANGE = os.fsdecode(b"rows\xff\n.csv")
"""Names are bytes: this one is no UTF-8, and has a line end."""


@pytest.fixture
def remote(place: Path) -> Iterator[RemoteAttributor]:
    made = RemoteAttributor(place, Hello())
    yield made
    made.close()


@pytest.fixture
def sender(remote: RemoteAttributor, request: pytest.FixtureRequest) -> Attribution:
    """This very process, as the service names it. The service lives in it, so that a helper which
    it forks meanwhile has the connection, too, until its own program begins.
    """
    remote.warm()
    connection: Connection = request.getfixturevalue("connection")
    asked = count()

    def own() -> Attribution | None:
        found = remote.attribute(replace(connection, id=f"c{next(asked)}"))
        return found if found.process is not None and found.process.pid == os.getpid() else None

    found = eventually(own)
    assert found is not None
    return found


def near(files: RemoteFiles, sender: Attribution, path: Path) -> NearFile:
    found = files.near(sender, [str(path)])
    return next(one for one in found.files if one.path == str(path))


@pytest.mark.parametrize("name", ["rows.csv", STRANGE, "größe.csv"])
def test_a_file_that_was_sent_is_named_across_the_socket(
    remote: RemoteAttributor, sender: Attribution, tmp_path: Path, name: str
) -> None:
    """A gate without rights tells which file was sent, whatever bytes its name is made of, and
    names none of another content.
    """
    path = tmp_path / name
    path.write_bytes(TABLE)
    with path.open("rb") as held:
        held.read(20)
        one = near(remote.files, sender, path)
        assert (one.found_by, one.size, one.read_to) == (FoundBy.DESCRIPTOR, len(TABLE), len(TABLE))
        right, wrong = hashlib.sha256(TABLE).hexdigest(), hashlib.sha256(b"x").hexdigest()
        proven = remote.files.proven(sender, [(one, right), (one, wrong)], {})
    assert [(f.near, f.sha256, f.whole) for f in proven.files] == [(one, right, True)]
    assert proven.files[0].owner is not None
    assert proven.files[0].modified_at is not None
    assert proven.look is FilesLook.WHOLE


def test_what_was_read_of_a_file_is_proven_as_its_part(
    remote: RemoteAttributor, sender: Attribution, tmp_path: Path
) -> None:
    """Half of a file that was read and sent is told as that, not as the file."""
    path = tmp_path / "rows.csv"
    path.write_bytes(TABLE)
    handle = os.open(path, os.O_RDONLY)
    os.read(handle, 100)
    one = near(remote.files, sender, path)
    first = hashlib.sha256(TABLE[:100]).hexdigest()
    proven = remote.files.proven(sender, [(one, first)], {one.key: first})
    os.close(handle)
    assert one.read_to == 100
    assert [f.whole for f in proven.files] == [False]


def test_a_gate_can_have_no_file_of_its_own_choice_read(
    remote: RemoteAttributor, sender: Attribution, tmp_path: Path
) -> None:
    """Whoever took the gate over learns nothing of files by naming them: no path is taken, and no
    answer is given about one, not even whether it has a certain content.
    """
    secret = tmp_path / "secret"
    secret.write_bytes(TABLE)
    forged = NearFile(
        path=str(secret), key=str(secret), size=len(TABLE), found_by=FoundBy.DESCRIPTOR
    )
    told = remote.files.proven(sender, [(forged, hashlib.sha256(TABLE).hexdigest())], {})
    assert not told.files
    assert told.look is FilesLook.FAILED


def test_what_was_not_looked_at_does_not_read_like_none(
    remote: RemoteAttributor, sender: Attribution, tmp_path: Path
) -> None:
    """No service, a sender that has gone, or one that nobody named: the look says so."""
    silent = RemoteAttributor(tmp_path / "none", Hello())
    assert silent.files.near(sender, []).look is FilesLook.NOBODY
    assert silent.files.proven(sender, [], {}).look is FilesLook.NOBODY
    assert silent.can_see_openings() is not None
    assert not silent.follow_runs().ended()
    assert sender.process is not None
    gone = replace(sender, process=replace(sender.process, pid=1))
    assert remote.files.near(gone, []).look is FilesLook.ENDED
    nobody = Attribution(certainty=Certainty.UNKNOWN, method="x")
    assert remote.files.near(nobody, []).look is FilesLook.UNNAMED


@pytest.mark.skipif(HERE == 0, reason="root may listen")
def test_folders_that_cannot_be_watched_make_no_look_whole(
    place: Path, connection: Connection, tmp_path: Path
) -> None:
    """Where what native readers opened is not seen, the gate is told why, and each look says it."""
    remote = RemoteAttributor(place, Hello(data_folders=(str(tmp_path),)))
    assert remote.can_see_openings() is not None
    assert remote.files.near(remote.attribute(connection), []).look is FilesLook.NO_RIGHTS
    remote.close()


def test_runs_are_told_across_the_socket(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that anybody ran is told of by a gate without rights, once, with its name."""
    monkeypatch.setattr(program_runs, "_NAMED_AFTER_S", 0.0)
    # What runs these tests may be a Python program itself, and all they start a part of its run.
    above = frozenset(one.pid for one in psutil.Process().parents())
    theirs = factory.runs_of

    def runs_of(
        attributor: SocketAttributor, own_pids: Callable[[], frozenset[int]], *, everybody: bool
    ) -> ProgramRuns:
        return theirs(attributor, lambda: own_pids() | above, everybody=everybody)

    monkeypatch.setattr(server, "runs_of", runs_of)
    was_named = threading.Event()
    name = program_runs.Runs._name

    def noted(self: program_runs.Runs, run: program_runs._Run, now: float) -> None:
        name(self, run, now)
        if run.word.startswith("nightly") and run.sender is not None and run.sender.script:
            was_named.set()

    monkeypatch.setattr(program_runs.Runs, "_name", noted)
    remote: RemoteAttributor = request.getfixturevalue("remote")
    script = tmp_path / os.fsdecode(b"nightly\xe9.py")
    script.write_text("import sys\nprint(flush=True)\nsys.stdin.read()\n")
    runs = remote.follow_runs()
    assert not named(runs.ended()), "other programs of this machine may have ended"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, str(script)], stdin=pipe, stdout=pipe) as run:
        assert run.stdout is not None
        run.stdout.readline()
        assert not named(runs.ended())
        # Of one that ends before anybody could look at it, nobody can tell which script it was.
        assert was_named.wait(120)
        run.communicate()
    found = eventually(lambda: named(runs.ended()))
    assert [one.sender.script and one.sender.script.path for one in found] == [str(script)]
    assert not named(runs.ended())


@pytest.mark.parametrize("follows", [True, False])
def test_a_gate_that_will_ask_for_runs_says_so_first(
    monkeypatch: pytest.MonkeyPatch, place: Path, *, follows: bool
) -> None:
    """What ends before it comes to ask is told of, also by a service that was started again and is
    asked about something else first. A gate of one program has nobody follow them.
    """
    begun: list[bool] = []

    def runs_of(*given: object, everybody: bool) -> ProgramRuns:
        del given
        begun.append(everybody)
        return Listed([a_run("job.py")])

    monkeypatch.setattr(server, "runs_of", runs_of)
    remote = RemoteAttributor(place, Hello(follows_runs=follows))
    remote.warm()
    assert begun == [True] * follows
    assert [one.about for one in remote.follow_runs().ended()] == ["job.py"]
    assert begun == [True], "once"
    remote.close()


def named(runs: Sequence[EndedRun]) -> list[EndedRun]:
    return [one for one in runs if one.about.startswith("nightly")]


def test_an_answer_that_was_lost_is_told_again() -> None:
    """Of a run that ended nothing is forgotten before the gate has heard of it; nor is it told
    twice, also where the service has told many.
    """
    ended = [a_run(f"job{number}.py") for number in range(250)]
    told = RunsTold(lambda: Listed(ended))
    lost, losing = [], [True, False, False, True, False, False, False, False, False]

    def asks(ask: Ask) -> Told | None:
        assert isinstance(ask, Runs)
        answer = told.ended(ask)
        if losing.pop(0):
            lost.append(answer)
            return None
        return read_told(answered(answer))

    runs = RemoteRuns(asks)
    heard = [one.about for _ in range(6) for one in runs.ended()]
    assert len(lost) == 2
    assert heard == [one.about for one in ended]


def test_a_busy_machine_is_told_of_at_once_and_what_was_too_much_is_counted() -> None:
    """However many runs ended since the gate asked last, one look brings all of them; of those
    that nobody could keep it is told how many they were.
    """
    followed = Listed([a_run(f"job{number}.py") for number in range(8192 + 30)], missed=4)
    told = RunsTold(lambda: followed)

    def asks(ask: Ask) -> Told | None:
        assert isinstance(ask, Runs)
        return told.ended(ask)

    runs = RemoteRuns(asks)
    heard = [one.about for one in runs.ended()]

    assert heard == [f"job{number}.py" for number in range(30, 8192 + 30)]
    assert runs.missed == 34
    assert runs.ended() == []


def a_run(about: str) -> EndedRun:
    sender = Attribution(certainty=Certainty.EXACT, method="process")
    return EndedRun(sender=sender, about=about, began=utc_now(), ended=utc_now())


class Listed:
    """Implements core.activity.ProgramRuns."""

    def __init__(self, runs: list[EndedRun], missed: int = 0) -> None:
        self._runs = runs
        self.missed = missed

    def still(self) -> bool:
        return False

    def ended(self) -> Sequence[EndedRun]:
        runs, self._runs = self._runs, []
        return runs

    def close(self) -> None:
        """Nothing is held."""
