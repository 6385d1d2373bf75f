"""Programs whose system calls another one answers in the kernel's place (seccomp), and workers that
find another program's modules in the folder of their start.
"""

import os

from benchmarks.attribution_attacks.arena import (
    OTHER,
    PRELUDE,
    SEND,
    Arena,
    Attack,
    attack,
    named,
    settled,
)

_SUPERVISES = """
import ctypes, fcntl, struct, threading
libc = ctypes.CDLL(None, use_errno=True)
def rule(code, yes, no, value):
    return struct.pack("<HBBI", code, yes, no, value)
program = b"".join(FILTER)
kept = ctypes.create_string_buffer(program)
told = struct.pack("<HxxxxxxQ", len(program) // 8, ctypes.addressof(kept))
listener = []
def begin():
    # Of this thread and of what it starts alone.
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    number = libc.syscall(317, 1, 8, told)
    assert number > 0, ctypes.get_errno()
    listener.append(number)
    os.posix_spawn(sys.executable, [sys.executable, os.path.abspath("good.py")], os.environ)
starts = threading.Thread(target=begin); starts.start()
while not listener:
    time.sleep(0.001)
def asked():
    held = bytearray(80)
    fcntl.ioctl(listener[0], 0xC0502100, held)
    number, pid = struct.unpack_from("<QI", held)
    return number, pid, struct.unpack_from("<6Q", held, 32)
def answer(number, value=0, flags=0):
    fcntl.ioctl(listener[0], 0xC0182101, struct.pack("<QqiI", number, value, 0, flags))
"""
_OPENS = """FILTER = [
    rule(0x20, 0, 0, 0), rule(0x15, 0, 3, 257),  # openat
    rule(0x20, 0, 0, 32), rule(0x15, 0, 1, 0),  # to be read, as a script is
    rule(6, 0, 0, 0x7FC00000), rule(6, 0, 0, 0x7FFF0000)]
"""
_GIVES_ANOTHER = """
while True:
    number, pid, words = asked()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(words[1])
        path = memory.read(300).partition(b"\\0")[0]
    if not path.endswith(b"good.py"):
        answer(number, flags=1)
        continue
    other = os.open("other.txt", os.O_RDONLY)
    fcntl.ioctl(listener[0], 0x40182103, struct.pack("<QIIII", number, 2, other, 0, 0))
    os.close(other)
"""
_WRITES = """FILTER = [
    rule(0x20, 0, 0, 0), rule(0x15, 0, 1, 44),  # sendto
    rule(6, 0, 0, 0x7FC00000), rule(6, 0, 0, 0x7FFF0000)]
"""
_SENDS_ANOTHER = """
number, pid, words = asked()
theirs = libc.syscall(438, os.pidfd_open(pid), words[0], 0)
told = json.dumps(TRUTH | {"pid": os.getpid()}).encode()
os.write(theirs, b"POST / HTTP/1.1\\r\\nX-Truth: " + told + b"\\r\\n\\r\\n")
os.close(theirs)
answer(number, value=words[2])
time.sleep(3)
"""


def _supervised(kind: str, does: str) -> Attack:
    def make(arena: Arena) -> None:
        arena.write("good.py", note="good")
        arena.data("other.txt", f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}")
        head = _SUPERVISES.replace("program = ", f"{kind}program = ").replace("*FILTER", "FILTER")
        arena.write("evil.py", f"{head}{does}")
        settled()
        arena.python("evil.py")

    return make


if os.uname().machine == "x86_64":
    named("a supervisor gives another file for the script", _supervised(_OPENS, _GIVES_ANOTHER))
    named("a supervisor sends in its place", _supervised(_WRITES, _SENDS_ANOTHER))

_STARTS_WORKERS = """
import multiprocessing
def work():
    time.sleep(1)
if __name__ == "__main__":
    METHOD
    one = multiprocessing.Process(target=work)
    one.start(); one.join()
"""


def _worker_elsewhere(method: str, module: str) -> Attack:
    """The folder of the start holds modules of Python's names, which its workers find first."""

    def make(arena: Arena) -> None:
        chosen = f"multiprocessing.set_start_method({method!r})"
        good = arena.write("good/good.py", _STARTS_WORKERS.replace("METHOD", chosen), note="good")
        arena.data(f"elsewhere/{module}", f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}")
        settled()
        arena.python(str(good), cwd="elsewhere")

    return make


for _method in ("spawn", "forkserver"):
    named(
        f"a worker by {_method} finds another multiprocessing",
        _worker_elsewhere(_method, "multiprocessing/__init__.py"),
    )
    named(f"a worker by {_method} finds another pickle", _worker_elsewhere(_method, "pickle.py"))


@attack
def a_worker_in_a_folder_of_the_projects_own(arena: Arena) -> None:
    """An honest one: other names than Python's stand in the folder of the start."""
    chosen = 'multiprocessing.set_start_method("spawn")'
    body = _STARTS_WORKERS.replace("METHOD", chosen).replace("time.sleep(1)", "ask(dial())")
    good = arena.write("good/good.py", body)
    arena.data("elsewhere/customers.py", "")
    arena.data("elsewhere/test/a.txt", "")
    settled()
    arena.python(str(good), cwd="elsewhere")


NAMES = {"a_worker_in_a_folder_of_the_projects_own"}
"""What is honest among them."""
