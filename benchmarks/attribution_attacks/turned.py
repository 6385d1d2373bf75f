"""What becomes of a script, of what leads to it, or of what is told of it, while its program runs;
and programs that go on with another text than that with which they began.
"""

import os
import subprocess
import sys
import zipfile

from benchmarks.attribution_attacks.arena import (
    IN_A_CONTAINER,
    OTHER,
    PRELUDE,
    SEND,
    SEND_FROM_WITHIN,
    Arena,
    Attack,
    attack,
    interpreter,
    named,
    sends,
    settled,
)
from benchmarks.attribution_attacks.between import _AS_ITS_PARENT

_LIBC = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
_WAITING = f"wait()\n{SEND}"


def _turned(change: str, *, body: str = _WAITING, script: str = "job.py") -> Attack:
    """A script waits, and somebody else (a shell) turns what lies there into another one."""

    def make(arena: Arena) -> None:
        arena.write("in/job.py", body, note="job")
        arena.write("twin/job.py", body, note="twin")
        settled()
        arena.shell(f'cd in; exec "$PY" {script}')
        arena.until("go.ready")
        subprocess.run(["bash", "-c", f"set -e\n{change}"], cwd=arena.folder, check=True)
        arena.go()

    return make


_EXCHANGE = (
    f"{sys.executable} -c \"import ctypes; ctypes.CDLL(None).renameat2(-100, b'%s', -100,"
    " b'%s', 2)\""
)
TURNED = {
    "renamed over": _turned("mv twin/job.py in/job.py"),
    "linked in its place": _turned("rm in/job.py; ln twin/job.py in/job.py"),
    "in a folder that is exchanged": _turned(_EXCHANGE % ("in", "twin")),
    "in a folder that a link takes the place of": _turned("mv in was; ln -s twin in"),
    "read again through a link": _turned("mv in/job.py in/was; ln -s ../twin/job.py in/job.py"),
    "written over, of the same time": _turned(
        "cp -p in/job.py was; cp twin/job.py in/job.py; touch -r was in/job.py"
    ),
    "by its descriptor, which is another file later": _turned(
        "true",
        body=f"wait()\nos.dup2(os.open('../twin/job.py', 0), 9)\n{SEND}",
        script="/proc/self/fd/9 9<job.py",
    ),
    "mount: bound over it": _turned("mount --bind twin/job.py in/job.py"),
    "mount: bound over its folder": _turned("mount --bind twin in"),
    "mount: an empty disk over its folder, with a twin": _turned(
        "mount -t tmpfs none in; cp -p twin/job.py in/job.py"
    ),
    "mount: moved away": _turned("mount --bind in in; mount --make-private in; mount -M in twin"),
    "mount: laid over by layers": _turned(
        "mkdir up work; mount -t tmpfs none work; mkdir work/u work/w; cp twin/job.py work/u/;"
        " mount -t overlay none -o lowerdir=in,upperdir=work/u,workdir=work/w in"
    ),
}
for _name, _make in TURNED.items():
    named(f"a script that is turned: {_name}", _make)


def _within(enters: str, *before: str) -> Attack:
    """The program itself goes to where its path leads to another file."""

    def make(arena: Arena) -> None:
        arena.write("twin/job.py", SEND_FROM_WITHIN, note="twin")
        job = arena.write("in/job.py", f"{_LIBC}{enters}\n{SEND_FROM_WITHIN}", note="job")
        settled()
        arena.run(*before, interpreter(), str(job))

    return make


_COVERS = "subprocess.run(['mount', '--bind', '../twin', '.'], check=True)"
_IN = "import encodings.idna; os.chdir(os.path.dirname(__file__)); import subprocess"
WITHIN = {
    "mount: in a namespace of its own": f"{_IN}; os.unshare(os.CLONE_NEWNS)\n"
    f"subprocess.run(['mount', '--make-rprivate', '/'])\n{_COVERS}",
    "mount: in the namespace of its child": f"""{_IN}
child = subprocess.Popen(['unshare', '-m', 'sh', '-c',
    'mount --bind ../twin . && echo && exec sleep 9'], stdout=-1)
child.stdout.readline()
os.setns(os.open(f"/proc/{{child.pid}}/ns/mnt", os.O_RDONLY)); os.chdir("/")""",
    "mount: below another root": f"{_IN}\nos.makedirs('root' + os.path.dirname(__file__))\n"
    "os.link('../twin/job.py', 'root' + __file__)\nos.chroot('root')\nos.chdir('/')",
}
for _name, _enters in WITHIN.items():
    named(f"a script that goes to where another one lies: {_name}", _within(_enters))
named(
    "a script that goes to where another one lies: mount: in a container",
    _within(f"{_IN}\n{_COVERS}", *IN_A_CONTAINER),
)


@attack
def entered_a_mount_namespace_of_another_before_its_start(arena: Arena) -> None:
    """There another script lies below the name."""
    good = arena.write("in/job.py", SEND, note="good")
    arena.write("twin/job.py", SEND_FROM_WITHIN, note="twin")
    holds = "mount --bind twin in && touch held && exec sleep 9"
    holder = arena.run("unshare", "-m", "sh", "-c", holds)
    arena.until("held")
    settled()
    arena.run("nsenter", f"--mount=/proc/{holder.pid}/ns/mnt", interpreter(), str(good))


def _goes_on(*words: str, body: str = "pass\n", **told: str) -> Attack:
    """The script ends, and its interpreter goes on with what is typed at its terminal."""

    def make(arena: Arena) -> None:
        good = arena.write("own/good.py", body, note="good")
        arena.data("own/helper.py", "import os\nos.environ['PYTHONINSPECT'] = '1'\n")
        settled()
        types, terminal = os.openpty()
        os.write(types, f"TRUTH = {OTHER}\n{SEND}".encode())
        env = {"PYTHON_BASIC_REPL": "1"} | told
        given = {"stdin": terminal, "pass_fds": (types,)}
        arena.python(*words, str(good), env=env, **given)
        os.close(types)
        os.close(terminal)

    return make


GOES_ON = {
    "told by -i": _goes_on("-i"),
    "told by -iq and -P": _goes_on("-iqP"),
    "told by a variable": _goes_on(PYTHONINSPECT="1"),
    "told by itself": _goes_on(body="os.environ['PYTHONINSPECT'] = '1'\n"),
    "told by what it imports": _goes_on(body="import helper\n"),
}
for _name, _make in GOES_ON.items():
    named(f"goes on with its input, {_name}", _make)


def _unnamed(after: str) -> Attack:
    """The script is written into a file without a name, which gets one before or after."""

    def make(arena: Arena) -> None:
        arena.write("in/job.py", SEND, note="named")
        text = f"__file__ = ''\n{PRELUDE}\nwait()\n{SEND}"
        arena.data("text", text)
        arena.write(
            "start.py",
            f"""
item = os.open("in", os.O_TMPFILE | os.O_RDWR)
os.write(item, open("text", "rb").read()); os.lseek(item, 0, 0); os.dup2(item, 9)
{after}
""",
        )
        settled()
        arena.python("start.py")
        arena.until("go.ready")
        arena.go()

    return make


_LINKS = "os.link('/proc/self/fd/9', 'in/%s', src_dir_fd=os.open('/', 0))\n"
_RUNS = "os.execv(sys.executable, [sys.executable, %r])"
named(
    "a file without a name that gets one before the start",
    _unnamed(_LINKS % "new.py" + "os.replace('in/new.py', 'in/job.py')\n" + _RUNS % "in/job.py"),
)
named("a file without a name by its descriptor", _unnamed(_RUNS % "/proc/self/fd/9"))
named(
    "a file without a name that gets one while it runs",
    _unnamed(
        "if os.fork() == 0:\n    time.sleep(0.2)\n    "
        + (_LINKS % "new.py")
        + "    os.replace('in/new.py', 'in/job.py')\n    os._exit(0)\n"
        + _RUNS % "/proc/self/fd/9"
    ),
)


@attack
def a_text_with_an_archive_at_its_end_by_a_link(arena: Arena) -> None:
    """Python runs what is in the archive; who reads the text takes it for the script."""
    text = arena.write("good.py", note="good")
    arena.write("main.py", f"TRUTH = {OTHER}\n{SEND}")
    with zipfile.ZipFile(arena.folder / "app.zip", "w") as archive:
        archive.write(arena.folder / "main.py", "__main__.py")
    text.write_bytes(text.read_bytes() + (arena.folder / "app.zip").read_bytes())
    (arena.folder / "link.py").symlink_to("good.py")
    settled()
    arena.python("link.py")


def _by_runpy(*words: str) -> Attack:
    def make(arena: Arena) -> None:
        arena.write("runpy.py", note="another")
        arena.write("ns/job/__main__.py", note="main")
        arena.write("more/ns/job/__main__.py", note="behind")
        settled()
        arena.python(*words, env={"PYTHONPATH": str(arena.folder / "more")})

    return make


named("run by runpy by its name", _by_runpy("-P", "-m", "runpy", "ns.job"))
named("run by another runpy beside it", _by_runpy("-m", "runpy", "ns.job"))
named("a main of a package without a file", _by_runpy("-m", "ns.job"))


@attack
def spawned_under_the_words_of_a_tool(arena: Arena) -> None:
    """Its first word is another program's, with a script's name in it."""
    arena.write("good.py", note="good")
    arena.write("evil.py", note="evil")
    words = '["/usr/bin/curl good.py", "evil.py", "good.py"]'
    body = f"os.posix_spawn(sys.executable, {words}, os.environ)\ntime.sleep(3)\n"
    arena.write("start.py", body)
    arena.python("start.py")


@attack
@sends(2)
def sends_while_many_children_begin(arena: Arena) -> None:
    """Between their vfork and exec they hold what it holds."""
    body = """
import subprocess, threading
go = [1]
def begin():
    while go:
        subprocess.run(["/bin/true"])
for _ in range(2):
    threading.Thread(target=begin).start()
s = dial(); ask(s); time.sleep(0.2); ask(s); go.clear()
"""
    arena.write("job.py", body)
    arena.python("job.py")


@attack
def forked_in_a_thread_which_goes_on(arena: Arena) -> None:
    """The child has only that thread, and says who it is."""
    body = """
import threading
def work():
    if os.fork() == 0:
        ask(dial()); time.sleep(1); os._exit(0)
    time.sleep(2)
threading.Thread(target=work).start()
"""
    arena.write("job.py", body)
    arena.python("job.py")


_STALLS = f"""
{_AS_ITS_PARENT}
import fcntl, struct
u = libc.syscall(323, 0)
if u >= 0 and os.uname().machine == "x86_64":
    fcntl.ioctl(u, 0xC018AA3F, bytearray(struct.pack("QQQ", 0xAA, 0, 0)))
    held = libc.mmap(None, 8192, 3, 0x22, -1, 0)
    fcntl.ioctl(u, 0xC020AA00, bytearray(struct.pack("QQQQ", held, 8192, 1, 0)))
    own = places(os.getpid())
    now = Map(own["start_code"], own["end_code"], own["start_data"], own["end_data"],
              own["start_brk"], libc.sbrk(0), own["stack"], held, held + 4096,
              held + 4096, held + 8192, 0, 0, -1)
    if libc.prctl(35, 14, ctypes.byref(now), ctypes.sizeof(now), 0):
        raise OSError(ctypes.get_errno(), "prctl")
"""


@attack
@sends(2)
def words_in_memory_that_is_never_given(arena: Arena) -> None:
    """They lie where only the program itself could give a page to whoever reads (`userfaultfd`)."""
    arena.write("evil.py", f"{_STALLS}\n{SEND}", note="evil")
    arena.write("good.py", f"time.sleep(0.5)\n{SEND}", note="good")
    settled()
    arena.python("evil.py")
    arena.python("good.py")
