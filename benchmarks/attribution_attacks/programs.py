"""Descriptors, interpreters under other names, and programs that run those of others."""

import shutil
import sys
from pathlib import Path

from benchmarks.attribution_attacks.arena import PRELUDE, SEND, Arena, Attack, attack, named

# --- descriptors, standard input, folders, archives


def _by_descriptor(path: str) -> Attack:
    def make(arena: Arena) -> None:
        job = arena.write(
            "job.py", f"os.close(9) if os.path.exists('/proc/self/fd/9') else None\n{SEND}"
        )
        decoy = arena.write("decoy.py", note="decoy")
        redirect = f"9<{job}" if path.endswith("9") else f"<{job}"
        arena.shell(f'exec "$PY" {path} {redirect}', env={"DECOY": str(decoy)})

    return make


for _path in ("/dev/fd/9", "/proc/self/fd/9", "/dev/stdin", "/dev/fd/0", "-"):
    named(f"python {_path}", _by_descriptor(_path))


@attack
def a_descriptor_that_is_another_file_now(arena: Arena) -> None:
    decoy = arena.write("decoy.py", note="decoy")
    body = (
        f"os.dup2(os.open({str(decoy)!r}, os.O_RDONLY), 9)\nask(dial(), script=os.environ['ME'])\n"
    )
    job = arena.write("job.py", body)
    arena.shell(f'exec "$PY" /dev/fd/9 9<{job}', env={"ME": str(job)})


@attack
def standard_input_that_is_another_file_now(arena: Arena) -> None:
    decoy = arena.write("decoy.py", note="decoy")
    body = (
        f"os.dup2(os.open({str(decoy)!r}, os.O_RDONLY), 0)\nask(dial(), script=os.environ['ME'])\n"
    )
    job = arena.write("job.py", body)
    arena.shell(f'exec "$PY" - <{job}', env={"ME": str(job)})


@attack
def a_data_file_in_a_project_with_a_folder_called_python(arena: Arena) -> None:
    (arena.folder / "python").mkdir()
    arena.data("customers.csv", "name,iban\n")
    arena.write("profile.py")
    arena.python("profile.py", "customers.csv")


@attack
def a_script_called_like_a_tool_beside_a_program_called_python(arena: Arena) -> None:
    arena.data("python", "#!/bin/sh\n").chmod(0o755)
    arena.data("customers.py", "name,iban\n")
    arena.write("coverage.py")
    arena.python("coverage.py", "run", "customers.py")


def _tool_name(name: str, *words: str) -> Attack:
    def make(arena: Arena) -> None:
        for folder in ("python", "python3", "site"):
            (arena.folder / folder).mkdir()
        arena.data("data.py", "x = 1\n")
        arena.write(name)
        arena.python(name, *words)

    return make


for _tool, *_arguments in (
    ("trace.py", "data.py"),
    ("pdb.py", "data.py"),
    ("uvicorn.py", "data:app"),
    ("pytest.py", "data.py"),
    ("celery.py", "-A", "data", "worker"),
    ("code.py", "data.py"),
    ("debugpy.py", "data.py"),
):
    named(f"a script of the user's own called {_tool}", _tool_name(_tool, *_arguments))

# --- interpreters under other names


@attack
def a_copy_of_the_interpreter_under_another_name(arena: Arena) -> None:
    home = Path(sys.executable).resolve()
    arena.write("job.py")
    shutil.copy2(home, arena.folder / "mytool")
    env = {"PYTHONHOME": sys.base_prefix, "LD_LIBRARY_PATH": f"{sys.base_prefix}/lib"}
    arena.run("./mytool", "job.py", env=env)


@attack
def a_copy_of_the_interpreter_called_curl(arena: Arena) -> None:
    home = Path(sys.executable).resolve()
    arena.write("job.py")
    shutil.copy2(home, arena.folder / "curl")
    env = {"PYTHONHOME": sys.base_prefix, "LD_LIBRARY_PATH": f"{sys.base_prefix}/lib"}
    arena.run("./curl", "job.py", env=env)


@attack
def a_link_to_the_interpreter_under_another_name(arena: Arena) -> None:
    arena.write("job.py")
    (arena.folder / "mytool").symlink_to(sys.executable)
    env = {"PYTHONHOME": sys.base_prefix, "LD_LIBRARY_PATH": f"{sys.base_prefix}/lib"}
    arena.run("./mytool", "job.py", env=env)


@attack
def another_program_called_python(arena: Arena) -> None:
    arena.data("approved.py", "print(1)\n")
    shutil.copy2(shutil.which("curl") or "/usr/bin/curl", arena.folder / "python")
    truth = '{"script": null, "sha256": null, "not_python": true}'
    arena.run(
        "./python",
        "-s",
        "-X",
        "POST",
        "-H",
        f"X-Truth: {truth}",
        f"http://127.0.0.1:{arena.port}/",
        "approved.py",
    )


# --- programs of others'


@attack
def runpy_of_another_file(arena: Arena) -> None:
    arena.write("inner.py", "time.sleep(0)\n", "inner")
    arena.write("outer.py", f"import runpy\nrunpy.run_path('inner.py')\n{SEND}")
    arena.python("outer.py")


@attack
def a_worker_of_multiprocessing(arena: Arena) -> None:
    body = """
import multiprocessing
def work():
    ask(dial())
if __name__ == "__main__":
    worker = multiprocessing.get_context("spawn").Process(target=work)
    worker.start(); worker.join()
"""
    arena.write("job.py", body.replace(SEND, SEND))
    arena.python("job.py")


@attack
def code_that_claims_another_file_name(arena: Arena) -> None:
    good = arena.write("good.py", note="good")
    arena.write("evil.py", f"exec(compile('ask(dial())', {str(good)!r}, 'exec'))\n")
    arena.python("evil.py")


@attack
def a_program_given_as_text(arena: Arena) -> None:
    arena.write("good.py", note="good")
    arena.python("-c", f"{PRELUDE}\nsys.argv[0] = 'good.py'\n{SEND}")


@attack
def an_archive(arena: Arena) -> None:
    import zipfile

    with zipfile.ZipFile(arena.folder / "app.pyz", "w") as archive:
        archive.writestr("__main__.py", f"{PRELUDE}\nTRUTH = _truth('app.pyz')\n{SEND}")
    arena.python("app.pyz")
