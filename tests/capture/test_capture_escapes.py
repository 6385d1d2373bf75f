"""What a sealed program may try in order to get past the gate: it is contained, or the attempt is
among the stated limits of docs/sealed.md.
"""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_door import FakeDoor, fake_door, sealed

from capture.availability import obstacle
from capture.kernel import landlock_version

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))

PLACE = ("198.51.100.9", 443)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[FakeDoor]:
    with fake_door(tmp_path) as found:
        yield found


@pytest.fixture
def outside() -> Iterator[socket.socket]:
    """A server of this machine that hears of every connection which gets out."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        yield listener


def python(door: FakeDoor, code: str, *words: str) -> str:
    ended = sealed(door, sys.executable, "-c", code, *words)
    assert ended.code == 0, ended.said
    return ended.said.strip()


CONNECT = """
import socket
s = socket.create_connection(("198.51.100.9", 443), 5)
print(s.recv(99).decode().strip())
"""
ARRIVES = {
    "a plain connection": CONNECT,
    "a connection without any variable": "import os\nos.environ.clear()\n" + CONNECT,
    "a grandchild whose parents are gone": (
        "import os, time\n"
        "r, w = os.pipe()\n"
        "if os.fork():\n"
        "    print(os.read(r, 99).decode().strip())\n"
        "else:\n"
        "    os.setsid()\n"
        "    if os.fork():\n"
        "        os._exit(0)\n"
        "    import socket\n"
        "    s = socket.create_connection(('198.51.100.9', 443), 5)\n"
        "    os.write(w, s.recv(99))\n"
        "    os._exit(0)\n"
    ),
    "MPTCP": (
        "import socket\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)\n"
        "s.settimeout(5)\ns.connect(('198.51.100.9', 443))\nprint(s.recv(99).decode().strip())\n"
    ),
    "a user namespace of its own": ("import os\nos.unshare(os.CLONE_NEWUSER)\n" + CONNECT),
    "an address in IPv6 clothes": (
        "import socket\n"
        "s = socket.socket(socket.AF_INET6)\ns.settimeout(5)\n"
        "s.connect(('::ffff:198.51.100.9', 443))\nprint(s.recv(99).decode().strip())\n"
    ),
}


@pytest.mark.parametrize("code", ARRIVES.values(), ids=ARRIVES)
def test_every_connection_arrives_at_the_gate(door: FakeDoor, code: str) -> None:
    """However a program connects, the gate hears where it meant to go."""
    assert python(door, code) == '["198.51.100.9", 443]'
    assert door.arrivals == [PLACE]


def test_names_are_asked_of_the_gate(door: FakeDoor) -> None:
    """A name is looked up at the gate, whichever name server the program asks."""
    code = (
        "import socket, sys\n"
        "print(socket.gethostbyname('db.example'))\n"
        "q = b'\\1\\2\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\2db\\7example\\0\\0\\1\\0\\1'\n"
        "for server in ('127.0.0.53', '9.9.9.9'):\n"
        "    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "    s.settimeout(5)\n    s.sendto(q, (server, 53))\n"
        "    print(s.recvfrom(512)[1][0])\n"
    )
    assert python(door, code).split() == ["203.0.113.7", "127.0.0.53", "9.9.9.9"]
    assert set(door.asked) == {"db.example"}


def _call(number: int, *arguments: str) -> str:
    """Return what makes one system call, by its number on this kind of machine (x86-64)."""
    given = ", ".join(arguments)
    return (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"if libc.syscall({number}, {given}) == -1:\n"
        "    raise OSError(ctypes.get_errno(), 'call')\n"
    )


_BYTE = "ctypes.byref((ctypes.c_uint64 * 2)(id(sys), 1))"
"""One byte of memory, as the call wants it told."""
REFUSED = {
    "UDP": (
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "s.connect(('198.51.100.9', 443))\ns.send(b'x')\ntime.sleep(0.05)\ns.send(b'x')\n"
    ),
    "QUIC over IPv6": (
        "s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\n"
        "s.connect(('2606:4700::1', 443))\ns.send(b'x')\ntime.sleep(0.05)\ns.send(b'x')\n"
    ),
    **{
        name: (
            f"s = socket.socket(socket.AF_INET, {kind}, {number})\n"
            "s.settimeout(2)\ns.connect(('198.51.100.9', 443))\n"
            "s.send(b'x' * 64)\ntime.sleep(0.05)\ns.send(b'x' * 64)\n"
        )
        for name, kind, number in (
            ("UDP-Lite", "socket.SOCK_DGRAM", 136),
            ("SCTP as a stream", "socket.SOCK_STREAM", 132),
            ("SCTP as messages", "socket.SOCK_SEQPACKET", 132),
            ("DCCP", "6", 33),
            ("L2TP", "socket.SOCK_DGRAM", 115),
            ("a ping", "socket.SOCK_DGRAM", 1),
        )
    },
    **{
        f"the family {family}": f"socket.socket({family}, socket.SOCK_{kind})\n"
        for family, kind in (
            (21, "SEQPACKET"),
            (29, "RAW"),
            (30, "STREAM"),
            (31, "STREAM"),
            (41, "DGRAM"),
            (42, "DGRAM"),
            (43, "STREAM"),
            (44, "RAW"),
        )
    },
    "UDP-Lite over IPv6": (
        "s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, 136)\n"
        "s.connect(('2606:4700::1', 443))\ns.send(b'x')\ntime.sleep(0.05)\ns.send(b'x')\n"
    ),
    "an abstract name of another network": (
        "s = socket.socket(socket.AF_UNIX)\ns.connect('\\0' + sys.argv[3])\n"
    ),
    "a raw socket": "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)\n",
    "a packet socket": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n",
    "the hypervisor": "socket.socket(40, socket.SOCK_STREAM)\n",
    "the kernel's own cryptography": "socket.socket(38, socket.SOCK_SEQPACKET)\n",
    "a network of its own": (
        "os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)\n"
        "socket.create_connection(('198.51.100.9', 443), 2)\n"
    ),
    "the network of a process outside": (
        "fd = os.open(f'/proc/{sys.argv[1]}/ns/net', os.O_RDONLY)\nos.setns(fd)\n"
    ),
    "the network of the supervisor's user": (
        "os.setns(os.pidfd_open(int(sys.argv[1])), os.CLONE_NEWNET)\n"
    ),
    "the files that a process outside has open": (
        "os.listdir(f'/proc/{sys.argv[1]}/fd') and os.open(\n"
        "    f'/proc/{sys.argv[1]}/fd/0', os.O_RDONLY)\n"
    ),
    "the memory of the supervisor": "open(f'/proc/{os.getppid()}/mem', 'rb').read(1)\n",
    "typing into the terminal": (
        "import fcntl, pty\nmaster, slave = pty.openpty()\nfcntl.ioctl(slave, 0x5412, b'x')\n"
    ),
    "taking the mounts off": (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "if libc.umount(sys.argv[2].encode()):\n"
        "    raise OSError(ctypes.get_errno(), 'umount')\n"
    ),
    "taking the mounts off in a namespace of its own": (
        "os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNS)\n"
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "if libc.umount2(sys.argv[2].encode(), 2):\n"
        "    raise OSError(ctypes.get_errno(), 'umount')\n"
    ),
    "the memory of a process outside": "open(f'/proc/{sys.argv[1]}/mem', 'rb').read(1)\n",
    "the files of a process outside": "os.listdir(f'/proc/{sys.argv[1]}/root')\n",
    "a descriptor of a process outside": _call(438, "os.pidfd_open(int(sys.argv[1]))", "0", "0"),
    "a descriptor of the supervisor": _call(438, "os.pidfd_open(os.getppid())", "0", "0"),
    "leading a process outside": _call(101, "16", "int(sys.argv[1])", "0", "0"),
    "leading the supervisor": _call(101, "16", "os.getppid()", "0", "0"),
    "reading a process outside": _call(310, "int(sys.argv[1])", _BYTE, "1", _BYTE, "1", "0"),
    "io_uring": _call(425, "8", "ctypes.create_string_buffer(120)"),
    "having the kernel ask a program outside": _call(
        249, "b'dns_resolver'", "b'a.example'", "b''", "0"
    ),
    "another route": (
        "s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)\n"
        "s.send(struct.pack('=IHHIIBBHiII', 32, 16, 0x605, 1, 0, 0, 0, 0, 0, 0, 0))\n"
        "code, = struct.unpack_from('=i', s.recv(4096), 16)\n"
        "if code:\n    raise OSError(-code, 'netlink')\n"
    ),
    "a network through a process of a network of its own": (
        "os.unshare(os.CLONE_NEWUSER)\n"
        "os.setns(os.open(f'/proc/{sys.argv[1]}/ns/net', os.O_RDONLY), os.CLONE_NEWNET)\n"
    ),
    "the settings of the kernel": ("open('/proc/sys/net/ipv4/ip_forward', 'w').write('1')\n"),
}


@pytest.mark.parametrize("code", REFUSED.values(), ids=REFUSED)
def test_every_other_way_is_shut(door: FakeDoor, code: str) -> None:
    """What is no connection or question for a name gets nowhere, and nor does who wants out."""
    tried = (
        "import os, socket, struct, sys, time\ntry:\n"
        + "".join(f"    {line}\n" for line in code.splitlines())
        + "    print('it worked')\nexcept OSError as error:\n    print('refused', error)\n"
    )
    hidden = door.path.parent.parent / "hidden"
    with socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(f"\0outgate-{os.getpid()}")
        abstract.listen()
        said = python(door, tried, str(os.getpid()), str(hidden), f"outgate-{os.getpid()}")
    assert said.startswith("refused"), said
    assert door.arrivals == []


def test_the_gates_own_files_are_not_seen(door: FakeDoor) -> None:
    """Evidence, policy and keys of the gate are neither read nor written from inside."""
    hidden = door.path.parent.parent / "hidden"
    code = (
        "import os, sys\nprint(os.listdir(sys.argv[1]))\n"
        "try:\n    open(sys.argv[1] + '/evidence.db', 'w')\n"
        "except OSError as error:\n    print(error.strerror)\n"
    )
    assert python(door, code, str(hidden)).splitlines() == ["['nothing']", "Read-only file system"]
    assert (hidden / "evidence.db").read_text() == "kept"


@pytest.mark.skipif(landlock_version() < 6, reason="this kernel bounds no signals")
def test_no_signal_reaches_a_process_outside(door: FakeDoor) -> None:
    """A sealed program can end neither the gate nor its supervisor, only what it started itself."""
    code = (
        "import os, signal, subprocess, sys\n"
        "own = subprocess.Popen(['sleep', '60'])\nown.kill()\nprint(own.wait())\n"
        "for pid in (int(sys.argv[1]), os.getppid()):\n"
        "    try:\n        os.kill(pid, 0)\n        print('reached')\n"
        "    except PermissionError:\n        print('refused')\n"
    )
    assert python(door, code, str(os.getpid())).split() == ["-9", "refused", "refused"]


def test_unix_sockets_of_others_do_not_send_for_it(door: FakeDoor, tmp_path: Path) -> None:
    """A daemon outside that listens at a Unix socket cannot be asked to send; sockets that the
    program makes itself work.
    """
    path = tmp_path / "daemon.sock"
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(path))
        daemon.listen()
        code = (
            "import os, socket, sys, tempfile\n"
            "def ask(path):\n"
            "    s = socket.socket(socket.AF_UNIX)\n    s.settimeout(2)\n    s.connect(path)\n"
            "try:\n    ask(sys.argv[1])\n    print('reached')\n"
            "except OSError as error:\n    print('refused')\n"
            "own = tempfile.mkdtemp() + '/own'\n"
            "l = socket.socket(socket.AF_UNIX)\nl.bind(own)\nl.listen()\nask(own)\nprint('own')\n"
            "a = socket.socket(socket.AF_UNIX)\n"
            "try:\n    a.connect('\\0' + sys.argv[2])\n    print('abstract')\n"
            "except OSError:\n    print('refused')\n"
        )
        with socket.socket(socket.AF_UNIX) as abstract:
            abstract.bind("\0outgate-test")
            abstract.listen()
            said = python(door, code, str(path), "outgate-test").split()
    assert said == ["refused", "own", "refused"]


def test_a_socket_that_goes_by_another_name_than_it_was_bound_under_is_shut(
    door: FakeDoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Masters of SSH connections link theirs into place; others bind from where they stand."""
    linked, stands = tmp_path / "master", tmp_path / "control"
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as master, socket.socket(socket.AF_UNIX) as daemon:
        master.bind(f"{linked}.Xy12")
        linked.hardlink_to(f"{linked}.Xy12")
        Path(f"{linked}.Xy12").unlink()
        daemon.bind("control")
        for one in (master, daemon):
            one.listen()
        code = (
            "import socket, sys\n"
            "for path in sys.argv[1:]:\n"
            "    try:\n        socket.socket(socket.AF_UNIX).connect(path)\n"
            "        print('reached')\n"
            "    except OSError:\n        print('refused')\n"
        )
        assert python(door, code, str(linked), str(stands)).split() == ["refused", "refused"]


def test_the_socket_of_a_daemon_that_is_started_again_is_shut_again(
    door: FakeDoor, tmp_path: Path
) -> None:
    """Its file is another one then, and what stood in its place went with the first."""
    path, begun = tmp_path / "daemon.sock", tmp_path / "begun"
    code = (
        "import pathlib, socket, sys, time\n"
        "def shut():\n"
        "    with socket.socket(socket.AF_UNIX) as asked:\n"
        "        return asked.connect_ex(sys.argv[1]) != 0\n"
        "print(shut())\n"
        "pathlib.Path(sys.argv[2]).touch()\n"
        "while not pathlib.Path(sys.argv[2]).read_text():\n    time.sleep(0.01)\n"
        "for _ in range(100):\n"
        "    if shut():\n        break\n"
        "    time.sleep(0.3)\n"
        "print(shut())\n"
    )
    with socket.socket(socket.AF_UNIX) as first, socket.socket(socket.AF_UNIX) as second:
        first.bind(str(path))
        first.listen()
        again = threading.Thread(target=_bound_again, args=(path, begun, second))
        again.start()
        assert python(door, code, str(path), str(begun)).split() == ["True", "True"]
        again.join()


def _bound_again(path: Path, begun: Path, second: socket.socket) -> None:
    """Do as a daemon that is started again while a program is sealed, and say so."""
    while not begun.exists():
        time.sleep(0.01)
    path.unlink()
    second.bind(str(path))
    second.listen()
    begun.write_text("again")


def test_inherited_sockets_are_closed(door: FakeDoor, outside: socket.socket) -> None:
    """A connection that the shell had open is not there for the program to send over."""
    kept = socket.create_connection(outside.getsockname())
    os.set_inheritable(kept.fileno(), True)
    code = "import os, sys\ntry:\n    os.write(int(sys.argv[1]), b'x')\nexcept OSError as e:\n    print(e.strerror)"
    assert python(door, code, str(kept.fileno())) == "Bad file descriptor"
    kept.close()


def test_what_a_process_outside_hands_in_is_a_stated_limit(
    door: FakeDoor, outside: socket.socket
) -> None:
    """Who is outside and gives a sealed program a socket of its own could send itself."""
    mine, its = socket.socketpair()
    kept = os.dup(0)
    with mine, its, socket.create_connection(outside.getsockname()) as given:
        socket.send_fds(mine, [b"x"], [given.fileno()])
        try:
            os.dup2(its.fileno(), 0)
            code = (
                "import os, socket\n"
                "_, [fd], _, _ = socket.recv_fds(socket.socket(fileno=0), 1, 1)\n"
                "print(os.write(fd, b'out'))\n"
            )
            assert python(door, code) == "3"
        finally:
            os.dup2(kept, 0)
            os.close(kept)
        accepted, _ = outside.accept()
        with accepted:
            assert accepted.recv(3) == b"out"
    stated = (Path(__file__).resolve().parents[2] / "docs" / "sealed.md").read_text()
    assert "hands in" in stated


def test_set_uid_programs_gain_nothing(door: FakeDoor) -> None:
    """No program run inside gets a right that the first one had not."""
    code = (
        "import re\nstatus = open('/proc/self/status').read()\n"
        "print(*re.findall(r'(?:Cap(?:Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp):\\s+(\\S+)', status))\n"
    )
    assert python(door, code) == " ".join(["0" * 16] * 4 + ["1", "2"])


def test_preloaded_libraries_and_static_programs_change_nothing(
    door: FakeDoor, tmp_path: Path
) -> None:
    """A program without any library, and one with a library of its own in between, arrive alike."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no compiler here")
    source = tmp_path / "send.c"
    source.write_text(SEND)
    subprocess.run([compiler, "-static", "-o", str(tmp_path / "send"), str(source)], check=True)
    library = tmp_path / "between.so"
    (tmp_path / "between.c").write_text(BETWEEN)
    command = [compiler, "-shared", "-fPIC", "-o", str(library), str(tmp_path / "between.c")]
    subprocess.run(command, check=True)

    assert sealed(door, str(tmp_path / "send")).said.strip() == '["198.51.100.9", 443]'
    own = {**os.environ, "LD_PRELOAD": str(library)}
    ended = sealed(door, sys.executable, "-c", CONNECT, environment=own)
    assert ended.said.strip() == '["198.51.100.9", 443]'
    assert door.arrivals == [PLACE, PLACE]


SEND = """
#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443)};
    char said[100] = {0};
    inet_pton(AF_INET, "198.51.100.9", &to.sin_addr);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(s, (struct sockaddr *)&to, sizeof to)) { perror("connect"); return 1; }
    if (read(s, said, sizeof said - 1) > 0) fputs(said, stdout);
    return 0;
}
"""
BETWEEN = """
#include <sys/syscall.h>
#include <sys/socket.h>
#include <unistd.h>
int connect(int s, const struct sockaddr *to, socklen_t size) {
    return syscall(SYS_connect, s, to, size);
}
"""
