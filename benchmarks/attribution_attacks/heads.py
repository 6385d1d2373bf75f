"""Processes whose first thread has ended: the kernel's folder of the process tells nothing then,
and the threads that live send on.
"""

from benchmarks.attribution_attacks.arena import SEND, Arena, Attack, attack, named, sends

_ENDS = "import ctypes; ctypes.CDLL(None).syscall({'x86_64': 60}.get(os.uname().machine, 93), 0)\n"
_IN_A_THREAD = f"""
import threading
def work():
    while open("/proc/self/stat").read().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.005)
    {SEND}
threading.Thread(target=work).start()
"""


def _headless(*words: str, name: str = "job.py", body: str = _IN_A_THREAD) -> Attack:
    def make(arena: Arena) -> None:
        arena.write(name, f"{body}{_ENDS}")
        arena.python(*words, env={"PYTHONDONTWRITEBYTECODE": "1"})

    return make


_ENDED = {
    "honest: python job.py whose first thread has ended": _headless("job.py"),
    "honest: python -m pkg.job whose first thread has ended": _headless(
        "-m", "pkg.job", name="pkg/job.py"
    ),
}
NAMES = frozenset(_ENDED)
for _name, _make in _ENDED.items():
    named(_name, _make)

_SENDS_WHAT_IT_WAS_HANDED = """
import threading
box = socket.socket(socket.AF_UNIX); box.bind("box"); box.listen(1)
open("box.ready", "w").close()
taken, _ = box.accept()
def work():
    _, (item,), _, _ = socket.recv_fds(taken, 1, 1)
    held = socket.socket(fileno=item); tell(held); time.sleep(3)
threading.Thread(target=work).start()
"""
_GIVES_AND_WAITS = """
s = dial(); far = socket.socket(socket.AF_UNIX); far.connect("box")
time.sleep(1.2); socket.send_fds(far, [b"x"], [s.fileno()]); s.recv(1); time.sleep(3)
"""


@attack
def handed_to_a_process_whose_first_thread_has_ended(arena: Arena) -> None:
    arena.write("receiver.py", f"{_SENDS_WHAT_IT_WAS_HANDED}{_ENDS}")
    arena.write("giver.py", _GIVES_AND_WAITS)
    arena.python("receiver.py")
    arena.until("box.ready")
    arena.python("giver.py")


@attack
@sends(2)
def the_first_thread_ends_between_two_requests(arena: Arena) -> None:
    body = f"""
import threading
s = dial(); ask(s)
def work():
    while open("/proc/self/stat").read().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.005)
    ask(s)
threading.Thread(target=work).start()
{_ENDS}"""
    arena.write("job.py", body)
    arena.python("job.py")
