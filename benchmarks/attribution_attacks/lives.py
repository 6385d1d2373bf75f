"""Exec and fork, and sockets that travel: what a process was before."""

# --- exec and fork
from benchmarks.attribution_attacks.arena import PRELUDE, SEND, Arena, attack, sends, settled


@attack
@sends(2)
def exec_with_the_same_command_line_elsewhere(arena: Arena) -> None:
    arena.write("b/job.py", SEND, "second")
    arena.write(
        "a/job.py",
        f"{SEND}os.chdir('../b')\nos.execv(sys.executable, [sys.executable, 'job.py'])\n",
        "first",
    )
    arena.python("job.py", cwd="a")


@attack
@sends(2)
def exec_of_the_same_path_after_it_was_replaced(arena: Arena) -> None:
    other = f"{PRELUDE}\n# second\n{SEND}"
    body = (
        f"{SEND}open('job.py', 'w').write({other!r})\nos.execv(sys.executable, [sys.executable,"
        " 'job.py'])\n"
    )
    arena.write("job.py", body, "first")
    arena.python("job.py")


@attack
def written_then_run_by_one_shell(arena: Arena) -> None:
    arena.write("source.py")
    arena.shell('cat source.py > made.py; exec "$PY" made.py')


@attack
def written_then_run_by_its_first_line(arena: Arena) -> None:
    arena.write("source.py")
    arena.shell('(echo "#!$PY"; cat source.py) > made; chmod +x made; exec ./made')


@attack
def a_fork_after_the_script_was_replaced(arena: Arena) -> None:
    body = f"""
wait()
if os.fork() == 0:
    {SEND}    os._exit(0)
os.wait()
"""
    path = arena.write("job.py", body, "first")
    settled()
    arena.python(str(path))
    arena.until("go.ready")
    arena.write("job.py", body, "second")
    arena.go()


@attack
def an_orphaned_fork_after_the_script_was_replaced(arena: Arena) -> None:
    body = f"""
wait()
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    time.sleep(0.1)
    {SEND}    os._exit(0)
os.wait()
"""
    path = arena.write("job.py", body, "first")
    settled()
    arena.python(str(path))
    arena.until("go.ready")
    arena.write("job.py", body, "second")
    arena.go()


@attack
def the_parent_becomes_another_script_after_it_started_curl(arena: Arena) -> None:
    arena.write("other.py", "time.sleep(5)\n", "other")
    body = """
import subprocess
told = json.dumps(TRUTH)
subprocess.Popen(["sh", "-c", "sleep 0.3; exec curl -s -X POST -H 'X-Truth: " + told + "' http://127.0.0.1:" + os.environ["GATE_PORT"]])
os.execv(sys.executable, [sys.executable, "other.py"])
"""
    arena.write("job.py", body)
    arena.python("job.py")


# --- sockets that travel


@attack
def connect_then_fork_and_the_child_sends(arena: Arena) -> None:
    body = "s = dial()\nif os.fork() == 0:\n    ask(s); os._exit(0)\ntime.sleep(3)\n"
    arena.write("job.py", body)
    arena.python("job.py")


@attack
def connect_then_fork_and_the_parent_closes(arena: Arena) -> None:
    body = (
        "s = dial()\ntime.sleep(0.2)\nif os.fork() == 0:\n    time.sleep(0.2); ask(s);"
        " os._exit(0)\ns.close()\ntime.sleep(3)\n"
    )
    arena.write("job.py", body)
    arena.python("job.py")


@attack
def an_open_connection_is_given_to_another_script(arena: Arena) -> None:
    arena.write("sender.py", "s = socket.socket(fileno=int(sys.argv[1]))\nask(s)\n")
    body = """
import subprocess
s = dial()
time.sleep(0.2)
child = subprocess.Popen([sys.executable, "sender.py", str(s.fileno())], pass_fds=[s.fileno()])
child.wait()
"""
    arena.write("opener.py", body)
    arena.python("opener.py")


@attack
def an_open_connection_is_given_away_and_closed(arena: Arena) -> None:
    arena.write(
        "sender.py", "time.sleep(0.3)\ns = socket.socket(fileno=int(sys.argv[1]))\nask(s)\n"
    )
    body = """
import subprocess
s = dial()
child = subprocess.Popen([sys.executable, "sender.py", str(s.fileno())], pass_fds=[s.fileno()])
s.close()
child.wait()
"""
    arena.write("opener.py", body)
    arena.python("opener.py")


@attack
def the_opener_becomes_another_script(arena: Arena) -> None:
    arena.write("second.py", "s = socket.socket(fileno=int(sys.argv[1]))\nask(s)\n")
    body = (
        "s = dial(); os.set_inheritable(s.fileno(), True)\nos.execv(sys.executable,"
        " [sys.executable, 'second.py', str(s.fileno())])\n"
    )
    arena.write("first.py", body)
    arena.python("first.py")
