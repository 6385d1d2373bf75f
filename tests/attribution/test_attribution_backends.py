"""The ways to ask an operating system, against the real one."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from attribution.backends.psutil_table import PsutilBackend
from attribution.facts import KEPT_ENVIRONMENT, Peer
from attribution.filesystem import HostFiles

linux = pytest.mark.skipif(sys.platform != "linux", reason="a Linux matter")


def open_pair() -> tuple[socket.socket, socket.socket, Peer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        accepted, far = listener.accept()
    own = accepted.getsockname()
    return (
        client,
        accepted,
        Peer(client_host=far[0], client_port=far[1], gate_host=own[0], gate_port=own[1]),
    )


def test_psutil_finds_the_clients_end_and_never_the_gates() -> None:
    """The fallback for other systems names the process at the client's end of the connection."""
    client, accepted, peer = open_pair()
    with client, accepted:
        found = PsutilBackend().search(peer, time.time())
        assert found.pids == (os.getpid(),)
        turned = Peer(
            client_host=peer.gate_host,
            client_port=1,
            gate_host=peer.client_host,
            gate_port=peer.client_port,
        )
        nobody = PsutilBackend().search(turned, time.time())
        assert nobody.pids == ()
        assert nobody.reason


def test_psutil_and_proc_tell_the_same_of_a_process() -> None:
    """Both ways to read a process agree on what it is."""
    facts = PsutilBackend().process(os.getpid())
    assert facts is not None
    assert facts.exe == os.path.realpath(sys.executable)
    assert PsutilBackend().unchanged(facts)
    assert PsutilBackend().start_of(facts.pid) == facts.start
    if sys.platform == "linux":
        from attribution.backends import process_facts

        direct = process_facts.process(os.getpid())
        assert direct is not None
        assert (direct.argv, direct.cwd, direct.parent, direct.uid) == (
            facts.argv,
            facts.cwd,
            facts.parent,
            facts.uid,
        )
        assert direct.started_at is not None
        assert facts.started_at is not None
        assert abs((direct.started_at - facts.started_at).total_seconds()) < 1.5


def test_only_listed_variables_are_kept() -> None:
    """Of a process's environment, where keys and passwords live, only the listed names are kept."""
    secret = "hun" + "ter2"
    child = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"API_KEY": secret, "VIRTUAL_ENV": "/v", "PATH": "/bin"},
    )
    assert child.stdout is not None and child.stdout.readline()  # it is the new program by now
    try:
        backends = [PsutilBackend()]
        if sys.platform == "linux":
            from attribution.backends.linux import LinuxBackend

            backends.append(LinuxBackend())  # type: ignore[arg-type]
        for backend in backends:
            facts = backend.process(child.pid)
            assert facts is not None
            assert set(facts.env) <= KEPT_ENVIRONMENT
            assert facts.env["VIRTUAL_ENV"] == "/v"
            assert secret not in repr(facts.env)
    finally:
        child.communicate(b"\n")


@linux
def test_a_process_that_is_gone_gives_nothing() -> None:
    """Of an exited process nothing is read."""
    from attribution.backends import process_facts, procfs, system_calls

    child = subprocess.Popen(["true"])
    child.wait()
    assert process_facts.process(child.pid) is None
    assert procfs.start_of(child.pid) is None
    assert procfs.descriptors(child.pid, 1) == []
    assert system_calls.attendant(child.pid, 0, 8) is None


@linux
def test_start_times_are_exact_to_a_tick() -> None:
    """The start time that identifies a process is the time it really started."""
    from attribution.backends import procfs

    before = time.time()
    child = subprocess.Popen(["sleep", "30"])
    after = time.time()
    start = procfs.start_of(child.pid)
    child.kill()
    child.wait()
    assert start is not None
    assert before - 0.03 <= procfs.start_seconds(start) <= after + 0.03


@linux
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root to become another user"
)
def test_another_users_process_is_unknown_with_the_missing_right() -> None:
    """Without rights over another user's process nobody is named, and the record says what would
    give the right.
    """
    from attribution.backends.linux import LinuxBackend

    client, accepted, peer = open_pair()
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        client.close()
        accepted.close()
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        found = LinuxBackend().search(peer, time.time())
        os.write(write_end, json.dumps([found.pids, found.uid, found.reason]).encode())
        os._exit(0)
    os.close(write_end)
    with client, accepted, os.fdopen(read_end, "rb") as answer:
        pids, uid, reason = json.loads(answer.read())
    os.waitpid(child, 0)
    assert (pids, uid) == ([], os.geteuid())
    assert "CAP_SYS_PTRACE" in reason
    assert "CAP_DAC_READ_SEARCH" in reason


@linux
def test_another_roots_links_are_followed_inside_it(tmp_path: Path) -> None:
    """A container's absolute links are resolved inside the container, never on the host."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app/job.py").write_text("x")
    (tmp_path / "current").symlink_to("/app")
    (tmp_path / "out").symlink_to("../../../../../../etc")
    (tmp_path / "loop").symlink_to("/loop")
    files = HostFiles(str(tmp_path))
    assert files.realpath("/current/job.py") == "/app/job.py"
    assert files.exists("/current/job.py")
    assert files.head("/current/job.py", 9) == b"x"
    assert not files.exists("/out/passwd")
    assert files.realpath("/loop/x") == "/loop/x"


def test_psutil_is_what_other_systems_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """On every other system the portable way is chosen, by the same factory."""
    import attribution

    monkeypatch.setattr(sys, "platform", "darwin")
    made = attribution.build()
    assert made.health()["backend"] == "psutil"
    assert psutil.pid_exists(os.getpid())
    made.close()


def test_the_privacy_page_lists_exactly_the_kept_variables() -> None:
    """What the works council reads about environment variables is what the code does."""
    page = (Path(__file__).parents[2] / "docs/privacy.md").read_text()
    listed = page.partition("`PATH PWD")[2].partition("`")[0]
    assert {"PATH", "PWD", *listed.split()} == KEPT_ENVIRONMENT
