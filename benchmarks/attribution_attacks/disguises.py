"""Programs under the names of others: compiled files, tools, environments, mounts."""

import shutil
import sys
import zipfile
from pathlib import Path

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


def _compiled(arena: Arena, name: str, body: str, claims: str, *, flags: int = 0) -> None:
    """Write a compiled file that names another one as its source."""
    import importlib.util
    import marshal

    code = compile(f"{PRELUDE}\n{body}", claims, "exec")
    head = importlib.util.MAGIC_NUMBER + flags.to_bytes(4, "little") + bytes(8)
    path = arena.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head + marshal.dumps(code))


def _poses(*words: str, name: str, move: str) -> Attack:
    def make(arena: Arena) -> None:
        good = arena.write("good/job.py", note="good")
        arena.write("good/pkg/job.py", note="good")
        claims = good if "pkg" not in name else good.parent / "pkg/job.py"
        _compiled(arena, f"evil/{name}", f"{move}\n{SEND}", str(claims))
        arena.python(*words, cwd="evil")

    return make


MOVES = {"stays": "pass", "moves": "os.chdir('../good')"}
for _how, _move in MOVES.items():
    named(f"compiled under a source's name, {_how}", _poses("job.py", name="job.py", move=_move))
    named(f"a compiled module, {_how}", _poses("-m", "job", name="job.pyc", move=_move))
    named(f"a compiled file, {_how}", _poses("job.pyc", name="job.pyc", move=_move))
    named(
        f"a compiled module of a folder, {_how}",
        _poses("-m", "pkg.job", name="pkg/job.pyc", move=_move),
    )


def _imported(arena: Arena, compiled: str, good: str, *words: str, path: str = "") -> None:
    """A compiled program stands where Python finds it before a source, and claims to be of it."""
    source = arena.write(good, note="good")
    (arena.folder / "empty").mkdir()
    _compiled(arena, compiled, f"TRUTH = {OTHER}\n{SEND}", str(source), flags=1)
    settled()
    folders = ":".join(f"{arena.folder}/{folder}" for folder in path.split())
    arena.python(*words, cwd="empty" if path else ".", env={"PYTHONPATH": folders})


_TAG = sys.implementation.cache_tag


@attack
def a_compiled_file_kept_beside_a_module(arena: Arena) -> None:
    _imported(arena, f"__pycache__/job.{_TAG}.pyc", "job.py", "-m", "job")


@attack
def a_compiled_file_kept_beside_the_main_file_of_a_folder(arena: Arena) -> None:
    _imported(arena, f"app/__pycache__/__main__.{_TAG}.pyc", "app/__main__.py", "app")


@attack
def a_compiled_file_that_removes_itself(arena: Arena) -> None:
    source = arena.write("job.py", note="good")
    move = f"TRUTH = {OTHER}\nimport shutil; shutil.rmtree('__pycache__')\n{SEND}"
    _compiled(arena, f"__pycache__/job.{_TAG}.pyc", move, str(source), flags=1)
    settled()
    arena.python("-m", "job")


@attack
def a_compiled_module_earlier_on_the_path(arena: Arena) -> None:
    _imported(arena, "evil/job.pyc", "good/job.py", "-m", "job", path="evil good")


@attack
def an_archive_earlier_on_the_path(arena: Arena) -> None:
    source = arena.write("good/job.py", note="good")
    _compiled(arena, "evil/job.pyc", f"TRUTH = {OTHER}\n{SEND}", str(source))
    with zipfile.ZipFile(arena.folder / "evil.zip", "w") as archive:
        archive.write(arena.folder / "evil/job.pyc", "job.pyc")
    path = f"{arena.folder}/evil.zip:{arena.folder}/good"
    settled()
    arena.python("-m", "job", cwd="evil/..", env={"PYTHONPATH": path})


@attack
def another_program_put_before_a_plain_file_by_a_hook(arena: Arena) -> None:
    source = arena.write("job.py", note="good")
    other = arena.data("other.txt", f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}")
    hook = f"""
import importlib.abc, importlib.util, pathlib, sys
class Other(importlib.abc.InspectLoader):
    def find_spec(self, name, target=None):
        return importlib.util.spec_from_loader(name, self) if name == "__main__" else None
    def get_code(self, name):
        return compile(pathlib.Path({str(other)!r}).read_text(), {str(source)!r}, "exec")
    def get_source(self, name):
        return ""
    def get_filename(self, name):
        return {str(source)!r}
def hook(path):
    if path != {str(source)!r}:
        raise ImportError
    return Other()
sys.path_hooks.insert(0, hook)
"""
    start = arena.data("start/sitecustomize.py", hook)
    settled()
    arena.python(str(source), env={"PYTHONPATH": str(start.parent)})


@attack
def an_archive_of_compiled_files(arena: Arena) -> None:
    good = arena.write("good/app.pyz/__main__.py", note="good")
    _compiled(
        arena, "main.pyc", f"TRUTH = _truth('app.pyz')\nos.chdir('../good')\n{SEND}", str(good)
    )
    (arena.folder / "evil").mkdir()
    with zipfile.ZipFile(arena.folder / "evil/app.pyz", "w") as archive:
        archive.write(arena.folder / "main.pyc", "__main__.pyc")
    arena.python("app.pyz", cwd="evil")


def _by_tool(*words: str, line: str) -> Attack:
    """A tool's command line is written over; the code that sends claims to be another file's."""

    def make(arena: Arena) -> None:
        good = arena.write("good.py", note="good")
        body = f"""
overwrite_line({line!r}.replace("PY", sys.executable).replace(" ", chr(0)).encode() + bytes(1))
exec(compile("ask(dial())", {str(good)!r}, "exec"))
"""
        arena.write("evil.py", body)
        arena.python(*words)

    return make


named(
    "a profiler of another script",
    _by_tool("-m", "cProfile", "evil.py", line="PY -m cProfile good.py"),
)
named(
    "a tracer of another script",
    _by_tool("-m", "trace", "-t", "evil.py", line="PY -m trace -t good.py"),
)
named(
    "a debugger of another script",
    _by_tool("-m", "pdb", "-cc", "evil.py", line="PY -m pdb -cc good.py"),
)


@attack
def the_text_of_a_command_written_over_it(arena: Arena) -> None:
    import hashlib

    evil = f"{PRELUDE}\nimport os\n"
    evil += "TRUTH['sha256'] = os.environ['TEXT']\n"
    evil += "from pathlib import Path\n"
    evil += "old = Path('/proc/self/cmdline').read_bytes()\n"
    evil += "overwrite_line(old.replace(b'print(2)', b'print(1)'))\nask(dial()) # print(2)\n"
    digest = hashlib.sha256(evil.encode()).hexdigest()
    arena.python("-c", evil, env={"TEXT": digest})


@attack
def command_line_and_name_of_the_code_written_over(arena: Arena) -> None:
    """Both that a process says of itself, in its own memory."""
    good = arena.write("good.py", note="good")
    body = f"""
import ctypes
name = sys._getframe().f_code.co_filename
ctypes.memmove(id(name) + sys.getsizeof("") - 1, {str(good).encode()!r}, len(name))
with open("/proc/self/cmdline", "rb") as file:
    overwrite_line(file.read().replace(b"evil.py", b"good.py"))
"""
    evil = arena.write("evil.py", f"{body}{SEND}")
    settled()
    arena.python(str(evil))


@attack
def mount_root_changed_to_a_folder_with_a_twin(arena: Arena) -> None:
    body = f"import encodings.idna\nos.chroot('jail')\nos.chdir('/')\n{SEND}"
    job = arena.write("job.py", body)
    arena.write(f"jail/{job}", body, note="good")
    core = Path(sys.base_prefix, "lib")
    for file in (Path(sys.executable).resolve(), *core.glob("libpython3*.so.*")):
        place = arena.folder / "jail" / str(file)[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, place)
    settled()
    arena.python(str(job))


@attack
def the_kernels_short_name(arena: Arena) -> None:
    arena.write("good.py", note="good")
    body = "import ctypes\nctypes.CDLL(None).prctl(15, b'good.py', 0, 0, 0)\n" + SEND
    arena.write("evil.py", body)
    arena.python("evil.py")


@attack
def sent_before_the_script_begins(arena: Arena) -> None:
    arena.write("good.py", note="good")
    arena.write("site/sitecustomize.py")
    arena.python("good.py", env={"PYTHONPATH": str(arena.folder / "site")})


@attack
def another_script_run_before_the_script_begins(arena: Arena) -> None:
    arena.write("good.py", note="good")
    evil = arena.write("evil.py")
    arena.write(
        "site/sitecustomize.py",
        f"import runpy\nrunpy.run_path({str(evil)!r}, run_name='__main__')\n",
    )
    arena.python("good.py", env={"PYTHONPATH": str(arena.folder / "site")})


@attack
def the_folder_changed_before_the_script_begins(arena: Arena) -> None:
    for folder in ("a", "b"):
        arena.write(f"{folder}/job.py", note=folder)
    arena.write("site/sitecustomize.py", "os.chdir('../b')\n")
    arena.python("-m", "job", cwd="a", env={"PYTHONPATH": str(arena.folder / "site")})


@attack
def sent_at_the_end(arena: Arena) -> None:
    arena.write("job.py", "import atexit\natexit.register(lambda: ask(dial()))\n")
    arena.python("job.py")


@attack
def sent_by_a_thread_after_the_script(arena: Arena) -> None:
    body = "import threading\nthreading.Timer(0.2, lambda: ask(dial())).start()\n"
    arena.write("job.py", body)
    arena.python("job.py")


@attack
def sent_by_an_interpreter_within(arena: Arena) -> None:
    body = """
import _interpreters
inner = _interpreters.create()
text = open(__file__).read().split("# CUT")[0]
code = f"__file__ = {__file__!r}\\n" + text + "\\nask(dial())"
_interpreters.run_string(inner, code)
"""
    arena.write("job.py", f"# CUT\n{body}" if sys.version_info[:2] == (3, 13) else SEND)
    arena.python("job.py")


@attack
def a_startup_file(arena: Arena) -> None:
    arena.write("job.py")
    good = arena.write("good.py", "", note="good")
    arena.python("job.py", env={"PYTHONSTARTUP": str(good)})


@attack
def run_by_a_hard_link(arena: Arena) -> None:
    job = arena.write("v1/job.py")
    (arena.folder / "run.py").hardlink_to(job)
    arena.python("run.py")


@attack
def removed_and_made_again(arena: Arena) -> None:
    path = arena.write("job.py", f"wait()\n{SEND}", "first")
    arena.python("job.py")
    arena.until("go.ready")
    path.unlink()
    arena.write("job.py", SEND, "second")
    arena.go()


@attack
def an_archive_replaced(arena: Arena) -> None:
    for name, note in (("app.pyz", "first"), ("new", "second")):
        with zipfile.ZipFile(arena.folder / name, "w") as archive:
            body = f"{PRELUDE}\n# {note}\nTRUTH = _truth('app.pyz')\nwait()\n{SEND}"
            archive.writestr("__main__.py", body)
    arena.python("app.pyz")
    arena.until("go.ready")
    (arena.folder / "new").rename(arena.folder / "app.pyz")
    arena.go()


def _mounted(prepare: str, undo: str) -> Attack:
    """A script is run from below a mount that shows another file at its path afterwards."""

    def make(arena: Arena) -> None:
        evil = arena.write("evil/job.py", f"wait()\n{SEND}", "evil").parent
        place = arena.write("place/job.py", SEND, "good").parent
        other = arena.write("other/job.py", SEND, "good").parent
        words = {"EVIL": str(evil), "PLACE": str(place), "OTHER": str(other)}
        text = f"""
{prepare}
truth=$(sha256sum $PLACE/job.py | cut -d' ' -f1)
"$PY" $PLACE/job.py & while [ ! -e go.ready ]; do sleep 0.02; done
{undo}
touch go; wait"""
        arena.shell(text, env=words)

    return make


MOUNTS = {
    "a bind mount that is taken off": ("mount --bind $EVIL $PLACE", "umount -l $PLACE"),
    "a file system that is taken off": (
        "mount -t tmpfs none $PLACE; cp $EVIL/job.py $PLACE/",
        "umount -l $PLACE",
    ),
    "a file system that is moved over it": (
        "mount -t tmpfs none $OTHER; mount --make-private $OTHER;"
        " cp $PLACE/job.py $OTHER/; cp $EVIL/job.py $PLACE/; sleep 0.1",
        "mount --move $OTHER $PLACE",
    ),
}
for _what, (_prepare, _undo) in MOUNTS.items():
    named(f"mount: {_what}", _mounted(_prepare, _undo))
