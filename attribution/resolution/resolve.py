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
from attribution.resolution.kinds import SOURCE_SUFFIXES, file_kind, is_installed
from attribution.resolution.notebooks import drives_notebooks, executed_notebook
from attribution.resolution.plain_tools import plain_tool
from attribution.resolution.runners import RUNNERS, Runner, Runs, is_worker_code, server_title
from attribution.resolution.titles import BY_MODULE, OVERWRITTEN, is_fork_of, is_titled
from core.attribution import LaunchedAs

_UWSGI = "uwsgi"
_STDIN_NOW = "its standard input may have been another file when it was started"
_UNPACKED = "it was unpacked from this file before it ran, and could have been changed by then"
_NO_APPLICATION = "its application is not on the command line"
_BY_SERVER = "the notebook's name rests on what its server told it alone"


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
    spelled: str | None = None
    """`path` with its links still in it: what the process followed."""
    word: str | None = None
    """File or module as it stands on the command line; None where it does not stand there."""
    by_tool: bool = False
    """True where another program runs it in its own process: a debugger, a test runner, a server, a
    kernel.
    """

    def __repr__(self) -> str:
        return f"<Resolution {self.launched_as.value} {self.name}>"


def may_run_a_script(program: str) -> bool:
    """Return False for a program file of which, by its name alone, nobody takes that it runs
    one.
    """
    return base_name(program) == _UWSGI or is_python_program(program)


def resolve(
    facts: ProcessFacts,
    files: Files,
    parents: Sequence[ProcessFacts] = (),
    is_interpreter: bool | None = None,
) -> Resolution | None:
    """Return what a Python process runs, by its command line; None when it is no Python process.

    `parents`: its ancestors, nearest first, where a worker or kernel is known only through them.
    `is_interpreter`: whether the program file holds an interpreter; None where only its name tells.
    """
    program = facts.exe or (facts.argv[0] if facts.argv else facts.name)
    if base_name(program) == _UWSGI:
        return _tool(facts, RUNNERS[_UWSGI], facts.argv[1:], files, parents)
    if not is_python_program(program):
        return _frozen(facts, parents) if facts.embeds_python or is_interpreter else None
    if is_interpreter is False and not facts.embeds_python:
        return None
    if not facts.argv:
        return Resolution(
            launched_as=LaunchedAs.UNKNOWN, name=facts.name, note="its command line may not be read"
        )
    if is_titled(facts):
        return _titled(facts, parents, files)
    words = facts.argv[1:]
    if base_name(facts.argv[0]).lower() in {"py", "py.exe", "pyw.exe"}:
        words = tuple(without_launcher_options(words))
    return _command(facts, parse(words), files, parents)


def _frozen(facts: ProcessFacts, parents: Sequence[ProcessFacts]) -> Resolution:
    """PyInstaller, Nuitka and other programs that carry their own Python: the program file is the
    script.

    One that Nuitka packed into one file unpacks a program anew for each run, which its parent, that
    file, starts. It goes by that file's name, which is no proof of what was unpacked.
    """
    path, note = facts.exe, None
    packed = parents[0].exe if parents and parents[0].pid == facts.parent else None
    told = facts.env.get("NUITKA_ONEFILE_PARENT") == str(facts.parent)
    if told and packed and path and packed != path and base_name(packed) == base_name(path):
        path, note = packed, _UNPACKED
    name = base_name(path or facts.name)
    return Resolution(launched_as=LaunchedAs.FROZEN, name=name, path=path, note=note)


def _titled(facts: ProcessFacts, parents: Sequence[ProcessFacts], files: Files) -> Resolution:
    """A title is no command line. A fork that has loaded nothing since runs what its parent runs.

    What a server wrote there of its application is a hint, and said to be no more.
    """
    if parents and is_fork_of(facts, parents[0]):
        return Resolution(launched_as=LaunchedAs.WORKER, name=facts.name, by_parent=True)
    hint = server_title(facts.argv[0])
    if hint is None:
        return Resolution(launched_as=LaunchedAs.UNKNOWN, name="python", note=OVERWRITTEN)
    return replace(_application(facts, *hint, None, files), note=OVERWRITTEN, by_tool=True)


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
        note = search_paths.GONE if deleted or not files.exists(path) else _STDIN_NOW
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
    runner = RUNNERS.get(name) or RUNNERS.get(name.removesuffix(".__main__"))
    if runner is not None:
        return _tool(facts, runner, command.rest, files, parents, module=name)
    folders = search_paths.module_folders(
        facts, safe_path=command.safe_path, ignores_environment=command.ignores_environment
    )
    place = search_paths.locate_module(facts, name, folders, files)
    return Resolution(
        launched_as=LaunchedAs.MODULE,
        name=f"python -m {name}",
        path=place.path,
        note=None if place.path else "the module's file was not found",
        spelled=place.spelled,
        word=name,
    )


def _file(
    facts: ProcessFacts, command: Command, files: Files, parents: Sequence[ProcessFacts]
) -> Resolution:
    place = search_paths.locate(facts, command.target, files)
    name = base_name(command.target) or command.target
    if name == "pydevd.py" and (inner := option(command.rest, "--file")):
        return replace(_user_file(facts, inner, files), by_tool=True)
    stem = name.lower().removesuffix(".exe").removesuffix("-script.py").removesuffix("-script.pyw")
    runner = RUNNERS.get(stem) or RUNNERS.get(stem.removesuffix(".py"))
    if runner is not None and place.path and is_installed(facts, place.path, files):
        return _tool(facts, runner, command.rest, files, parents)
    folder_main = (
        None if place.path is None else search_paths.join(facts, place.path, "__main__.py")
    )
    if place.path and files.is_dir(place.path):
        if name == "debugpy" and folder_main:
            return _tool(facts, RUNNERS["debugpy"], command.rest, files, parents)
        return Resolution(
            launched_as=LaunchedAs.FILE,
            name=f"{name}/__main__.py",
            path=folder_main,
            spelled=None if place.spelled is None else f"{place.spelled}/__main__.py",
            word=search_paths.join(facts, command.target, "__main__.py"),
        )
    return Resolution(
        launched_as=file_kind(facts, name, place.path, files),
        name=stem if name.lower().endswith((".exe", "-script.py")) else name,
        path=place.path,
        note=place.note,
        spelled=place.spelled,
        word=command.target,
    )


def _tool(
    facts: ProcessFacts,
    runner: Runner,
    words: Sequence[str],
    files: Files,
    parents: Sequence[ProcessFacts],
    module: str | None = None,
) -> Resolution:
    return replace(_run_by_tool(facts, runner, words, files, parents, module), by_tool=True)


def _run_by_tool(
    facts: ProcessFacts,
    runner: Runner,
    words: Sequence[str],
    files: Files,
    parents: Sequence[ProcessFacts],
    module: str | None,
) -> Resolution:
    kind = LaunchedAs.MODULE if module else LaunchedAs.CONSOLE_SCRIPT
    match runner.runs:
        case Runs.PARENT:
            return _worker(runner.name)
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
    plain = plain_tool(facts.argv[1:])
    if plain is not None:
        return _user_file(facts, plain[1], files)
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
    scripts = [word for word in inner if word.endswith(SOURCE_SUFFIXES)] or inner
    return (
        _user_file(facts, scripts[0], files)
        if scripts
        else Resolution(launched_as=kind, name=runner.name)
    )


def _user_file(facts: ProcessFacts, path: str, files: Files) -> Resolution:
    place = search_paths.locate(facts, path, files)
    return Resolution(
        launched_as=LaunchedAs.FILE,
        name=base_name(path),
        path=place.path,
        note=place.note,
        spelled=place.spelled,
        word=path,
    )


def _shell(facts: ProcessFacts, runner: Runner, words: Sequence[str], files: Files) -> Resolution:
    if words and words[0] == "kernel":
        return _kernel(facts, files, ())
    scripts = [word for word in words if word.endswith((*SOURCE_SUFFIXES, ".ipy"))]
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
        return Resolution(
            launched_as=kind,
            name=name,
            path=place.path,
            note=place.note,
            spelled=place.spelled,
            word=sources[0],
        )
    project = base_name(facts.cwd or "")
    return Resolution(
        launched_as=kind, name=f"{runner.name} in {project}" if project else runner.name
    )


def _server(
    facts: ProcessFacts, runner: Runner, words: Sequence[str], files: Files, kind: LaunchedAs
) -> Resolution:
    app = option(words, *runner.app_options) if runner.app_options else None
    if app is None and runner.variable is not None:
        app = facts.env.get(runner.variable) or None
    if app is None and not runner.app_options:
        app = next(iter(positionals(words, runner.values)), None)
    if app is None:
        return Resolution(launched_as=kind, name=runner.name, note=_NO_APPLICATION)
    folder = option(words, *runner.folder_options) if runner.folder_options else None
    return _application(facts, runner.name, app, folder, files)


def _application(
    facts: ProcessFacts, tool: str, app: str, folder: str | None, files: Files
) -> Resolution:
    module = app.partition(":")[0]
    if module.endswith(".py"):
        found = _user_file(facts, module, files)
        return replace(found, launched_as=LaunchedAs.WORKER, name=f"{tool} {app}")
    here = search_paths.bases(facts)[:1]
    if folder is not None and search_paths.is_absolute(facts, folder):
        here = [folder]
    elif folder is not None:
        here = [search_paths.join(facts, base, folder) for base in here]
    folders = [
        *here,
        *search_paths.module_folders(facts, safe_path=True, ignores_environment=False),
    ]
    place = search_paths.locate_module(facts, module, folders, files)
    return Resolution(
        launched_as=LaunchedAs.WORKER,
        name=f"{tool} {app}",
        path=place.path,
        note=None if place.path else "the application's file was not found",
        spelled=place.spelled,
        word=module,
    )


def _worker(name: str) -> Resolution:
    return Resolution(launched_as=LaunchedAs.WORKER, name=name, by_parent=True, note=BY_MODULE)


def _kernel(facts: ProcessFacts, files: Files, parents: Sequence[ProcessFacts]) -> Resolution:
    """Name the notebook where the server told the kernel (JPY_SESSION_NAME) or one stands on the
    parent's line.
    """
    told = facts.env.get("JPY_SESSION_NAME", "")
    inherited = any(
        "ipykernel" in " ".join(p.argv[1:4]) and p.env.get("JPY_SESSION_NAME") == told
        for p in parents
    )
    if not told.endswith(".ipynb") or inherited:
        told = executed_notebook(parents[0].argv) or "" if parents else ""
    if not told and parents and drives_notebooks(parents[0]):
        return _worker("notebook kernel")
    if not told:
        return Resolution(
            launched_as=LaunchedAs.NOTEBOOK,
            name="notebook",
            note="the notebook's name is not known",
        )
    place = search_paths.locate(facts, told, files)
    return Resolution(
        launched_as=LaunchedAs.NOTEBOOK,
        name=base_name(told),
        path=place.path,
        note=place.note or _BY_SERVER,
        spelled=place.spelled,
    )
