"""What the kernel offers beside the usual calls: other ways to start, to be named, to send."""

import platform
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from benchmarks.attribution_attacks.arena import (
    SEND,
    Arena,
    Attack,
    attack,
    interpreter,
    named,
    sends,
)


@cache
def helper() -> str | None:
    """Return a small library that does what cannot be done from Python, or None without a
    compiler.
    """
    compiler = shutil.which("cc")
    if compiler is None or platform.machine() != "x86_64":
        return None
    folder = Path(tempfile.mkdtemp(prefix="outgate-attacks-"))
    (folder / "calls.c").write_text(_C)
    made: list[str | Path] = [
        compiler,
        "-O1",
        "-shared",
        "-fPIC",
        "-o",
        folder / "calls.so",
        folder / "calls.c",
    ]
    done = subprocess.run(made, check=False, capture_output=True)
    return str(folder / "calls.so") if done.returncode == 0 else None


_C = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A ring with one request to send; nobody enters the kernel for it where its thread polls. */
struct ring { int fd; unsigned *tail, *mask, *array, *flags; struct io_uring_sqe *entries; };

static int open_ring(struct ring *r, unsigned flags) {
    struct io_uring_params p;
    memset(&p, 0, sizeof p);
    p.flags = flags;
    p.sq_thread_idle = 3000;
    r->fd = syscall(SYS_io_uring_setup, 4, &p);
    if (r->fd < 0) return -errno;
    char *at = mmap(0, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
    r->entries = mmap(0, p.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQES);
    if (at == MAP_FAILED || r->entries == MAP_FAILED) return -errno;
    r->tail = (unsigned *)(at + p.sq_off.tail);
    r->mask = (unsigned *)(at + p.sq_off.ring_mask);
    r->array = (unsigned *)(at + p.sq_off.array);
    r->flags = (unsigned *)(at + p.sq_off.flags);
    return 0;
}

int ring_send(int fd, const char *text, unsigned size, int polls, int fixed) {
    static struct ring r;
    int failed = open_ring(&r, polls ? IORING_SETUP_SQPOLL : 0);
    if (failed) return failed;
    if (fixed && syscall(SYS_io_uring_register, r.fd, IORING_REGISTER_FILES, &fd, 1) < 0) return -errno;
    unsigned at = *r.tail & *r.mask;
    struct io_uring_sqe *e = &r.entries[at];
    memset(e, 0, sizeof *e);
    e->opcode = IORING_OP_SEND;
    e->fd = fixed ? 0 : fd;
    e->flags = fixed ? IOSQE_FIXED_FILE : 0;
    e->addr = (unsigned long)text;
    e->len = size;
    r.array[at] = at;
    if (fixed == 1) close(fd);
    __atomic_store_n(r.tail, *r.tail + 1, __ATOMIC_RELEASE);
    if (!polls) return syscall(SYS_io_uring_enter, r.fd, 1, 0, 0, 0, 0);
    if (__atomic_load_n(r.flags, __ATOMIC_ACQUIRE) & IORING_SQ_NEED_WAKEUP)
        syscall(SYS_io_uring_enter, r.fd, 1, 0, IORING_ENTER_SQ_WAKEUP, 0, 0);
    return 1;
}

/* A child in the very memory of its parent, with descriptors of its own or the parent's. */
struct job { int fd; const char *text; unsigned size; int linger; };
static char stack[1 << 16];
static int child(void *given) {
    struct job *j = given;
    write(j->fd, j->text, j->size);
    if (j->linger) usleep(j->linger * 1000);
    return 0;
}
int send_by_child(int fd, const char *text, unsigned size, int flags, int linger) {
    static struct job j;
    j = (struct job){fd, text, size, linger};
    return clone(child, stack + sizeof stack, flags | 17, &j);
}
"""
_CALLS = """
import ctypes
own = ctypes.CDLL(HELPER)
def said(**more):
    told = json.dumps(TRUTH | {"pid": os.getpid()} | more).encode()
    return b"POST / HTTP/1.1\\r\\nX-Truth: " + told + b"\\r\\n\\r\\n"
"""


def _in_c(body: str, *others: tuple[str, str]) -> Attack:
    """Without a compiler, or the right to it, the plain send is tried."""

    def make(arena: Arena) -> None:
        path = helper()
        arena.write("job.py", SEND if path is None else _CALLS.replace("HELPER", repr(path)) + body)
        for name, text in others:
            arena.write(name, text, note=name)
        arena.python(str(arena.folder / "job.py"))

    return make


_RING = "text = said(); sent = own.ring_send(s.fileno(), text, len(text), POLLS, FIXED)\n"
_OR_PLAINLY = "tell(s) if sent < 0 else None\n"


def _ring(after: str, *, polls: int = 0, fixed: int = 0) -> Attack:
    send = _RING.replace("POLLS", str(polls)).replace("FIXED", str(fixed))
    return _in_c(f"s = dial()\n{send}{_OR_PLAINLY}{after}")


_WAITS, _ENDS = "s.recv(1)\n", "os._exit(0)\n"
named("sent by a ring, and waited for", _ring(_WAITS))
named("sent by a ring that ends at once", _ring(_ENDS))
named("sent by the thread of a ring", _ring(_WAITS, polls=1))
named(
    "sent by the thread of a ring that ends at once", _ring(f"time.sleep(0.02)\n{_ENDS}", polls=1)
)
named("sent by a ring that alone holds it", _ring("time.sleep(3)\n", fixed=1))
named("sent by a ring that holds it as well", _ring(_WAITS, fixed=2))

_RING_OF_ANOTHER = """
s = dial(); held = os.dup(s.fileno())
if os.fork() == 0:
    time.sleep(0.3); s.recv(1); time.sleep(3); os._exit(0)
s.close()
text = said(); sent = own.ring_send(held, text, len(text), 0, 1)
if sent < 0:
    os.write(held, text); os.close(held)
time.sleep(3)
"""
named("sent by a ring, while a child waits on it", _in_c(_RING_OF_ANOTHER))

VM, FS, FILES, VFORK = 0x100, 0x200, 0x400, 0x4000
_CHILD = """
s = dial(); text = said(pid=None)
made = own.send_by_child(s.fileno(), text, len(text), FLAGS, LINGER)
AFTER
"""


def _by_child(flags: int, linger: int, after: str) -> Attack:
    words = {"FLAGS": str(flags), "LINGER": str(linger), "AFTER": after}
    body = _CHILD
    for word, value in words.items():
        body = body.replace(word, value)
    return _in_c(body)


named("sent by a child of vfork", _by_child(VM | VFORK, 30, "s.recv(1)"))
named("sent by a child of vfork, which ends at once", _by_child(VM | VFORK, 0, "s.recv(1)"))
named("sent by a child with the same descriptors", _by_child(VM | FILES, 2000, "time.sleep(2)"))
named("sent by a child in the same memory", _by_child(VM, 2000, "s.close(); time.sleep(2)"))


@attack
@sends(2)
def spawned_with_the_words_of_its_parent(arena: Arena) -> None:
    """The child's command line is given by its parent, word for word that of the parent."""
    body = """
if "AGAIN" in os.environ:
    TRUTH["script"] = None
    TRUTH = _truth("evil.py") | {"script": os.path.abspath("evil.py")}
    ask(dial())
else:
    ask(dial())
    env = os.environ | {"AGAIN": "1"}
    pid = os.posix_spawn(sys.executable, [sys.executable, "evil.py"], env)
    os.waitpid(pid, 0)
"""
    arena.write("good.py", body)
    arena.write("evil.py", body, note="evil")
    arena.python("good.py")


@attack
@sends(2)
def forked_and_called_otherwise(arena: Arena) -> None:
    """A fork writes over the command line of its parent, and takes another short name."""
    arena.write("good.py", note="good")
    body = """
import ctypes
ask(dial())
if os.fork() == 0:
    ctypes.CDLL(None).prctl(15, b"good.py", 0, 0, 0)
    with open("/proc/self/cmdline", "rb") as file:
        overwrite_line(file.read().replace(b"evil.py", b"good.py"))
    ask(dial()); os._exit(0)
os.wait()
"""
    evil = arena.write("evil.py", body)
    arena.python(str(evil))


@attack
def over_several_paths(arena: Arena) -> None:
    """A connection of the kind that may use several networks at once (MPTCP)."""
    body = """
try:
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    s.connect(("127.0.0.1", int(os.environ["GATE_PORT"])))
except OSError:
    s = dial()
ask(s)
"""
    arena.write("job.py", body)
    arena.python("job.py")


@attack
def sent_with_the_first_packet(arena: Arena) -> None:
    """Data goes out with the very request to connect, by a child that ends at once."""
    body = """
told = json.dumps(TRUTH | {"pid": None}).encode()
s = socket.socket()
if os.fork() == 0:
    s.sendto(b"POST / HTTP/1.1\\r\\nX-Truth: " + told + b"\\r\\n\\r\\n", 0x20000000, ("127.0.0.1", int(os.environ["GATE_PORT"])))
    os._exit(0)
os.wait(); s.recv(1)
"""
    arena.write("job.py", body)
    arena.python(str(arena.folder / "job.py"))


# --- kinds of program that the kernel was told of

_KINDS = """
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc || exec "$PY" job.py
printf ':outgate-attack:M::%s::%s:%s' 'OUTGATE-JOB' "$WITH" "$FLAGS" > /proc/sys/fs/binfmt_misc/register || exec "$PY" job.py
exec ./good.job
"""


def _of_kind(flags: str) -> Attack:
    """The kernel runs something else for a file that begins so, in a user's own namespace."""

    def make(arena: Arena) -> None:
        arena.write("job.py", SEND.replace("dial()", "dial(), pid=None"))
        arena.write("good.py", note="good")
        (arena.folder / "good.job").write_text("OUTGATE-JOB = 0\n" + "raise SystemExit\n")
        (arena.folder / "good.job").chmod(0o755)
        tool = arena.folder / "tool"
        tool.write_text(f"#!/bin/sh\nexec {interpreter()} {arena.folder}/job.py\n")
        tool.chmod(0o755)
        env = {"PY": interpreter(), "WITH": str(tool), "FLAGS": flags}
        words = ["unshare", "--user", "--map-root-user", "--mount", "/bin/bash", "-c", _KINDS]
        env["GATE_PORT"] = str(arena.port)
        arena.run(*words, env=env)

    return make


if shutil.which("unshare"):
    for _flags in ("", "P"):
        named(f"mount: a kind of program told to the kernel {_flags}", _of_kind(_flags))
