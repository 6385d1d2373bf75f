"""One process's facts to the script it runs, with a note whenever that is not certain."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from attribution.facts import Files, ProcessFacts
from attribution.interpreters import base_name, is_python_program
from attribution.resolution import search_paths
from attribution.resolution.command_line import (
    Command,
    Kind,
    option,
    parse,
    positionals,
    without_launcher_options,
)
from attribution.resolution.notebooks import drives_notebooks, executed_notebook
from attribution.resolution.runners import RUNNERS, Runner, Runs, is_worker_code, server_title
from core.attribution import LaunchedAs

_ZIP = b"PK\x03\x04"
_ZIP_SUFFIXES = (".pyz", ".pyzw", ".pex", ".zip", ".egg")
_SOURCE_SUFFIXES = (".py", ".pyw", ".pyc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What a Python process runs."""

    launched_as: LaunchedAs
    name: str
    path: str | None = None
    """Absolute, as the process sees it."""
    note: str | None = None
    """Why it is not certain."""
    code: str | None = None
    """The program text of `-c`, to be hashed and forgotten: it may hold secrets."""
    by_parent: bool = False
    """True for a worker: the script is that of its parent."""

    def __repr__(self) -> str:
        return f"<Resolution {self.launched_as.value} {self.name}>"


def resolve(
    facts: ProcessFacts, files: Files, parents: Sequence[ProcessFacts] = ()
) -> Resolution | None:
    """Return what a Python process runs; None when it is no Python process.

    `parents`: its ancestors, nearest first, where a worker or kernel is known only through them.
    """
    program = facts.exe or (facts.argv[0] if facts.argv else facts.name)
    if base_name(program) == "uwsgi":
        return _tool(facts, RUNNERS["uwsgi"], facts.argv[1:], files, parents)
    if not is_python_program(program):
        return _frozen(facts) if facts.embeds_python else None
    if not facts.argv:
        return Resolution(
            launched_as=LaunchedAs.UNKNOWN, name=facts.name, note="its command line may not be read"
        )
    if _is_title(facts):
        return _titled(facts, files)
    words = facts.argv[1:]
    if base_name(facts.argv[0]).lower() in {"py", "py.exe", "pyw.exe"}:
        words = tuple(without_launcher_options(words))
    return _command(facts, parse(words), files, parents)


def _frozen(facts: ProcessFacts) -> Resolution:
    """PyInstaller, Nuitka and other programs that carry their own Python: the program file is the script."""
    path = facts.exe
    if facts.env.get("NUITKA_ONEFILE_PARENT") == str(facts.parent):
        path = facts.env.get("NUITKA_ONEFILE_BINARY", path)
    return Resolution(launched_as=LaunchedAs.FROZEN, name=base_name(path or facts.name), path=path)


def _is_title(facts: ProcessFacts) -> bool:
    """True when a server wrote a title over its command line (setproctitle)."""
    first = facts.argv[0]
    return not any(facts.argv[1:]) and " " in first and not is_python_program(first)


def _titled(facts: ProcessFacts, files: Files) -> Resolution:
    found = server_title(facts.argv[0])
    if found is None:
        return Resolution(launched_as=LaunchedAs.WORKER, name=facts.name, by_parent=True)
    tool, app = found
    return _application(facts, tool, app, None, files)


def _command(
    facts: ProcessFacts, command: Command, files: Files, parents: Sequence[ProcessFacts]
) -> Resolution:
    match command.kind:
        case Kind.COMMAND:
            return _code(command)
        case Kind.STDIN:
            return _stdin(facts, files)
        case Kind.MODULE:
            return _module(facts, command, files, parents)
        case Kind.FILE:
            return _file(facts, command, files, parents)
        case Kind.NOTHING:
            return _nothing(facts, command, files)


def _code(command: Command) -> Resolution:
    if is_worker_code(command.target):
        return Resolution(launched_as=LaunchedAs.WORKER, name="worker process", by_parent=True)
    return Resolution(launched_as=LaunchedAs.COMMAND, name="python -c …", code=command.target)


def _stdin(facts: ProcessFacts, files: Files) -> Resolution:
    source = facts.stdin or ""
    if source.startswith("/") and not source.startswith("/dev/"):
        deleted = source.endswith(" (deleted)")
        path = source.removesuffix(" (deleted)")
        note = search_paths.GONE if deleted or not files.exists(path) else None
        return Resolution(
            launched_as=LaunchedAs.STDIN, name=f"python < {base_name(path)}", path=path, note=note
        )
    return Resolution(launched_as=LaunchedAs.STDIN, name="python < stdin")


def _nothing(facts: ProcessFacts, command: Command, files: Files) -> Resolution:
    on_terminal = (
        facts.stdin.startswith(("/dev/pts/", "/dev/tty")) if facts.stdin else facts.terminal
    )
    if on_terminal or "i" in command.flags:
        return Resolution(launched_as=LaunchedAs.INTERACTIVE, name="python (interactive)")
    return _stdin(facts, files)


def _module(
    facts: ProcessFacts, command: Command, files: Files, parents: Sequence[ProcessFacts]
) -> Resolution:
    name = command.target
    runner = RUNNERS.get(name) or (
        RUNNERS.get(name.removesuffix(".__main__")) if "." in name else None
    )
    if runner is not None:
        return _tool(facts, runner, command.rest, files, parents, module=name)
    folders = search_paths.module_folders(
        facts, safe_path=command.safe_path, ignores_environment=command.ignores_environment
    )
    path = search_paths.locate_module(facts, name, folders, files)
    note = None if path else "the module's file was not found"
    return Resolution(launched_as=LaunchedAs.MODULE, name=f"python -m {name}", path=path, note=note)


def _file(
    facts: ProcessFacts, command: Command, files: Files, parents: Sequence[ProcessFacts]
) -> Resolution:
    place = search_paths.locate(facts, command.target, files)
    name = base_name(command.target) or command.target
    if name == "pydevd.py" and (inner := option(command.rest, "--file")):
        return _user_file(facts, inner, files)
    stem = name.lower().removesuffix(".exe").removesuffix("-script.py").removesuffix("-script.pyw")
    runner = RUNNERS.get(stem) or RUNNERS.get(stem.removesuffix(".py"))
    if runner is not None and place.path and _is_installed(facts, place.path, files):
        return _tool(facts, runner, command.rest, files, parents)
    folder_main = (
        None if place.path is None else search_paths.join(facts, place.path, "__main__.py")
    )
    if place.path and files.is_dir(place.path):
        if name == "debugpy" and folder_main:
            return _tool(facts, RUNNERS["debugpy"], command.rest, files, parents)
        return Resolution(launched_as=LaunchedAs.FILE, name=f"{name}/__main__.py", path=folder_main)
    return Resolution(
        launched_as=_file_kind(facts, name, place.path, files),
        name=stem if name.lower().endswith((".exe", "-script.py")) else name,
        path=place.path,
        note=place.note,
    )


def _file_kind(facts: ProcessFacts, name: str, path: str | None, files: Files) -> LaunchedAs:
    head = files.head(path, 4096) if path else b""
    if name.endswith("-script.py") or (name.lower().endswith(".exe") and facts.windows):
        return LaunchedAs.CONSOLE_SCRIPT
    if (
        name.endswith(_ZIP_SUFFIXES)
        or head.startswith(_ZIP)
        or (head.startswith(b"#!") and b"\n" + _ZIP in head)
    ):
        return LaunchedAs.ZIPAPP
    if (
        not name.endswith(_SOURCE_SUFFIXES)
        and path
        and (b"sys.exit(" in head or _beside_python(facts, path, files))
    ):
        return LaunchedAs.CONSOLE_SCRIPT
    return LaunchedAs.FILE


def _beside_python(facts: ProcessFacts, path: str, files: Files) -> bool:
    folder = search_paths.parent_folder(facts, path)
    return any(
        files.exists(search_paths.join(facts, folder, name))
        for name in ("python", "python3", "python.exe")
    )


def _is_installed(facts: ProcessFacts, path: str, files: Files) -> bool:
    """A tool counts as the well-known one when it was installed, not when somebody's script has its name."""
    if "site-packages" in path or "dist-packages" in path or _beside_python(facts, path, files):
        return True
    return not path.endswith(_SOURCE_SUFFIXES) and b"sys.exit(" in files.head(path, 4096)


def _tool(
    facts: ProcessFacts,
    runner: Runner,
    words: Sequence[str],
    files: Files,
    parents: Sequence[ProcessFacts],
    module: str | None = None,
) -> Resolution:
    kind = LaunchedAs.MODULE if module else LaunchedAs.CONSOLE_SCRIPT
    match runner.runs:
        case Runs.PARENT:
            return Resolution(launched_as=LaunchedAs.WORKER, name=runner.name, by_parent=True)
        case Runs.KERNEL:
            return _kernel(facts, files, parents)
        case Runs.SHELL:
            return _shell(facts, runner, words, files)
        case Runs.TESTS:
            return _tests(facts, runner, words, files, kind)
        case Runs.APP:
            return _server(facts, runner, words, files, kind)
        case Runs.SCRIPT:
            return _run_script(facts, runner, words, files, kind)


def _run_script(
    facts: ProcessFacts, runner: Runner, words: Sequence[str], files: Files, kind: LaunchedAs
) -> Resolution:
    inner = positionals(words, runner.values | {"-m", "--module"})
    if runner.command is not None:
        if not inner or inner[0] not in runner.command.split("|"):
            return Resolution(launched_as=kind, name=runner.name)
        inner = inner[1:]
    module = (
        option(words, "-m", "--module")
        if not inner or "-m" in words or "--module" in words
        else None
    )
    if module is not None:
        return _module(facts, Command(kind=Kind.MODULE, target=module), files, ())
    scripts = [word for word in inner if word.endswith(_SOURCE_SUFFIXES)] or inner
    return (
        _user_file(facts, scripts[0], files)
        if scripts
        else Resolution(launched_as=kind, name=runner.name)
    )


def _user_file(facts: ProcessFacts, path: str, files: Files) -> Resolution:
    place = search_paths.locate(facts, path, files)
    return Resolution(
        launched_as=LaunchedAs.FILE, name=base_name(path), path=place.path, note=place.note
    )


def _shell(facts: ProcessFacts, runner: Runner, words: Sequence[str], files: Files) -> Resolution:
    if words and words[0] == "kernel":
        return _kernel(facts, files, ())
    scripts = [word for word in words if word.endswith((*_SOURCE_SUFFIXES, ".ipy"))]
    if scripts:
        return _user_file(facts, scripts[0], files)
    return Resolution(launched_as=LaunchedAs.INTERACTIVE, name=runner.name)


def _tests(
    facts: ProcessFacts, runner: Runner, words: Sequence[str], files: Files, kind: LaunchedAs
) -> Resolution:
    named = {word.partition("::")[0] for word in positionals(words, runner.values)}
    sources = [word for word in named if word.endswith(".py")]
    if len(sources) == 1 and len(named) == 1:
        place = search_paths.locate(facts, sources[0], files)
        name = f"{runner.name} {base_name(sources[0])}"
        return Resolution(launched_as=kind, name=name, path=place.path, note=place.note)
    project = base_name(facts.cwd or "")
    return Resolution(
        launched_as=kind, name=f"{runner.name} in {project}" if project else runner.name
    )


def _server(
    facts: ProcessFacts, runner: Runner, words: Sequence[str], files: Files, kind: LaunchedAs
) -> Resolution:
    app = option(words, *runner.app_options) if runner.app_options else None
    if app is None and runner.name == "flask":
        app = facts.env.get("FLASK_APP")
    if app is None and not runner.app_options:
        app = next(iter(positionals(words, runner.values)), None)
    if app is None:
        return Resolution(
            launched_as=kind, name=runner.name, note="its application is not on the command line"
        )
    folder = option(words, *runner.folder_options) if runner.folder_options else None
    return _application(facts, runner.name, app, folder, files)


def _application(
    facts: ProcessFacts, tool: str, app: str, folder: str | None, files: Files
) -> Resolution:
    module = app.partition(":")[0]
    if module.endswith(".py"):
        return replace(
            _user_file(facts, module, files), launched_as=LaunchedAs.WORKER, name=f"{tool} {app}"
        )
    here = search_paths.bases(facts)[:1]
    if folder is not None:
        here = (
            [folder]
            if search_paths.is_absolute(facts, folder)
            else [search_paths.join(facts, b, folder) for b in here]
        )
    folders = [
        *here,
        *search_paths.module_folders(facts, safe_path=True, ignores_environment=False),
    ]
    path = search_paths.locate_module(facts, module, folders, files)
    note = None if path else "the application's file was not found"
    return Resolution(launched_as=LaunchedAs.WORKER, name=f"{tool} {app}", path=path, note=note)


def _kernel(facts: ProcessFacts, files: Files, parents: Sequence[ProcessFacts]) -> Resolution:
    """Name the notebook where the server told the kernel (JPY_SESSION_NAME) or one stands on the parent's line."""
    told = facts.env.get("JPY_SESSION_NAME", "")
    inherited = any(
        "ipykernel" in " ".join(p.argv[1:4]) and p.env.get("JPY_SESSION_NAME") == told
        for p in parents
    )
    if not told.endswith(".ipynb") or inherited:
        told = executed_notebook(parents[0].argv) or "" if parents else ""
    if not told and parents and drives_notebooks(parents[0]):
        return Resolution(launched_as=LaunchedAs.WORKER, name="notebook kernel", by_parent=True)
    if not told:
        return Resolution(
            launched_as=LaunchedAs.NOTEBOOK,
            name="notebook",
            note="the notebook's name is not known",
        )
    place = search_paths.locate(facts, told, files)
    return Resolution(
        launched_as=LaunchedAs.NOTEBOOK, name=base_name(told), path=place.path, note=place.note
    )
