"""What is handed over at the door of sealed runs, and is not what it says."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from proxy.sealed.door import is_of_our_network

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sealed runs take Linux")

_ELSEWHERE = """
import os, socket, sys
os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)
listener = socket.socket()
with socket.socket(fileno=int(sys.argv[1])) as end:
    socket.send_fds(end, [b"x"], [listener.fileno()])
"""


def test_a_listener_of_our_own_network_is_known() -> None:
    """What a listener here takes would come back to it for ever: it is told from one in a seal."""
    with socket.socket() as here:
        assert is_of_our_network(here.fileno())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        words = [sys.executable, "-c", _ELSEWHERE, str(theirs.fileno())]
        done = subprocess.run(words, pass_fds=[theirs.fileno()], check=False, capture_output=True)
        if done.returncode:
            pytest.skip("no namespaces can be made here")
        _, [there], _, _ = socket.recv_fds(ours, 1, 1)
    assert not is_of_our_network(there)
    os.close(there)


def test_what_is_no_socket_is_none_of_ours() -> None:
    """A file is no listener; it is refused where it is to be listened at."""
    with Path(os.devnull).open() as file:
        assert not is_of_our_network(file.fileno())
