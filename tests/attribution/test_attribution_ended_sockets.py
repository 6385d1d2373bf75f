"""The kernel tells of every connection that ends: where it had gone, however short it was."""

import json
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.backends.ended_sockets import plain, read_ended

_ROOT = Path(__file__).resolve().parents[2]
_NETWORK = """
ip link set lo up && ip addr add 10.77.0.1/24 dev lo && ip addr add 10.77.0.2/24 dev lo \\
  && ip -6 addr add fd77::1/64 dev lo nodad && ip -6 addr add fd77::2/64 dev lo nodad \\
  && exec "$0" -c "$1"
"""
_INSIDE = """
import contextlib, json, socket, time
from attribution.connection_table import ConnectionTable
four, six, dgram = socket.AF_INET, socket.AF_INET6, socket.SOCK_DGRAM
table, told = ConnectionTable(), {}
assert table.hear(wanted=True)
def note(name):
    time.sleep(0.03)
    told[name] = [[o.gate_host, o.gate_port, o.transport, o.answered] for o in table.ended()]
def tcp(name, family, far, near, port=7000):
    server = socket.create_server((far, port), family=six if ":" in far else four)
    client = socket.socket(family)
    if near:
        client.bind((near, 0))
    client.connect(("::ffff:" + far if family == socket.AF_INET6 and "." in far else far, port))
    taken, _ = server.accept()
    client.close(); taken.close(); server.close()
    note(name)
tcp("out", four, "10.77.0.2", "10.77.0.1")
tcp("out6", six, "fd77::2", "fd77::1")
tcp("mapped", six, "10.77.0.2", "::ffff:10.77.0.1")
tcp("loopback", four, "127.0.0.1", None)
tcp("loopback6", six, "::1", None)
tcp("mapped loopback", six, "127.0.0.1", None)
tcp("own address", four, "10.77.0.2", "10.77.0.2")
with contextlib.suppress(OSError):
    socket.create_connection(("10.77.0.2", 7001), source_address=("10.77.0.1", 0))
note("refused")
for name, family, far in (("datagram", four, "10.77.0.2"), ("datagram6", six, "fd77::2")):
    with socket.socket(family, dgram) as sent:
        sent.sendto(b"x", (far, 7002))
    note(name)
with socket.socket(four, dgram) as sent:
    sent.connect(("10.77.0.2", 53)); sent.send(b"x")
note("name look-up")
with socket.socket(four, dgram) as sent:
    pass
note("datagram socket never used")
with socket.socket() as unused:
    unused.bind(("10.77.0.1", 0))
note("never connected")
def no_way(family, far):
    with socket.socket(family, dgram) as lost, contextlib.suppress(OSError):
        lost.connect((far, 53))
note("nothing")
note("nothing")
no_way(four, "203.0.113.1"), no_way(six, "2001:db8::1")
note("name server that no way leads to")
def look_up(server):
    with socket.socket(four, dgram) as sent:
        sent.connect((server, 53)); sent.send(b"A")
        with contextlib.suppress(OSError):
            sent.send(b"AAAA")
look_up("10.77.0.2"), no_way(six, "2001:db8::1")
note("look-up on a machine without IPv6")
note("nothing"), note("nothing")
stub = socket.socket(four, dgram)
stub.bind(("127.0.0.53", 53))
asked = socket.socket(four, dgram)
asked.connect(("127.0.0.53", 53))
for _ in range(2):
    asked.send(b"?")
    stub.sendto(b"!", stub.recvfrom(9)[1])
    asked.recv(9)  # the kernel counts what is taken
asked.close(), look_up("10.77.0.2"), no_way(six, "2001:db8::1")
note("look-up by a stub on a machine without IPv6")
stub.close()
note("nothing"), note("nothing")
look_up("10.77.0.2"), no_way(six, "2001:db8::1")
with socket.socket(four, dgram) as sent:
    for port in (7002, 7003, 7004):
        sent.sendto(b"x", ("10.77.0.2", port))
note("datagrams beside a look-up")
table.hear(wanted=False)
print(json.dumps([told, table.ended()]))
"""


def test_what_leaves_is_told_when_it_ends_and_nothing_else() -> None:
    """Of both families, refused and answered, in connections and in datagrams; not what stays on
    the machine, nor what never went anywhere.
    """
    told, after = _inside(_INSIDE)

    out, nowhere = ["10.77.0.2", 7000, "tcp", True], ["", 0, "udp", True]
    assert told == {
        "out": [out],
        "out6": [["fd77::2", 7000, "tcp", True]],
        "mapped": [out],
        "loopback": [],
        "loopback6": [],
        "mapped loopback": [],
        "own address": [],
        "refused": [["10.77.0.2", 0, "tcp", False]],
        "datagram": [nowhere],
        "datagram6": [nowhere],
        "name look-up": [],
        "datagram socket never used": [],
        "never connected": [],
        "nothing": [],
        "name server that no way leads to": [],
        "look-up on a machine without IPv6": [],
        "look-up by a stub on a machine without IPv6": [],
        "datagrams beside a look-up": [nowhere, nowhere],
    }
    assert after is None


_OWN = """
import asyncio, contextlib, json, select, socket, ssl, subprocess, sys
from attribution.backends.own_sockets import note_all
from attribution.connection_table import ConnectionTable
table, here, there = ConnectionTable(own=note_all()), ("10.77.0.1", 0), ("10.77.0.2", 7000)
assert table.hear(wanted=True)
server = socket.create_server(there, backlog=64)
async def given_up(**options):
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.1):
            await asyncio.open_connection(*there, local_addr=here, **options)
async def cancelled():
    trying = asyncio.create_task(given_up())
    await asyncio.sleep(0)
    trying.cancel()
    await asyncio.gather(trying, return_exceptions=True)
socket.create_connection(there, source_address=here).close()
with contextlib.suppress(OSError):
    socket.create_connection(("10.77.0.2", 7001), source_address=here)
asyncio.run(given_up(ssl=ssl.create_default_context(), server_hostname="a"))
asyncio.run(cancelled())
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sent:
    sent.sendto(b"x", there)
code = "import socket; socket.create_connection(%r, source_address=%r).close()" % (there, here)
subprocess.run([sys.executable, "-c", code], check=True)
told = []
while not told:  # the kernel tells in order: what it would tell of the others has come by then
    select.select([table._ended._socket], [], [])
    told += [[one.gate_host, one.gate_port] for one in table.ended()]
print(json.dumps(told))
"""


def test_what_this_process_opened_is_never_told() -> None:
    """Whatever part of it did, and however it ended: given up while TLS was made, refused,
    cancelled. Another's is told.
    """
    assert _inside(_OWN) == [["10.77.0.2", 7000]]


_MADE_MEANWHILE = """
import json, socket, subprocess, sys
from attribution import connection_table
from attribution.backends.own_sockets import note_all
table = connection_table.ConnectionTable(own=note_all())
look, here, there, kept = connection_table.own_sockets, ("10.77.0.1", 0), ("10.77.0.2", 7000), []
code = "import socket, sys; s = socket.create_server(%r); print(1, flush=True); sys.stdin.read(1);"
code += " c = socket.create_connection(%r, source_address=%r); print(1, flush=True); sys.stdin.read()"
other = subprocess.Popen([sys.executable, "-c", code % (there, there, here)],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
other.stdout.readline()
def looked():
    found = look()
    if not kept:  # as another thread of the gate does, just then
        kept.append(socket.create_connection(there, source_address=here))
        kept.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        kept[1].bind(here)
    return found
connection_table.own_sockets = looked
def listed():
    return [[one.transport, one.gate_host] for one in table.established()]
own = listed()
other.stdin.write(b"1"); other.stdin.flush(); other.stdout.readline()
print(json.dumps([own, listed()]))
other.communicate()
"""
_LEFT_CLOSING = """
import json, select, socket, subprocess, sys
from attribution.connection_table import ConnectionTable
there, table = ("10.77.0.2", 7000), ConnectionTable()
server = socket.create_server(there, backlog=64)
def program(*, sends):
    code = "import socket; s = socket.create_connection(%r, source_address=%r);"
    code += " s.setblocking(False); s.send(bytes(%d))"
    subprocess.run([sys.executable, "-c", code % (there, ("10.77.0.1", 0), sends)], check=True)
    return server.accept()[0]
def told():
    select.select([table._ended._socket], [], [], 20)
    return [[one.gate_host, one.gate_port] for one in table.ended()]
before = program(sends=1 << 24)  # over, but that its far end does not take what was sent
assert table.hear(wanted=True)
before.close()
first = told()
program(sends=1).close()
while not (second := told()):
    pass
print(json.dumps([first, second]))
"""


def _inside(script: str) -> Any:
    """Return what a script prints that runs in a network of its own."""
    if subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode:
        pytest.skip("network namespaces cannot be made here")
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", _NETWORK, sys.executable, script],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_this_process_makes_while_it_looks_is_not_listed() -> None:
    """Between its look at what it holds and the kernel's table it may make some; of any other
    connection it is told.
    """
    assert _inside(_MADE_MEANWHILE) == [[], [["tcp", "10.77.0.2"]]]


def test_what_was_over_when_it_was_begun_to_hear_is_not_told() -> None:
    """A connection that the program before has closed, and its far end has not: the kernel tells
    its end to whoever hears by then, and it is none of the run that has begun.
    """
    assert _inside(_LEFT_CLOSING) == [[], [["10.77.0.2", 7000]]]


def _message(protocol: int = 6, family: int = socket.AF_INET, kind: int = 20) -> bytes:
    far = socket.inet_aton("10.0.0.7").ljust(16, b"\0")
    entry = struct.pack("=BBBB2s2s16s16s32x", family, 7, 0, 0, b"\x9c\x40", b"\x15\x38", far, far)
    traffic = struct.pack("=HH120xQQ8x", 148, 2, 5, 0)
    body = entry + struct.pack("=HHB3x", 5, 10, protocol) + traffic
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body


def test_a_message_is_read_as_the_kernel_writes_it() -> None:
    """Port, address and whether anybody answered; a message of another kind is none of these."""
    found = read_ended(_message())
    assert found is not None
    assert (found.far_host, found.far_port, found.answered) == ("10.0.0.7", 5432, True)
    others = (_message(protocol=1), _message(family=1), _message(kind=2), b"", _message()[:60])
    assert [read_ended(one) for one in others] == [None] * 5


@given(st.integers(0, 400), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255))))
def test_no_bytes_of_the_kernel_are_too_much(cut: int, changes: list[tuple[int, int]]) -> None:
    """Whatever a later kernel sends is read or passed over, never stumbled upon."""
    data = bytearray(_message())
    for at, value in changes:
        data[at % len(data)] = value
    found = read_ended(bytes(data[:cut]))
    assert found is None or 0 <= found.far_port <= 65_535


@pytest.mark.parametrize(
    ("host", "same"),
    [
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:1", "::ffff:1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_an_address_of_ipv4_is_one_by_whatever_socket(host: str, same: str) -> None:
    """A socket of IPv6 that speaks IPv4 is not taken for another place."""
    assert plain(host) == same
