"""Which Python a shell's command line starts: the interpreter, and its file, module or notebook
(pure).

Only what is plain is told: a target that the shell would compute is none.
"""

import posixpath
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from attribution.interpreters import base_name, is_interpreter_name
from attribution.resolution.command_line import (
    Kind,
    option,
    parse,
    positionals,
    without_launcher_options,
)
from attribution.resolution.notebooks import executed_notebook
from attribution.resolution.runners import RUNNERS, Runner, Runs

_LONGEST = 8192
_DEEPEST = 3
_SHELLS = frozenset("sh bash dash zsh ksh cmd cmd.exe".split())
_CARRIERS: dict[str, frozenset[str]] = {
    "env": frozenset({"-u", "--unset", "-C", "--chdir"}),
    "nice": frozenset({"-n", "--adjustment"}),
    "ionice": frozenset({"-c", "-n", "--class", "--classdata"}),
    "timeout": frozenset({"-s", "--signal", "-k", "--kill-after"}),
    "flock": frozenset({"-w", "--wait", "--timeout", "-E"}),
    "sudo": frozenset({"-u", "--user", "-g", "--group", "-D"}),
    "runuser": frozenset({"-u", "--user", "-g"}),
    "chronic": frozenset(),
    "cronic": frozenset(),
    "nohup": frozenset(),
    "time": frozenset({"-f", "-o"}),
    "exec": frozenset({"-a"}),
    "command": frozenset(),
    "setsid": frozenset(),
    "stdbuf": frozenset({"-i", "-o", "-e"}),
    "systemd-cat": frozenset({"-t", "-p"}),
    "run-one": frozenset(),
    "taskset": frozenset({"-c"}),
    "start": frozenset({"/D"}),
}
"""Commands that run the rest of their words, and their options that take the next word."""
_ONE_WORD_FIRST = frozenset({"timeout", "flock", "taskset"})
_MANAGERS = frozenset("uv poetry pipenv pdm hatch conda mamba micromamba rye pipx".split())
_RUN = "run"
_MANAGER_VALUES = frozenset(
    "--with --python -p --project --directory -n --name --prefix -e --env --extra --group "
    "--env-file -C --cwd".split()
)
_ENDS = frozenset({";", "&", "&&", "||", "|", "|&", "\n", "(", ")", "{", "}"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """One program that a command line starts."""

    interpreter: str | None
    """As it stands there; None where the file itself is the command."""
    target: str | None
    """A path, or a module's name; None for code in the command itself."""
    is_module: bool = False


def started_by(command: str, folder: str | None = None) -> Iterator[Started]:
    """Yield what a command line starts that is Python or may be: files of which only their content
    tells come without an interpreter. `folder`: where it is run.
    """
    yield from _of_text(command[:_LONGEST], folder, 0)


def _of_text(command: str, folder: str | None, depth: int) -> Iterator[Started]:
    words: list[str] = []
    for word in [*_words(command), ";"]:
        if word in _ENDS:
            if len(words) > 1 and words[0] == "cd":
                folder = _at(words[1], folder)
            elif words:
                yield from of_words(words, folder, depth)
            words = []
        else:
            words.append(word)


def _words(command: str) -> list[str]:
    lexer = shlex.shlex(command.replace("\n", " ; "), posix=True, punctuation_chars=";&|()<>")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:  # a quotation that does not end
        words = command.split()
    kept: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.strip("<>&") == "" and ("<" in word or ">" in word):
            skip = True
            if kept and kept[-1] in {"1", "2"}:
                kept.pop()
        else:
            kept.append(word)
    return kept


def of_words(words: Sequence[str], folder: str | None = None, depth: int = 0) -> Iterator[Started]:
    """Yield what one simple command starts."""
    rest = _without_carriers(list(words))
    if not rest or depth > _DEEPEST:
        return
    first, name = rest[0], base_name(rest[0]).removesuffix(".exe")
    if name in _SHELLS:
        yield from _of_shell(rest[1:], folder, depth)
    elif is_interpreter_name(first):
        yield from _of_python(first, rest[1:], folder)
    elif name in _MANAGERS and _RUN in rest[1:]:
        inner = rest[rest.index(_RUN) + 1 :]
        yield from _of_manager(first, inner, folder, depth)
    elif (notebook := executed_notebook(rest)) is not None:
        yield Started(interpreter=first, target=_at(notebook, folder))
    elif (runner := RUNNERS.get(name)) is not None and runner.runs in {Runs.SCRIPT, Runs.APP}:
        yield _of_runner(runner, rest, folder)
    else:
        yield Started(interpreter=None, target=_at(first, folder))


def _of_shell(words: Sequence[str], folder: str | None, depth: int) -> Iterator[Started]:
    code = _code_of_shell(words)
    if code is not None:
        yield from _of_text(code, folder, depth + 1)
    elif files := positionals(words, frozenset()):
        yield Started(interpreter=None, target=_at(files[0], folder))


def _of_runner(runner: Runner, words: Sequence[str], folder: str | None) -> Started:
    first, rest = words[0], words[1:]
    own = (runner.command or "").split("|")
    named = [word for word in positionals(rest, runner.values) if word not in own]
    app = option(rest, *runner.app_options) if runner.app_options else None
    target = app or (named[0] if named else None)
    is_module = runner.runs is Runs.APP
    return Started(
        interpreter=first,
        target=target if is_module else _at(target, folder),
        is_module=is_module,
    )


def _code_of_shell(words: Sequence[str]) -> str | None:
    for at, word in enumerate(words):
        if (
            word.startswith("-") and not word.startswith("--") and word.endswith("c")
        ) or word.lower() in {"/c", "/k"}:
            rest = words[at + 1 :]
            if not rest:
                return None
            return " ".join(rest) if word.startswith("/") else rest[0]
        if not word.startswith("-"):
            return None
    return None


def _of_python(interpreter: str, words: Sequence[str], folder: str | None) -> Iterator[Started]:
    command = parse(without_launcher_options(words))
    if command.kind is Kind.FILE:
        yield Started(interpreter=interpreter, target=_at(command.target, folder))
    elif command.kind is Kind.MODULE:
        runner = RUNNERS.get(command.target)
        if runner is not None:
            for inner in of_words([command.target, *command.rest], folder, 1):
                yield Started(
                    interpreter=interpreter, target=inner.target, is_module=inner.is_module
                )
        else:
            yield Started(interpreter=interpreter, target=command.target, is_module=True)
    elif command.kind is Kind.COMMAND:
        yield Started(interpreter=interpreter, target=None)


def _of_manager(
    manager: str, words: list[str], folder: str | None, depth: int
) -> Iterator[Started]:
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in {"--script", "-s"}:
            break
        if word in {"-m", "--module"} and words:
            yield Started(interpreter=manager, target=words[0], is_module=True)
            return
        if word in _MANAGER_VALUES and words:
            words.pop(0)
    for inner in of_words(words, folder, depth + 1):
        yield Started(
            interpreter=inner.interpreter or manager, target=inner.target, is_module=inner.is_module
        )


def _without_carriers(words: list[str]) -> list[str]:
    """Drop assignments and the commands that only carry the one that is meant."""
    while words:
        name = base_name(words[0])
        if "=" in words[0] and words[0].partition("=")[0].isidentifier():
            words.pop(0)
            continue
        values = _CARRIERS.get(name)
        if values is None:
            return words
        words.pop(0)
        while words and words[0].startswith("-"):
            option_word = words.pop(0)
            if option_word == "--":
                break
            if option_word in values and words:
                words.pop(0)
        if name in _ONE_WORD_FIRST and words:
            words.pop(0)
        if name == "flock" and words and words[0] == "-c":
            return ["sh", *words]
    return words


def _at(path: str | None, folder: str | None) -> str | None:
    """Return a path from where the command runs; None for one that the shell would compute."""
    if path is None or any(sign in path for sign in "$`*?"):
        return None
    if folder is None or posixpath.isabs(path) or path.startswith("~") or path[1:3] == ":\\":
        return path
    return posixpath.normpath(posixpath.join(folder, path))
