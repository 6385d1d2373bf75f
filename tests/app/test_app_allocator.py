"""The gate's threads share the allocator's memory."""

import platform
import subprocess
import sys

import pytest

THREADS = 6
ARENAS = f"""
import ctypes, os, sys, threading
from app.allocator import share_arenas
if sys.argv[1] == "shared":
    share_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
together = threading.Barrier({THREADS})
def work():
    libc.malloc(5000)  # without the interpreter's lock: ctypes lets it go
    together.wait()
threads = [threading.Thread(target=work) for _ in range({THREADS})]
for one in threads: one.start()
for one in threads: one.join()
read, write = os.pipe()
libc.fdopen.restype, libc.malloc_info.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p]
libc.fclose.argtypes = [ctypes.c_void_p]
stream = libc.fdopen(write, b"w")
libc.malloc_info(0, stream)
libc.fclose(stream)
print(os.read(read, 1 << 16).count(b"<heap nr="))
"""


def _arenas(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", ARENAS, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator of glibc")
def test_many_threads_take_memory_from_few_places() -> None:
    """Each thread of a gate would else keep megabytes that it needed once."""
    assert _arenas("each its own") > 2
    assert _arenas("shared") <= 2
