"""Sockets that are handed on, and senders that are gone, or are another program, before anybody
looks.
"""

from benchmarks.attribution_attacks.arena import Arena, Attack, attack, named, sends

_RECEIVER = """
import array
box = socket.socket(socket.AF_UNIX); box.bind("box"); box.listen(1)
open("box.ready", "w").close()
taken, _ = box.accept()
_, (item,), _, _ = socket.recv_fds(taken, 1, 1)
"""
_GIVER = """
def give(sock):
    far = socket.socket(socket.AF_UNIX); far.connect("box")
    socket.send_fds(far, [b"x"], [sock.fileno()])
    return far
"""


def _handed(after: str, before: str = "", sender: str = "ask") -> Attack:
    def make(arena: Arena) -> None:
        body = f"{_RECEIVER}{sender}(socket.socket(fileno=item)); time.sleep(3)\n"
        arena.write("receiver.py", body)
        arena.write("giver.py", f"{_GIVER}{before}\ns = dial()\nfar = give(s)\n{after}\n")
        arena.python("receiver.py")
        arena.until("box.ready")
        _grown_old()
        arena.python("giver.py")

    return make


def _grown_old() -> None:
    """Let the receiver be older than any connection that is made now could be inherited."""
    import time

    time.sleep(0.8)


AFTER = {
    "and kept": "time.sleep(3)",
    "and closed": "s.close(); time.sleep(3)",
    "while the giver waits for word": "far.recv(1)",
    "and the giver ends": "os._exit(0)",
    "and the giver works on": "until = time.time() + 2\nwhile time.time() < until: pass",
}
for _how, _after in AFTER.items():
    named(f"handed to an older process {_how}", _handed(_after))
    named(f"handed {_how}, sent without waiting", _handed(_after, sender="tell"))


@attack
@sends(4)
def handed_by_a_giver_that_is_well_known(arena: Arena) -> None:
    _handed("time.sleep(3)", "time.sleep(0.8)\nfor _ in range(3): ask(dial())")(arena)


@attack
@sends(2)
def handed_after_a_first_request(arena: Arena) -> None:
    arena.write("receiver.py", f"{_RECEIVER}ask(socket.socket(fileno=item)); time.sleep(3)\n")
    arena.write("giver.py", f"{_GIVER}s = dial(); ask(s); far = give(s); time.sleep(3)\n")
    arena.python("receiver.py")
    arena.until("box.ready")
    _grown_old()
    arena.python("giver.py")


@attack
def sent_then_another_program(arena: Arena) -> None:
    arena.write("good.py", "socket.socket(fileno=int(sys.argv[1])).recv(100); time.sleep(3)\n")
    body = """
s = dial(); os.set_inheritable(s.fileno(), True); tell(s)
os.execv(sys.executable, [sys.executable, os.path.abspath("good.py"), str(s.fileno())])
"""
    arena.write("evil.py", body)
    arena.python("evil.py")


@attack
@sends(2)
def two_sent_at_once_then_another_program(arena: Arena) -> None:
    arena.write("good.py", "socket.socket(fileno=int(sys.argv[1])).recv(100); time.sleep(3)\n")
    body = """
s = dial(); os.set_inheritable(s.fileno(), True); tell(s); tell(s)
os.execv(sys.executable, [sys.executable, os.path.abspath("good.py"), str(s.fileno())])
"""
    arena.write("evil.py", body)
    arena.python("evil.py")


@attack
def sent_by_a_parent_that_leaves_the_socket_to_its_child(arena: Arena) -> None:
    arena.write("good.py", "socket.socket(fileno=int(sys.argv[1])).recv(100); time.sleep(3)\n")
    body = """
import subprocess
s = dial()
subprocess.Popen([sys.executable, "good.py", str(s.fileno())], pass_fds=[s.fileno()])
tell(s); os._exit(0)
"""
    arena.write("evil.py", body)
    arena.python("evil.py")


def _by_child(child: str, parent: str) -> Attack:
    def make(arena: Arena) -> None:
        arena.write("evil.py", "tell(socket.socket(fileno=int(sys.argv[1])))\n")
        arena.write("good.py", f"import subprocess\ns = dial()\n{child}\n{parent}\n")
        arena.python("good.py")

    return make


CHILDREN = {
    "a fork": "pid = os.fork()\nif pid == 0: tell(s); os._exit(0)",
    "a script": (
        "subprocess.Popen([sys.executable, 'evil.py', str(s.fileno())], pass_fds=[s.fileno()])"
    ),
    "a spawned script": (
        "os.set_inheritable(s.fileno(), True); os.posix_spawn(sys.executable, [sys.executable,"
        " 'evil.py', str(s.fileno())], os.environ)"
    ),
    "an orphan": (
        "if os.fork() == 0:\n    if os.fork(): os._exit(0)\n    time.sleep(0.1); tell(s);"
        " os._exit(0)"
    ),
}
for _child, _code in CHILDREN.items():
    named(
        f"sent by {_child} that ends at once, its parent waits", _by_child(_code, "time.sleep(3)")
    )
    named(f"sent by {_child}, its parent closes", _by_child(_code, "s.close(); time.sleep(3)"))


@attack
def handed_to_a_worker_by_multiprocessing(arena: Arena) -> None:
    body = """
import multiprocessing
def work(pipe):
    ask(pipe.recv()); time.sleep(1)
if __name__ == "__main__":
    mine, theirs = multiprocessing.Pipe()
    worker = multiprocessing.get_context("spawn").Process(target=work, args=(theirs,))
    worker.start(); mine.send(dial()); worker.join()
"""
    arena.write("job.py", body)
    arena.python("job.py")


@attack
@sends(2)
def exec_of_the_same_interpreter_for_another_script(arena: Arena) -> None:
    arena.write("second.py", note="second")
    body = "ask(dial())\nos.execv(sys.executable, [sys.executable, 'second.py'])\n"
    arena.write("first.py", body)
    arena.python("first.py")


@attack
def exec_while_connecting(arena: Arena) -> None:
    arena.write("good.py", "time.sleep(0.3); ask(socket.socket(fileno=int(sys.argv[1])))\n")
    body = """
s = socket.socket(); s.setblocking(False); s.connect_ex(("127.0.0.1", int(os.environ["GATE_PORT"])))
os.set_inheritable(s.fileno(), True); os.set_blocking(s.fileno(), True)
os.execv(sys.executable, [sys.executable, "good.py", str(s.fileno())])
"""
    arena.write("evil.py", body)
    arena.python("evil.py")
