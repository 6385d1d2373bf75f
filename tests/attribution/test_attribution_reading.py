"""What a sender names is read by a helper: whatever it is, the gate opens none of it and waits for
none of it.
"""

import hashlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from patience import eventually

import attribution
from attribution import examination
from attribution.facts import ProcessFacts
from attribution.filesystem import HostFiles
from attribution.identity.contents import ContentStore
from attribution.identity.version import TURNED
from attribution.plain_files import opened
from attribution.reader import HelperReader
from attribution.reader_helpers import Unread
from core.attribution import Certainty
from tests.attribution.conftest import Clients, Gate

linux = pytest.mark.skipif(sys.platform != "linux", reason="descriptors are seen on Linux")
ASK = "import sys\nask(dial())\n"


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def reader() -> Iterator[HelperReader]:
    made = HelperReader()
    yield made
    made.close()


DESCRIPTORS = [
    "/dev/fd/9",
    "/proc/self/fd/9",
    "/proc/thread-self/fd/9",
    "/proc/self/task/../fd/9",
    "/dev/../dev/fd/9",
]


@linux
@pytest.mark.parametrize("named", DESCRIPTORS)
def test_a_descriptor_is_the_senders_own(
    gate: Gate, clients: Clients, mounts: select.poll, named: str
) -> None:
    """`python /dev/fd/9` is the file that the sender has open there, and never one that the gate
    has; where something was mounted meanwhile, that is a doubt before all others.
    """
    path = clients.write(ASK)
    clients.start("bash", "-c", f'exec "$0" {named} 9<client.py', sys.executable)
    (seen,) = gate.wait(1)
    found = seen.at_request
    assert found.script is not None
    assert found.certainty is Certainty.LIKELY
    if found.reason == TURNED:
        assert mounts.poll(0)
        return
    assert (found.script.path, found.script.sha256) == (str(path), sha(path)), found.reason
    assert "descriptor" in str(found.reason)


@linux
@pytest.mark.parametrize("named", ["/dev/stdin", "/proc/self/fd/0", "/dev/fd/0"])
def test_standard_input_is_the_senders_own(gate: Gate, clients: Clients, named: str) -> None:
    """`python /dev/stdin < job.py` is job.py."""
    path = clients.write(ASK)
    clients.start("bash", "-c", f'exec "$0" {named} < client.py', sys.executable)
    (seen,) = gate.wait(1)
    found = seen.at_request.script
    assert found is not None
    assert (found.path, found.sha256) == (str(path), sha(path))


@linux
@pytest.mark.parametrize("command", ["<(cat client.py)", "/dev/stdin < <(cat client.py)"])
def test_a_script_out_of_a_pipe_has_no_hash(gate: Gate, clients: Clients, command: str) -> None:
    """What came through a pipe is gone: the record has the sender and no hash, and never one of
    something else.
    """
    clients.write(ASK)
    clients.start("bash", "-c", f'exec "$0" {command}', sys.executable)
    (seen,) = gate.wait(1)
    found = seen.at_request
    assert found.is_python
    assert found.script is not None
    assert found.script.sha256 is None
    assert "/proc/" not in str(found.script.path)
    assert found.certainty is Certainty.LIKELY


@linux
def test_a_file_that_was_deleted_is_read_through_the_descriptor(
    gate: Gate, clients: Clients
) -> None:
    """A deleted script that the sender still has open is not confused with another file of that
    name.
    """
    path = clients.write(ASK + "ask(dial())\nimport time\ntime.sleep(60)\n")
    clients.start(
        "bash", "-c", 'exec 9<client.py; rm client.py; exec "$0" /dev/fd/9', sys.executable
    )
    gate.wait(2)
    found = gate.seen[-1].at_request.script
    assert found is not None
    assert found.path != str(path)


TURNS = {
    "fifo": "os.mkfifo(me)",
    "device": "os.symlink('/dev/zero', me)",
    "terminal": "os.symlink('/dev/tty', me)",
    "folder": "os.mkdir(me)",
    "socket": "socket.socket(socket.AF_UNIX).bind(me)",
    "huge": "open(me, 'wb').truncate(1 << 42)",
    "loop": "os.symlink(me, me)",
    "memory": "os.symlink('/proc/self/mem', me)",
    "gone": "None",
    "long": "os.symlink('x' * 4000, me)",
    "kernel": "os.symlink('/proc/kmsg', me)",
}


@linux
@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_whatever_a_script_turns_its_own_path_into_costs_no_time_and_gives_no_hash(
    gate: Gate, clients: Clients, turn: str
) -> None:
    """A pipe, a device, a folder, an endless file: the sender is named at once, and no hash of what
    did not run.
    """
    clients.write(f"me = os.path.realpath(sys.argv[0])\nos.unlink(me)\n{turn}\n{ASK}")
    clients.python("client.py")
    (seen,) = gate.wait(1)
    found = seen.at_request
    assert found.process is not None
    assert found.process.pid == seen.truth["pid"]
    assert found.is_python
    assert found.script is None or found.script.sha256 is None
    assert found.certainty is Certainty.LIKELY


WAYS: dict[str, Callable[[Path, int], str]] = {
    "soft link": lambda own, _: f"os.symlink({str(own)!r}, me)",
    "hard link": lambda own, _: f"os.link({str(own)!r}, me)",
    "the gate's descriptor": lambda own, fd: f"os.symlink('/proc/{os.getpid()}/fd/{fd}', me)",
    "its own descriptor": lambda own, _: (
        f"os.open({str(own)!r}, 0); os.symlink('/proc/self/fd/3', me)"
    ),
    "through a folder": lambda own, _: (
        f"os.symlink({str(own.parent)!r}, me + 'd'); os.symlink(me + 'd/{own.name}', me)"
    ),
}


@linux
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_no_name_makes_the_gate_lose_its_locks(
    clients: Clients, gate: Gate, tmp_path: Path, way: Callable[..., Any]
) -> None:
    """Closing any descriptor of a file drops this process's locks on it: so the gate never opens
    one for a sender.
    """
    import fcntl

    own = tmp_path / "own" / "evidence.db"
    own.parent.mkdir()
    own.write_text("import sys\n")
    with own.open("rb+") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        clients.write(f"me = sys.argv[0]\nos.unlink(me)\n{way(own, held.fileno())}\n{ASK}")
        clients.python("client.py")
        (seen,) = gate.wait(1)
        store = ContentStore(tmp_path / "store", str)
        gate.attributor.keep_source(seen.at_request, store)
        gate.attributor.composition(seen.at_request)
        assert _is_locked(own)


def _is_locked(path: Path) -> bool:
    program = "import fcntl,sys; fcntl.lockf(open(sys.argv[1],'rb+'), fcntl.LOCK_EX|fcntl.LOCK_NB)"
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True)
    return done.returncode != 0


OPENED: list[str] = []
WATCHING = threading.Event()


def _audit(event: str, values: tuple[object, ...]) -> None:
    if WATCHING.is_set() and event in {"open", "os.listdir", "os.scandir"}:
        OPENED.append(os.fsdecode(values[0]) if isinstance(values[0], str | bytes) else "")


@linux
def test_the_gate_opens_nothing_that_belongs_to_a_sender(
    clients: Clients, gate: Gate, tmp_path: Path
) -> None:
    """Script, repository, environment, packages, imports: everything is looked at, and nothing by
    the gate itself.
    """
    _environment(tmp_path)
    path = clients.write(ASK + "import time\ntime.sleep(60)\n", name="project/client.py")
    git = path.parent / ".git"
    git.mkdir()
    (git / "HEAD").write_text("a1" * 20 + "\n")
    (git / "config").write_text('[remote "origin"]\n\turl = https://git.example/x\n')
    sys.addaudithook(_audit)
    store = ContentStore(tmp_path / "kept", str)
    WATCHING.set()
    try:
        clients.start(str(tmp_path / "venv/bin/python"), "project/client.py")
        gate.want_line = True
        (seen,) = gate.wait(1)
        made = gate.attributor.composition(seen.at_request)
        assert gate.attributor.keep_source(seen.at_request, store)
    finally:
        WATCHING.clear()
    found = seen.at_request.script
    assert found is not None
    assert found.sha256 == sha(path)
    assert found.version is not None
    at = found.version["git"]
    assert isinstance(at, Mapping)
    assert at["commit"] == "a1" * 20
    assert made is not None
    assert "madeup" in {entry.name for entry in made.distributions}
    theirs = [name for name in OPENED if name.startswith(str(tmp_path))]
    assert [name for name in theirs if not name.startswith(str(tmp_path / "kept"))] == []


def _environment(tmp_path: Path) -> None:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = tmp_path / f"venv/lib/{version}/site-packages/madeup-1.dist-info"
    packages.mkdir(parents=True)
    (packages / "METADATA").write_text("Metadata-Version: 2.1\nName: madeup\nVersion: 1\n")
    (tmp_path / "venv/bin").mkdir()
    (tmp_path / "venv/bin/python").symlink_to(os.path.realpath(sys.executable))
    (tmp_path / "venv/pyvenv.cfg").write_text("home = /usr/bin\n")


@linux
def test_looking_without_opening_keeps_locks(tmp_path: Path) -> None:
    """What the kernel gives to look at a file without opening it (O_PATH) drops no lock when it is
    closed; opening does.
    """
    import fcntl

    own = tmp_path / "own"
    own.write_text("x")
    with own.open("rb+") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        os.close(os.open(own, os.O_PATH))
        assert _is_locked(own)
        os.close(os.open(own, os.O_RDONLY))
        assert not _is_locked(own)


@pytest.mark.parametrize(
    "name", ["evidence.db", "evidence.db-wal", "keys/one.key", "linked", "hard"]
)
def test_outgates_own_files_are_nobodys_script(tmp_path: Path, name: str) -> None:
    """By whatever name a sender leads to evidence or keys, they are not read; a file beside them
    is.
    """
    (tmp_path / "keys").mkdir()
    for own in ("evidence.db", "evidence.db-wal", "keys/one.key", "job.py"):
        (tmp_path / own).write_text("x = 1\n")
    (tmp_path / "linked").symlink_to("evidence.db")
    (tmp_path / "hard").hardlink_to(tmp_path / "evidence.db")
    reader = HelperReader([str(tmp_path / "evidence.db"), str(tmp_path / "keys")])
    try:
        facts = ProcessFacts(
            pid=os.getpid(), start=1, exe="/usr/bin/python3", argv=("python3", str(tmp_path / name))
        )
        found = reader.ask(5, examination.examine, [facts], frozenset())
        assert found.identity.sha256 is None
        assert "Outgate itself" in str(found.identity.note)
        beside = ProcessFacts(
            pid=os.getpid(),
            start=1,
            exe="/usr/bin/python3",
            argv=("python3", str(tmp_path / "job.py")),
        )
        assert reader.ask(5, examination.examine, [beside], frozenset()).identity.sha256 is not None
        digest = sha(tmp_path / "evidence.db")
        assert reader.ask(5, examination.source, facts, str(tmp_path / name), digest, 100) is None
    finally:
        reader.close()


@pytest.mark.parametrize("make", ["os.mkfifo(p)", "os.mkdir(p)", "os.symlink('/dev/null', p)"])
def test_only_plain_files_are_opened(tmp_path: Path, make: str) -> None:
    """Pipes, folders and devices are not opened at all."""
    place = str(tmp_path / "x")
    exec(make, {"os": os, "p": place})
    assert opened(place) is None
    assert opened(str(tmp_path / "absent")) is None
    assert opened("bad\0name") is None


@linux
def test_a_helper_that_hangs_is_replaced_and_nobody_waits_for_it(reader: HelperReader) -> None:
    """A file that never answers costs its own sender the name, and nobody else anything."""
    first = reader.ask(10, examination.ready)
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(Unread, match="in time"):
        reader.ask(0.2, examination.ready)
    assert reader.ask(10, examination.ready) != first
    _ends(first)


@linux
def test_a_helper_that_was_killed_is_replaced(reader: HelperReader) -> None:
    """When the helper is killed, one answer is missing at most."""
    first = reader.ask(10, examination.ready)
    os.kill(first, signal.SIGKILL)
    with pytest.raises(Unread, match="ended"):
        reader.ask(10, examination.ready)
    assert reader.ask(10, examination.ready) != first


@linux
def test_a_new_helper_needs_no_new_interpreter(reader: HelperReader) -> None:
    """Helpers share the process that they were forked from; when that is killed, another stands in
    its place at the next need of one, and every question is answered.
    """
    first = reader.ask(10, examination.ready)
    parent = psutil.Process(first).parent()
    assert parent is not None and parent.pid != os.getpid()
    os.kill(first, signal.SIGKILL)
    with pytest.raises(Unread, match="ended"):
        reader.ask(10, examination.ready)
    second = reader.ask(10, examination.ready)
    assert psutil.Process(second).ppid() == parent.pid
    parent.kill()
    os.kill(second, signal.SIGKILL)
    with pytest.raises(Unread, match="ended"):
        reader.ask(10, examination.ready)
    third = reader.ask(10, examination.ready)
    assert psutil.Process(third).ppid() != parent.pid


@linux
def test_many_at_once_share_a_few_helpers(reader: HelperReader) -> None:
    """However many connections open at once, there are three helpers at most, and all are
    answered.
    """
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(reader.ask(20, examination.ready)))
        for _ in range(24)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 24
    assert 1 <= len(set(answers)) <= 3


@linux
def test_the_helper_ends_with_its_gate(tmp_path: Path) -> None:
    """When the gate is killed, no helper stays behind."""
    program = (
        "from attribution.reader import HelperReader; from attribution import examination; import"
        " time\nprint(HelperReader().ask(20, examination.ready), flush=True); time.sleep(60)"
    )
    gate = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert gate.stdout is not None
    helper = int(gate.stdout.readline())
    assert psutil.pid_exists(helper)
    gate.kill()
    gate.communicate()
    _ends(helper)


@linux
def test_nothing_of_the_gates_is_open_in_the_helper(reader: HelperReader, tmp_path: Path) -> None:
    """The helper inherits no descriptor of the gate: neither its evidence nor a client's
    connection.
    """
    with (tmp_path / "evidence.db").open("wb") as held, socket.socket() as listening:
        os.set_inheritable(held.fileno(), True)
        os.set_inheritable(listening.fileno(), True)
        helper = reader.ask(10, examination.ready)
        links = {str(place.readlink()) for place in Path(f"/proc/{helper}/fd").iterdir()}
    assert not any("evidence.db" in link for link in links)
    assert sum(link.startswith("socket:") for link in links) <= 1


@linux
def test_an_answer_holds_plain_values_only(reader: HelperReader) -> None:
    """What comes back from the process that parses hostile files cannot name a function to be
    called.
    """
    import io
    import pickle

    from attribution.reader_helpers import _AnswerUnpickler

    for hostile in (os.system, subprocess.Popen, attribution.build):
        with pytest.raises(pickle.UnpicklingError):
            _AnswerUnpickler(io.BytesIO(pickle.dumps(hostile))).load()


@linux
def test_a_process_whose_files_cannot_be_read_is_named_without_its_script(
    gate: Gate, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When nothing can be read the process is named, its traffic is inspected, and the record says
    why it knows no more.
    """

    def unread(*_: object, **__: object) -> None:
        raise Unread("its files could not be read in time")

    clients.write(ASK)
    with monkeypatch.context() as patched:
        patched.setattr(HelperReader, "ask", unread)
        clients.python("client.py")
        (seen,) = gate.wait(1)
    found = seen.at_request
    assert found.process is not None
    assert found.process.pid == seen.truth["pid"]
    assert found.script is None
    assert found.is_python
    assert found.certainty is Certainty.LIKELY
    assert "could not be read" in str(found.reason)


@linux
def test_links_are_followed_as_the_process_would(tmp_path: Path) -> None:
    """`self` is the process that is looked at, through any number of links, and inside a
    container's own root.
    """
    (tmp_path / "job.py").write_text("x")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("/proc/self/cwd/job.py")
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, cwd=tmp_path)
    try:
        files = HostFiles("", child.pid)
        assert files.realpath(str(tmp_path / "one")) == str(tmp_path / "job.py")
        assert files.head(str(tmp_path / "one"), 5) == b"x"
        assert files.outside("/proc/self") == f"/proc/{child.pid}"
        assert json.dumps(files.exists("/proc/self/fd/999")) == "false"
    finally:
        child.communicate(b"\n")


def _ends(pid: int) -> None:
    eventually(
        lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE,
        "it did not end",
    )


@linux
def test_a_bind_mount_over_the_script_costs_no_locks(
    clients: Clients, gate: Gate, tmp_path: Path
) -> None:
    """In a mount namespace of its own a sender can lay any file over its script: the gate still
    opens none of it.
    """
    import fcntl

    allowed = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    if allowed.returncode != 0:
        pytest.skip("not allowed to make a mount namespace here")
    own = tmp_path / "own.db"
    own.write_text("import sys\n")
    mount = (
        f"import subprocess; subprocess.run(['mount', '--bind', {str(own)!r}, sys.argv[0]],"
        " check=True)"
    )
    path = clients.write(f"{mount}\n{ASK}import time\ntime.sleep(60)\n")
    with own.open("rb+") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        clients.start("unshare", "-m", sys.executable, str(path))
        (seen,) = gate.wait(1)
        gate.attributor.composition(seen.at_request)
        assert _is_locked(own)
    found = seen.at_request
    assert found.script is not None
    assert found.script.path == str(path)
