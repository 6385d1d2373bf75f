"""Several processes that hold one connection at once: one waits on it, another one sends."""

from benchmarks.attribution_attacks.arena import REQUESTS, Arena, Attack, named

_TAKES = """
import ctypes
box = socket.socket(socket.AF_UNIX); box.bind("box"); box.listen(1)
open("box.ready", "w").close()
taken, _ = box.accept()
"""
_HANDED = f"{_TAKES}_, (item,), _, _ = socket.recv_fds(taken, 1, 1)\n"
_TAKEN = f"""{_TAKES}
pid, number = map(int, taken.recv(100).split())
libc = ctypes.CDLL(None)
item = libc.syscall(438, os.pidfd_open(pid), number, 0)
"""
_GIVES = """
import threading
far = socket.socket(socket.AF_UNIX); far.connect("box")
def give(sock):
    if HANDS:
        socket.send_fds(far, [b"x"], [sock.fileno()])
    else:
        far.sendall(b"%d %d" % (os.getpid(), sock.fileno()))
"""


def _two(how: str, before: str, after: str, *, leaves: bool = False) -> Attack:
    def make(arena: Arena) -> None:
        taking = _HANDED if how == "handed" else _TAKEN
        keeps = "held = socket.socket(fileno=item); tell(held); time.sleep(4)\n"
        goes = "tell(socket.socket(fileno=item)); time.sleep(4)\n"
        arena.write("receiver.py", taking + (goes if leaves else keeps))
        gives = _GIVES.replace("HANDS", str(how == "handed"))
        arena.write("giver.py", f"{gives}s = dial()\n{before}\ngive(s)\n{after}\ntime.sleep(3)\n")
        arena.python("receiver.py")
        arena.until("box.ready")
        arena.python("giver.py")

    return make


_BEFORE = {"at once": "", "later": "time.sleep(1.2)", "after a request": "ask(s); time.sleep(1.2)"}
_AFTER = {
    "waits in a read": "s.recv(1)",
    "polls": "import select; p = select.poll(); p.register(s, 1); p.poll(3000)",
    "waits in a loop of events": (
        "import selectors; x = selectors.DefaultSelector(); x.register(s, 1); x.select(3)"
    ),
}
for _how in ("handed", "taken"):
    for _when, _before in _BEFORE.items():
        for _waits, _after in _AFTER.items():
            _name = f"{_how} {_when}, while its owner {_waits}"
            named(_name, _two(_how, _before, _after))
            REQUESTS[_name] = 2 if "request" in _when else 1


def _stolen(after: str, before: str = "ask(s)") -> Attack:
    """Another process takes the connection while its owner, which knows nothing of it, waits."""

    def make(arena: Arena) -> None:
        takes = f"{_TAKEN.replace('libc =', 'time.sleep(1); libc =')}"
        arena.write("thief.py", f"{takes}tell(socket.socket(fileno=item)); time.sleep(3)\n")
        gives = _GIVES.replace("HANDS", "False")
        arena.write("owner.py", f"{gives}s = dial()\n{before}\ngive(s)\n{after}\n")
        arena.python("thief.py")
        arena.until("box.ready")
        arena.python("owner.py")

    return make


for _waits, _after in _AFTER.items():
    named(f"taken and let go of, while its owner {_waits}", _stolen(_after, ""))
