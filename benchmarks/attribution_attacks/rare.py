"""Ways to begin and to be named that hardly anybody goes: files without a name, the loader called
by hand, paths through /proc, packages without a file, words of many kinds.
"""

import os
import sys
from pathlib import Path

from benchmarks.attribution_attacks.arena import (
    OTHER,
    PRELUDE,
    SEND,
    Arena,
    Attack,
    attack,
    interpreter,
    named,
    settled,
)

_OTHERS = f"{PRELUDE}\nTRUTH = {OTHER}\n{SEND}"


def _in_memory(path: str) -> Attack:
    """The script is a file in memory, which its path names by a descriptor."""

    def make(arena: Arena) -> None:
        arena.write("good.py", note="good")
        text = "open('other.txt', 'rb').read()"
        body = f"""
item = os.memfd_create("good.py", 0)
os.write(item, {text}); os.dup2(item, 9); os.lseek(9, 0, 0)
os.symlink({path!r}, "link.py")
os.execv(sys.executable, [sys.executable, NAME])
"""
        name = '"link.py"' if path.startswith("/proc/self") else repr(path)
        arena.data("other.txt", f"__file__ = ''\n{_OTHERS}")
        arena.write("start.py", body.replace("NAME", name))
        arena.python("start.py")

    return make


named("a script in memory, by a link to its descriptor", _in_memory("/proc/self/fd/9"))
named("a script in memory, by its descriptor", _in_memory("/dev/fd/9"))


def _through(prefix: str) -> Attack:
    """The path goes through /proc, where it means something else for everybody."""

    def make(arena: Arena) -> None:
        arena.write("a/good.py", f"wait()\nos.chdir('../b')\n{SEND}", note="a")
        arena.write("b/good.py", note="b")
        settled()
        arena.python(prefix.format(here=arena.folder) + "good.py", cwd="a")
        arena.until("go.ready")
        arena.go()

    return make


named("a path through its own folder in /proc", _through("/proc/self/cwd/"))
named("a path through its own root in /proc", _through("/proc/self/root{here}/a/"))
named("a path through its thread in /proc", _through("/proc/thread-self/cwd/"))


@attack
def a_path_through_another_process_in_proc(arena: Arena) -> None:
    """That one goes to another folder meanwhile."""
    arena.write("a/good.py", f"wait()\n{SEND}", note="a")
    arena.write("b/good.py", note="b")
    holder = arena.run("/bin/bash", "-c", "read; cd ../b; touch moved; read", cwd="a", stdin=-1)
    settled()
    arena.python(f"/proc/{holder.pid}/cwd/good.py")
    arena.until("go.ready")
    assert holder.stdin is not None
    holder.stdin.write(b"\n")
    holder.stdin.flush()
    arena.until("b/moved")
    arena.go()


@attack
def an_interpreter_without_a_name(arena: Arena) -> None:
    """Its file lies in memory, and holds what nobody can look at later."""
    good = arena.write("good.py", note="good")
    arena.write(
        "start.py",
        f"""
item = os.memfd_create("python3", 0)
with open(os.path.realpath(sys.executable), "rb") as file:
    os.write(item, file.read())
os.execve(item, [sys.executable, {str(good)!r}], os.environ | {{"PYTHONHOME": sys.base_prefix}})
""",
    )
    arena.python("start.py")


@attack
def the_loader_called_with_a_library_of_its_own(arena: Arena) -> None:
    good = arena.write("good.py", f"import ssl\nTRUTH = {OTHER}\n{SEND}", note="good")
    loader = next(iter(sorted(Path("/lib64").glob("ld-linux*"))), None)
    if loader is None:
        arena.python(str(good))
        return
    found = next(Path("/usr/lib").rglob("libssl.so.*"))
    (arena.folder / "libs").mkdir()
    (arena.folder / "libs" / found.name).write_bytes(found.read_bytes())
    settled()
    real = os.path.realpath(sys.executable)
    home = {"PYTHONHOME": sys.base_prefix}
    arena.run(
        str(loader),
        "--argv0",
        real,
        "--library-path",
        str(arena.folder / "libs"),
        real,
        str(good),
        env=home,
    )


@attack
def a_module_of_settings_by_a_variable(arena: Arena) -> None:
    """What `sysconfig` reads is a module that a variable names."""
    body = "import sysconfig; sysconfig.get_config_var('prefix')\ntime.sleep(1)\n"
    good = arena.write("good.py", body, note="good")
    more = f"import sys\ndel sys.modules['swapped']\nbuild_time_vars = {{}}\n{_OTHERS}"
    arena.data("more/swapped.py", more)
    settled()
    env = {"_PYTHON_SYSCONFIGDATA_NAME": "swapped", "PYTHONPATH": str(arena.folder / "more")}
    arena.python(str(good), env=env)


@attack
def a_breakpoint_by_a_variable(arena: Arena) -> None:
    good = arena.write("good.py", "breakpoint()\n", note="good")
    arena.data("more/swapped.py", f"def go(*a, **k):\n exec({_OTHERS!r}, {{}})\n")
    settled()
    env = {"PYTHONBREAKPOINT": "swapped.go", "PYTHONPATH": str(arena.folder / "more")}
    arena.python(str(good), env=env)


@attack
def a_package_without_a_file_in_two_folders(arena: Arena) -> None:
    """`-m ns.job`: the one that is found first is in the folder of the start."""
    arena.write("more/ns/job.py", note="good")
    arena.write("ns/job.py", note="first")
    settled()
    arena.python("-m", "ns.job", env={"PYTHONPATH": str(arena.folder / "more")})


@attack
def a_package_with_a_file_behind_one_without(arena: Arena) -> None:
    arena.write("more/ns/job.py", note="taken")
    arena.data("more/ns/__init__.py", "")
    arena.write("ns/job.py", note="not taken")
    settled()
    arena.python("-m", "ns.job", env={"PYTHONPATH": str(arena.folder / "more")})


@attack
def a_text_behind_a_heredoc(arena: Arena) -> None:
    arena.write("good.py", note="good")
    arena.data("text", f"{PRELUDE}\nTRUTH = {{'script': None, 'sha256': None}}\n{SEND}")
    arena.shell('"$PY" - good.py <<EOF\n' + "exec(open('text').read())" + "\nEOF\ntrue")


@attack
def a_script_whose_name_ends_in_another_line(arena: Arena) -> None:
    arena.write("good.py", note="good")
    arena.write("good.py\n.py", note="evil")
    settled()
    arena.python(str(arena.folder / "good.py\n.py"))


@attack
def a_script_by_a_name_that_is_no_text(arena: Arena) -> None:
    arena.write("good.py", note="good")
    evil = arena.write("go\udcffod.py", f"TRUTH['script'] = None\n{SEND}", note="evil")
    settled()
    arena.python(str(evil))


@attack
def a_script_behind_very_many_words(arena: Arena) -> None:
    arena.write("good.py", note="good")
    evil = arena.write("evil.py", note="evil")
    settled()
    arena.python("-X", "a" * 100_000, str(evil), "good.py")


@attack
def another_map_of_users_in_a_namespace(arena: Arena) -> None:
    """It is root within, and lays another file over the script."""
    good = arena.write("good.py", f"wait()\n{SEND}", note="good")
    arena.data("other.txt", f"{PRELUDE}\nTRUTH = {OTHER}\nwait()\nask(dial(), pid=None)\n")
    settled()
    inner = f'mount --bind other.txt {good}; exec "$PY" {good}'
    arena.shell(f"exec unshare --user --map-root-user --mount /bin/bash -c '{inner}'")
    arena.until("go.ready")
    arena.go()


@attack
def an_overlay_mount_that_came_and_went(arena: Arena) -> None:
    good = arena.write("m/good.py", f"wait()\n{SEND}", note="good")
    arena.data("up/good.py", f"{PRELUDE}\nTRUTH = {OTHER}\nwait()\n{SEND}")
    (arena.folder / "work").mkdir()
    settled()
    options = "lowerdir=$PWD/up:$PWD/m"
    arena.shell(f'mount -t overlay overlay -o {options} $PWD/m && exec "$PY" {good}')
    arena.until("go.ready")
    arena.shell("umount -l m").wait()
    arena.go()


@attack
def an_interpreter_by_a_hard_link_with_the_name_of_a_tool(arena: Arena) -> None:
    arena.write("good.py", note="good")
    arena.write("evil.py", note="evil")
    (arena.folder / "bin").mkdir()
    copy = arena.folder / "bin/pytest"
    copy.write_bytes(Path(os.path.realpath(interpreter())).read_bytes())
    copy.chmod(0o755)
    (arena.folder / "bin/python3").hardlink_to(copy)
    settled()
    env = {"PYTHONHOME": sys.base_prefix}
    arena.run(str(copy), "evil.py", "good.py", env=env)


@attack
def the_preload_of_a_server_of_forks(arena: Arena) -> None:
    """It is imported from the folder of the start, before the script's own is on the path."""
    body = """
import multiprocessing
def work():
    time.sleep(1)
if __name__ == "__main__":
    multiprocessing.set_start_method("forkserver")
    multiprocessing.set_forkserver_preload(["pricing"])
    one = multiprocessing.Process(target=work); one.start(); one.join()
"""
    good = arena.write("good/good.py", body, note="good")
    arena.data("good/pricing.py", "")
    arena.data("elsewhere/pricing.py", _OTHERS)
    settled()
    arena.python(str(good), cwd="elsewhere")
